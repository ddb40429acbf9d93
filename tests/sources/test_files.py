from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from errno import EMFILE
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scapy.layers.l2 import Ether
from scapy.utils import RawPcapWriter, wrpcapng

from analyzer.frame import Frame
from analyzer.sources import files
from analyzer.sources.files import BUFFERS, Captures, UnreadableCapture, _Reader
from analyzer.sources.inputs import Input
from analyzer.sources.triage import Triage
from analyzer.sources.window import BLOCK
from tests.sources.build import ESP4, RTP, SECOND, SIP4, START, UE4, ethernet, ip4, pcap, pcapng, tcp, write

FRAMES = [RTP, SIP4, RTP, ESP4]
NUMBERS = [2, 4]


def where(frames: list[Frame]) -> list[tuple[int, int]]:
    return [(frame.capture, frame.number) for frame in frames]


@pytest.mark.parametrize("octets", [pcap(FRAMES), pcapng(FRAMES), gzip.compress(pcap(FRAMES))], ids=len)
def test_one_capture(tmp_path: Path, octets: bytes) -> None:
    triage = Triage()
    read: list[int] = []
    captures = Captures([write(tmp_path, "x", octets)], triage, progress=read.append)
    assert captures.size == len(octets)
    assert read == [], "the first look does not count"
    assert [frame.number for frame in captures] == NUMBERS
    assert sum(read) == captures.size
    (summary,) = captures.summaries
    assert (summary.frames, summary.first, summary.last) == (4, START, START + 3 * SECOND)
    assert summary.skipped == {"not signalling": 2}
    assert triage.dropped == 2


class TestMerging:
    def test_captures_become_one_timeline(self, tmp_path: Path) -> None:
        paths = [
            write(tmp_path, "a", pcap([SIP4, SIP4, SIP4], step=10 * SECOND)),
            write(tmp_path, "b", pcapng([SIP4, RTP, SIP4], start=START + 5 * SECOND, step=SECOND)),
            write(tmp_path, "c", pcap([])),
            write(tmp_path, "d", pcap([SIP4] * 2, start=START - SECOND, step=13 * SECOND, magic=0xA1B23C4D)),
        ]
        captures = Captures(paths, Triage())
        frames = list(captures)
        assert where(frames) == [(3, 1), (0, 1), (1, 1), (1, 3), (0, 2), (3, 2), (0, 3)]
        assert [frame.time for frame in frames] == sorted(frame.time for frame in frames)
        assert [summary.path for summary in captures.summaries] == paths
        assert [summary.frames for summary in captures.summaries] == [3, 3, 0, 2]
        assert captures.size == sum(Path(path).stat().st_size for path in paths)

    def test_at_equal_times_the_order_of_naming_holds(self, tmp_path: Path) -> None:
        paths = [write(tmp_path, name, pcap([SIP4] * 3)) for name in "abc"]
        assert where(list(Captures(paths, Triage()))) == [
            (capture, number) for number in (1, 2, 3) for capture in (0, 1, 2)
        ]

    def test_what_one_capture_reveals_holds_for_the_next_frame_of_another(self, tmp_path: Path) -> None:
        reset = ethernet(ip4(6, tcp(31000, 32000, flags=0x04)))
        paths = [
            write(tmp_path, "a", pcap([reset, SIP4, reset], step=10 * SECOND)),
            write(tmp_path, "b", pcapng([reset] * 20, start=START + SECOND)),
            write(tmp_path, "c", pcapng([SIP4], start=START + 100 * SECOND)),
        ]
        triage = Triage()
        seen = []
        for frame in Captures(paths, triage):
            seen.append((frame.capture, frame.number))
            triage.watch(UE4, 31000)
        assert seen == [(0, 2), *((1, number) for number in range(10, 20)), (0, 3), (1, 20), (2, 1)]

    def test_files_one_after_the_other_are_open_one_after_the_other(self, tmp_path: Path) -> None:
        paths = [write(tmp_path, str(turn), pcap(FRAMES, start=START + turn * 60 * SECOND)) for turn in range(9, 0, -1)]
        captures = Captures(paths, Triage())
        seen = []
        for frame in captures:
            assert len(captures._open) == 1
            seen.append(frame.capture)
        assert seen == [capture for capture in range(8, -1, -1) for _ in NUMBERS]
        assert not captures._open

    def test_a_capture_that_goes_back_in_time_loses_nothing(self, tmp_path: Path) -> None:
        back = pcap([SIP4], start=START + 9 * SECOND) + pcap([SIP4, SIP4])[24:]
        paths = [write(tmp_path, "a", back), write(tmp_path, "b", pcap([SIP4] * 4, start=START + 7 * SECOND))]
        assert where(list(Captures(paths, Triage()))) == [
            (1, 1), (1, 2), (0, 1), (0, 2), (0, 3), (1, 3), (1, 4)
        ]  # fmt: skip

    @settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.lists(st.lists(st.tuples(st.integers(0, 20), st.booleans()), max_size=15), min_size=1, max_size=4))
    def test_every_kept_frame_comes_once_and_in_order(
        self, tmp_path: Path, captures: list[list[tuple[int, bool]]]
    ) -> None:
        paths, expected = [], []
        for index, plan in enumerate(captures):
            octets, plan = pcap([]), sorted(plan)
            for number, (time, kept) in enumerate(plan, 1):
                octets += pcap([SIP4 if kept else RTP], start=START + time * 1000)[24:]
                if kept:
                    expected.append((time, index, number))
            paths.append(write(tmp_path, str(index), octets))
        source = Captures(paths, Triage())
        assert where(list(source)) == [(index, number) for _, index, number in sorted(expected)]
        assert [summary.frames for summary in source.summaries] == [len(plan) for plan in captures]

    @settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.lists(st.lists(st.integers(0, 20), max_size=15), min_size=1, max_size=4))
    def test_captures_out_of_order_lose_nothing_and_keep_their_own_order(
        self, tmp_path: Path, captures: list[list[int]]
    ) -> None:
        paths = []
        for index, times in enumerate(captures):
            octets = pcap([]) + b"".join(pcap([SIP4], start=START + time * SECOND)[24:] for time in times)
            paths.append(write(tmp_path, str(index), octets))
        source = Captures(paths, Triage())
        left = [[*enumerate(times, 1)] for times in captures]
        for frame in source:
            heads = [(rest[0][1], index) for index, rest in enumerate(left) if rest]
            number, time = left[frame.capture].pop(0)
            assert (frame.number, frame.time) == (number, START + time * SECOND)
            assert (time, frame.capture) == min(heads), "the earliest of those that are next"
        assert not any(left)
        for summary, times in zip(source.summaries, captures, strict=True):
            back = [before - after for before, after in pairwise(times) if after < before]
            assert (summary.backwards, summary.furthest_back) == (len(back), max(back, default=0) * SECOND)


class TestTrouble:
    def test_one_bad_file_among_good_ones(self, tmp_path: Path) -> None:
        good, bad = write(tmp_path, "a", pcap([SIP4])), write(tmp_path, "b", b"text")
        with pytest.raises(UnreadableCapture, match=f"^{bad}: "):
            Captures([good, bad], Triage())

    def test_a_file_that_goes_away(self, tmp_path: Path) -> None:
        path = write(tmp_path, "x", pcap([SIP4]))
        captures = Captures([path], Triage())
        Path(path).unlink()
        with pytest.raises(UnreadableCapture, match=r"No such file"):
            list(captures)

    def test_an_iteration_that_is_given_up_closes_its_files(self, tmp_path: Path) -> None:
        captures = Captures([write(tmp_path, name, pcap([SIP4] * 3)) for name in "ab"], Triage())
        frames = iter(captures)
        next(frames)
        files = [reader._input._file for reader in captures._open.values() if isinstance(reader, _Reader)]
        del frames
        assert files
        assert all(file.closed for file in files)

    def test_pipes_are_closed_when_another_capture_is_refused(self, tmp_path: Path) -> None:
        pipe, bad = tmp_path / "pipe", write(tmp_path, "bad", b"text")
        os.mkfifo(pipe)
        reading = os.open(pipe, os.O_RDWR)
        os.write(reading, pcap([SIP4]))
        before = set(Path("/proc/self/fd").iterdir())
        with pytest.raises(UnreadableCapture, match=f"^{bad}: "):
            Captures([str(pipe), bad], Triage())
        assert set(Path("/proc/self/fd").iterdir()) <= before
        os.close(reading)

    def test_more_captures_at_once_than_files_may_be_open(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        paths = [write(tmp_path, name, pcap([SIP4] * 3)) for name in "abc"]
        captures = Captures(paths, Triage())

        class Full(Input):
            def __init__(self, path: str, progress: Callable[[int], None] | None = None) -> None:
                if path == paths[2]:
                    raise OSError(EMFILE, "Too many open files")
                super().__init__(path, progress)

        monkeypatch.setattr(files, "Input", Full)
        with pytest.raises(UnreadableCapture, match=r"c: too many captures hold the same moment .*ulimit -n 65536"):
            list(captures)
        assert all(reader._input._file.closed for reader in captures._open.values() if isinstance(reader, _Reader))

    def test_many_captures_share_the_memory_for_their_buffers(self, tmp_path: Path) -> None:
        paths = [write(tmp_path, str(index), pcap([SIP4, SIP4])) for index in range(200)]
        captures = Captures(paths, Triage())
        next(iter(captures))
        assert captures._capacity * len(paths) <= BUFFERS
        assert Captures(paths[:2], Triage())._capacity == BLOCK


class TestRoundTrips:
    """What a writer that is not ours writes comes out as it went in."""

    @settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
    @given(
        st.lists(st.tuples(st.integers(1, (1 << 32) - 1), st.integers(0, 999_999), st.binary(max_size=80)), max_size=8),
        st.booleans(),
        st.sampled_from(["<", ">"]),
    )
    def test_scapy_writes_pcap(
        self, tmp_path: Path, frames: list[tuple[int, int, bytes]], nano: bool, order: str
    ) -> None:
        path = tmp_path / "x"
        written = [(seconds, ticks, SIP4 + payload) for seconds, ticks, payload in frames]
        with RawPcapWriter(str(path), linktype=1, endianness=order, nano=nano, sync=True) as writer:
            writer.write_header(None)
            for seconds, ticks, octets in written:
                writer.write_packet(octets, sec=seconds, usec=ticks)
        frames_read = list(Captures([str(path)], Triage()))
        assert [(frame.time, frame.data) for frame in frames_read] == [
            (seconds * SECOND + ticks * (1 if nano else 1000), octets) for seconds, ticks, octets in written
        ]

    @settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
    @given(st.lists(st.tuples(st.integers(0, 1 << 31), st.binary(max_size=80), st.booleans()), max_size=8))
    def test_scapy_writes_pcapng(self, tmp_path: Path, frames: list[tuple[int, bytes, bool]]) -> None:
        path = tmp_path / "x"
        packets = []
        for seconds, payload, commented in frames:
            packet = Ether(SIP4 + payload)
            packet.time = seconds
            packet.comments = [b"why"] if commented else None
            packets.append(packet)
        wrpcapng(str(path), packets)
        captures = Captures([str(path)] if packets else [], Triage())
        assert [(frame.number, frame.time, frame.data) for frame in captures] == [
            (number, seconds * SECOND, SIP4 + payload) for number, (seconds, payload, _) in enumerate(frames, 1)
        ]
        assert all(summary.drops is None for summary in captures.summaries)
