"""Compressed captures, decompressed as they are read: gzip, zstd, xz, lz4 and bzip2, recognised by their first octets.

RFC 1952, RFC 8878, and the format descriptions of xz, lz4 frames and bzip2. Several members or frames, one after the
other, are one stream, as the command-line tools have it. What an attacker may ask for is bounded: no more is expanded
at once than there is room for, dictionaries and windows have a limit, and so has expansion itself.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable
from typing import Final, NamedTuple, Protocol

LARGEST_WINDOW: Final = 1 << 27
"""Octets of history that a stream may want to look back on (128 MiB; xz -9 needs 65, zstd --ultra -22 all of it)."""

LARGEST_RATIO: Final = 5000
"""How many times its size a file may become. Equal frames of 9,000 octets, each with a time of its own, reached 2,600.
(What is made of tiny records, the walkers stop before: `FREE_RECORDS`.)"""

FREE: Final = 1 << 30
"""Octets (1 GiB) that may come out before that ratio counts: so many are walked in seconds."""

INPUT: Final = 1 << 16
"""Compressed octets that are read at once."""

TASTE: Final = 1 << 10
"""Octets that a further member is given at first, doubled each time: of a file full of empty members, which give back
what they did not want, each would get all that is there."""


EMPTY: Final = 10_000
"""Members without content, one after the other, after which no more is expected to come."""


class Decompressor(Protocol):
    """What the standard library's decompressors have in common, for one member."""

    @property
    def eof(self) -> bool:
        """Whether the member has ended."""

    @property
    def needs_input(self) -> bool:
        """Whether nothing more comes out before something goes in."""

    @property
    def unused_data(self) -> bytes | None:
        """What stands behind the member."""

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Take octets in and give no more than ``max_length`` out; raises what is not documented by many of them."""


class Form(NamedTuple):
    """A form of compression: how it is recognised, and what undoes it."""

    name: str
    magics: tuple[bytes, ...]
    start: Callable[[], Decompressor]
    """Makes what decompresses one member."""


class _Gzip:
    """`zlib` with the face of its younger siblings."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(wbits=31)
        self._tail = b""
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._member.eof

    @property
    def unused_data(self) -> bytes:
        return self._member.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        octets = self._member.decompress(self._tail + data, max_length)
        self._tail = self._member.unconsumed_tail
        # zlib may hold octets back without saying so when there was no room for them.
        self.needs_input = not self._tail and len(octets) < max_length
        return octets


def _xz() -> Decompressor:
    import lzma

    return lzma.LZMADecompressor(lzma.FORMAT_XZ, LARGEST_WINDOW)


def _bzip2() -> Decompressor:
    import bz2

    return bz2.BZ2Decompressor()


def _lz4() -> Decompressor:
    from lz4.frame import LZ4FrameDecompressor

    made: Decompressor = LZ4FrameDecompressor()
    return made


def _zstd() -> Decompressor:
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd

    limit = {int(zstd.DecompressionParameter.window_log_max): LARGEST_WINDOW.bit_length() - 1}
    made: Decompressor = zstd.ZstdDecompressor(options=limit)
    return made


_SKIPPABLE: Final = tuple(bytes((low, 0x2A, 0x4D, 0x18)) for low in range(0x50, 0x60))
"""Frames that hold no data; pzstd puts one in front."""

FORMS: Final = (
    Form("gzip", (b"\x1f\x8b",), _Gzip),
    Form("zstd", (b"\x28\xb5\x2f\xfd", *_SKIPPABLE), _zstd),
    Form("xz", (b"\xfd7zXZ\0",), _xz),
    Form("lz4", (b"\x04\x22\x4d\x18",), _lz4),
    Form("bzip2", (b"BZh",), _bzip2),
)

MAGIC: Final = max(len(magic) for form in FORMS for magic in form.magics)
"""Octets by which all of them can be told."""


def form_of(head: bytes) -> Form | None:
    """How what begins like this is compressed; None if it is not."""
    return next((form for form in FORMS if head.startswith(form.magics)), None)


class Expanded:
    """The stream of octets that a compressed stream of octets stands for."""

    def __init__(self, form: Form, read: Callable[[int], bytes]) -> None:
        """``read`` gives up to so many octets, as soon as there are any, and none at the end."""
        self._form = form
        self._read = read
        self._member = form.start()
        self._input = b""
        """What was read, of which all before ``_at`` has been taken."""
        self._at = 0
        self._step = INPUT
        """How many octets the member is given next."""
        self.taken = 0
        """Compressed octets that were read."""
        self._given = self._empty = 0

    def readinto1(self, buffer: memoryview, /) -> int:
        """Fill what can be filled as soon as anything comes out; 0 at the end.

        Raises EOFError if the stream ends too early, and OSError if it is damaged or asks for too much.
        """
        room = len(buffer)
        data = b""
        while True:
            member = self._member
            if member.eof:
                data = self._next_member()
                if not data:
                    return 0
                member = self._member
            elif member.needs_input:
                data = self._take()
                if not data:
                    raise EOFError(f"the {self._form.name} data is cut; copy the file again")
            octets = self._expand(member, data, room)
            data = b""
            if octets:
                self._empty = 0
                self._given += len(octets)
                if self._given > FREE and self._given > LARGEST_RATIO * self.taken:
                    rule = f"it becomes more than {LARGEST_RATIO:,} times its size, as no capture does"
                    raise OSError(f"{rule}; decompress it first")
                buffer[: len(octets)] = octets
                return len(octets)

    def _take(self) -> bytes:
        if self._at == len(self._input):
            self._input, self._at = self._read(INPUT), 0
            self.taken += len(self._input)
        data = self._input[self._at : self._at + self._step]
        self._at += len(data)
        self._step = min(2 * self._step, INPUT)
        return data

    def _next_member(self) -> bytes:
        """What the next member begins with, zeros in front of it left out: they are padding. Nothing if none comes."""
        self._at -= len(self._member.unused_data or b"")
        self._step = TASTE
        data = b""
        while not data:
            data = self._take()
            if not data:
                return b""
            data = data.lstrip(b"\0")
        if not any(magic.startswith(data[: len(magic)]) for magic in self._form.magics):
            raise OSError(f"behind the {self._form.name} data stands something else, which is not read")
        self._empty += 1
        if self._empty > EMPTY:
            raise OSError(f"the {self._form.name} data has {EMPTY:,} parts without content in a row")
        self._member = self._form.start()
        return data

    def _expand(self, member: Decompressor, data: bytes, room: int) -> bytes:
        try:
            return member.decompress(data, room)
        except Exception as error:  # zlib.error, LZMAError, ZstdError, OSError, and RuntimeError of lz4
            if "memory" in str(error).lower():
                limit = f"{LARGEST_WINDOW >> 20} MiB of memory"
                raise OSError(f"the {self._form.name} data asks for more than {limit}; decompress it first") from None
            raise OSError(f"the {self._form.name} data is damaged ({error}); copy the file again") from None
