"""The blocks of a pcapng capture as octets, for whoever writes one (draft-ietf-opsawg-pcapng-02, sections 4.1 to 4.6).

Little endian, times in nanoseconds. What is written here, `sources/pcapng.py` reads again without loss.
"""

from __future__ import annotations

from collections.abc import Iterable
from struct import Struct
from typing import Final

UNKNOWN_LENGTH: Final = (1 << 64) - 1
"""The length of a section that is not known yet when it begins."""

LONGEST: Final = 0xFFFF
"""Octets of the longest value of an option."""

COMMENT: Final = 1
HARDWARE: Final = 2
SYSTEM: Final = 3
NAME: Final = 2
DESCRIPTION: Final = 3
TIME_RESOLUTION: Final = 9
FILTER: Final = 11
PROGRAM: Final = 4
LOST_BEFORE: Final = 4
ENDED: Final = 3
RECEIVED: Final = 4
LOST_BY_INTERFACE: Final = 5
LOST_BY_SYSTEM: Final = 7

_SECTION = Struct("<IHHQ").pack
_INTERFACE = Struct("<HHI").pack
_PACKET = Struct("<IIIIIII").pack
_STATISTICS = Struct("<III").pack
_PAIR = Struct("<II").pack
_OPTION = Struct("<HH").pack
_LENGTH = Struct("<I").pack
_PADDING: Final = (b"", b"\0\0\0", b"\0\0", b"\0")


def section(program: str = "", comments: Iterable[str] = (), *, hardware: str = "", system: str = "") -> bytes:
    """A section header: what follows belongs to it, whatever its length. ``hardware`` and ``system`` recorded it."""
    machine = [*_text(HARDWARE, hardware), *_text(SYSTEM, system)]
    options = [*_comments(comments), *machine, *_text(PROGRAM, program)]
    return _block(0x0A0D0D0A, _SECTION(0x1A2B3C4D, 1, 0, UNKNOWN_LENGTH), options)


def interface(link: int, snaplen: int = 0, *, name: str = "", description: str = "", filter: str = "") -> bytes:
    """An interface: link type, the most octets of a frame that are kept (0: all), and the filter as it was written."""
    options = [*_text(NAME, name), *_text(DESCRIPTION, description), _option(TIME_RESOLUTION, b"\x09")]
    if filter:
        options.append(_option(FILTER, b"\0" + _cut(filter, LONGEST - 1)))
    return _block(1, _INTERFACE(link, 0, snaplen), options)


def packet(
    index: int, time: int, data: bytes, length: int, *, comments: Iterable[str] = (), lost_before: int = 0
) -> bytes:
    """A frame of the interface ``index``: ``time`` in ns since the epoch, ``length`` octets of it on the wire.

    ``lost_before`` frames of the interface were lost since the one before.
    """
    size = len(data)
    padding = _PADDING[size & 3]
    if not comments and not lost_before:
        total = 32 + size + len(padding)
        head = _PACKET(6, total, index, time >> 32, time & 0xFFFFFFFF, size, length)
        return b"".join((head, data, padding, _LENGTH(total)))
    options = [*_comments(comments)]
    if lost_before:
        options.append(_option(LOST_BEFORE, lost_before.to_bytes(8, "little")))
    fields = _PACKET(0, 0, index, time >> 32, time & 0xFFFFFFFF, size, length)[8:]
    return _block(6, fields + data + padding, options)


def statistics(
    index: int,
    time: int,
    *,
    received: int | None = None,
    lost_by_interface: int | None = None,
    lost_by_system: int | None = None,
    until: int | None = None,
) -> bytes:
    """What is known of the interface ``index`` at a time: counters since the beginning; ``until`` when it all ended."""
    options = []
    if until is not None:
        options.append(_option(ENDED, _PAIR(until >> 32, until & 0xFFFFFFFF)))
    counters = ((RECEIVED, received), (LOST_BY_INTERFACE, lost_by_interface), (LOST_BY_SYSTEM, lost_by_system))
    options += [_option(code, count.to_bytes(8, "little")) for code, count in counters if count is not None]
    return _block(5, _STATISTICS(index, time >> 32, time & 0xFFFFFFFF), options)


def commented(block: bytes, comments: Iterable[str]) -> bytes:
    """The same enhanced packet block, little endian, with comments behind the options that it has."""
    size = int.from_bytes(block[20:24], "little")
    data_end = 28 + size + (-size & 3)
    end = at = data_end
    while at + 4 <= len(block) - 4:
        code, octets = int.from_bytes(block[at : at + 2], "little"), int.from_bytes(block[at + 2 : at + 4], "little")
        if not code:
            break
        at = end = at + 4 + octets + (-octets & 3)
    return _block(6, block[8:end], _comments(comments))


def block(kind: int, body: bytes, options: Iterable[tuple[int, bytes]] = ()) -> bytes:
    """A block of any type: what stands before its options, padded here, and the options by code, in their order.

    Raises struct.error for a value of more than `LONGEST` octets.
    """
    return _block(kind, body + _PADDING[len(body) & 3], [_option(code, value) for code, value in options])


def _block(kind: int, body: bytes, options: list[bytes]) -> bytes:
    tail = b"".join((*options, b"\0\0\0\0")) if options else b""
    total = _LENGTH(12 + len(body) + len(tail))
    return b"".join((_LENGTH(kind), total, body, tail, total))


def _option(code: int, value: bytes) -> bytes:
    return _OPTION(code, len(value)) + value + _PADDING[len(value) & 3]


def _text(code: int, text: str) -> list[bytes]:
    return [_option(code, _cut(text, LONGEST))] if text else []


def _comments(comments: Iterable[str]) -> list[bytes]:
    return [_option(COMMENT, _cut(text, LONGEST)) for text in comments]


def _cut(text: str, most: int) -> bytes:
    """UTF-8 of at most so many octets, no letter cut in two; a lone surrogate becomes a question mark."""
    octets = text.encode("utf-8", "replace")
    return octets if len(octets) <= most else octets[:most].decode("utf-8", "ignore").encode()
