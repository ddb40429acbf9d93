"""Watches a capture for keys on Cx: Diameter over TCP (port 3868) and over SCTP (RFC 9260 3.3.1), into the key ring."""

from __future__ import annotations

from collections import OrderedDict
from struct import Struct
from typing import Final

from analyzer.frame import FrameRef
from analyzer.keys.diameter import MAX_MESSAGE, Framer, vectors
from analyzer.keys.keyring import Keyring
from analyzer.network.stream import Connection, Data, Hole

PORT: Final = 3868
CONNECTIONS: Final = 1_024
"""TCP directions, and SCTP directions with a message in parts, that are followed; the one idle longest goes first."""
PARTS: Final = 64
"""Parts of unfinished messages kept for one SCTP direction; the oldest goes first."""

_DATA: Final = 0
_END: Final = 1
_BEGIN: Final = 2
_common = Struct(">III").unpack_from
_chunk = Struct(">BBHI").unpack_from

Part = tuple[int, bytes]
"""Flags and content of a DATA chunk."""


class CxKeys:
    """Puts the vectors of Multimedia-Auth-Answers into the key ring. ``evicted`` counts what a limit pushed out."""

    __slots__ = ("_framers", "_keyring", "_parts", "evicted")

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._framers: OrderedDict[tuple[Connection, int], Framer] = OrderedDict()
        self._parts: OrderedDict[tuple[int, int], OrderedDict[int, Part]] = OrderedDict()
        self.evicted = 0

    def stream(self, event: Data | Hole) -> None:
        """Octets, or a hole, of a TCP connection on the port of Diameter."""
        key = (event.connection, event.by)
        framer = self._framers.get(key)
        if framer is None:
            framer = self._framers[key] = Framer()
            if len(self._framers) > CONNECTIONS:
                self._framers.popitem(last=False)
                self.evicted += 1
        else:
            self._framers.move_to_end(key)
        if isinstance(event, Hole):
            framer.hole()
            return
        for message in framer.feed(event.data):
            self._learn(message, event.at)

    def sctp(self, packet: bytes, at: FrameRef) -> None:
        """An SCTP packet, from its common header on."""
        position, end = 12, len(packet)
        if end < position:
            return
        ports, tag, _ = _common(packet)
        while position + 16 <= end:
            kind, flags, length, number = _chunk(packet, position)
            if length < 4 or position + length > end:
                return
            if kind == _DATA and length > 16:
                content = packet[position + 16 : position + length]
                if flags & _BEGIN and flags & _END:
                    self._learn(content, at)
                else:
                    self._part((ports, tag), number, (flags, content), at)
            position += (length + 3) & ~3

    def _part(self, key: tuple[int, int], number: int, part: Part, at: FrameRef) -> None:
        """One of several chunks of a message: their numbers are consecutive, from that with BEGIN to that with END."""
        parts = self._parts.setdefault(key, OrderedDict())
        self._parts.move_to_end(key)
        if len(self._parts) > CONNECTIONS:
            self._parts.popitem(last=False)
            self.evicted += 1
        parts[number] = part
        if len(parts) > PARTS:
            parts.popitem(last=False)
            self.evicted += 1
        first = last = number
        while not parts[first][0] & _BEGIN:
            first = first - 1 & 0xFFFFFFFF
            if first not in parts or first == number:
                return
        while not parts[last][0] & _END:
            last = last + 1 & 0xFFFFFFFF
            if last not in parts or last == number:
                return
        count = (last - first & 0xFFFFFFFF) + 1
        message = b"".join([parts.pop(first + step & 0xFFFFFFFF)[1] for step in range(count)])
        if len(message) <= MAX_MESSAGE:
            self._learn(message, at)

    def _learn(self, message: bytes, at: FrameRef) -> None:
        for rand, ck, ik in vectors(message):
            self._keyring.learn(rand, ck.octets, ik.octets, f"Diameter Cx answer, frame {at.number}")
