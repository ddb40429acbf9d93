"""The express way of TCP segments inside ESP: in order, on a connection that is known, and a message each or nothing.

What `network/tcp.py`, `lines.py` and `sip/framing.py` keep of a connection is kept here too, in the same places; but
where a segment is the next one and nothing waits for another, there is nothing to be put in order, and a segment that
begins where a message ends and says of itself that it is one message need not be cut. `Segments.takes` looks whether
it is so, and else does nothing that would not be done again: then the segment goes the long way, which comes to the
same. It saves 8 of 24 µs a packet, where each third one is an acknowledgement and the others are a message each.
"""

from __future__ import annotations

from struct import Struct
from typing import Final

from analyzer.frame import FrameRef
from analyzer.ims.associations import Binding
from analyzer.ims.session import Packet
from analyzer.ims.tracker import Tracker
from analyzer.lines import Lines
from analyzer.network.stream import Course
from analyzer.network.tcp import ACK, FAR, FIN, MASK, RST, SYN, TcpTracker
from analyzer.sip.framing import Framed

_numbers = Struct(">4xIIBB").unpack_from
_HEADER: Final = 20
_FLAGS: Final = ACK | SYN | FIN | RST


class Segments:
    """Takes the segments that nothing more has to be asked about."""

    __slots__ = ("_framed", "_last", "_lines", "_order", "_streams", "_tracker")

    def __init__(self, streams: TcpTracker, lines: Lines, tracker: Tracker) -> None:
        self._streams = streams
        self._order = streams.order
        self._lines = lines.table
        self._tracker = tracker
        self._framed: Framed | None = None
        self._last: tuple[Binding, int, FrameRef, bytes, int] | None = None
        """What it would be made of, if it came later."""

    def takes(self, binding: Binding, sequence: int, at: FrameRef, segment: bytes) -> bool:
        """Follow a segment between the ports and addresses of this association; false if it has to go the long way.

        ``segment`` begins with its header, and ``sequence`` is the number of its ESP packet.
        """
        course = binding.course
        if course is None:
            course = binding.course = self._course(binding)
            if course is None:
                return False
        length = len(segment)
        if length < _HEADER:
            return False
        connection, mine, other = course
        number, ack, offset, flags = _numbers(segment)
        begin = offset >> 4 << 2
        if flags & _FLAGS != ACK or other.queue or not _HEADER <= begin <= length:
            return False
        if begin != length and (mine.queue or number - mine.base - mine.next & MASK):
            return False
        try:
            self._order.move_to_end(connection)
        except KeyError:  # forgotten, and perhaps another has its ports now
            binding.course = None
            return False
        connection.touched = at[2]
        ahead = ack - other.base - other.acked & MASK
        if 0 < ahead < FAR:
            other.acked += ahead
        if begin == length:
            return True
        line = self._lines.get(mine)
        if line is None or not line.plain:
            return False
        data = segment[begin:]
        end = mine.next + len(data)
        before, self._last = self._last, (binding, sequence, at, data, end)
        if not self._tracker.calm.takes(binding, sequence, at, (at,), data, connection):
            self._last = before
            return False
        self._lines.move_to_end(mine)
        mine.next = end
        self._tracker.protected_messages += 1
        return True

    @property
    def framed(self) -> Framed | None:
        """The message that came last, here or on the long way."""
        if self._last is not None:
            binding, sequence, at, data, end = self._last
            self.framed = Framed("message", data, at, (at,), (Packet(binding, sequence),), end)
        return self._framed

    @framed.setter
    def framed(self, framed: Framed) -> None:
        self._framed = framed
        self._last = None

    def _course(self, binding: Binding) -> Course | None:
        association, (sport, dport) = binding.association, binding.ports
        if association is None or sport is None or dport is None:
            return None
        return self._streams.course((binding.address, sport), (association.destination, dport))
