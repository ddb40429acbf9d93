"""The express way of ESP packets: from the frame to the session model without a stop.

Nearly every frame of signalling is an ESP packet over Ethernet, in one piece, on an association that has opened the
packet before, and with the next number. Where all that is so, what a `Datagram` would say is known already, and so is
whose packet it is; what the stops on the long way look for (copies, other keys, replays, other ports) cannot be there.
`Express.takes` looks whether it is so, and else leaves everything as it was: then the frame goes the long way, through
`network/packets.py` and `Engine`, which comes to the same (with this way a packet costs 18.5 µs instead of 22.7).
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct
from typing import Final

from analyzer.frame import Frame, FrameRef
from analyzer.ims.associations import Binding
from analyzer.ims.session import Packet
from analyzer.ims.tracker import Tracker
from analyzer.ipsec.database import excuse
from analyzer.layers.link import ETHERNET
from analyzer.network.copies import ESP, TCP, UDP
from analyzer.network.packets import Datagram, PacketReader
from analyzer.segments import Segments
from analyzer.shadows import UDP_HEADER, Shadows

_VLAN: Final = b"\x81\x00"
_V4: Final = b"\x08\x00\x45"
_V6: Final = b"\x86\xdd"
_IPV4 = Struct(">2xHHHBB2x4s8sI").unpack_from
"""IPv4 without options, and ESP: length, identification, fragment, TTL, protocol, source, destination with SPI, and the
number."""
_IPV6 = Struct(">4xHBB16s20sI").unpack_from
"""IPv6 without extension headers, and ESP: length, next header, hop limit, and the rest as in IPv4."""

_LEAST: Final = 74
"""Octets of Ethernet, IPv6 and ESP that all that is fetched here lies in."""

_new = tuple.__new__
"""Makes a named tuple without its Python-level constructor."""

Deliver = Callable[[Datagram, int, bytes, Packet], None]


class Express:
    """Takes the frames that nothing more has to be asked about."""

    __slots__ = ("_copies", "_deliver", "_segments", "_shadows", "_table", "_tracker", "last")

    def __init__(
        self, reader: PacketReader, tracker: Tracker, segments: Segments, shadows: Shadows, deliver: Deliver
    ) -> None:
        """``deliver`` gets what was in a packet, save for what `Calm` and `Segments` take: the datagram, the protocol,
        the octets and whose they are.
        """
        self._copies = reader.recent
        self._table = tracker.session.database.table
        self._tracker = tracker
        self._segments = segments
        self._shadows = shadows
        self._deliver = deliver
        self.last: Frame | None = None
        """The frame that came last, if it held the last ESP packet."""

    def takes(self, frame: Frame) -> bool:
        """Follow a frame to its end; false if it has to go the long way, and nothing was done."""
        capture, number, time, kind, data, _ = frame
        if kind != ETHERNET or len(data) < _LEAST:
            return False
        begin = 14
        begins = data[12:15]  # EtherType, version and header length
        if begins[:2] == _VLAN:
            begin, begins = 18, data[16:19]
        if begins == _V4:
            length, ident, fragment, ttl, protocol, source, where, sequence = _IPV4(data, begin)
            if protocol != ESP or fragment & 0x3FFF:
                return False
            end, start = begin + length, begin + 20
            fingerprint = data[begin + 12 : begin + 28] + data[end - 12 : end]
        elif begins[:2] == _V6 and begins[2] >> 4 == 6:
            length, protocol, ttl, source, where, sequence = _IPV6(data, begin)
            if protocol != ESP:
                return False
            start, ident = begin + 40, 0
            end = start + length
            fingerprint = data[begin + 8 : begin + 48] + data[end - 12 : end]
        else:
            return False
        candidates = self._table.get(where)
        if candidates is None:
            return False
        association = candidates[0]
        binding = association.owner
        if (
            type(binding) is not Binding
            or sequence != binding.ledger.highest + 1
            or source != binding.address
            or ttl != binding.ttl
            or binding.refused
            or length & 3
            or not start + 28 <= end <= len(data)
        ):
            return False
        packet = data[start:end]
        copies = self._copies
        if not copies.first(fingerprint, (time, ESP, packet, ident, ETHERNET << 12 | ttl << 4, capture)):
            return False
        opened = association.open(packet)
        if isinstance(opened, str):
            excuse([(association, opened)])
            copies.forget(fingerprint)
            return False
        protocol, inner, _, _ = opened
        if inner[:4] != binding.flow or protocol not in (UDP, TCP) or len(inner) < UDP_HEADER:
            association.verified -= 1
            copies.forget(fingerprint)
            return False
        self.last = frame
        at = _new(FrameRef, (capture, number, time))
        tracker, shadows = self._tracker, self._shadows
        tracker.packets.next(binding, sequence, packet, at)
        if shadows.held:
            shadows.opened(time, inner, source, where[:-4])
        else:
            shadows.recent.append((time, inner))
        if protocol == TCP:
            done = self._segments.takes(binding, sequence, at, inner)
        elif done := tracker.calm.takes(binding, sequence, at, (at,), inner[UDP_HEADER:]):
            tracker.protected_messages += 1
        if not done:
            datagram = Datagram(at, (at,), source, where[:-4], ESP, packet, ttl, None, 0, False)
            self._deliver(datagram, protocol, inner, Packet(binding, sequence))
        return True
