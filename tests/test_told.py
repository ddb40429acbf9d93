"""Messages of which only a tool tells accuse nobody: their protection is unknown, and perhaps their ports are too."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from analyzer.engine import UNJUDGED
from analyzer.frame import Frame
from analyzer.network.packets import MADE_UP, TOLD
from analyzer.report.model import Report
from analyzer.run import audit_frames
from tests.layers.build import exported, hep, outer, scat
from tests.network.build import Timeline, ethernet, ipv4, udp
from tests.scenario import Scenario

UE, PCSCF = bytes((10, 0, 0, 2)), bytes((10, 0, 0, 1))

Told = Callable[[bytes, bool], tuple[int, bytes]]


def by_scat(text: bytes, up: bool) -> tuple[int, bytes]:
    ends, ports = (UE, PCSCF)[:: 1 if up else -1], (50600, 5060)[:: 1 if up else -1]
    packet = ipv4(17, udp(text, *ports), source=ends[0], destination=ends[1])
    return 1, ethernet(outer(17, scat(packet)))


def by_hep(text: bytes, up: bool) -> tuple[int, bytes]:
    source, destination = (UE, PCSCF)[:: 1 if up else -1]
    return 1, ethernet(outer(17, udp(hep(text, source=source, destination=destination), 40000, 9060)))


def by_wireshark(text: bytes, up: bool) -> tuple[int, bytes]:
    source, destination = (UE, PCSCF)[:: 1 if up else -1]
    return 252, exported(text, src4=source, dst4=destination, kind=3, sport=5062, dport=5063, frame=1)


def by_nobody(text: bytes, up: bool) -> tuple[int, bytes]:
    return 252, exported(text)


def bad() -> Scenario:
    """What breaks rules of many families wherever it is seen on the wire."""
    s = Scenario()
    first = s.register(core=True, sm6={"leak": True}, sm7={"headers": {"Security-Verify": None}})
    s.request("ue", "MESSAGE")
    s.request("pcscf", "MESSAGE", label="theirs")
    s.register(over=first)
    return s


def frames(s: Scenario, told: Told) -> Iterator[Frame]:
    line = Timeline()
    for number, sent in enumerate(s.sent.values()):
        link, data = told(sent.raw, number % 2 == 0)
        yield line.frame(data, link=link)


@pytest.mark.parametrize(
    ("told", "origin"), [(by_scat, MADE_UP), (by_hep, TOLD), (by_wireshark, TOLD), (by_nobody, MADE_UP)]
)
def test_nobody_is_accused(told: Told, origin: int) -> None:
    s = bad()
    report = audit_frames(frames(s, told))
    assert report.findings == []
    assert report.sip.messages == report.sip.core == 0
    assert report.notices == [f"{UNJUDGED[origin]} ({len(s.sent)} times)"]


def whole(s: Scenario, *more: Frame) -> Report:
    read = sorted([*s.frames(), *more], key=lambda frame: frame.time)
    return audit_frames([frame._replace(number=number) for number, frame in enumerate(read, 1)])


def test_what_is_told_beside_what_is_captured_changes_nothing() -> None:
    s = bad()
    alone = whole(s)
    assert alone.findings
    beside = [
        frame._replace(data=data, link=link, length=len(data))
        for frame in s.frames()
        for told in (by_scat, by_hep, by_wireshark)
        for link, data in (told(s.sent[label].raw, True) for label in [s.label_of(frame.number)] if label in s.sent)
    ]
    assert beside
    both = whole(s, *beside)
    assert {finding.fingerprint for finding in both.findings} == {finding.fingerprint for finding in alone.findings}
    assert (both.sip, both.esp) == (alone.sip, alone.esp)


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
