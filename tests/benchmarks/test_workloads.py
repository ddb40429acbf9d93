"""The workloads at a small size: conformant, deterministic, and made of what they say. Nothing is timed here."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from analyzer.profile import PROFILES
from analyzer.report.chronicle import Chronicle
from analyzer.rule import Rule, collect
from analyzer.run import Options, audit
from benchmarks.background import SHARES
from benchmarks.workloads import WORKLOADS, Made, Workload, record, write
from tests.benchmarks.frames import kinds

ALL = pytest.mark.parametrize("workload", WORKLOADS.values(), ids=WORKLOADS)
SIZE = 150
"""ESP packets: both registrations and a call of each of three UEs."""


@cache
def rules() -> list[Rule]:
    return collect()


def small(workload: Workload, folder: Path) -> Made:
    return record(workload, folder, SIZE, SIZE, 3)


@ALL
def test_nobody_is_accused_and_every_packet_is_read(workload: Workload, tmp_path: Path) -> None:
    made = small(workload, tmp_path)
    options = Options(rules=rules(), keys=[str(made.keys)], profile=PROFILES[workload.profile])
    report = audit([str(made.capture)], options)
    assert [(found.rule, found.message) for found in report.findings] == []
    assert report.crashed == []
    assert SIZE <= report.esp.verified <= SIZE + 20  # the last call is finished, over TCP with its acknowledgements
    assert len(report.subjects) == 3
    assert [each.keyed for each in report.sa_sets] == [True] * 6
    assert report.sip.malformed == report.esp.bad_icv == report.esp.replayed == report.copies == 0
    assert report.captures[0].frames == made.frames


@ALL
def test_each_time_the_same(workload: Workload, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    assert small(workload, first).capture.read_bytes() == small(workload, second).capture.read_bytes()


@pytest.mark.parametrize("name", ["C", "C-ipv6", "C-vlan", "C-gtp"])
def test_what_lies_around_signalling(name: str, tmp_path: Path) -> None:
    made = small(WORKLOADS[name], tmp_path)
    seen = Counter(kinds(made.capture.read_bytes()))
    signalling = made.frames // 100
    assert seen["rtp"] == SHARES["rtp"] * signalling
    assert seen["tcp"] == SHARES["tcp"] * signalling
    assert seen["dns"] == SHARES["dns"] * signalling
    assert seen["esp"] + seen["sip"] == (SHARES["esp"] + 1) * signalling


def test_a_day_has_what_days_have(tmp_path: Path) -> None:
    """All kinds of messages, some of them in fragments or segments."""
    made, happened = record(WORKLOADS["M"], tmp_path, 600, 600, 2), Chronicle()
    audit([str(made.capture)], Options(rules=[], keys=[str(made.keys)]), chronicle=happened)
    seen = [(arrow.transport, arrow.method, arrow.status, len(arrow.frames)) for arrow in happened.arrows]
    asked = {"ACK", "INVITE", "MESSAGE", "NOTIFY", "OPTIONS", "PRACK", "REGISTER", "SUBSCRIBE"}
    for transport in ("UDP", "TCP"):
        assert {method for by, method, status, _ in seen if by == transport and not status} == asked
        assert {frames for by, _, status, frames in seen if by == transport and status == 183} == {2}
    assert {frames for by, method, status, frames in seen if (by, method, status) == ("TCP", "INVITE", 0)} == {2}


def test_a_beginning_is_that_of_the_whole(tmp_path: Path) -> None:
    whole = write(WORKLOADS["A5"], tmp_path, 0.005).capture.read_bytes()
    part = write(WORKLOADS["A5-40k"], tmp_path, 0.005).capture.read_bytes()
    assert 0.15 < len(part) / len(whole) < 0.25
    assert whole.startswith(part)


def test_every_association_has_its_line_for_tshark(tmp_path: Path) -> None:
    made = small(WORKLOADS["D5"], tmp_path)
    lines = (made.wireshark / "esp_sa").read_text("utf-8").splitlines()
    assert len(lines) == len(set(lines)) == 3 * 2 * 4
    assert all('"NULL","","HMAC-MD5-96 [RFC2403]"' in line for line in lines)


def test_a_hundred_registrations_of_one(tmp_path: Path) -> None:
    made = record(WORKLOADS["A5"]._replace(registrations=100), tmp_path, 1_000, 1_000, 1)
    report = audit([str(made.capture)], Options(rules=rules(), keys=[str(made.keys)]))
    assert report.findings == []
    assert report.esp.no_key == 0
