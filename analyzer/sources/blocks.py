"""The blocks of a pcapng capture, https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-02.html.

A section gives the byte order, its interfaces give link type and time; only with both can a packet block be read.
"""

from __future__ import annotations

from collections.abc import Callable
from math import gcd
from struct import Struct, unpack_from
from typing import Final, Literal, NamedTuple

from analyzer.frame import SECOND
from analyzer.sources.proofs import Judge, Records
from analyzer.sources.triage import ByteOrder, Octets, Triage
from analyzer.sources.walker import FOREVER, NEVER, reason_for
from analyzer.sources.window import LARGEST

MAGIC: Final = b"\x0a\x0d\x0d\x0a"
"""How a section begins: its block type, the same in both byte orders."""

MAX_INTERFACES: Final = 4096
"""Interfaces of one section (2 MB); a capture that describes more is read no further."""

MAX_JUDGES: Final = 64
"""Link types, byte orders and clocks for which there is a judge that is kept, so that a million sections are cheap."""

SECTION: Final = 0x0A0D0D0A
INTERFACE: Final = 1
OBSOLETE_PACKET: Final = 2
SIMPLE_PACKET: Final = 3
STATISTICS: Final = 5
PACKET: Final = 6

PACKETS: Final = frozenset({OBSOLETE_PACKET, SIMPLE_PACKET, PACKET})

NUMBERED: Final = frozenset({9, 0xBAD, 0x40000BAD})
"""Blocks without a packet that Wireshark numbers as frames: systemd journal entries and custom blocks."""

LEAST: Final = {SECTION: 28, INTERFACE: 20, OBSOLETE_PACKET: 32, SIMPLE_PACKET: 16, STATISTICS: 24, PACKET: 32}
"""Octets that a block of this type has at least; any other has 12."""

DATA: Final = 28
"""Where in an enhanced or obsolete packet block the frame begins."""

TIME_RESOLUTION: Final = 9
TIME_OFFSET: Final = 14
LOST_BEFORE: Final = 4
ENDED: Final = 3
LOST_BY_INTERFACE: Final = 5
LOST_BY_SYSTEM: Final = 7

LEAST_LOST: Final = 12
"""Octets of the option that tells how many packets were lost before this one."""


Unpack = Callable[[Octets, int], tuple[int, ...]]

_FIELDS: Final[dict[ByteOrder, Unpack]] = {
    "<": Struct("<8xIIIII").unpack_from,
    ">": Struct(">8xIIIII").unpack_from,
}

_LOST_BEFORE: Final[dict[ByteOrder, bytes]] = {
    "<": LOST_BEFORE.to_bytes(2, "little") + b"\x08\x00",
    ">": LOST_BEFORE.to_bytes(2, "big") + b"\x00\x08",
}
"""How the option begins that tells how many packets were lost before this one."""


class Damaged(Exception):
    """What is wrong with a block, so that nothing behind it can be trusted."""


class Judges:
    """Who judges the frames of interfaces: those of one link type and clock have one judge, made once."""

    def __init__(self, triage: Triage) -> None:
        self.sieve = triage.sieve()
        """Counts for all of them."""
        self._triage = triage
        self._known: dict[tuple[ByteOrder, int, int], Judge] = {}

    def of(self, order: ByteOrder, link: int, ticks: int) -> Judge:
        """``ticks`` is how many a second has."""
        known = self._known.get((order, link, ticks))
        if known is None:
            known = Judge(self._triage, _records(order, ticks), link, self.sieve)
            if len(self._known) < MAX_JUDGES:
                self._known[order, link, ticks] = known
        return known


def _records(order: ByteOrder, ticks: int) -> Records:
    """How enhanced packet blocks lie in the buffer.

    Their loops have more parameters: the index of the interface that is ``chosen``, those of others that are ``alike``,
    their ``earliest`` time that makes sense, and what counts the frames ``lost`` that the options of a packet tell of.
    """
    return Records(
        order=order,
        data=DATA,
        plain=("III8xI4x", "block, total, index, size"),
        bounded=("IIIIII4x", "block, total, index, upper, lower, size"),
        following="after + total",
        stop=f"following > end or block != {PACKET} or (index != chosen and index not in alike) "
        "or (rest := total - size) < 32",
        late="not earliest <= (upper << 32 | lower) <= limit",
        close=f"start + {DATA} + size",
        clock="12xII",
        ticks=ticks,
        parameters=", chosen, alike, earliest, lost",
        also=f"if rest >= {32 + LEAST_LOST}:\n            lost(block, buffer, start, after)\n        ",
    )


class Interface:
    """One interface of a section: what its frames are, how their time is written, and how many of them were lost."""

    __slots__ = (
        "_divisor",
        "_multiplier",
        "_offset",
        "alike",
        "earliest",
        "judge",
        "link",
        "lost_by_interface",
        "lost_by_system",
        "lost_on_the_way",
        "reason",
        "snaplen",
        "until",
    )

    def __init__(self, judges: Judges, order: ByteOrder, link: int, snaplen: int, options: dict[int, bytes]) -> None:
        self.link = link
        self.snaplen = snaplen
        """The most octets that were kept of a frame; 0 for all."""
        self.lost_by_interface: int | None = None
        """As the statistics say that came last; None if they do not."""
        self.lost_by_system: int | None = None
        self.until = NEVER
        """Until when it was listened to, as the statistics say that came last; NEVER if they do not."""
        self.lost_on_the_way: int | None = None
        """What the packets themselves say was lost before each of them, added up."""
        resolution = options.get(TIME_RESOLUTION, b"\x06")[0]
        per_second = 1 << (resolution & 0x7F) if resolution & 0x80 else 10**resolution
        self.judge = judges.of(order, link, per_second)
        self.reason = reason_for(link, self.judge.shape.known)
        # In lowest terms, so that the usual tick needs no number above 64 bits: 150 ns less.
        common = gcd(SECOND, per_second)
        self._multiplier, self._divisor = SECOND // common, per_second // common
        self._offset = _number(options.get(TIME_OFFSET, b""), order, signed=True) * SECOND
        self.earliest = self.ticks(NEVER) + 1
        self.alike: set[int] = set()
        """The interfaces of its section whose frames and times are read like its own."""

    def time(self, high: int, low: int) -> int:
        """Nanoseconds since the epoch; NEVER where that is before it, or later than anybody can count."""
        time = (high << 32 | low) * self._multiplier // self._divisor + self._offset
        return time if 0 <= time <= FOREVER else NEVER

    def ticks(self, time: int) -> int:
        """The last time, as this interface counts, that is not after this one (ns)."""
        return ((time + 1 - self._offset) * self._divisor - 1) // self._multiplier

    @property
    def lost(self) -> int | None:
        """Packets that were not captured; None if nobody says. Statistics count the same packets as packets do."""
        counted = [
            (self.lost_by_interface or 0) + (self.lost_by_system or 0)
            if self.lost_by_interface is not None or self.lost_by_system is not None
            else None,
            self.lost_on_the_way,
        ]
        return max((count for count in counted if count is not None), default=None)


class Packet(NamedTuple):
    """A packet of any kind of block: its frame is ``buffer[start:end]``."""

    interface: Interface
    time: int
    """NEVER where the block does not tell, or tells nonsense."""
    start: int
    end: int
    length: int
    """Octets of the frame on the wire."""


class Section:
    """A section: its byte order, and its interfaces as far as they are described."""

    def __init__(self, judges: Judges, buffer: Octets, at: int) -> None:
        """Read the section header at ``at``; raises Damaged if it is not of version 1.0, or 1.2, which is the same."""
        self.order = _byte_order(buffer, at)
        major, minor = unpack_from(self.order + "HH", buffer, at + 12)
        if major != 1 or minor not in (0, 2):
            raise Damaged(f"a section of version {major}.{minor}")
        self.interfaces: list[Interface] = []
        self._alike: dict[tuple[Judge, int], set[int]] = {}
        self.nobody = Interface(judges, self.order, 1, 0, {})
        """An interface for a run that has none yet."""
        self.fields = _FIELDS[self.order]
        """Of an enhanced packet block: interface, upper and lower half of the time, size and length of the frame."""
        self._judges = judges

    def block(self, buffer: Octets, start: int, end: int) -> tuple[int, int]:
        """Type of the block at ``start``, and where it ends: 0 as long as it is not whole before ``end``."""
        if end - start < 12:
            return 0, 0
        order = _byte_order(buffer, start) if buffer[start : start + 4] == MAGIC else self.order
        block, total = unpack_from(order + "II", buffer, start)
        if not LEAST.get(block, 12) <= total <= LARGEST:
            raise Damaged(f"a block of type {block:#x} claims {total} octets")
        if start + total > end:
            return block, 0
        if block not in PACKETS and buffer[start + 4 : start + 8] != buffer[start + total - 4 : start + total]:
            raise Damaged(f"a block of type {block:#x} has two different lengths")
        return block, start + total

    def packet_of(self, buffer: Octets, start: int, end: int) -> int | None:
        """The interface of the enhanced packet block at ``start``; None if it is none, or not whole, or not right."""
        index, _, _, size, _ = self.fields(buffer, start)
        block, total = unpack_from(self.order + "II", buffer, start)
        if block != PACKET or index >= len(self.interfaces) or size + 32 > total or start + total > end:
            return None
        return index

    def describe(self, buffer: Octets, start: int, end: int) -> None:
        """Read an interface description block."""
        if len(self.interfaces) == MAX_INTERFACES:
            raise Damaged(f"more than {MAX_INTERFACES} interfaces")
        link, snaplen = unpack_from(self.order + "HxxI", buffer, start + 8)
        options = _options(buffer, start + 16, end - 4, self.order)
        made = Interface(self._judges, self.order, link, snaplen, options)
        made.alike = self._alike.setdefault((made.judge, made.earliest), made.alike)
        made.alike.add(len(self.interfaces))
        self.interfaces.append(made)

    def count_lost(self, buffer: Octets, start: int, end: int) -> None:
        """Read an interface statistics block. Its counters run since capturing began, so the last ones hold."""
        (index,) = unpack_from(self.order + "I", buffer, start + 8)
        options = _options(buffer, start + 20, end - 4, self.order)
        interface = self._interface(index)
        ended = options.get(ENDED, b"")
        if len(ended) == 8:
            interface.until = interface.time(*unpack_from(self.order + "II", ended))
        for code in (LOST_BY_INTERFACE, LOST_BY_SYSTEM):
            value = options.get(code, b"")
            if len(value) != 8 or value == b"\xff" * 8:  # with all bits set, the recorder does not know
                continue
            if code == LOST_BY_INTERFACE:
                interface.lost_by_interface = _number(value, self.order)
            else:
                interface.lost_by_system = _number(value, self.order)

    def count_lost_before(self, block: int, buffer: Octets, start: int, end: int) -> None:
        """Add what an obsolete or enhanced packet block says about losses since the last packet of its interface."""
        if block == OBSOLETE_PACKET:
            index, lost = unpack_from(self.order + "HH", buffer, start + 8)
            if lost == 0xFFFF:  # not known
                return
        else:
            index, _, _, size, _ = self.fields(buffer, start)
            begin = start + DATA + size + (-size & 3)
            if buffer.find(_LOST_BEFORE[self.order], begin, end) < 0:  # most options are something else: 1 µs less
                return
            options = _options(buffer, begin, end - 4, self.order)
            value = options.get(LOST_BEFORE, b"")
            if len(value) != 8:
                return
            lost = _number(value, self.order)
        interface = self._interface(index)
        interface.lost_on_the_way = (interface.lost_on_the_way or 0) + lost

    def packet(self, block: int, buffer: Octets, start: int, end: int) -> Packet:
        """Read a packet block of any kind; raises Damaged if its frame does not fit into it."""
        index, high, low, size, length = self.fields(buffer, start)
        begin, time = start + DATA, NEVER
        if block == SIMPLE_PACKET:
            index, length, begin = 0, index, start + 12
            interface = self._interface(0)
            size = min(length, interface.snaplen or length)
        else:
            if block == OBSOLETE_PACKET:  # half of the number is a counter of lost packets here
                (index,) = unpack_from(self.order + "H", buffer, start + 8)
            interface = self._interface(index)
            time = interface.time(high, low)
        if begin + size + 4 > end:
            raise Damaged(f"a frame of {size} octets in a block of {end - start}")
        return Packet(interface, time, begin, begin + size, length)

    def _interface(self, index: int) -> Interface:
        if index >= len(self.interfaces):
            raise Damaged(f"interface {index} is not described")
        return self.interfaces[index]


def _byte_order(buffer: Octets, start: int) -> ByteOrder:
    mark = buffer[start + 8 : start + 12]
    if mark == b"\x4d\x3c\x2b\x1a":
        return "<"
    if mark == b"\x1a\x2b\x3c\x4d":
        return ">"
    raise Damaged("a section without byte-order mark")


def _options(buffer: Octets, start: int, end: int, order: ByteOrder) -> dict[int, bytes]:
    """The options in ``buffer[start:end]`` that have a value, by code. What does not fit ends the list."""
    options = {}
    while start + 4 <= end:
        code, size = unpack_from(order + "HH", buffer, start)
        if not code or start + 4 + size > end:
            break
        if size:
            options[code] = bytes(buffer[start + 4 : start + 4 + size])
        start += 4 + size + (-size & 3)
    return options


def _number(value: bytes, order: ByteOrder, *, signed: bool = False) -> int:
    """A counter or offset of up to eight octets."""
    endian: Literal["little", "big"] = "little" if order == "<" else "big"
    return int.from_bytes(value[:8], endian, signed=signed)
