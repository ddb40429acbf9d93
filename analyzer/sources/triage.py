"""Decides which frames can matter: signalling, what may hide it, and whatever touches a watched address and port.

Most packets of a real capture are media and web traffic, so this is the busiest question of the package, and it has two
answers. The complete one is here: it takes any link type and any shape of packet (`Triage.keeps`; `Shape.keeps` for
those who walk through a buffer). The quick one is in `proofs.py`: loops that walk over frames of which a few octets
prove that they cannot matter. A frame without that proof gets the complete answer: a wrong guess costs time and never
a frame.

Tunnels are looked into, and an inner packet is judged as any other. Where they lead is said by `analyzer.layers`, which
the packet reader asks as well, so that nothing is dropped here that would be read there; only for GTP-U, of which whole
captures consist, there is a short way that knows its two usual headers.

Layouts are those of RFC 791, 8200, 768, 9293, and of https://www.tcpdump.org/linktypes.html.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from struct import Struct, calcsize
from types import CodeType
from typing import Final, Literal, NamedTuple

from analyzer.layers import link as links
from analyzer.layers import tunnels
from analyzer.layers.link import MPLS_TYPES, PPPOE
from analyzer.layers.link import VLAN_TYPES as TAGS
from analyzer.layers.told import EXPORTED, HEP
from analyzer.layers.tunnels import BY_PORT, DEPTH, GTP_U, NAT_TRAVERSAL
from analyzer.sources.strangers import Sieve, Strangers
from analyzer.sources.watched import Flows, Ports, Watched

ByteOrder = Literal["<", ">"]
"""Byte order as `struct` writes it: of a capture's own fields, never of the packets in it."""

Octets = bytes | bytearray

Test = Callable[[Octets, int, int], bool]
"""The complete answer for one kind of packet, of which ``buffer[start:end]`` is there. Behind ``end`` there must be
`SLACK` octets that may be read; what they hold changes no answer."""

SLACK: Final = 256
"""Octets that a buffer must have behind its last frame, so that fixed layouts can be fetched without asking first."""

MAX_EXTENSIONS: Final = 8
"""IPv6 extension headers that are walked; a packet with more is kept, since nobody sends so many without a reason."""

SIGNALLING: Final = frozenset({3868, 4060, 5060, 5061, 5062, 5063, 6060})
"""Ports of SIP, and of Diameter Cx (3868), over UDP and TCP."""

TUNNELS: Final = frozenset({*BY_PORT, *HEP, NAT_TRAVERSAL})
"""UDP ports whose payload may be another packet."""

CARRIERS: Final = frozenset({44, 50, 132})
"""IP protocols that are kept without a look inside: IPv6 fragments, ESP, SCTP."""

AH: Final = 51

STARTS: Final = frozenset(
    int.from_bytes(start, "big")
    for start in b"SIP/|REGI|INVI|ACK |BYE |CANC|OPTI|SUBS|NOTI|MESS|PUBL|PRAC|UPDA|REFE|INFO".split(b"|")
)
"""The first four octets of a SIP message, the status line's and each method's, as numbers in network order."""

FIRSTS: Final = frozenset(start >> 24 for start in STARTS)
"""The first octet alone: all that is asked of a TCP segment at first, since its payload moves with the options."""

UDP: Final = 17
TCP: Final = 6
ESP: Final = 50

EXTENSIONS: Final = frozenset({0, 43, 60, 135, 139, 140})
"""IPv6 headers that stand before others and tell their length in the common way (RFC 8200 4, RFC 6564)."""

IPV4: Final = 0x0800
IPV6: Final = 0x86DD

FRAGMENTED: Final = 0x3FFF
"""The bits of IPv4's fragment field that are zero in a whole packet: more fragments, and the offset."""

_TRANSPORT_FIELDS = "HH4xIB"
"""Source port, destination port, first four octets of a UDP payload; and at the same time TCP's data offset."""

_IP4_FIELDS = "B5xHxB10x" + _TRANSPORT_FIELDS
"""Version and header length, fragment field, protocol; and the transport fields if there are no options."""

EDGES: Final = {1: "12xH", 113: "14xH", 276: "H18x"}
"""Link headers with an EtherType, as layouts that fetch that and nothing else: Ethernet, Linux SLL and SLL2."""

_BARE: Final = {0: 4, 12: 0, 14: 0, 101: 0, 108: 4, 228: 0, 229: 0}
"""Length of the link headers without one. BSD loopback (0, 108) has an address family, in anybody's byte order; raw IP
(101, 228, 229, and 12 and 14 of old) has nothing: here the packet has to tell its version itself."""

_LINKED: Final = frozenset({links.PPP, links.PPP_SERIAL, links.PPP_ETHER, links.PKTAP, links.USER2})
"""Link types whose header has to be read to know where the packet begins."""

_TYPE = Struct(">H").unpack_from
_IP4 = Struct(">" + _IP4_FIELDS).unpack_from
_IP6 = Struct(">B5xB33x" + _TRANSPORT_FIELDS).unpack_from
_TAGGED_IP4 = Struct(">2xH" + _IP4_FIELDS).unpack_from
_TRANSPORT = Struct(">" + _TRANSPORT_FIELDS).unpack_from
_WORD = Struct(">I").unpack_from
_GTP_IP4 = Struct(">8xBBH4x" + _IP4_FIELDS).unpack_from
"""Behind a UDP header GTP-U of eight octets and IPv4 without options: flags, message type, length, and the rest."""
_GTP_SESSION = Struct(">19xBBxxB").unpack_from
"""The same with a PDU session container: next extension, its length in words, and the next one after it."""
_LABEL_IP4 = Struct(">2xBxBxH").unpack_from
"""One MPLS label and the beginning of an IPv4 header: bottom of the stack, version, total length."""


class Shape(NamedTuple):
    """Where the frames of one link type have what, and the complete answer for them."""

    known: bool
    """Whether anybody can read this link type; if not, nothing of it is kept."""
    kind: int | None
    """At which octet of the frame the EtherType is, if there is one."""
    network: int
    """At which octet of the frame the network header begins."""
    tests: Mapping[int, Test]
    """The complete answer, by EtherType."""
    otherwise: Test
    """The complete answer for any other EtherType, or for lack of one."""

    def keeps(self, buffer: Octets, start: int, end: int) -> bool:
        """The complete answer for the frame ``buffer[start:end]``, behind which there are `SLACK` octets."""
        kind, test = self.kind, self.otherwise
        if kind is not None:
            test = self.tests.get(_TYPE(buffer, start + kind)[0], test)
        return test(buffer, start + self.network, end)


class Triage:
    """Which frames can matter. It is asked frame by frame, so what one frame reveals holds for the next."""

    def __init__(self) -> None:
        self.dropped = 0
        """Frames that were not kept. Walkers add theirs once a block."""
        self.strangers = Strangers()
        """ESP packets that are only counted."""
        self.flows: Flows | None = None
        """What is noted of the packets that are not kept, for who does not know yet whom to watch."""
        self.codes: dict[str, CodeType] = {}
        """The loops of `proofs.py` that were compiled, by their source."""
        self._watched = Watched(SIGNALLING | TUNNELS)
        self._ports = self._watched.ports
        self._tests: dict[int, Test] = {
            IPV4: self._ip4,
            IPV6: self._ip6,
            PPPOE: self._pppoe,
            **dict.fromkeys(TAGS, self._tagged),
            **dict.fromkeys(MPLS_TYPES, self._labelled),
        }

    def watch(self, address: bytes, port: int) -> None:
        """Keep every frame from or to this address (4 or 16 octets) and port from now on, UDP and TCP."""
        self._watched.add(address, port)

    @property
    def watched(self) -> Iterable[bytes]:
        """The watched pairs: addresses and ports as they stand in a packet."""
        return self._watched.pairs

    @property
    def evicted(self) -> int:
        """Watched pairs that had to make room for newer ones."""
        return self._watched.evicted

    def keeps(self, link: int, data: bytes | bytearray | memoryview) -> bool:
        """The complete answer for one frame of any link type. A frame that is not kept is counted."""
        if self.shape(link).keeps(bytes(data) + bytes(SLACK), 0, len(data)):
            return True
        self.dropped += 1
        return False

    def sieve(self) -> Sieve:
        """What looks at the ESP packets of one capture, of which more is known than that they are ESP."""
        return Sieve(self.strangers)

    def ports(self, order: ByteOrder) -> Ports:
        """Who is watched, by port as this byte order reads it. Changes while a capture is walked."""
        return self._watched.table(order)

    def shape(self, link: int) -> Shape:
        """How frames of this link type are judged."""
        edge = EDGES.get(link)
        return Shape(
            known=edge is not None or link in _BARE or link in _LINKED or link == EXPORTED,
            kind=None if edge is None else calcsize(">" + edge.partition("H")[0]),
            network=_BARE.get(link, 0) if edge is None else calcsize(">" + edge),
            tests={} if edge is None else self._tests,
            otherwise=self._otherwise(link),
        )

    def _otherwise(self, link: int) -> Test:
        """The complete answer where there is no EtherType."""
        if link in _BARE:
            return self._packet
        if link in _LINKED:
            return partial(self._linked, link)
        return _always if link == EXPORTED else _never

    def _tagged(self, buffer: Octets, at: int, end: int) -> bool:
        """Behind the EtherType of a VLAN tag: two octets of the tag, the next EtherType, and so on."""
        # One fetch as if IPv4 came next: 150 ns cheaper than to look and then call `_ip4`.
        kind, version, fragment, protocol, source, target, head, flags = _TAGGED_IP4(buffer, at)
        if kind == IPV4 and version == 0x45 and not fragment & FRAGMENTED and end - at >= 24:
            return self._transport(buffer, protocol, source, target, head, flags, at + 24, end, at + 16, 4)
        if kind == IPV6:
            return self._ip6(buffer, at + 4, end)
        return self._found(buffer, links.of_type(0x8100, buffer, at, end), end)

    def _labelled(self, buffer: Octets, at: int, end: int) -> bool:
        """Behind the EtherType of MPLS."""
        bottom, version, total = _LABEL_IP4(buffer, at)
        if bottom & 1 and version == 0x45 and total >= 20:
            return self._ip4(buffer, at + 4, end)
        return self._found(buffer, links.in_labels(buffer, at, end), end)

    def _pppoe(self, buffer: Octets, at: int, end: int) -> bool:
        """Behind the EtherType of a PPPoE session."""
        return self._found(buffer, links.in_pppoe(buffer, at, end), end)

    def _linked(self, link: int, buffer: Octets, at: int, end: int) -> bool:
        """A frame of a link type whose header has to be read."""
        found = links.find_ip(link, buffer, at, end)
        return self._found(buffer, found if isinstance(found, str) else found[0], end)

    def _found(self, buffer: Octets, found: int | str, end: int) -> bool:
        """Where an IP header was found; a frame with more layers than anybody needs is kept, for the reader to tell."""
        return found in (links.LABELLED, links.WIRED) if isinstance(found, str) else self._packet(buffer, found, end)

    def _packet(self, buffer: Octets, at: int, end: int, depth: int = 0) -> bool:
        """A packet that has to tell its version itself."""
        return self._ip6(buffer, at, end, depth) if buffer[at] >> 4 == 6 else self._ip4(buffer, at, end, depth)

    def _ip4(self, buffer: Octets, at: int, end: int, depth: int = 0) -> bool:
        version, fragment, protocol, source, target, head, flags = _IP4(buffer, at)
        inner = at + ((version & 15) << 2)
        if version >> 4 != 4 or inner < at + 20 or inner > end:
            return version >> 4 == 6 and self._ip6(buffer, at, end, depth)
        if fragment & FRAGMENTED:
            return True
        if version != 0x45:
            source, target, head, flags = _TRANSPORT(buffer, inner)
        if target == GTP_U and protocol == UDP:
            inside = self._gtp(buffer, inner, end, depth)
            if inside is not None:
                return inside
        return self._transport(buffer, protocol, source, target, head, flags, inner, end, at + 12, 4, depth)

    def _ip6(self, buffer: Octets, at: int, end: int, depth: int = 0) -> bool:
        version, protocol, source, target, head, flags = _IP6(buffer, at)
        inner = at + 40
        if version >> 4 != 6:
            return version >> 4 == 4 and self._ip4(buffer, at, end, depth)
        if inner > end:
            return False
        if protocol in EXTENSIONS:
            for _ in range(MAX_EXTENSIONS):
                protocol, inner = buffer[inner], inner + 8 + (buffer[inner + 1] << 3)
                if inner > end:
                    return False
                if protocol not in EXTENSIONS:
                    break
            else:
                return True
            source, target, head, flags = _TRANSPORT(buffer, inner)
        return self._transport(buffer, protocol, source, target, head, flags, inner, end, at + 8, 16, depth)

    def _transport(
        self,
        buffer: Octets,
        protocol: int,
        source: int,
        target: int,
        head: int,
        flags: int,
        at: int,
        end: int,
        addresses: int,
        width: int,
        depth: int = 0,
    ) -> bool:
        """What an IP packet carries at ``at``; its two addresses are ``width`` octets each and begin at ``addresses``.

        The four transport fields come as arguments, since those who call have fetched them with their own header.
        """
        if protocol == UDP:
            if end - at >= 12 and head in STARTS:
                return True
        elif protocol == TCP:
            text = at + (flags >> 4 << 2)
            if buffer[text] in FIRSTS and at + 20 <= text <= end - 4 and _WORD(buffer, text)[0] in STARTS:
                return True
        else:
            return protocol in CARRIERS or self._wrapped(buffer, protocol, at, end, addresses, width, depth)
        if (source not in self._ports and target not in self._ports) or end - at < 4:
            return False
        if protocol == UDP and (target in TUNNELS or source == NAT_TRAVERSAL):
            inside = self._gtp(buffer, at, end, depth) if target == GTP_U else None
            if inside is None:
                inside = self._in_udp(buffer, source, target, at, _end(buffer, addresses, width, end), depth)
            if inside is not None:
                return inside
        if source in SIGNALLING or target in SIGNALLING:
            return True
        watched = self._watched.pairs
        middle = addresses + width
        return (
            bytes(buffer[addresses:middle] + buffer[at : at + 2]) in watched
            or bytes(buffer[middle : middle + width] + buffer[at + 2 : at + 4]) in watched
        )

    def _gtp(self, buffer: Octets, at: int, end: int, depth: int) -> bool | None:
        """A GTP-U message with one of the two usual headers and IP in it; None if it is anything else."""
        kind, message, length, version, fragment, protocol, source, target, head, flags = _GTP_IP4(buffer, at)
        inner = at + 16
        if kind == 0x34 and _GTP_SESSION(buffer, at) == (0x85, 1, 0):
            inner, length = at + 24, length - 8
            version, fragment, protocol, source, target, head, flags = _IP4(buffer, inner)
        elif kind != 0x30:
            return None
        if message != 255 or length < 20 or inner + 20 > end or depth == DEPTH:
            return None
        if version != 0x45:
            return self._packet(buffer, inner, end, depth + 1) if version >> 4 in (4, 6) else None
        if fragment & FRAGMENTED:
            return True
        # Most packets end here.
        if source not in self._ports and target not in self._ports:
            if protocol == UDP:
                if head not in STARTS:
                    return False
            elif protocol == TCP and buffer[inner + 20 + (flags >> 4 << 2)] not in FIRSTS:
                return False
        return self._transport(buffer, protocol, source, target, head, flags, inner + 20, end, inner + 12, 4, depth + 1)

    def _in_udp(self, buffer: Octets, source: int, target: int, at: int, end: int, depth: int) -> bool | None:
        """What is in a UDP datagram to a port of tunnels; None if it is nothing but a datagram."""
        if NAT_TRAVERSAL in (source, target) or (target in HEP and buffer[at + 8 : at + 12] == b"HEP3"):
            return True
        return self._inside(buffer, UDP, at, end, depth)

    def _wrapped(
        self, buffer: Octets, protocol: int, at: int, end: int, addresses: int, width: int, depth: int
    ) -> bool:
        """What is in another protocol than UDP and TCP: an AH with something behind it, or a tunnel."""
        if protocol != AH:
            return self._inside(buffer, protocol, at, _end(buffer, addresses, width, end), depth) or False
        protocol, inner = buffer[at], at + 8 + (buffer[at + 1] << 2)
        if protocol == AH or inner > end or end - at < 12:
            return False
        if protocol in EXTENSIONS:
            return True
        source, target, head, flags = _TRANSPORT(buffer, inner)
        return self._transport(buffer, protocol, source, target, head, flags, inner, end, addresses, width, depth)

    def _inside(self, buffer: Octets, protocol: int, at: int, end: int, depth: int) -> bool | None:
        """The packet in a tunnel; None if there is none. With too many tunnels around it, it is kept, to be counted."""
        span = tunnels.inside(protocol, buffer, at, end)
        if span is None:
            return None
        return True if depth == DEPTH else self._packet(buffer, span[0], span[1], depth + 1)


def _end(buffer: Octets, addresses: int, width: int, end: int) -> int:
    """Where an IP packet ends by its own account, if that is before ``end``; its addresses tell where it begins."""
    if width == 4:
        total = _TYPE(buffer, addresses - 10)[0]
        return min(end, addresses - 12 + total) if total else end
    total = _TYPE(buffer, addresses - 4)[0]
    return min(end, addresses + 32 + total) if total else end


def _never(buffer: Octets, at: int, end: int) -> bool:
    return False


def _always(buffer: Octets, at: int, end: int) -> bool:
    return True
