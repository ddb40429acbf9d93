"""What is written of a run: whole blocks whatever comes in whatever portions, comments, and evidence alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer import pcapng
from analyzer.audit.audit import Options
from analyzer.frame import SECOND
from analyzer.run import audit
from analyzer.sources.files import Captures
from analyzer.sources.recording import Recording, size_of
from analyzer.sources.split import Piece, Splitter
from analyzer.sources.triage import Triage
from analyzer.sources.window import LARGEST
from analyzer.watch import evidence
from analyzer.watch.evidence import Evidence
from analyzer.watch.until import Standing, duration, read
from tests.live.lab import CAPTURES, keys_of
from tests.live.test_command import Command, lines

RECORDING = CAPTURES / "udp4_sha1_aes" / "udp4_sha1_aes.pcap"
MERGED = CAPTURES / "with_core_udp4" / "with_core_udp4.merged.pcap"
OCTETS = RECORDING.read_bytes()
NG = (
    pcapng.section("x")
    + pcapng.interface(1)
    + b"".join(pcapng.packet(0, n * SECOND, bytes(n), n, comments=["c"] * (n % 2)) for n in range(1, 20))
    + pcapng.statistics(0, 5)
)


def split(octets: bytes, *cuts: int) -> tuple[list[Piece], Splitter]:
    made, found, start = Splitter(), list[Piece](), 0
    for cut in (*sorted(each % (len(octets) + 1) for each in cuts), len(octets)):
        found += made.feed(octets[start:cut])
        start = cut
    return found, made


@given(st.lists(st.integers(0, 100_000), max_size=12), st.sampled_from([OCTETS, NG]))
def test_the_portions_make_no_difference(cuts: list[int], octets: bytes) -> None:
    pieces, made = split(octets, *cuts)
    assert pieces == split(octets)[0]
    assert not made.broken
    if octets is NG:
        assert b"".join(each.block for each in pieces) == NG


def test_frames_have_the_numbers_that_the_audit_gives_them() -> None:
    numbered = [each for each in split(OCTETS)[0] if each.numbered]
    source = Captures([str(RECORDING)], Triage())
    kept = list(source)
    assert len(numbered) == source.summaries[0].frames == 58
    assert {each.time for each in kept} <= {each.time for each in numbered}
    assert all(each.data in numbered[each.number - 1].block for each in kept)


@given(st.binary(max_size=200), st.sampled_from([b"", OCTETS[:24], OCTETS[:60], NG[:28], NG[:80]]))
def test_any_octets_are_split_or_refused(octets: bytes, before: bytes) -> None:
    pieces, made = split(before + octets, 7, 31)
    assert sum(len(each.block) for each in pieces) <= len(before + octets) + 200 * len(pieces)
    assert made.broken or len(made._rest) < LARGEST


def written(path: Path, *arguments: str, octets: bytes, keys: str) -> dict[str, object]:
    command = Command("-", "--keys", keys, "--write", str(path), *arguments)
    command.write(octets)
    status, out, error = command.end()
    assert (status, error) == (1, "")
    return lines(out)[-1]


def comments(path: Path) -> dict[int, int]:
    """How many comments each frame has."""
    found, number = dict[int, int](), 0
    for piece in split(path.read_bytes())[0]:
        if piece.numbered:
            number += 1
            found[number] = piece.block.count(b"gmaudit ")
    return {number: count for number, count in found.items() if count}


def test_findings_are_comments_in_what_was_written(tmp_path: Path) -> None:
    path, keys = tmp_path / "w.pcapng", keys_of(RECORDING)[0]
    written(path, octets=OCTETS, keys=keys)
    report = audit([str(path)], Options(keys=[keys]))
    told = comments(path)
    assert {each.frame for each in report.findings} <= set(told)
    assert set(told) <= {frame for each in report.findings for frame in (each.frame, *each.occurrences, *each.related)}
    assert path.stat().st_mode & 0o777 == 0o600
    again = audit([str(RECORDING)], Options(keys=[keys]))
    assert [(each.rule, each.frame, each.verdict) for each in report.findings] == [
        (each.rule, each.frame, each.verdict) for each in again.findings
    ]


def test_evidence_alone_gives_the_same_faults_and_leaves_the_rest_out(tmp_path: Path) -> None:
    path, keys = tmp_path / "e.pcapng", keys_of(MERGED)[0]
    made = written(path, "--write-evidence", "--ignore", "TRN-11,AUTH-13", octets=MERGED.read_bytes(), keys=keys)
    source = Captures([str(path)], Triage())
    kept = list(source)
    assert 20 < source.summaries[0].frames < 277
    assert [each.time for each in kept] == sorted(each.time for each in kept)
    report = audit([str(path)], Options(keys=[keys]))
    assert made["verdict"] == report.verdict == "violation"
    assert comments(path)


class Subject:
    """What `Evidence` is fed with in these tests: raw IP, one octet of the address tells whose it is."""

    @staticmethod
    def packet(number: int, address: int, moment: float) -> bytes:
        data = bytes.fromhex("4500002000000000401100000a0000") + bytes([address]) + b"\x0a\x00\x00\xfe" + bytes(8)
        return pcapng.packet(0, round(moment * SECOND), data + number.to_bytes(4), 40)


def finding(number: int) -> object:
    class Made:
        frame, related = number, ()

    return Made()


def numbers(path: Path) -> list[int]:
    return [int.from_bytes(each.block[28 + 28 : 28 + 32]) for each in split(path.read_bytes())[0] if each.numbered]


def test_some_seconds_before_a_finding_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "HOLD", 10 * SECOND)
    path = tmp_path / "e.pcapng"
    made = Evidence(str(path))
    made.pinned = lambda: {1}
    made.feed(pcapng.section("gmaudit live") + pcapng.interface(101))
    for number in range(1, 41):
        made.feed(Subject.packet(number, number % 2, 1000 + number))
        if number == 30:
            made.want(finding(30), "10.0.0.1")  # type: ignore[arg-type]
    made.finish(1041 * SECOND)
    # the registration (1), 10 s before the finding (from 20 on) and all after it; frame 30 is the finding's own
    assert numbers(path) == [1, *range(21, 30, 2), 30, *range(31, 41, 2)]
    made.annotate({1, 30}, lambda number: [f"gmaudit {number}"] if number in (1, 30) else [])
    assert numbers(path) == sorted(numbers(path))
    assert len(comments(path)) == 2


def test_what_waits_for_a_finding_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "WAITING", 1000)
    monkeypatch.setattr(evidence, "REGISTRATIONS", 500)
    monkeypatch.setattr(evidence, "SUBJECTS", 1)
    made = Evidence(str(tmp_path / "e.pcapng"))
    made.pinned = lambda: set(range(1000))
    made.feed(pcapng.section("gmaudit live") + pcapng.interface(101))
    for number in range(1, 200):
        made.feed(Subject.packet(number, 3, 1000 + number / 1000))
    assert made._octets <= 1100
    assert made._size_of_registrations <= 500
    made.want(finding(900), "10.0.0.1")  # type: ignore[arg-type]
    made.want(finding(901), "10.0.0.2")  # type: ignore[arg-type]
    made.want(finding(902), "no address")  # type: ignore[arg-type]
    size = len(Subject.packet(1, 3, 1.0))
    early, forgotten = 199 - 1000 // size, 199 - 1000 // size - 500 // size
    assert made.notices == [
        "--write-evidence: 2 findings had no room",
        f"--write-evidence: {early} packets were judged before their time, since too many waited",
        f"--write-evidence: {forgotten} packets were forgotten, since too many waited",
    ]
    made.finish(None)


def test_a_foreign_section_gets_its_end_in_one_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "w.pcapng"
    made = Recording(str(path))
    made.feed(NG)
    made.finish(77 * SECOND)
    source = Captures([str(path)], Triage())
    assert list(source) == []
    assert (source.summaries[0].frames, source.summaries[0].until) == (19, 77 * SECOND)


@pytest.mark.parametrize(
    ("text", "octets"), [("100", 100), ("1k", 1024), ("2 MB", 2 << 20), ("3GiB", 3 << 30), ("5kb", 5 << 10)]
)
def test_sizes(text: str, octets: int) -> None:
    assert size_of(text) == octets


@pytest.mark.parametrize("text", ["", "0", "x", "MB", "-1", "1.5MB"])
def test_no_sizes(text: str) -> None:
    with pytest.raises(ValueError):
        size_of(text)


@pytest.mark.parametrize(
    ("text", "reached", "not_yet"),
    [
        ("registered", Standing(0, 0, 0, 1), Standing(9, 9, 9, 0)),
        ("2-registrations", Standing(0, 0, 0, 2), Standing(9, 9, 9, 1)),
        ("3-findings", Standing(0, 0, 3, 0), Standing(9, 9, 2, 9)),
        ("10min", Standing(600 * SECOND, 0, 0, 0), Standing(599 * SECOND, 0, 9, 9)),
        ("1.5 s", Standing(1_500_000_000, 0, 0, 0), Standing(1, 0, 9, 9)),
        ("Idle 30s", Standing(0, 30 * SECOND, 0, 0), Standing(900 * SECOND, 29 * SECOND, 9, 9)),
        ("idle 5", Standing(0, 5 * SECOND, 0, 0), Standing(900 * SECOND, 4 * SECOND, 9, 9)),
    ],
)
def test_conditions(text: str, reached: Standing, not_yet: Standing) -> None:
    condition = read(text)
    assert condition.reached(reached) and not condition.reached(not_yet)


@given(st.text(max_size=20))
def test_any_text_is_a_condition_or_none(text: str) -> None:
    try:
        assert read(text).text
    except ValueError:
        return


@pytest.mark.parametrize("text", ["", "0s", "10 parsecs", "-5s", "1e9", "0-findings"])
def test_no_length_of_time(text: str) -> None:
    with pytest.raises(ValueError):
        duration(text)
