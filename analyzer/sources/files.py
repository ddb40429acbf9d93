"""Many captures as one timeline: files, directories and standard input; pcap and pcapng, also compressed by gzip.

What a file is, its first octets say, never its name. A file is opened when it is named, so that errors come early, and
opened again when the timeline reaches it, so that a thousand rotated files need one buffer and not a thousand.
"""

from __future__ import annotations

import glob
import gzip
import io
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from heapq import heapify, heappop, heapreplace
from pathlib import Path
from typing import Any, Final

from analyzer.frame import Frame
from analyzer.sources import blocks, pcap
from analyzer.sources.pcap import PcapWalker
from analyzer.sources.pcapng import PcapngWalker
from analyzer.sources.triage import Triage
from analyzer.sources.walker import FOREVER, NEVER, Summary, UnreadableCapture, Walker
from analyzer.sources.window import BLOCK, Window

__all__ = ["Captures", "Summary", "UnreadableCapture"]

GZIP: Final = b"\x1f\x8b"

PEEK: Final = 1 << 16
"""Octets of the buffer in which a file is opened for the first time."""

CONVERT: Final = "editcap -F pcapng {0} {0}.pcapng"

STRANGERS: Final = {
    b"snoop\0\0\0": ("a snoop capture", CONVERT),
    b"iptrace ": ("an AIX iptrace", CONVERT),
    b"TRSNIFF ": ("a Sniffer capture", CONVERT),
    b"XCP\0": ("a NetXRay capture", CONVERT),
    b"RTSS": ("a Network Monitor capture", CONVERT),
    b"GMBU": ("a Network Monitor capture", CONVERT),
    b"\x28\xb5\x2f\xfd": ("compressed by zstd", "zstd -d {0}"),
    b"\xfd7zXZ\0": ("compressed by xz", "xz -dk {0}"),
    b"\x04\x22\x4d\x18": ("compressed by lz4", "lz4 -d {0}"),
    b"BZh": ("compressed by bzip2", "bzip2 -dk {0}"),
    b"PK\3\4": ("a zip archive", "unzip {0}"),
}
"""What captures are given as, too: how it begins, what it is, and the command that makes something readable of it."""


class _Counted(io.RawIOBase):
    """A file that tells how much is read from it, whatever becomes of the octets. Closing this leaves the file open."""

    def __init__(self, file: Any, progress: Callable[[int], None] | None) -> None:
        self._file = file
        self._progress = progress

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        count: int = self._file.readinto(buffer) or 0
        if self._progress:
            self._progress(count)
        return count


class _Input:
    """The octets of one capture, decompressed: what a `Window` reads."""

    def __init__(self, path: str, progress: Callable[[int], None] | None = None) -> None:
        """Raises OSError if there is no such file or it may not be read."""
        self._owned = path != "-"
        # Standard input without the buffer in front of it: a pipe is to be read as its octets come.
        self._file: Any = io.FileIO(path) if self._owned else getattr(sys.stdin.buffer, "raw", sys.stdin.buffer)
        try:
            self._stream: Any = io.BufferedReader(_Counted(self._file, progress), PEEK)
            if self._stream.peek(2)[:2] == GZIP:
                self._stream = gzip.GzipFile(fileobj=self._stream)
        except BaseException:
            self.close()
            raise

    def readinto1(self, buffer: memoryview, /) -> int:
        count: int = self._stream.readinto1(buffer)
        return count

    def close(self) -> None:
        if self._owned:
            self._file.close()


class _Reader:
    """A capture that is open: its octets, its walker and the frames that come out."""

    __slots__ = ("_input", "frames", "walker")

    def __init__(
        self,
        capture: int,
        triage: Triage,
        summary: Summary,
        *,
        progress: Callable[[int], None] | None = None,
        capacity: int = BLOCK,
    ) -> None:
        """Raises UnreadableCapture if this is none."""
        try:
            self._input = _Input(summary.path, progress)
        except OSError as error:
            raise _no_access(summary.path, error) from None
        try:
            self.walker = recognise(Window(self._input, capacity), capture, triage, summary)
        except BaseException:
            self._input.close()
            raise
        self.frames = self.walker.frames()

    def first(self) -> int | None:
        """The time of the first frame, which is not judged yet; None if there is none."""
        self.walker.limit = NEVER
        return self.walker.reached if next(self.frames, self) is None else None

    def close(self) -> None:
        self._input.close()


class Captures:
    """The frames of many captures that can matter, in the order of their times. To be iterated once.

    Triage has seen every frame before it is asked about the next, also where the two are in different captures.
    """

    def __init__(self, paths: Sequence[str], triage: Triage, *, progress: Callable[[int], None] | None = None) -> None:
        """Open files, the captures in directories, and standard input for ``-``.

        ``progress`` is called with the number of octets read since the last call. Raises UnreadableCapture if one of
        the paths is no capture, or a directory without any.
        """
        self.summaries = [Summary(path) for path in _expand(paths)]
        """What there is to tell about each capture; complete when iteration has ended."""
        self.size: int | None = 0
        """Octets of all files together, as ``progress`` counts them; None if a pipe is among them."""
        self._triage = triage
        self._progress = progress
        self._open: dict[int, _Reader] = {}
        self._timeline: list[tuple[int, int]] = []
        for capture, summary in enumerate(self.summaries):
            size = _size(summary.path)
            if size is None:  # a pipe, which cannot be opened twice
                reader = self._open[capture] = _Reader(capture, triage, summary, progress=progress)
                first = reader.first()
            else:
                reader = _Reader(capture, Triage(), Summary(summary.path), capacity=PEEK)
                first = reader.first()
                reader.close()
            self.size = None if self.size is None or size is None else self.size + size
            self._timeline.append((NEVER if first is None else first, capture))

    def __iter__(self) -> Iterator[Frame]:
        """The frames that triage keeps. Raises UnreadableCapture if a file has changed since it was named."""
        timeline = self._timeline
        heapify(timeline)
        try:
            while timeline:
                _, capture = timeline[0]
                reader = self._open.get(capture)
                if reader is None:
                    reader = self._open[capture] = _Reader(
                        capture, self._triage, self.summaries[capture], progress=self._progress
                    )
                # It goes on as long as no other capture has an earlier frame; at equal times the order of naming holds.
                time, rival = min(timeline[1:3], default=(FOREVER, capture))
                reader.walker.limit = time - 1 if rival < capture else time
                for frame in reader.frames:
                    if frame is None:
                        heapreplace(timeline, (reader.walker.reached, capture))
                        break
                    yield frame
                else:
                    heappop(timeline)
                    self._open.pop(capture).close()
        finally:
            for reader in self._open.values():
                reader.close()


def _expand(paths: Sequence[str]) -> Iterator[str]:
    """The captures that the user meant: files as they are, those in directories, those that fit a pattern."""
    for path in paths:
        try:
            if path != "-" and Path(path).is_dir():
                found = [str(file) for file in sorted(Path(path).iterdir()) if file.is_file() and _is_capture(file)]
                if not found:
                    raise UnreadableCapture(f"{path}: holds no capture; name the files, or the directories below it")
            elif path != "-" and not Path(path).exists():
                found = sorted(glob.glob(path)) or [path]  # noqa: PTH207 -- Path.glob takes no absolute pattern
            else:
                found = [path]
        except OSError as error:
            raise _no_access(path, error) from None
        yield from found


def _is_capture(file: Path) -> bool:
    """Whether a file of a directory is a capture. A damaged one is: that is to be said, not passed over."""
    source = _Input(str(file))
    window = Window(source, PEEK)
    window.fill(4)
    source.close()
    magic = bytes(window.buffer[: min(window.end, 4)])
    return magic in pcap.MAGICS or magic == blocks.MAGIC


def _size(path: str) -> int | None:
    """Octets of a file; None for a pipe."""
    if path == "-":
        return None
    try:
        status = Path(path).stat()
    except OSError as error:
        raise _no_access(path, error) from None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def _no_access(path: str, error: OSError) -> UnreadableCapture:
    return UnreadableCapture(f"{path}: {error.strerror or error}; check the name and the permissions")


def recognise(window: Window, capture: int, triage: Triage, summary: Summary) -> Walker:
    """The walker for a capture, by its first octets. Raises UnreadableCapture."""
    path = summary.path
    window.fill(8)
    head = bytes(window.buffer[: min(window.end, 8)])
    if head[:4] in pcap.MAGICS:
        return PcapWalker(window, capture, triage, summary)
    if head[:4] == blocks.MAGIC:
        return PcapngWalker(window, capture, triage, summary)
    if window.failure:
        raise UnreadableCapture(f"{path}: cannot be read ({window.failure}); copy it again")
    if not head:
        raise UnreadableCapture(f"{path}: is empty; was the capture finished, and did anything arrive?")
    for start, (what, command) in STRANGERS.items():
        if head.startswith(start):
            raise UnreadableCapture(f"{path}: is {what}; make a capture of it first: {command.format(path)}")
    command = CONVERT.format(path)
    raise UnreadableCapture(f"{path}: is neither pcap nor pcapng; if Wireshark reads it, convert it: {command}")
