"""From a frame to the innermost whole IP packet in it: wires link layer, IP, tunnels, fragments and copies together.

A packet of the usual shape (Ethernet, IPv4 without options, no fragment, no tunnel) goes a short way of its own, since
there is one for nearly every frame; everything else goes the long way, header by header.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from analyzer.frame import Frame, FrameRef
from analyzer.layers import link, told, tunnels
from analyzer.layers.link import ETHERNET
from analyzer.layers.told import Told
from analyzer.layers.tunnels import BY_PORT, DEPTH, HOLDERS, NAT_TRAVERSAL, SCAT
from analyzer.network import fragments, ip
from analyzer.network.copies import ESP, TCP, UDP, Copies, fingerprint, place
from analyzer.network.taps import Taps

NESTED: Final = "too many tunnels around one another"
CUT_FRAGMENT: Final = "fragment cut by the capture"
AH: Final = 51

WIRE: Final = 0
TOLD: Final = 1
MADE_UP: Final = 2
"""Where a datagram is from: it was captured as it is; a tool told who sent the message to whom; the tool told the
message and made up the rest."""

TUNNEL_PORTS: Final = frozenset((*BY_PORT, *told.HEP, NAT_TRAVERSAL))
"""UDP ports behind which something else than the datagram itself may be."""

_INSIDE: Final = -1
"""In the place of a link type: the packet was inside something that was decrypted."""
_PROVEN: Final = -2
"""Like `_INSIDE`, and what the packet was in is known to be no copy: then it is none either, whatever was seen of it in
clear."""

_SHORT_V4 = struct.Struct(">2xHHHBB2x4s4sHH").unpack_from
_SHORT_V6 = struct.Struct(">4xHBB16s16sHH").unpack_from
"""A whole header without options, and the ports behind it (of ESP: the SPI), in one call."""

_PORTS = struct.Struct(">HH").unpack_from
_UDP_HEADER = struct.Struct(">HHHH")
_SCAT: Final = SCAT.to_bytes(2, "big")
_TOLD_KEY: Final = b"told"

_SHORTEST: Final = 44
"""What the longer of the two must find."""

_new = tuple.__new__
"""Makes a NamedTuple in half the time of calling its class; only for what is made once per packet."""


class Shell(NamedTuple):
    """What was around a packet besides IP, and is no tunnel of its own."""

    udp: tuple[int, int] | None
    """Source and destination port of the UDP datagram that ESP was in (RFC 3948)."""
    ah: bool
    """An authentication header (RFC 4302)."""


class Datagram(NamedTuple):
    """One whole IP packet, as its receiver would see it."""

    at: FrameRef
    """The last frame that it needed."""
    frames: tuple[FrameRef, ...]
    """All frames that it needed, ``at`` included."""
    source: bytes
    """Address of the sender, 4 or 16 octets."""
    destination: bytes
    """Address of the receiver, 4 or 16 octets."""
    protocol: int
    """What the payload is (6, 17, 50, 132 ...), after IPv6 extension headers; 50 also for ESP inside UDP."""
    payload: bytes
    """From the transport or ESP header on, exactly as long as the IP header says."""
    ttl: int
    """TTL or hop limit."""
    outbound: bool | None
    """In cooked captures whether the capturing host sent the frame (True) or received it (False); None: not known."""
    depth: int
    """How many tunnels were around it."""
    cut: bool
    """The capture kept less than the packet."""
    origin: int = WIRE
    """`WIRE`, `TOLD` or `MADE_UP`. What a tool told of is a message behind the eight octets of a UDP header, whatever
    the protocol is, and nobody knows whether it was protected."""
    shell: Shell | None = None
    """None: nothing."""


_AUTHENTICATED: Final = Shell(None, True)


class PacketReader:
    """Reads the frames of one timeline; keeps the fragments that wait and the packets of the last moment."""

    __slots__ = ("_fragments", "_on_evict", "copies", "recent", "skipped", "whole")

    def __init__(self, on_evict: Callable[[str], None] | None = None) -> None:
        """``on_evict`` is told in words what was given up because of a limit or a timeout."""
        self._on_evict = on_evict or _ignore
        self.recent = Copies(self._on_evict)
        """The packets of the last moment."""
        self._fragments = fragments.Reassembler(self._skip, self._count_copy)
        self.copies = 0
        """Frames dropped as copies of another."""
        self.skipped: dict[str, int] = {}
        """Frames that led to no packet, by reason. The reasons are constants, so there are few."""
        self.whole: Callable[[Datagram, int], bool] | None = None
        """Gets each ESP packet that was in fragments, with its identification, before it is known whether it is a copy;
        true if it was none, and has been dealt with."""

    @property
    def pending_fragments(self) -> int:
        """Datagrams that wait for a fragment."""
        return self._fragments.pending

    @property
    def taps(self) -> Taps:
        """What packets that were seen at two points tell of these."""
        return self.recent.taps

    @property
    def forgotten(self) -> int:
        """Packets whose copies could not be told any more, since too many came in one moment."""
        return self.recent.evicted

    def read(self, frame: Frame) -> Sequence[Datagram]:
        """Return the innermost whole IP packet that this frame completes; nothing if there is none, it is a copy, or
        `whole` took it."""
        capture, number, time, kind, data, length = frame
        outbound: bool | None
        if kind == ETHERNET and data[12:14] == b"\x08\x00":
            begin, outbound = 14, None
        elif kind == told.EXPORTED:
            return self._exported(frame)
        else:
            located = link.find_ip(kind, data)
            if isinstance(located, str):
                self._skip(located, 1)
                return ()
            begin, outbound = located
        at = _new(FrameRef, (capture, number, time))
        # The short way: no options or extension headers, no fragment, no tunnel, nothing cut.
        if begin + _SHORTEST <= len(data):
            first = data[begin]
            if first == 0x45:
                total, ident, fragment, ttl, protocol, source, destination, sport, dport = _SHORT_V4(data, begin)
                start = begin + 20
                end = begin + total
                before = start - 8
                usual = not fragment & 0x3FFF and start + 12 <= end <= len(data)
            elif first & 0xF0 == 0x60:
                total, protocol, ttl, source, destination, sport, dport = _SHORT_V6(data, begin)
                start = begin + 40
                end = start + total
                before = start - 32
                ident = 0
                usual = total >= 12 and end <= len(data)
            else:
                usual = False
            if usual and (
                protocol in (ESP, TCP) or (protocol == UDP and dport not in TUNNEL_PORTS and sport != NAT_TRAVERSAL)
            ):
                payload = data[start:end]
                if protocol == ESP:
                    key = data[before : start + 8] + data[end - 12 : end]
                else:
                    key = fingerprint(data[before:start], protocol, payload)
                if self.recent.seen(key, (time, protocol, payload, ident, kind << 12 | ttl << 4, capture)):
                    self.copies += 1
                    return ()
                return (
                    _new(
                        Datagram,
                        (at, (at,), source, destination, protocol, payload, ttl, outbound, 0, False, WIRE, None),
                    ),
                )
            if first == 0x45 and protocol == ESP and fragment & 0x3FFF and start <= end <= len(data):
                return self._fragment(data[start:end], at, source, destination, ttl, ident, fragment, outbound, kind)
        return self._descend(data, begin, length <= len(data), (at,), outbound, kind, 0)

    def _fragment(
        self,
        content: bytes,
        at: FrameRef,
        source: bytes,
        destination: bytes,
        ttl: int,
        ident: int,
        fragment: int,
        outbound: bool | None,
        kind: int,
    ) -> Sequence[Datagram]:
        """A fragment of ESP over IPv4 without options, in which nothing is wrapped that could be read here."""
        offset, more = (fragment & 0x1FFF) << 3, bool(fragment & 0x2000)
        whole = self._fragments.add((0, source, destination, ident, ESP), offset, more, ESP, content, (at,))
        if whole is None:
            return ()
        payload, _, frames = whole
        found = (at, frames, source, destination, ESP, payload, ttl, outbound, 0, False, WIRE, None)
        return self._hand_on(_new(Datagram, found), ident, kind)

    def read_inside(self, outer: Datagram, data: bytes, proven: bool = False) -> Sequence[Datagram]:
        """Read the IP packet that was inside ``outer``, from ESP in tunnel mode, as ``read`` reads that of a frame.

        ``proven`` says that copies of ``outer`` are told by their ESP number.
        """
        return self._descend(
            data, 0, True, outer.frames, outer.outbound, _PROVEN if proven else _INSIDE, outer.depth + 1
        )

    def _descend(
        self,
        data: bytes,
        begin: int,
        complete: bool,
        frames: tuple[FrameRef, ...],
        outbound: bool | None,
        kind: int,
        depth: int,
        origin: int = WIRE,
    ) -> Sequence[Datagram]:
        """Go from one IP header to the next until nothing that is known is wrapped in anything.

        ``data`` holds the first one, at ``begin``, and ``complete`` says that the capture kept all of it. ``depth``
        tunnels were around it; ``kind`` is the link type, or `_INSIDE` or `_PROVEN`.
        """
        end = len(data)
        while depth <= DEPTH:
            packet = ip.parse(data, begin, end, complete)
            if isinstance(packet, str):
                self._skip(packet, len(frames))
                return ()
            source, destination, protocol, first, end, ttl, ident, offset, more, cut = packet
            ah = len(source) == 16 and ip.passed_ah(data, begin + 40, first, data[begin + 6])
            payload = data[first:end]
            if offset or more:
                whole = self._reassemble(packet, payload, frames, depth)
                if whole is None:
                    return ()
                payload, protocol, frames, within = whole
                ah = ah or within
            if protocol == AH:
                protocol, begin = ip.authenticated(payload, 0, len(payload))
                payload = payload[begin:]
                ah = protocol != AH
            shell = _AUTHENTICATED if ah else None
            span = tunnels.inside(protocol, payload, 0, len(payload)) if protocol in HOLDERS else None
            if span is not None:
                begin, end, all_there = span
                if payload[2:4] == _SCAT and protocol == UDP and told.made_up(payload, begin, end):
                    origin = MADE_UP
                data, complete, depth = payload, all_there and not cut, depth + 1
                continue
            if protocol == UDP and len(payload) > 8:
                wrapped = tunnels.wrapped_esp(payload)
                if wrapped is not None:
                    shell = Shell(_PORTS(payload, 0), ah)
                    protocol, payload = ESP, wrapped
                elif int.from_bytes(payload[2:4], "big") in told.HEP:
                    message = told.hep(payload, 8, len(payload))
                    if message is not None:
                        return self._tell(message, payload, frames, depth, cut)
            if origin and protocol == ESP:
                origin = WIRE  # whatever was around it: this protects itself
            elif origin and protocol == TCP:
                payload = _text_of(payload)
            ends = source, destination
            found = (frames[-1], frames, *ends, protocol, payload, ttl, outbound, depth, cut, origin, shell)
            return self._hand_on(_new(Datagram, found), ident, kind)
        self._skip(NESTED, len(frames))
        return ()

    def _exported(self, frame: Frame) -> Sequence[Datagram]:
        """Read what Wireshark has exported: a packet as it was, or a message that it tells of."""
        found = told.exported(frame.data)
        cut = frame.length > len(frame.data)
        if isinstance(found, Told):
            return self._tell(found, frame.data, (frame.ref,), 0, cut)
        located = found if isinstance(found, str) else link.find_ip(found.link, frame.data, found.begin)
        if isinstance(located, str):
            self._skip(located, 1)
            return ()
        return self._descend(frame.data, located[0], not cut, (frame.ref,), located[1], frame.link, 0, TOLD)

    def _tell(
        self, message: Told, data: bytes, frames: tuple[FrameRef, ...], depth: int, cut: bool
    ) -> Sequence[Datagram]:
        """Make a datagram of a message that a tool tells of."""
        source, destination, sport, dport, protocol, begin, end, made_up = message
        payload = _UDP_HEADER.pack(sport, dport, min(8 + end - begin, 0xFFFF), 0) + data[begin:end]
        origin = MADE_UP if made_up else TOLD
        return self._hand_on(
            Datagram(frames[-1], frames, source, destination, protocol, payload, 0, None, depth, cut, origin), 0, 0
        )

    def _hand_on(self, datagram: Datagram, ident: int, kind: int) -> Sequence[Datagram]:
        """Hand a datagram on unless it is a copy. What a tool tells of is no copy of what was on the wire."""
        if kind == _PROVEN:
            return (datagram,)
        frames, protocol, payload = datagram.frames, datagram.protocol, datagram.payload
        if len(frames) > 1 and protocol == ESP and kind == ETHERNET and self.whole and self.whole(datagram, ident):
            return ()
        key = fingerprint(datagram.source + datagram.destination, protocol, payload)
        if datagram.origin:
            key = _TOLD_KEY + key
        where = place(kind, datagram.depth, datagram.ttl)
        if self.recent.seen(key, (frames[-1].time, protocol, payload, ident, where, frames[-1].capture)):
            self.copies += len(frames)
            return ()
        return (datagram,)

    def _reassemble(
        self, packet: ip.Packet, content: bytes, frames: tuple[FrameRef, ...], depth: int
    ) -> tuple[bytes, int, tuple[FrameRef, ...], bool] | None:
        """What a fragment completes: payload, protocol, frames, and whether AH was among the IPv6 extension headers,
        which are walked. None: more are missing, or nothing can come of it.

        A fragment that the capture cut is handed on by itself if it is the first, for its headers can be read.
        """
        if packet.cut:
            if not packet.offset:
                return content, packet.protocol, frames, False
            self._skip(CUT_FRAGMENT, len(frames))
            return None
        version6 = len(packet.source) == 16
        key = (depth, packet.source, packet.destination, packet.ident, ip.FRAGMENT if version6 else packet.protocol)
        whole = self._fragments.add(key, packet.offset, packet.more, packet.protocol, content, frames)
        if whole is None:
            return None
        payload, protocol, frames = whole
        if not version6:
            return payload, protocol, frames, False
        upper = ip.follow(payload, 0, len(payload), protocol)
        if isinstance(upper, str) or upper.offset or upper.more:
            self._skip(upper if isinstance(upper, str) else ip.MALFORMED, len(frames))
            return None
        ah = ip.passed_ah(payload, 0, upper.begin, protocol)
        return payload[upper.begin :], upper.protocol, frames, ah

    def _skip(self, reason: str, frames: int) -> None:
        self.skipped[reason] = self.skipped.get(reason, 0) + frames
        if reason in (fragments.INCOMPLETE, fragments.CROWDED):
            self._on_evict(reason)

    def _count_copy(self) -> None:
        self.copies += 1


def _text_of(segment: bytes) -> bytes:
    """A TCP segment in the form of what a tool tells of: behind a header of eight octets."""
    text = segment[segment[12] >> 2 & 60 :] if len(segment) >= 20 else b""
    return segment[:4].ljust(4, b"\0") + bytes(4) + text


def _ignore(_: str) -> None:
    """What is called where nobody wants to be told of evictions."""
