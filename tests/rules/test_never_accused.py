"""A UE and a P-CSCF that do everything right are never accused, whatever the network or the capture loses.

Random stories of registrations, failures, traffic and calls, seen from three places; then frames are lost from the
capture, doubled, or it begins late. Doubts may be told (`probable`, `inconclusive`), a violation or a warning not.
"""

from __future__ import annotations

from random import Random

import pytest

from tests.scenario import SaSet, Scenario, audited
from tests.scenario.state import Procedure, Sent, Who

ENDPOINTS: tuple[Who, Who] = ("ue", "pcscf")
STORIES = range(12)


class Story:
    """One life of a UE, told by chance; what both sides do holds in the papers and today, calls apart."""

    def __init__(self, seed: int, *, calls: bool) -> None:
        self.chance = Random(seed)
        self.transport = self.chance.choice(["udp", "tcp"])
        self.vantage = self.chance.choice(["ue", "middle", "pcscf"])
        self.s = Scenario(transport=self.transport, vantage=self.vantage, seed=str(seed))
        self.calls = calls
        self.ringing: Sent | None = None
        self.current = self.s.register(core=self.often(0.2))
        self.some_traffic(self.current)
        if calls and self.often(0.6):
            self.ringing = self.s.invite(self.chance.choice(ENDPOINTS), on=self.current)
            self.s.answer(self.ringing, 180)
        for _ in range(self.chance.choice([1, 2, 3])):
            self.pause(1, 30, 100)
            self.next_registration()
        if calls:
            self.s.call("pcscf", on=self.current)
        if self.often(0.4):
            self.s.deregister(on=self.current)

    def often(self, share: float) -> bool:
        return self.chance.random() < share

    def pause(self, *seconds: float) -> None:
        self.s.wait(self.chance.choice(seconds))

    def some_traffic(self, on: SaSet) -> None:
        if self.often(0.5):
            self.s.request(self.chance.choice(ENDPOINTS), "MESSAGE", on=on)

    # Registrations.

    def next_registration(self) -> None:
        old = self.current
        how = self.chance.choice(["again", "again", "again", "clear", "refresh", "refused", "mac", "second-challenge"])
        if how == "refresh":
            self.s.refresh(on=old)
            return
        if how == "clear":
            self.hang_up()
        procedure = self.s.sm1(over=None if how == "clear" else old)
        if how != "clear":
            self.some_traffic(old)
        self.challenge(procedure, how)
        if how != "clear":
            self.some_traffic(old)
        if how == "refused":
            self.s.sm7(procedure, res_wrong=True)
            self.s.sm12(procedure, status=403)
            self.s.wait(1)
            self.some_traffic(old)
            return
        sm7 = self.s.sm7(procedure).label
        sm12 = self.s.sm12(procedure).label
        assert procedure.set
        self.current = procedure.set
        if how == "clear":
            self.pause(0, 3)
            self.some_traffic(self.current)
        else:
            self.go_over(old, self.current, sm7, sm12)

    def challenge(self, procedure: Procedure, how: str) -> None:
        s, number = self.s, procedure.number
        s.sm6(procedure, bad_mac=how == "mac")
        if how == "mac":
            s.reject(procedure, "mac")
            s.sm6(procedure, label=f"sm6b.{number}")
        elif how == "second-challenge":
            s.sm7(procedure, label=f"sm7a.{number}")
            s.sm12(procedure, status=401, label=f"sm6b.{number}")

    def hang_up(self) -> None:
        if self.ringing is not None:
            self.s.answer(self.ringing, 480)
            self.s.ack(self.ringing)
            self.ringing = None

    # From the old set to the new one.

    def go_over(self, old: SaSet, new: SaSet, sm7: str, sm12: str) -> None:
        s = self.s
        if self.transport == "udp" and self.vantage != "ue" and self.often(0.4):
            self.sm12_is_lost(old, sm7, sm12)
        self.pause(0, 0.5, 3, 20)
        if self.often(0.6):
            s.request("pcscf", "NOTIFY", on=old)
            self.pause(0, 3)
        if self.transport == "udp" and self.vantage != "pcscf" and self.often(0.4):
            self.first_message_is_lost(old, new)
        else:
            s.request("ue", "MESSAGE", on=new)
        self.pause(0, 3)
        if self.often(0.7):
            s.request("pcscf", "OPTIONS", on=new)
        self.hang_up()

    def sm12_is_lost(self, old: SaSet, sm7: str, sm12: str) -> None:
        """On its way from here to the UE, which goes on as before and repeats SM7 by timer E."""
        for gap in (2, 4, 8)[: self.chance.choice([1, 2, 3])]:
            early = self.chance.random() * gap
            self.s.wait(early)
            self.some_traffic(old)
            self.s.wait(gap - early)
            self.s.again(sm7)
            self.s.again(sm12)

    def first_message_is_lost(self, old: SaSet, new: SaSet) -> None:
        """On its way from here to the P-CSCF, which goes on as before."""
        lost = self.s.request("ue", "MESSAGE", on=new, answered=False)
        for gap in (2, 4)[: self.chance.choice([1, 2])]:
            early = self.chance.random() * gap
            self.s.wait(early)
            if self.often(0.7):
                self.s.request("pcscf", "NOTIFY", on=old)
            self.s.wait(gap - early)
            self.s.again(lost.label)
        self.s.answer(lost, 200)


def damage(story: Story, how: str) -> None:
    """What the capture does to the story."""
    s, chance = story.s, story.chance
    labels = list(dict.fromkeys(record.label for record in s.records))
    if how == "loses":
        s.lose(*chance.sample(labels, min(len(labels), chance.choice([1, 1, 2, 3, 8]))))
    elif how == "doubles":
        for label in chance.sample(labels, 5):
            s.duplicate(label, chance.choice([0.001, 0.1]))
    elif how == "begins-late":
        s.start_at(chance.choice(labels))
    elif how == "sees-one-side":
        s.only(chance.choice(ENDPOINTS))


@pytest.mark.parametrize("how", ["is-whole", "loses", "doubles", "begins-late", "sees-one-side"])
@pytest.mark.parametrize(("profile", "calls"), [("rel-17", True), ("sa3-29", False)])
@pytest.mark.parametrize("seed", STORIES)
def test_nobody_is_accused(seed: int, profile: str, calls: bool, how: str) -> None:
    story = Story(seed, calls=calls)
    damage(story, how)
    report = audited(story.s, profile=profile)
    assert not report.crashed
    accused = [
        f"{found.rule} {found.verdict} at {story.s.label_of(found.frame)}: {found.message} ({found.argument})"
        for found in report.findings
        if found.verdict in ("violation", "warning")
    ]
    assert accused == []
