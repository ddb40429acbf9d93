from __future__ import annotations

import os
import signal
import sys
import threading
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import lz4.frame
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.frame import Frame
from analyzer.sources.files import Captures, UnreadableCapture
from analyzer.sources.triage import Triage
from tests.sources.build import ESP4, RTP, SECOND, SIP4, START, enhanced, pcap, pcapng, write
from tests.sources.test_compressed import COMPRESS

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

FRAMES = [RTP, SIP4, RTP, ESP4]

PATIENCE = 20
"""Seconds after which something that should have come will not come."""


@pytest.fixture(autouse=True)
def impatience() -> Iterator[None]:
    """A pipe that is waited for without reason makes a test fail and not hang."""

    def give_up(number: int, frame: FrameType | None) -> None:
        raise AssertionError("nothing came")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(PATIENCE)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


class Pipe:
    """A pipe whose reading end has a name, and is standard input if so wished."""

    def __init__(self) -> None:
        self.reading, self.writing = os.pipe()
        self.path = f"/dev/fd/{self.reading}"

    def write(self, octets: bytes) -> None:
        assert os.write(self.writing, octets) == len(octets)

    def end(self) -> None:
        os.close(self.writing)


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    made = Pipe()
    yield made
    os.close(made.reading)


@pytest.fixture
def stdin(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pipe]:
    with open(pipe.reading, encoding="ascii", closefd=False) as file:
        monkeypatch.setattr(sys, "stdin", file)
        yield pipe


def numbers(captures: Captures) -> list[int]:
    return [frame.number for frame in captures]


class Flushing:
    """Compresses so that what went in can come out at once."""

    def __init__(self, form: str) -> None:
        self.add: Callable[[bytes], bytes]
        self.end: Callable[[], bytes]
        if form == "gzip":
            gzip = zlib.compressobj(wbits=31)
            self.add = lambda octets: gzip.compress(octets) + gzip.flush(zlib.Z_SYNC_FLUSH)
            self.end = gzip.flush
        elif form == "zstd":
            made = zstd.ZstdCompressor()
            self.add = lambda octets: made.compress(octets, made.FLUSH_BLOCK)
            self.end = made.flush
        elif form == "lz4":
            lz = lz4.frame.LZ4FrameCompressor(auto_flush=True)
            begin = [lz.begin()]
            self.add = lambda octets: (begin.pop() if begin else b"") + lz.compress(octets)
            self.end = lz.flush
        else:  # these two can only end
            self.add = COMPRESS[form]
            self.end = bytes


class TestGrowing:
    @pytest.mark.parametrize("form", ["", *COMPRESS])
    def test_a_frame_comes_as_soon_as_it_is_complete(self, pipe: Pipe, form: str) -> None:
        flushing = Flushing(form) if form else None
        add = flushing.add if flushing else bytes
        octets = pcap([SIP4, ESP4, SIP4])
        first = 24 + 16 + len(SIP4)
        pipe.write(add(octets[: first + 5]))
        captures = Captures([pipe.path], Triage())
        frames = iter(captures)
        assert next(frames).data == SIP4
        pipe.write(add(octets[first + 5 : first + 16]))
        pipe.write(add(octets[first + 16 : -1]))
        assert next(frames).data == ESP4
        pipe.write(add(octets[-1:]))
        assert next(frames).data == SIP4
        if flushing:
            pipe.write(flushing.end())
        pipe.end()
        assert list(frames) == []
        assert captures.summaries[0].notices == []

    def test_pcapng_as_well(self, pipe: Pipe) -> None:
        pipe.write(pcapng([SIP4]) + enhanced(ESP4)[:7])
        frames = iter(Captures([pipe.path], Triage()))
        assert next(frames).data == SIP4
        pipe.write(enhanced(ESP4)[7:])
        assert next(frames).data == ESP4
        pipe.end()
        assert list(frames) == []

    def test_what_a_frame_reveals_holds_for_the_next(self, stdin: Pipe) -> None:
        stdin.write(pcap([RTP, SIP4, RTP, RTP]))
        stdin.end()
        triage, seen = Triage(), []
        for frame in Captures(["-"], triage):
            seen.append(frame.number)
            triage.watch(bytes((10, 0, 0, 1)), 20000)
        assert seen == [2, 3, 4]

    @pytest.mark.parametrize("chunk", [1, 2, 3, 5])
    def test_the_first_octets_may_come_one_by_one(self, pipe: Pipe, chunk: int) -> None:
        octets = COMPRESS["gzip"](pcap(FRAMES))

        def feed() -> None:
            for start in range(0, len(octets), chunk):
                pipe.write(octets[start : start + chunk])
            pipe.end()

        writer = threading.Thread(target=feed)
        writer.start()
        assert numbers(Captures([pipe.path], Triage())) == [2, 4]
        writer.join()

    @settings(max_examples=25, deadline=None)
    @given(
        st.sampled_from(["", *COMPRESS]),
        st.sampled_from([pcap, pcapng]),
        st.lists(st.integers(1, 400), max_size=30),
    )
    def test_however_it_comes_the_frames_are_those_of_the_file(
        self, form: str, write_capture: Callable[[list[bytes]], bytes], chunks: list[int]
    ) -> None:
        octets = write_capture(FRAMES * 3)
        whole: list[Frame] = []
        if form:
            octets = COMPRESS[form](octets)
        pipe = Pipe()

        def feed() -> None:
            start = 0
            for chunk in chunks:
                if start < len(octets):
                    pipe.write(octets[start : start + chunk])
                start += chunk
            pipe.write(octets[start:])
            pipe.end()

        writer = threading.Thread(target=feed)
        writer.start()
        captures = Captures([pipe.path], Triage())
        whole = list(captures)
        writer.join()
        os.close(pipe.reading)
        assert [(frame.number, frame.data) for frame in whole] == [
            (number, frame) for number, frame in enumerate(FRAMES * 3, 1) if frame != RTP
        ]
        (summary,) = captures.summaries
        assert (summary.frames, summary.first, summary.last) == (12, START, START + 11 * SECOND)
        assert summary.notices == []


class TestStandardInput:
    @pytest.mark.parametrize("form", ["", *COMPRESS])
    def test_is_a_capture(self, stdin: Pipe, form: str) -> None:
        octets = pcapng(FRAMES)
        if form:
            octets = COMPRESS[form](octets)
        stdin.write(octets)
        stdin.end()
        read: list[int] = []
        captures = Captures(["-"], Triage(), progress=read.append)
        assert captures.size is None
        assert numbers(captures) == [2, 4]
        assert (captures.summaries[0].path, captures.summaries[0].frames) == ("-", 4)
        assert sum(read) == len(octets)
        assert os.fstat(stdin.reading), "it is left open"

    def test_beside_a_file(self, stdin: Pipe, tmp_path: Path) -> None:
        stdin.write(pcap(FRAMES, start=START + 1000))
        stdin.end()
        captures = Captures([write(tmp_path, "a", pcap(FRAMES)), "-", "-"], Triage())
        assert [(frame.capture, frame.number) for frame in captures] == [(0, 2), (1, 2), (0, 4), (1, 4)]
        assert captures.notices == ["-: named twice, read once"]

    def test_made_non_blocking_by_somebody(self, stdin: Pipe) -> None:
        os.set_blocking(stdin.reading, False)
        octets = pcap(FRAMES)

        def feed() -> None:
            for start in range(0, len(octets), 50):
                threading.Event().wait(0.002)
                stdin.write(octets[start : start + 50])
            stdin.end()

        writer = threading.Thread(target=feed)
        writer.start()
        assert numbers(Captures(["-"], Triage())) == [2, 4]
        writer.join()

    def test_nothing_comes(self, stdin: Pipe) -> None:
        stdin.end()
        with pytest.raises(UnreadableCapture, match=r"^-: is empty; "):
            Captures(["-"], Triage())

    def test_a_terminal(self, monkeypatch: pytest.MonkeyPatch) -> None:
        master, slave = os.openpty()
        with open(slave, encoding="ascii") as file:  # noqa: PTH123 -- a descriptor has no path
            monkeypatch.setattr(sys, "stdin", file)
            with pytest.raises(UnreadableCapture, match=r"^-: standard input is a terminal; pipe a capture into it: "):
                Captures(["-"], Triage())
        os.close(master)

    def test_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "stdin", None)
        with pytest.raises(UnreadableCapture, match=r"^-: there is no standard input; name a file$"):
            Captures(["-"], Triage())


class TestNamedPipes:
    def test_are_opened_once(self, tmp_path: Path) -> None:
        path = tmp_path / "pipe"
        os.mkfifo(path)
        writer = threading.Thread(target=path.write_bytes, args=(pcap(FRAMES),))
        writer.start()
        captures = Captures([str(path)], Triage())
        assert numbers(captures) == [2, 4]
        writer.join()
        assert captures.size is None

    def test_two_taps_at_once(self, tmp_path: Path) -> None:
        paths = [tmp_path / name for name in ("a", "b")]
        for index, path in enumerate(paths):
            os.mkfifo(path)
            octets = pcap([SIP4] * 3, start=START + index * SECOND // 2)
            threading.Thread(target=path.write_bytes, args=(octets,), daemon=True).start()
        captures = Captures([str(path) for path in paths], Triage())
        assert [(frame.capture, frame.number) for frame in captures] == [
            (capture, number) for number in (1, 2, 3) for capture in (0, 1)
        ]
