"""What ``--write`` keeps: every packet that was heard, as pcapng, in one file or in a row of them.

A file holds whole blocks only, whenever somebody looks at it, also when the disk is full: then nothing more is written,
and `failure` says so. A file that is new begins with the section and the interfaces, so that each can be read alone.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from struct import unpack_from
from typing import BinaryIO, NamedTuple

from analyzer import pcapng
from analyzer.sources.blocks import INTERFACE, MAGIC, NUMBERED, PACKET, PACKETS, SECTION
from analyzer.sources.split import OURS, Piece, Splitter
from analyzer.sources.window import LARGEST


class Rotation(NamedTuple):
    """When the next file begins."""

    size: int | None = None
    """Octets of a file."""
    every: int | None = None
    """Nanoseconds of a file, by the frames' times."""
    keep: int | None = None
    """Files that are kept, the newest; None for all."""


class Written(NamedTuple):
    """One file of a recording."""

    path: str
    first: int
    """Number, in the run, of the first of its frames."""
    numbers: array[int]
    """The numbers of all of them, where frames between them were left out."""


class Recording:
    """Writes what passes by."""

    def __init__(self, path: str, rotation: Rotation | None = None) -> None:
        """Make the file, or the first of a row. Raises OSError."""
        self.rotation = rotation or Rotation()
        self.files: list[Written] = []
        """Those that are there still, the oldest first."""
        self.frames = 0
        """Frames that passed by so far."""
        self.octets = 0
        """Octets that were written, to all files together."""
        self.failure = ""
        """Why nothing more is written, or the empty string."""
        self._path = Path(path)
        self._rotates = any(each is not None for each in self.rotation)
        self._splitter = Splitter()
        self._preamble: list[bytes] = []
        """The section header and the interfaces that the next packet needs before it."""
        self._made = 0
        self._size = 0
        self._began: int | None = None
        self._file = self._open(1)

    def feed(self, octets: memoryview | bytes) -> None:
        """Write what came; nothing is raised."""
        self.write(self._numbered(self._splitter.feed(octets)))

    def write(self, pieces: Iterable[tuple[int, Piece]], *, sparse: bool = False) -> None:
        """Write blocks with the numbers of their frames, and begin another file where its time has come.

        ``sparse``: frames are left out, so that the numbers are to be remembered. A block without a number has 0.
        """
        waiting: list[bytes] = []
        size = self._size
        for number, piece in pieces:
            if number:
                if self._rotates and self._full(size + len(piece.block), piece.time):
                    self._put(waiting)
                    self._next(number, piece.time)
                    waiting = [*self._preamble]
                    size = sum(map(len, waiting))
                if sparse:
                    self.files[-1].numbers.append(number)
            elif piece.kind == SECTION:
                self._preamble = [piece.block]
            elif piece.kind == INTERFACE:
                self._preamble.append(piece.block)
            waiting.append(piece.block)
            size += len(piece.block)
        self._put(waiting)

    def finish(self, until: int | None) -> None:
        """Nothing more comes: note until when there was something to hear, and close the file."""
        if until is not None and self._preamble:
            told = [pcapng.statistics(0, until, until=until)]
            if not self._splitter.ours:
                told = [pcapng.section(OURS), pcapng.interface(1, name="until"), *told]
            self._put(told)
        os.close(self._file)

    def annotate(self, frames: Collection[int], comments: Callable[[int], Sequence[str]]) -> None:
        """Put comments into these frames, by their number in the run; to be called when all is finished.

        ``comments`` is asked for in the order of the numbers. Files without any such frame stay as they are. Raises
        OSError, and leaves the file as it was.
        """
        for file, following in zip(self.files, [*self.files[1:], None], strict=True):
            after = self.frames + 1 if following is None else following.first
            numbers: Sequence[int] = file.numbers or range(file.first, after)
            if any(number in frames for number in numbers):
                _rewrite(Path(file.path), numbers, comments)

    @property
    def whole(self) -> str | None:
        """The one file that holds every frame under its number; None if there is none."""
        return None if self._rotates or self.failure else self.files[0].path

    @property
    def notices(self) -> list[str]:
        """What the user should know."""
        told = [self.failure] if self.failure else []
        if self._splitter.broken:
            told.append(f"{self._path}: ends where the capture could not be read any more")
        return told

    def _numbered(self, pieces: Iterable[Piece]) -> Iterator[tuple[int, Piece]]:
        for piece in pieces:
            self.frames += piece.numbered
            yield self.frames if piece.numbered else 0, piece

    def _full(self, size: int, time: int) -> bool:
        if self._began is None:
            self._began = time
            return False
        rotation = self.rotation
        return (rotation.size is not None and size > rotation.size) or (
            rotation.every is not None and time - self._began >= rotation.every
        )

    def _next(self, number: int, time: int) -> None:
        if self.failure:
            return
        os.close(self._file)
        self._file = self._open(number)
        self._began = time
        keep = self.rotation.keep
        while keep is not None and len(self.files) > keep:
            Path(self.files.pop(0).path).unlink(missing_ok=True)

    def _open(self, number: int) -> int:
        self._made += 1
        path = self._path
        if self._rotates:
            path = path.with_name(f"{path.stem}-{self._made:05}{path.suffix}")
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        try:
            made = os.open(path, flags, 0o600)  # keys may be in it
        except OSError as error:
            if not self.files:
                raise
            self.failure = f"{path}: {error.strerror}; nothing more was written, from frame {number:,} on"
            return os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
        self._size, self._began = 0, None
        self.files.append(Written(str(path), number, array("Q")))
        return made

    def _put(self, blocks: list[bytes]) -> None:
        if self.failure or not blocks:
            return
        octets = memoryview(b"".join(blocks))
        written = 0
        try:
            while written < len(octets):
                written += os.write(self._file, octets[written:])
        except OSError as error:
            whole = 0
            for block in blocks:
                if whole + len(block) > written:
                    break
                whole += len(block)
            os.ftruncate(self._file, self._size + whole)
            self.failure = (
                f"{self.files[-1].path}: {error.strerror}; it ends before frame {self.frames:,}, and nothing later "
                "was written"
            )
            return
        self._size += len(octets)
        self.octets += len(octets)


def size_of(text: str) -> int:
    """Octets of ``100MB``, ``512 kB``, ``2GiB``. Raises ValueError."""
    plain = text.strip().lower().removesuffix("ib").removesuffix("b")
    factor = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30}.get(plain[-1:], 0)
    number = plain[:-1] if factor else plain
    if not number.strip().isdecimal() or not int(number):
        raise ValueError(text)
    return int(number) * (factor or 1)


def _rewrite(path: Path, numbers: Sequence[int], comments: Callable[[int], Sequence[str]]) -> None:
    """The same file with comments, and its frames in the order of their numbers; put into place when it is whole."""
    draft = path.with_name(f".{path.name}.draft")
    in_order = all(one < other for one, other in pairwise(numbers))
    late: list[tuple[int, bytes, bool]] = []
    try:
        with path.open("rb") as source, draft.open("wb") as target:
            draft.chmod(0o600)
            for number, block, plain in _walk(source, numbers):
                if number and not in_order:
                    late.append((number, block, plain))
                    continue
                told = comments(number) if number and plain else ()
                target.write(pcapng.commented(block, told) if told else block)
            for number, block, plain in sorted(late):
                told = comments(number) if plain else ()
                target.write(pcapng.commented(block, told) if told else block)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _walk(source: BinaryIO, numbers: Sequence[int]) -> Iterator[tuple[int, bytes, bool]]:
    """Number of the frame (0: none), block, and whether comments can be put into it."""
    order, coming = "<", iter(numbers)
    while head := source.read(12):
        if head[:4] == MAGIC:
            order = "<" if head[8:12] == b"\x4d\x3c\x2b\x1a" else ">"
        kind, total = unpack_from(order + "II", head)
        if not 12 <= total <= LARGEST:
            raise OSError(0, "is not what was written to it", source.name)
        block = head + source.read(total - 12)
        numbered = kind in PACKETS or kind in NUMBERED
        yield next(coming, 0) if numbered else 0, block, kind == PACKET and order == "<"
