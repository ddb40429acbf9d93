from __future__ import annotations

import gzip
import io
import os
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.frame import Frame
from analyzer.sources.files import STRANGERS, Captures, UnreadableCapture
from analyzer.sources.triage import Triage
from tests.sources.build import ESP4, RTP, SECOND, SIP4, START, UE4, ethernet, ip4, pcap, pcapng, section, tcp

FRAMES = [RTP, SIP4, RTP, ESP4]
NUMBERS = [2, 4]


def write(folder: Path, name: str, octets: bytes) -> str:
    path = folder / name
    path.write_bytes(octets)
    return str(path)


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


class TestCompressed:
    def test_several_members_are_one_capture(self, tmp_path: Path) -> None:
        octets = pcap(FRAMES)
        path = write(tmp_path, "x.gz", gzip.compress(octets[:70]) + gzip.compress(octets[70:]))
        assert [frame.number for frame in Captures([path], Triage())] == NUMBERS

    def test_a_cut_file_is_read_up_to_there(self, tmp_path: Path) -> None:
        octets = gzip.compress(pcap([SIP4] * 500), 0)
        captures = Captures([write(tmp_path, "x", octets[:-1000])], Triage())
        count = len(list(captures))
        assert 450 < count < 500
        (summary,) = captures.summaries
        assert summary.frames == count
        (notice,) = summary.notices
        assert notice.startswith(f"reading failed before frame {count + 1}: ")

    def test_every_beginning_is_read_or_refused(self, tmp_path: Path) -> None:
        octets = gzip.compress(pcap([SIP4, RTP, ESP4]))
        for end in range(0, len(octets), 3):
            path = write(tmp_path, "x", octets[:end])
            try:
                captures = Captures([path], Triage())
            except UnreadableCapture as error:
                assert str(error).startswith(f"{path}: ")
            else:
                list(captures)
                assert captures.summaries[0].notices

    @settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.integers(0, 150), st.integers(0, 255))
    def test_a_damaged_file_is_read_or_refused(self, tmp_path: Path, place: int, value: int) -> None:
        octets = bytearray(gzip.compress(pcap([SIP4, RTP, ESP4, SIP4])))
        octets[place % len(octets)] = value
        path = write(tmp_path, "x", bytes(octets))
        try:
            list(Captures([path], Triage()))
        except UnreadableCapture as error:
            assert str(error).startswith(f"{path}: ")


class TestPipes:
    @pytest.mark.parametrize("octets", [pcap(FRAMES), pcapng(FRAMES), gzip.compress(pcapng(FRAMES))], ids=len)
    def test_standard_input(self, monkeypatch: pytest.MonkeyPatch, octets: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(octets)))
        read: list[int] = []
        captures = Captures(["-"], Triage(), progress=read.append)
        assert captures.size is None
        assert [frame.number for frame in captures] == NUMBERS
        assert (captures.summaries[0].path, captures.summaries[0].frames) == ("-", 4)
        assert sum(read) == len(octets)
        assert not sys.stdin.buffer.closed

    def test_standard_input_beside_a_file(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(pcap(FRAMES, start=START + 1000))))
        captures = Captures([write(tmp_path, "a", pcap(FRAMES)), "-"], Triage())
        assert where(list(captures)) == [(0, 2), (1, 2), (0, 4), (1, 4)]
        assert captures.size is None

    def test_nothing_on_standard_input(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO()))
        with pytest.raises(UnreadableCapture, match=r"^-: is empty; "):
            Captures(["-"], Triage())

    def test_a_named_pipe_is_opened_once(self, tmp_path: Path) -> None:
        path = tmp_path / "pipe"
        os.mkfifo(path)
        writer = threading.Thread(target=path.write_bytes, args=(pcap(FRAMES),))
        writer.start()
        captures = Captures([str(path)], Triage())
        assert [frame.number for frame in captures] == NUMBERS
        writer.join()
        assert captures.size is None


class TestNaming:
    def test_a_directory_gives_its_captures_in_order_of_their_names(self, tmp_path: Path) -> None:
        write(tmp_path, "b.pcap", pcap([SIP4]))
        write(tmp_path, "a.pcap1", pcapng([SIP4]))
        write(tmp_path, "c", gzip.compress(pcap([SIP4])))
        write(tmp_path, "README.md", b"# What this is")
        write(tmp_path, "keys.toml", b"")
        (tmp_path / "more").mkdir()
        write(tmp_path / "more", "d.pcap", pcap([SIP4]))
        captures = Captures([str(tmp_path)], Triage())
        assert [Path(summary.path).name for summary in captures.summaries] == ["a.pcap1", "b.pcap", "c"]
        assert len(list(captures)) == 3

    def test_a_damaged_capture_of_a_directory_is_named(self, tmp_path: Path) -> None:
        write(tmp_path, "a", pcap([SIP4]))
        path = write(tmp_path, "b", pcap([])[:20])
        with pytest.raises(UnreadableCapture, match=f"^{path}: ends within the file header"):
            Captures([str(tmp_path)], Triage())

    def test_a_directory_without_captures(self, tmp_path: Path) -> None:
        write(tmp_path, "x", b"text")
        with pytest.raises(UnreadableCapture, match="holds no capture; name the files"):
            Captures([str(tmp_path)], Triage())

    def test_a_pattern(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("b.pcap", "a.pcap", "c.txt"):
            write(tmp_path, name, pcap([SIP4]))
        captures = Captures([str(tmp_path / "*.pcap")], Triage())
        assert [Path(summary.path).name for summary in captures.summaries] == ["a.pcap", "b.pcap"]
        monkeypatch.chdir(tmp_path)
        assert [summary.path for summary in Captures(["[bc].*"], Triage()).summaries] == ["b.pcap", "c.txt"]

    def test_a_name_that_looks_like_a_pattern_is_a_name(self, tmp_path: Path) -> None:
        path = write(tmp_path, "[a]*.pcap", pcap([SIP4]))
        assert [summary.path for summary in Captures([path], Triage()).summaries] == [path]


class TestRefusals:
    @pytest.mark.parametrize("name", ["missing.pcap", "missing*.pcap"])
    def test_a_missing_file(self, name: str) -> None:
        with pytest.raises(UnreadableCapture) as raised:
            Captures([name], Triage())
        assert str(raised.value) == f"{name}: No such file or directory; check the name and the permissions"

    @pytest.mark.parametrize(
        ("octets", "problem"),
        [
            (b"", "is empty; "),
            (b"\xd4", "is neither pcap nor pcapng; "),
            (b"no capture at all", "is neither pcap nor pcapng; "),
            (b"\x1f\x8b", "cannot be read "),
            (b"\x1f\x8b" + bytes(30), "cannot be read "),
            (gzip.compress(b"text, but compressed"), "is neither pcap nor pcapng; "),
            (gzip.compress(b""), "is empty; "),
            (pcap([])[:23], "ends within the file header; "),
            (section()[:27], "ends within the section header; "),
        ],
    )
    def test_what_is_no_capture(self, tmp_path: Path, octets: bytes, problem: str) -> None:
        path = write(tmp_path, "x", octets)
        with pytest.raises(UnreadableCapture) as raised:
            Captures([path], Triage())
        assert str(raised.value).startswith(f"{path}: {problem}")
        assert "\n" not in str(raised.value)

    @pytest.mark.parametrize("start", STRANGERS, ids=lambda start: STRANGERS[start][0])
    def test_other_formats_come_with_the_command_that_converts_them(self, tmp_path: Path, start: bytes) -> None:
        path = write(tmp_path, "x", start + bytes(50))
        with pytest.raises(UnreadableCapture) as raised:
            Captures([path], Triage())
        what, command = STRANGERS[start]
        assert str(raised.value) == f"{path}: is {what}; make a capture of it first: {command.format(path)}"

    def test_one_bad_file_among_good_ones(self, tmp_path: Path) -> None:
        good, bad = write(tmp_path, "a", pcap([SIP4])), write(tmp_path, "b", b"text")
        with pytest.raises(UnreadableCapture, match=f"^{bad}: "):
            Captures([good, bad, good], Triage())

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
        files = [reader._input._file for reader in captures._open.values()]
        del frames
        assert files
        assert all(file.closed for file in files)
