"""Tools that tell of messages of a scenario, each in its own form, and what the tests ask of a report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import pytest

from analyzer.frame import Frame
from analyzer.report.model import Report
from tests.layers.build import exported, hep, outer, scat
from tests.network.build import Timeline, ethernet, ipv4, udp
from tests.scenario import Scenario

UE, PCSCF, SCSCF = bytes((10, 0, 0, 2)), bytes((10, 0, 0, 1)), bytes((10, 0, 0, 9))
CORE = ("sm2", "sm5", "sm8", "sm11", "core")
SECOND = 1_000_000_000
IMPI = "001010000000001@ims.example.org"

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


TOOLS = pytest.mark.parametrize("told", [by_scat, by_hep, by_wireshark, by_nobody])


def on_gm(s: Scenario) -> list[str]:
    return [label for label in s.sent if not label.startswith(CORE)]


def frames(s: Scenario, told: Told, labels: Iterable[str] | None = None) -> Iterator[Frame]:
    """Messages of a scenario as a tool tells them, one a frame."""
    line = Timeline()
    for label in on_gm(s) if labels is None else labels:
        sent = s.sent[label]
        link, data = told(sent.raw, sent.path.who == "ue")
        yield line.frame(data, link=link)


def brief(report: Report) -> set[tuple[str, str, str]]:
    return {(found.rule, found.verdict, found.actor) for found in report.findings if found.verdict != "note"}


def passed(report: Report) -> dict[str, int]:
    return {tally.id: tally.passed for tally in report.rules if tally.passed}


def unmirrored() -> Scenario:
    s = Scenario()
    s.register(sm7={"headers": {"Security-Verify": None}})
    return s
