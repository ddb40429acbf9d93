"""Everything in one capture, packet by packet, so that it can be written again: the second look at what was audited.

The walkers hand over the frames that can matter, and nothing of what else a pcapng capture says of them. Here comes
every frame, with comments, flags and drop counters, and between the frames what describes them: interfaces, names,
statistics. Secrets for decryption are left out, as is what nobody can copy without knowing it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from struct import Struct
from typing import Final, NamedTuple

from analyzer.frame import SECOND
from analyzer.sources import blocks, options, pcap
from analyzer.sources.inputs import Input, no_access
from analyzer.sources.options import Options
from analyzer.sources.triage import ByteOrder
from analyzer.sources.walker import FOREVER, FREE_RECORDS, NEVER, RECORDS_PER_OCTET, UnreadableCapture
from analyzer.sources.window import BLOCK, LARGEST, Window

NAMES: Final = 4
JOURNAL: Final = 9
CUSTOM: Final = 0xBAD
"""Custom blocks that may be copied; those of type 0x40000BAD may not."""


class Interface(NamedTuple):
    """An interface, or all of a pcap capture."""

    link: int
    snaplen: int
    """The most octets that are kept of a frame; 0 for all."""
    options: Options
    multiplier: int
    """Nanoseconds of ``divisor`` ticks."""
    divisor: int
    offset: int
    """Nanoseconds."""

    def time(self, high: int, low: int) -> int:
        """Nanoseconds since the epoch; NEVER where that cannot be told."""
        time = (high << 32 | low) * self.multiplier // self.divisor + self.offset
        return time if 0 <= time <= FOREVER else NEVER


class Heading(NamedTuple):
    """A section begins; interfaces are counted anew."""

    options: Options


class Packet(NamedTuple):
    """A record that holds a frame."""

    which: int
    """The interface's place in its section."""
    interface: Interface
    time: int
    """Nanoseconds since the epoch; that of the frame before where it has none, or one that cannot be."""
    data: bytes
    length: int
    """Octets on the wire."""
    options: Options


class Statistics(NamedTuple):
    """What was counted on an interface."""

    which: int
    interface: Interface
    time: int
    options: Options


class Other(NamedTuple):
    """A block that holds neither frames nor statistics."""

    kind: int
    body: bytes
    """Empty if nobody may copy it."""
    options: Options
    numbered: bool
    """Wireshark counts it among the frames."""


Record = Heading | Packet | Statistics | Other


def records(path: str, frames: int, capacity: int = BLOCK) -> Generator[tuple[int, Record], None, None]:
    """The records of a capture, each with the number of the last frame up to it, until the last of so many frames.

    ``capacity`` is that of the buffer, as long as no record needs more.
    Raises UnreadableCapture if it cannot be opened or has not so many frames (any more).
    """
    number = 0
    try:
        stream = Input(path)
    except OSError as error:
        raise no_access(path, error) from None
    with closing(stream):
        window = Window(stream, capacity)
        window.fill(4)
        magic = bytes(window.buffer[: min(window.end, 4)])
        walk = _pcap(window) if magic in pcap.MAGICS else _pcapng(window) if magic == blocks.MAGIC else iter(())
        for record in walk:
            if isinstance(record, Packet) or (isinstance(record, Other) and record.numbered):
                if number == frames:
                    break
                number += 1
            yield number, record
    if number < frames:
        raise UnreadableCapture(f"{path}: has changed since it was audited: frame {number + 1} is not there any more")


class _Octets:
    """The octets of a window, one stretch after the other."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self.at = 0
        self.taken = 0
        """How many stretches there were."""

    def ready(self, size: int) -> bool:
        """Have so many octets in memory from ``at`` on; False if there are fewer, or it seems a bomb."""
        window = self.window
        while window.end - self.at < size:
            octets = window.taken
            if self.taken > FREE_RECORDS and octets is not None and octets * RECORDS_PER_OCTET < self.taken:
                return False
            coming = window.more(self.at)
            self.at = 0
            if not coming:
                return False
        return True


# --- pcap -------------------------------------------------------------------------------------------------------------


def _pcap(window: Window) -> Iterator[Record]:
    order, tick, size, header = pcap.MAGICS[bytes(window.buffer[:4])]
    octets = _Octets(window)
    if not octets.ready(header):
        return
    link = int.from_bytes(window.buffer[20:24], "little" if order == "<" else "big") & 0xFFFF
    interface = Interface(link, 0, (), 1, 1, 0)
    fields = Struct(order + "IIII").unpack_from
    size = _record_header(window, fields, header, size, tick)
    octets.at = header
    while octets.ready(size):
        seconds, ticks, kept, length = fields(window.buffer, octets.at)
        if kept > LARGEST or not octets.ready(size + kept):
            return
        start = octets.at + size
        octets.at = start + kept
        octets.taken += 1
        data = window.view[start : octets.at].tobytes()
        yield Packet(0, interface, seconds * SECOND + ticks * tick, data, length, ())


def _record_header(window: Window, fields: blocks.Unpack, header: int, usual: int, tick: int) -> int:
    """Octets of a record header: those of old systems are longer, and only what makes sense tells so."""

    def sensible(size: int) -> int | None:
        start = header
        for tried in range(pcap.TRIED):
            if start + 16 > window.end:
                return tried
            _, ticks, kept, length = fields(window.buffer, start)
            if ticks * tick >= SECOND or kept > min(length, LARGEST):
                return None
            start += size + kept
        return pcap.TRIED

    if sensible(usual) is not None:
        return usual
    return next((size for size in pcap.OLD[usual] if (sensible(size) or 0) > 1), usual)


# --- pcapng -----------------------------------------------------------------------------------------------------------


def _pcapng(window: Window) -> Iterator[Record]:
    octets = _Octets(window)
    order: ByteOrder = "<"
    interfaces: list[Interface] = []
    previous = 0
    while octets.ready(12):
        octets.taken += 1
        if window.buffer[octets.at : octets.at + 4] == blocks.MAGIC:
            order = "<" if window.buffer[octets.at + 8] == 0x4D else ">"
            interfaces = []
        kind, total = Struct(order + "II").unpack_from(window.buffer, octets.at)
        if not blocks.LEAST.get(kind, 12) <= total <= LARGEST or not octets.ready(total):
            return
        body = window.view[octets.at + 8 : octets.at + total - 4].tobytes()
        octets.at += total
        if kind in blocks.PACKETS:
            packet = _packet(kind, body, order, interfaces, previous)
            if packet is None:
                return
            previous = packet.time
            yield packet
        elif kind == blocks.INTERFACE:
            if len(interfaces) == blocks.MAX_INTERFACES:
                return
            interfaces.append(_interface(body, order))
        elif kind == blocks.SECTION:
            yield Heading(options.converted(body[16:], order, options.SECTION))
        elif kind == blocks.STATISTICS:
            index, high, low = Struct(order + "III").unpack_from(body)
            if index >= len(interfaces):
                return
            interface = interfaces[index]
            found = options.converted(body[12:], order, options.STATISTICS)
            time = interface.time(high, low)
            yield Statistics(index, interface, max(time, 0), options.timed(found, order, interface.time))
        elif kind == NAMES:
            yield Other(kind, *options.names(body, order), False)
        elif kind == JOURNAL:
            yield Other(kind, body, (), True)
        elif kind in blocks.NUMBERED:
            yield Other(kind, options.turned(body[:4], order) + body[4:] if kind == CUSTOM else b"", (), True)


def _interface(body: bytes, order: ByteOrder) -> Interface:
    link, snaplen = Struct(order + "HxxI").unpack_from(body)
    given = dict(options.split(body[8:], order))
    resolution = (given.get(options.RESOLUTION) or b"\x06")[0]
    per_second = 1 << (resolution & 0x7F) if resolution & 0x80 else 10**resolution
    offset = options.number(given.get(options.OFFSET, b""), order, signed=True) * SECOND
    kept = options.without_code(options.converted(body[8:], order, options.INTERFACE))
    return Interface(link, snaplen, kept, SECOND, per_second, offset)


def _packet(kind: int, body: bytes, order: ByteOrder, interfaces: list[Interface], previous: int) -> Packet | None:
    """A packet of any kind of block; None if it makes no sense."""
    index, time = 0, NEVER
    found: Options = ()
    if kind == blocks.SIMPLE_PACKET:
        (length,) = Struct(order + "I").unpack_from(body)
        if not interfaces:
            return None
        size, begin = min(length, interfaces[0].snaplen or length), 4
    else:
        index, high, low, size, length = Struct(order + "IIIII").unpack_from(body)
        begin = 20
        lost = 0xFFFF
        if kind == blocks.OBSOLETE_PACKET:
            index, lost = Struct(order + "HH").unpack_from(body)
        if index >= len(interfaces):
            return None
        time = interfaces[index].time(high, low)
    if begin + size > len(body):
        return None
    rest = begin + size + (-size & 3)
    if rest < len(body):
        if kind == blocks.PACKET:
            found = options.converted(body[rest:], order, options.PACKET)
        elif kind == blocks.OBSOLETE_PACKET:
            found = options.converted(body[rest:], order, options.OBSOLETE)
    if kind == blocks.OBSOLETE_PACKET and lost != 0xFFFF:
        found = (*found, (options.LOST_BEFORE, lost.to_bytes(8, "little")))
    return Packet(
        index, interfaces[index], previous if time == NEVER else time, body[begin : begin + size], length, found
    )
