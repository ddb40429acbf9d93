"""TCP: which segment belongs to which connection, where connections begin and end, and what is delivered of them.

RFC 9293. Used for TCP in clear and inside ESP alike; what protected a segment travels with it as an opaque tag, since
a connection may have segments of both kinds and that is evidence.
"""

from __future__ import annotations

import struct
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from typing import Final

from analyzer.frame import SECOND, FrameRef
from analyzer.network.stream import (
    Closing,
    Connection,
    Course,
    Data,
    Endpoint,
    Event,
    Forgotten,
    Hole,
    Opened,
    Segment,
    Side,
)

__all__ = [
    "Closing",
    "Connection",
    "Data",
    "Endpoint",
    "Event",
    "Forgotten",
    "Hole",
    "Opened",
    "Segment",
    "TcpTracker",
    "parse_segment",
]

FIN: Final = 0x01
SYN: Final = 0x02
RST: Final = 0x04
ACK: Final = 0x10

FOREVER: Final = 1 << 63
"""Later than every time."""

CONNECTIONS: Final = 16384
"""How many connections are kept; the one that was silent longest gives way."""

FEW: Final = 256
"""So many are kept however silent they are."""

SILENT: Final = 300 * SECOND
"""How far the marks lie apart at least by which silence is counted; a connection that was silent for three of these
spaces is forgotten, as no SIP transaction is waited for so long. By marks, since the clock of a capture may jump."""

MARKS: Final = 4
"""Marks between which these spaces lie."""

WAITING_TIME: Final = 3 * SECOND
"""How long pieces may wait behind a hole: the sender has repeated what was lost by then, since its timer starts at 1 s
(RFC 6298 2.1)."""

WAITING_TOTAL: Final = 8 << 20
"""How much may wait in all connections, as ``Side.cost`` has it; what has waited longest is given up."""

FAR: Final = 1 << 24
"""A segment that lies farther from the expected one (16 MiB, beyond any window of SIP) is not of this stream."""

STALE: Final = 120 * SECOND
"""A connection that was silent for this long (the MSL of RFC 9293 3.4.1) may have been replaced unseen."""

EVICTED: Final = "TCP connection: too many at once"
OVERFLOW: Final = "TCP segments behind a hole: too many waited"

NOTHING: Final[tuple[Event, ...]] = ()

MASK: Final = 0xFFFFFFFF
"""Sequence numbers wrap around at 32 bits."""

_header = struct.Struct(">HHIIBB").unpack_from
_new = tuple.__new__


def parse_segment(
    data: bytes,
    at: FrameRef,
    frames: tuple[FrameRef, ...],
    source: bytes,
    destination: bytes,
    tag: object = None,
) -> Segment | None:
    """Read a TCP segment from its header on; None if the header is cut or its length makes no sense."""
    if len(data) < 20:
        return None
    sport, dport, seq, ack, offset, flags = _header(data)
    offset = (offset >> 4) * 4
    if not 20 <= offset <= len(data):
        return None
    return _new(Segment, (at, frames, source, destination, sport, dport, seq, ack, flags, data[offset:], tag))


class TcpTracker:
    """All TCP connections of one timeline, told apart by addresses and ports alone."""

    __slots__ = ("_marks", "_octets", "_on_evict", "_table", "_waiting", "evicted", "forgotten", "order", "strays")

    def __init__(self, on_evict: Callable[[str], None] | None = None) -> None:
        """``on_evict`` is told in words what was given up because of a limit."""
        self._on_evict = on_evict
        # Each connection stands here twice, once for each direction.
        self._table: dict[tuple[bytes, int, bytes, int], tuple[Connection, int]] = {}
        self.order: OrderedDict[Connection, None] = OrderedDict()
        """All that are known, those that were silent longest first. Whoever follows a `course` keeps it."""
        # Directions with a hole, the one that was noticed first at the front.
        self._waiting: OrderedDict[Side, Connection] = OrderedDict()
        self._octets = 0
        self._marks: deque[int] = deque(maxlen=MARKS)
        """When connections were added, at least `SILENT` apart, the latest of them."""
        self.evicted = 0
        """Connections and queues that were given up because of a limit."""
        self.forgotten = 0
        """Connections that were silent for too long, or had to make room: if one goes on, it seems to begin there."""
        self.strays = 0
        """Segments that lay too far from their stream to belong to it."""

    def receive(self, segment: Segment) -> Sequence[Event]:
        """Take a segment in and return what it tells, in order."""
        at, frames, source, destination, sport, dport, seq, ack, flags, payload, tag = segment
        if flags & RST:
            # Its payload, if any, is a diagnosis and no part of the stream (RFC 9293 3.5.3).
            flags &= ~(SYN | FIN)
            payload = b""
        found = self._table.get((source, sport, destination, dport))
        events: list[Event] = []
        if found is None or flags & SYN or (payload and self._replaced(found, segment)):
            connection, by = self._open(found, segment, flags, events)
        else:
            connection, by = found
            self.order.move_to_end(connection)
        connection.touched = at.time
        mine = connection.sides[by]
        if flags & ACK:
            self._acknowledge(connection, connection.sides[1 - by], ack, at.time, events)
        if payload:
            base = mine.base
            if base is None:
                base = _begin(mine, seq, len(payload))
            if base is not None:
                start = mine.next
                distance = (seq + (flags >> 1 & 1) - base - start) & MASK
                if distance == 0 and not mine.queue:
                    mine.next = end = start + len(payload)
                    events.append(_new(Data, (connection, by, payload, at, frames, tag, start, end)))
                else:
                    self._place(connection, mine, distance, segment, events)
        elif mine.base is None:
            mine.edge = seq
        if flags & (FIN | RST):
            _close(connection, mine, "RST" if flags & RST else "FIN", segment, events)
        return events

    def advance(self, now: int) -> Sequence[Event]:
        """Give up the holes that have waited too long at this time (ns)."""
        if not self._waiting:
            return NOTHING
        events: list[Event] = []
        while self._waiting:
            side, connection = next(iter(self._waiting.items()))
            if now - side.since < WAITING_TIME:
                break
            before = side.cost
            side.give_up(connection, events)
            self._watch(connection, side, before, side.since + WAITING_TIME)
        return events

    @property
    def due(self) -> int:
        """When the next hole has waited too long (ns); beyond every time if there is none."""
        return next(iter(self._waiting)).since + WAITING_TIME if self._waiting else FOREVER

    def close(self) -> Sequence[Event]:
        """End of the capture: deliver all that still waits, each part behind its hole."""
        events: list[Event] = []
        while self._waiting:
            side, connection = next(iter(self._waiting.items()))
            self._flush(connection, side, events)
        return events

    def find(self, source: Endpoint, destination: Endpoint) -> Connection | None:
        """The connection between two endpoints, whichever of them opened it; nothing is entered."""
        found = self._table.get((*source, *destination))
        return None if found is None else found[0]

    def course(self, source: Endpoint, destination: Endpoint) -> Course | None:
        """The connection between two endpoints for somebody who follows it himself, as seen from the source.

        None until both streams have begun. It holds as long as the connection is in `order`.
        """
        found = self._table.get((*source, *destination))
        if found is None:
            return None
        connection, by = found
        mine, other = connection.sides[by], connection.sides[1 - by]
        return None if mine.base is None or other.base is None else (connection, mine, other)

    def acknowledged(self, connection: Connection, by: int) -> int:
        """The highest stream offset of this direction that the other side acknowledged.

        A FIN counts as one octet behind the last, as it does in TCP.
        """
        return connection.sides[by].acked

    @property
    def waiting(self) -> int:
        """Directions that wait behind a hole."""
        return len(self._waiting)

    def _replaced(self, found: tuple[Connection, int], segment: Segment) -> bool:
        """Whether a segment with data belongs to a later connection whose beginning the capture does not have."""
        connection, by = found
        side = connection.sides[by]
        if side.base is None or (connection.closed is None and segment.at.time - connection.touched < STALE):
            return False
        return FAR < (segment.seq - side.base - side.next) & MASK < MASK - FAR

    def _open(
        self, found: tuple[Connection, int] | None, segment: Segment, flags: int, events: list[Event]
    ) -> tuple[Connection, int]:
        """Return the connection of a segment with SYN, or of one that no known connection fits."""
        if found is not None and flags & SYN and _continues(*found, segment):
            connection, by = found
            self.order.move_to_end(connection)
        else:
            if found is not None:
                self._forget(found[0], events)
            connection, by = self._add(segment, events), 0
        if flags & SYN:
            mine, other = connection.sides[by], connection.sides[1 - by]
            mine.base = (segment.seq + 1) & MASK
            if not flags & ACK and connection.opened is None:
                connection.opener = connection.endpoints[by]
                connection.opened = segment.at
                events.append(Opened(connection, segment.at, by))
            elif flags & ACK and other.base is None:
                connection.opener, other.base = connection.endpoints[1 - by], segment.ack
        return connection, by

    def _add(self, segment: Segment, events: list[Event]) -> Connection:
        first, second = (segment.source, segment.sport), (segment.destination, segment.dport)
        connection = Connection(first, second)
        self._table[second + first] = connection, 1
        self._table[first + second] = connection, 0
        self.order[connection] = None
        if len(self.order) > FEW:
            self._forget_silent(segment.at.time, events)
        if len(self.order) > CONNECTIONS:
            self._forget_oldest(events)
            self._tell(EVICTED)
        return connection

    def _forget_silent(self, now: int, events: list[Event]) -> None:
        marks = self._marks
        if marks and now - marks[-1] < SILENT:
            return
        marks.append(now)
        while len(marks) == MARKS and len(self.order) > FEW:
            if next(iter(self.order)).touched >= marks[0]:
                break
            self._forget_oldest(events)

    def _forget_oldest(self, events: list[Event]) -> None:
        oldest = next(iter(self.order))
        oldest.forgotten = True
        self.forgotten += 1
        self._forget(oldest, events)

    def _forget(self, connection: Connection, events: list[Event]) -> None:
        for side in connection.sides:
            self._flush(connection, side, events)
        first, second = connection.endpoints
        self._table.pop(first + second, None)
        self._table.pop(second + first, None)
        del self.order[connection]
        events.append(Forgotten(connection))

    def _acknowledge(self, connection: Connection, side: Side, ack: int, now: int, events: list[Event]) -> None:
        if side.base is None:
            side.peer_ack = ack
            return
        ahead = (ack - side.base - side.acked) & MASK
        if not 0 < ahead < FAR:
            return
        side.acked += ahead
        if side.queue:
            before = side.cost
            side.settle(connection, events)
            self._watch(connection, side, before, now)

    def _place(self, connection: Connection, side: Side, distance: int, segment: Segment, events: list[Event]) -> None:
        """Take in a segment that is not simply the next one: old, overlapping or early."""
        if FAR < distance < MASK - FAR:
            self.strays += 1
            return
        if distance > FAR:
            distance -= MASK + 1
        before = side.cost
        side.insert(side.next + distance, segment)
        side.settle(connection, events)
        self._watch(connection, side, before, segment.at.time)
        while self._octets > WAITING_TOTAL:
            oldest, owner = next(iter(self._waiting.items()))
            self._flush(owner, oldest, events)
            self._tell(OVERFLOW)

    def _flush(self, connection: Connection, side: Side, events: list[Event]) -> None:
        before = side.cost
        while side.queue:
            side.give_up(connection, events)
        self._watch(connection, side, before, side.since)

    def _watch(self, connection: Connection, side: Side, before: int, now: int) -> None:
        """Keep the account of what waits, after a queue that cost ``before`` has changed."""
        self._octets += side.cost - before
        if not side.queue:
            self._waiting.pop(side, None)
        elif side not in self._waiting or side.hole != side.next:
            # Each hole has a wait of its own, from when it became the first.
            side.since, side.hole = now, side.next
            self._waiting[side] = connection
            self._waiting.move_to_end(side)

    def _tell(self, what: str) -> None:
        self.evicted += 1
        if self._on_evict is not None:
            self._on_evict(what)


def _continues(connection: Connection, by: int, segment: Segment) -> bool:
    """Whether a SYN belongs to the connection that is known, rather than to a new one on the same ports."""
    mine, other = connection.sides[by], connection.sides[1 - by]
    if mine.base == (segment.seq + 1) & MASK:
        # Once more, or captured after what followed it.
        return True
    if not segment.flags & ACK or connection.closed is not None or other.base is None or mine.next or mine.queue:
        return False
    # The answer to a SYN, be it the first or (from a server that keeps no state) one with another number.
    return (segment.ack - other.base) & MASK <= other.next


def _begin(side: Side, seq: int, length: int) -> int | None:
    """Let a stream whose start is not in the capture begin at its first segment with payload.

    One octet that was sent before is a keep-alive (RFC 9293 3.8.4) and no beginning.
    """
    if length == 1 and (seq + 1) & MASK in (side.edge, side.peer_ack):
        return None
    side.base = seq
    if side.peer_ack is not None:
        ahead = (side.peer_ack - seq) & MASK
        side.acked = ahead if ahead < FAR else 0
    return seq


def _close(connection: Connection, side: Side, how: str, segment: Segment, events: list[Event]) -> None:
    """Note the first FIN and the first RST of a side."""
    if how in side.closing:
        return
    side.closing += (how,)
    connection.closing.append((side.by, how, segment.at))
    if connection.closed is None and (how == "RST" or "FIN" in connection.sides[1 - side.by].closing):
        connection.closed = segment.at
    events.append(Closing(connection, side.by, how, segment.at, segment.tag))
