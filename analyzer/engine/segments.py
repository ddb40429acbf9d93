"""The express way of TCP segments inside ESP: in order, on a connection that is known and speaks SIP.

What `network/tcp.py`, `lines.py` and `sip/framing.py` keep of a connection is kept here too, in the same places; but
where a segment is the next one and nothing waits for another, there is nothing to be put in order, and a segment that
begins where a message ends and says of itself that it is one message need not be cut; parts of messages are handed to
`lines.py` at once. `Segments.takes` looks whether it is so, and else does nothing that would not be done again: then
the segment goes the long way, which comes to the same. It saves 8 of 24 µs a packet, where each third one is an
acknowledgement and the others are a message each, and 5 µs of each segment of a long message.
"""

from __future__ import annotations

from struct import Struct, error
from typing import Final

from analyzer.engine.lines import Lines
from analyzer.frame import FrameRef
from analyzer.ims.session import Packet
from analyzer.ims.sets.association import Binding
from analyzer.ims.tracker import Tracker
from analyzer.network.stream import Course, Data
from analyzer.network.tcp import ACK, FAR, FIN, MASK, RST, SYN, TcpTracker
from analyzer.sip.framing import Framed

_numbers = Struct(">4xIIH").unpack_from
_HEADER: Final = 20
_FLAGS: Final = ACK | SYN | FIN | RST
_new = tuple.__new__


class Segments:
    """Takes the segments that nothing more has to be asked about."""

    __slots__ = ("_calm", "_feed", "_framed", "_last", "_streams", "_touch", "_touch_line", "_tracker")

    def __init__(self, streams: TcpTracker, lines: Lines, tracker: Tracker) -> None:
        self._streams = streams
        self._touch = streams.order.move_to_end
        self._touch_line = lines.table.move_to_end
        self._feed = lines.feed
        self._tracker = tracker
        self._calm = tracker.calm
        self._framed: Framed | None = None
        self._last: tuple[Binding, int, FrameRef, bytes, int] | None = None
        """What it would be made of, if it came later."""

    def takes(self, binding: Binding, sequence: int, at: FrameRef, segment: bytes) -> bool:
        """Follow a segment between the ports and addresses of this association; false if it has to go the long way.

        ``segment`` begins with its header, and ``sequence`` is the number of its ESP packet.
        """
        course = binding.course
        if course is None:
            binding.course = self._course(binding)
            return False
        connection, mine, other = course
        try:
            number, ack, word = _numbers(segment)
        except error:
            return False
        begin = word >> 10 & 0x3C
        data = segment[begin:]
        if begin < _HEADER or word & _FLAGS != ACK or other.queue:
            return False
        try:
            self._touch(connection)
        except KeyError:  # forgotten, and perhaps another has its ports now
            binding.course = None
            return False
        if data:
            if not mine.plain or mine.queue or number - mine.base - mine.next & MASK:
                return False
        elif begin > len(segment):
            return False
        connection.touched = at[2]
        ahead = ack - other.base - other.acked & MASK
        if ahead and ahead < FAR:
            other.acked += ahead
        if not data:
            return True
        end = mine.next + len(data)
        if mine.begins:
            before, self._last = self._last, (binding, sequence, at, data, end)
            if self._calm.takes(binding, sequence, at, (at,), data, connection):
                self._touch_line(mine)
                mine.next = end
                return True
            self._last = before
        start, mine.next = mine.next, end
        self._feed(_new(Data, (connection, mine.by, data, at, (at,), Packet(binding, sequence), start, end)))
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
        wrapping, source, destination = binding.wrapping, binding.address, association.destination
        if wrapping is not None:
            _, source, destination = wrapping
        return self._streams.course((source, sport), (destination, dport))
