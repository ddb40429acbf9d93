"""What tools tell is kept apart from the wire, and nothing is judged twice."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from analyzer.frame import Frame
from analyzer.report.model import Report
from analyzer.run import audit_frames
from tests.network.build import Timeline
from tests.scenario import Scenario
from tests.told.tools import (
    IMPI,
    SECOND,
    TOOLS,
    Told,
    brief,
    by_hep,
    on_gm,
    passed,
    unmirrored,
)


def whole(s: Scenario, *more: Frame, keys: str = "") -> Report:
    read = sorted([*s.frames(), *more], key=lambda frame: frame.time)
    return audit_frames([frame._replace(number=number) for number, frame in enumerate(read, 1)], keys_text=keys)


def beside(s: Scenario, told: Told, labels: Iterable[str], after: int) -> list[Frame]:
    """Messages as a tool tells them, so long after they were on the wire (ns)."""
    made = []
    for label in labels:
        sent, frame = s.sent[label], s.frames()[s.frame(label) - 1]
        link, data = told(sent.raw, sent.path.who == "ue")
        made.append(frame._replace(data=data, link=link, length=len(data), time=frame.time + after))
    return made


@pytest.mark.parametrize("after", [-5 * SECOND, 1000, 5 * SECOND])
@TOOLS
def test_what_the_wire_shows_too_is_judged_once(told: Told, after: int) -> None:
    s = Scenario()
    first = s.register(sm6={"leak": True}, sm7={"headers": {"Security-Verify": None}})
    s.request("ue", "MESSAGE")
    s.register(over=first)
    alone = whole(s, keys=s.keys_toml())
    assert {"AUTH-05", "NEG-08", "NEG-09"} <= {found.rule for found in alone.findings}
    both = whole(s, *beside(s, told, on_gm(s), after), keys=s.keys_toml())
    assert [(f.rule, f.verdict, f.subject, f.count) for f in both.findings] == [
        (f.rule, f.verdict, f.subject, f.count) for f in alone.findings
    ]
    assert [(t.id, t.passed, t.violation, t.probable) for t in both.rules] == [
        (t.id, t.passed, t.violation, t.probable) for t in alone.rules
    ]
    assert (both.esp, both.sip.messages, both.sip.clear) == (alone.esp, alone.sip.messages, alone.sip.clear)
    assert [(each.spi_uc, each.state_ue, each.state_pcscf) for each in both.sa_sets] == [
        (each.spi_uc, each.state_ue, each.state_pcscf) for each in alone.sa_sets
    ]


def test_what_no_key_opens_on_the_wire_is_judged_as_told() -> None:
    s = unmirrored()
    assert ("NEG-08", "violation", "UE") not in brief(whole(s))
    both = whole(s, *beside(s, by_hep, s.sent, 1000))
    found = [each for each in both.findings if each.verdict == "violation"]
    assert {(each.rule, each.subject) for each in found} == {
        (name, f"{IMPI}@10.0.0.2 (told)") for name in ("NEG-08", "NEG-09")
    }
    assert passed(both)["NEG-02"] == 1


def test_neither_accuses_with_what_the_other_knows() -> None:
    s = unmirrored()
    wire, told = ("sm1", "sm6"), ("sm7", "sm12")
    for seen, heard in ((wire, told), (told, wire)):
        read = [frame for frame in s.frames() if s.label_of(frame.number) in seen]
        both = sorted([*read, *beside(s, by_hep, heard, 1000)], key=lambda frame: frame.time)
        report = audit_frames(
            [frame._replace(number=number) for number, frame in enumerate(both, 1)], keys_text=s.keys_toml()
        )
        assert not {"NEG-08", "NEG-09"} & {found.rule for found in report.findings if found.verdict != "inconclusive"}


def test_keys_that_are_told_are_keys() -> None:
    s = Scenario()
    procedure = s.sm1()
    s.sm6(procedure)
    s.sm7(procedure)
    s.sm12(procedure)
    core = Scenario()
    core.core_401(core.sm1())
    line = Timeline()
    leaked = next(sent for label, sent in core.sent.items() if label.startswith("sm5"))
    first = s.frames()[0]
    link, data = by_hep(leaked.raw, False)
    told = line.frame(data, link=link)._replace(time=first.time - 1)
    assert whole(s).esp.verified == 0
    assert whole(s, told).esp.verified == 2
