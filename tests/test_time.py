"""Time that passes without a frame: what it settles, and that it makes no difference who tells how late it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.audit.audit import Audit, Options
from analyzer.frame import SECOND, Frame
from analyzer.ims.deadlines import LIMIT, Deadlines
from analyzer.keys.keyring import Keyring
from analyzer.network.tcp import FOREVER
from analyzer.sources.files import Captures
from analyzer.sources.triage import Triage
from tests.rules.test_lifetime_early import ignored, switched
from tests.rules.test_protection_associations import knocks
from tests.scenario import Scenario

CAPTURES = Path(__file__).parent.parent / "captures"
TICK = SECOND // 10
LONGEST = 300 * SECOND


def audit(keys: str) -> Audit:
    keyring = Keyring()
    keyring.add_text(keys, "keys")
    return Audit(Options(), keyring)


def told(running: Audit) -> list[tuple[object, ...]]:
    outcome = running.finish()
    assert not outcome.crashed
    return [
        (each.rule, each.verdict, each.frame, each.count, each.subject, each.actor, each.argument, each.cause)
        for each in outcome.findings
    ]


def at_once(frames: list[Frame], keys: str) -> list[tuple[object, ...]]:
    running = audit(keys)
    for frame in frames:
        running.engine.receive(frame)
    return told(running)


def ticking(frames: list[Frame], keys: str) -> list[tuple[object, ...]]:
    """The same with somebody who tells the time between the frames."""
    running, now = audit(keys), 0
    for frame in frames:
        if now:
            for time in range(max(now, frame.time - LONGEST), frame.time, TICK):
                running.engine.advance(time)
        running.engine.receive(frame)
        now = frame.time
    return told(running)


@pytest.mark.parametrize("name", ["tcp_reconnect_tcp4", "netem_loss_dup_reorder_udp4", "frag_udp6"])
def test_a_recording_says_the_same_with_a_timer(name: str) -> None:
    file = sorted((CAPTURES / name).glob("*.pcap"))[0]
    frames = list(Captures([str(file)], Triage()))
    keys = (CAPTURES / name / "keys.toml").read_text("utf-8")
    assert len(frames) > 20
    assert ticking(frames, keys) == at_once(frames, keys)


def test_an_association_that_does_not_work_is_told_while_nothing_is_sent() -> None:
    s = Scenario(transport="tcp", vantage="ue")
    knocks(s, "pcscf", s.register())
    frames, running = s.frames(), audit(s.keys_toml())
    news = running.follow()
    for frame in frames:
        running.engine.receive(frame)
    assert "SA-21" not in {each.rule for each in news}
    running.engine.advance(frames[-1].time + 60 * SECOND)
    assert [(each.rule, each.verdict) for each in news if each.rule == "SA-21"] == [("SA-21", "violation")]
    assert sum(line[0] == "SA-21" for line in told(running)) == 1


def test_an_ignored_request_is_told_when_its_sender_has_given_up() -> None:
    s = Scenario(vantage="ue")
    first, second = switched(s)
    ignored(s, "pcscf", first)
    s.request("ue", "MESSAGE", on=second, label="up")
    frames, running = s.frames(), audit(s.keys_toml())
    news = running.follow()
    for frame in frames:
        running.engine.receive(frame)
    asked = s.frame("req")
    sent = next(frame.time for frame in frames if frame.number == asked)
    running.engine.advance(sent + 128 * SECOND)
    assert "LIFE-10" not in {each.rule for each in news}
    running.engine.advance(sent + 128 * SECOND + 1)
    assert [(each.rule, each.verdict, each.frame) for each in news if each.rule == "LIFE-10"] == [
        ("LIFE-10", "violation", asked)
    ]
    assert sum(line[0] == "LIFE-10" for line in told(running)) == 1


def test_an_answer_in_time_excuses() -> None:
    s = Scenario(vantage="ue")
    first, second = switched(s)
    ignored(s, "pcscf", first)
    s.request("ue", "MESSAGE", on=second, label="up")
    s.answer("req", 200, on=first)
    frames, running = s.frames(), audit(s.keys_toml())
    for frame in frames:
        running.engine.receive(frame)
    running.engine.advance(frames[-1].time + 500 * SECOND)
    assert "LIFE-10" not in {line[0] for line in told(running)}


def test_looks_are_done_in_the_order_of_their_times_and_are_bounded() -> None:
    deadlines, seen = Deadlines(), list[int]()
    assert deadlines.first == deadlines.due == FOREVER
    for time in (5, 3, 9, 3):
        deadlines.add(time, seen.append)
    assert deadlines.due == 3
    while deadlines.first < FOREVER:
        deadlines.settle()
    assert seen == [3, 3, 5, 9]
    for time in range(LIMIT + 10):
        deadlines.add(time, seen.append)
    assert len(deadlines._looks) == LIMIT
