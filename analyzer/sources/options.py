"""What stands beside the packets of a pcapng capture, turned into little endian and nanoseconds so that it can be
written again: options of interfaces, packets and statistics, and the records of name resolution.

Sections 4.1 to 4.6 of https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-02.html. What has no place in the tables
here is left out: nobody knows in which byte order it is, or what it refers to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from struct import unpack_from
from typing import Final, Literal

from analyzer.sources.triage import ByteOrder

Options = tuple[tuple[int, bytes], ...]
"""Code and value, in the order of the file."""

COMMENT: Final = 1
HARDWARE: Final = 2
SYSTEM: Final = 3
RESOLUTION: Final = 9
OFFSET: Final = 14
STARTED: Final = 2
ENDED: Final = 3
LOST_BEFORE: Final = 4

CUSTOM: Final = frozenset({2988, 2989})
"""Custom options, text and octets, that may be copied (19372 and 19373 may not); they begin with a number."""

_RAW: Final = 0
"""In the place of a length: the value has no byte order."""

SECTION: Final = dict.fromkeys((COMMENT, HARDWARE, SYSTEM), _RAW)
INTERFACE: Final = dict.fromkeys((COMMENT, 2, 3, 4, 5, 6, 7, 11, 12, 13, 15), _RAW) | dict.fromkeys((8, 16, 17), 8)
"""Name, description, addresses, filter, system, length of the FCS, hardware; speeds. The unit of its times is not among
them, for it becomes the nanosecond."""
PACKET: Final = {COMMENT: _RAW, 2: 4, 3: _RAW, LOST_BEFORE: 8, 5: 8, 6: 4}
"""Flags, hash, frames that were lost before it, identity, queue."""
OBSOLETE: Final = {COMMENT: _RAW, 2: 4, 3: _RAW}
STATISTICS: Final = dict.fromkeys((COMMENT, STARTED, ENDED), _RAW) | dict.fromkeys((4, 5, 6, 7, 8), 8)
"""When it began and ended, and counters."""
NAMES: Final = dict.fromkeys((COMMENT, 2, 3, 4), _RAW)


def split(octets: bytes, order: ByteOrder) -> Iterator[tuple[int, bytes]]:
    """All options with a value, by code. What does not fit ends the list."""
    start, end = 0, len(octets)
    while start + 4 <= end:
        code, size = unpack_from(order + "HH", octets, start)
        if not code or start + 4 + size > end:
            return
        yield code, octets[start + 4 : start + 4 + size]
        start += 4 + size + (-size & 3)


def converted(octets: bytes, order: ByteOrder, known: dict[int, int]) -> Options:
    """The options that are known and have the right length, their numbers in little endian."""
    found = []
    for code, value in split(octets, order):
        length = known.get(code)
        if length == _RAW:
            found.append((code, value))
        elif length == len(value):
            found.append((code, turned(value, order)))
        elif code in CUSTOM and len(value) >= 4:
            found.append((code, turned(value[:4], order) + value[4:]))
    return tuple(found)


def turned(number: bytes, order: ByteOrder) -> bytes:
    """A number in little endian."""
    return number if order == "<" else number[::-1]


def without_code(options: Options) -> Options:
    """Options of an interface without a filter that is machine code, which has a byte order of its own."""
    return tuple((code, value) for code, value in options if code != 11 or value[:1] == b"\0")


def timed(options: Options, order: ByteOrder, time: Callable[[int, int], int]) -> Options:
    """Options of statistics with their times in nanoseconds; ``time`` takes upper and lower half, negative: no time."""
    found = []
    for code, value in options:
        if code in (STARTED, ENDED):
            if len(value) != 8 or (at := time(*unpack_from(order + "II", value))) < 0:
                continue
            value = (at >> 32).to_bytes(4, "little") + (at & 0xFFFFFFFF).to_bytes(4, "little")
        found.append((code, value))
    return tuple(found)


def number(value: bytes, order: ByteOrder, *, signed: bool = False) -> int:
    """A number of up to eight octets."""
    endian: Literal["little", "big"] = "little" if order == "<" else "big"
    return int.from_bytes(value[:8], endian, signed=signed)


def names(body: bytes, order: ByteOrder) -> tuple[bytes, Options]:
    """The records of a name resolution block in little endian, and its options."""
    start, records = 0, bytearray()
    while start + 4 <= len(body):
        kind, size = unpack_from(order + "HH", body, start)
        following = start + 4 + size + (-size & 3)
        if not kind or following > len(body):
            start += 4
            break
        records += kind.to_bytes(2, "little") + size.to_bytes(2, "little") + body[start + 4 : following]
        start = following
    return bytes(records) + bytes(4), converted(body[start:], order, NAMES)
