"""One TCP connection: what became of it, and the octets of each direction put in order.

RFC 9293 3.4 (sequence numbers) and 3.10.7.4 (segments that arrive early, late or twice). Of octets that come twice
the first copy wins. An octet that the capture misses is never invented: ``Hole`` says that it is missing.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from analyzer.frame import FrameRef

WAITING_OCTETS: Final = 64 << 10
"""How much may wait behind a hole of one direction before the hole is believed: a receive window without scaling."""

WAITING_SEGMENTS: Final = 32
"""How many pieces may wait behind it."""

OVERHEAD: Final = 512
"""What a waiting piece is charged besides its octets."""

Endpoint = tuple[bytes, int]
"""Address and port."""


class Segment(NamedTuple):
    """One TCP segment, wherever it came from."""

    at: FrameRef
    """The frame that completed it."""
    frames: tuple[FrameRef, ...]
    """All frames that it needed."""
    source: bytes
    destination: bytes
    sport: int
    dport: int
    seq: int
    ack: int
    flags: int
    payload: bytes
    tag: object
    """What protected it (an SA), None if nothing did."""


class Connection:
    """One TCP connection, as far as the capture shows it; compared and hashed by identity."""

    __slots__ = ("closed", "closing", "endpoints", "forgotten", "opened", "opener", "sides", "touched")

    def __init__(self, first: Endpoint, second: Endpoint) -> None:
        self.endpoints = (first, second)
        """``by`` in all events is an index into this."""
        self.opener: Endpoint | None = None
        """Who sent the SYN; None if the connection began before the capture."""
        self.opened: FrameRef | None = None
        """The SYN's frame; None if it is not in the capture (an answer to it may still tell the opener)."""
        self.closed: FrameRef | None = None
        """The frame that ended it: the second side's FIN, or a RST."""
        self.closing: list[tuple[int, str, FrameRef]] = []
        """Who began to close, how ("FIN" or "RST") and where: at most one of each kind and side."""
        self.sides = (Side(0), Side(1))
        """The tracker's own."""
        self.touched = 0
        """When the last segment came (ns)."""
        self.forgotten = False
        """It was silent for too long, or there were too many: what comes between its ends now is another `Connection`,
        whether it was opened anew or not."""


class Opened(NamedTuple):
    """Tells that a SYN has opened a connection."""

    connection: Connection
    at: FrameRef
    by: int


class Data(NamedTuple):
    """The next octets of a direction: what one segment added to the stream."""

    connection: Connection
    by: int
    data: bytes
    at: FrameRef
    frames: tuple[FrameRef, ...]
    tag: object
    start: int
    """Offset of the first octet in the stream of this direction."""
    end: int
    """Offset after the last one."""


class Hole(NamedTuple):
    """Octets are missing for good: what comes next is not contiguous with what came before."""

    connection: Connection
    by: int
    octets: int
    at: FrameRef
    """The frame of the first octet behind the hole."""


class Closing(NamedTuple):
    """A side's first FIN or RST. Told when it is seen: octets that still wait behind a hole may follow."""

    connection: Connection
    by: int
    how: str
    at: FrameRef
    tag: object


class Forgotten(NamedTuple):
    """The connection is not known any more: what comes between its ends belongs to another."""

    connection: Connection


Event = Opened | Data | Hole | Closing | Forgotten


class _Piece(NamedTuple):
    """A part of a segment that waits for what comes before it; the rest of the segment is not kept for it."""

    start: int
    end: int
    payload: bytes
    at: FrameRef
    frames: tuple[FrameRef, ...]
    tag: object


class Side:
    """One direction of a connection: what its endpoint sent. For the tracker alone, save for what a reader notes."""

    __slots__ = (
        "acked",
        "base",
        "begins",
        "by",
        "closing",
        "edge",
        "hole",
        "next",
        "octets",
        "peer_ack",
        "plain",
        "queue",
        "since",
    )

    def __init__(self, by: int) -> None:
        self.by = by
        self.base: int | None = None
        """Sequence number of stream offset 0; None until it is known."""
        self.plain = False
        """Whether the reader of the direction knows it for SIP, and for nothing else."""
        self.begins = False
        """Whether, besides, the octet at ``next`` begins a message."""
        self.next = 0
        """Offset of the first octet that is still to be delivered."""
        self.acked = 0
        """Highest offset that the other side acknowledged."""
        self.closing: tuple[str, ...] = ()
        """Which of "FIN" and "RST" it has sent."""
        self.queue: list[_Piece] = []
        """Sorted, disjoint pieces behind a hole."""
        self.octets = 0
        """How many octets they hold."""
        self.since = 0
        """When the first hole became the first (ns)."""
        self.hole = 0
        """Where that hole begins."""
        self.edge: int | None = None
        """While ``base`` is unknown: the sequence number after the last segment."""
        self.peer_ack: int | None = None
        """While ``base`` is unknown: the last acknowledgement of the other side."""

    @property
    def cost(self) -> int:
        """Octets that the waiting pieces are charged against the limit of all."""
        return self.octets + OVERHEAD * len(self.queue)

    def insert(self, start: int, segment: Segment) -> None:
        """Keep those octets of a segment that are neither delivered nor waiting yet."""
        end = start + len(segment.payload)
        position = max(start, self.next)
        fresh = []
        for piece in self.queue:
            if position < piece.start and position < end:
                fresh.append((position, min(end, piece.start)))
            position = max(position, piece.end)
        if position < end:
            fresh.append((position, end))
        for first, last in fresh:
            payload = segment.payload[first - start : last - start]
            self.queue.append(_Piece(first, last, payload, segment.at, segment.frames, segment.tag))
            self.octets += last - first
        self.queue.sort(key=_start)

    def settle(self, connection: Connection, events: list[Event]) -> None:
        """Deliver what has become contiguous, and give up holes as long as a limit demands it.

        A hole that the other side acknowledged was lost for the capture alone: nobody will repeat it.
        """
        self._deliver(connection, events)
        while self.queue and (
            len(self.queue) > WAITING_SEGMENTS or self.octets > WAITING_OCTETS or self.acked >= self.queue[0].start
        ):
            self.give_up(connection, events)

    def give_up(self, connection: Connection, events: list[Event]) -> None:
        """Believe that the first hole stays one, and deliver what is behind it up to the next."""
        first = self.queue[0]
        events.append(Hole(connection, self.by, first.start - self.next, first.at))
        self.next = first.start
        self._deliver(connection, events)

    def _deliver(self, connection: Connection, events: list[Event]) -> None:
        ready = 0
        for start, end, payload, at, frames, tag in self.queue:
            if start != self.next:
                break
            self.next = end
            self.octets -= end - start
            events.append(Data(connection, self.by, payload, at, frames, tag, start, end))
            ready += 1
        del self.queue[:ready]


Course = tuple[Connection, Side, Side]
"""A connection as one of its ends sees it: its own direction, and the other. The stream of each has begun."""


def _start(piece: _Piece) -> int:
    return piece.start
