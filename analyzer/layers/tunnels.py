"""Finds the packet inside a packet: in IP, GRE, MPLS, and in UDP under the ports that are agreed for it.

IP in IP: RFC 2003, RFC 4213, RFC 2473. GRE: RFC 2784, RFC 2890, with ERSPAN (draft-foschiano-erspan) and Ethernet in
it. GTP-U: TS 29.281 5.1 (header) and 5.2 (extension headers; TS 38.415 defines the PDU session container that 5G adds).
VXLAN: RFC 7348. GENEVE: RFC 8926. ESP in UDP: RFC 3948 2. What does not fit exactly is left as the datagram that it is.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final

from analyzer.layers import link
from analyzer.layers.link import IP_TYPES, MPLS_TYPES, Octets

DEPTH: Final = 4
"""How many tunnels around one another are opened, of all kinds together, those of ESP too: GTP-U in the VXLAN of a
mirror is two, and an ePDG's tunnel may be inside."""

IP_IN_IP: Final = frozenset((4, 41))
"""IPv4 (RFC 2003) and IPv6 (RFC 4213) as payload of IP."""
GRE: Final = 47
MPLS_IN_IP: Final = 137
"""RFC 4023."""
UDP: Final = 17

HOLDERS: Final = frozenset((*IP_IN_IP, UDP, GRE, MPLS_IN_IP))
"""Protocols in which a packet may be."""

GTP_U: Final = 2152
"""UDP port to which user packets are sent, between base stations and gateways."""
NAT_TRAVERSAL: Final = 4500
"""UDP port of IKE and ESP once a NAT was found between the two."""
VXLAN: Final = frozenset((4789, 8472))
"""The assigned port, and that of Linux."""
GENEVE: Final = 6081
SCAT: Final = 47290
"""UDP port under which SCAT writes the IP packets that it reads from a baseband."""

EXTENSIONS: Final = 8
"""How many GTP-U extension headers are followed; user packets carry one, the PDU session container, seldom two."""

_UDP_HEADER: Final = 8
_BRIDGED: Final = 0x6558
"""Ethernet as payload ("transparent Ethernet bridging")."""
_ERSPAN: Final = 0x88BE
_ERSPAN_III: Final = 0x22EB

_PORTS = struct.Struct(">HHH").unpack_from
_GTP = struct.Struct(">BBH").unpack_from
_PAIR = struct.Struct(">HH").unpack_from
_uint16 = struct.Struct(">H").unpack_from

Span = tuple[int, int, bool]
"""Where a packet begins and ends in the octets, and whether this layer has all of it."""


def inside(protocol: int, data: Octets, begin: int, end: int) -> Span | None:
    """Find the IP packet in the payload of another one, which is ``data[begin:end]``; None if it holds none.

    ``protocol`` is that of the outer packet; of UDP, what goes to a port of `BY_PORT` is looked into.
    """
    if protocol == UDP:
        opener = BY_PORT.get(_uint16(data, begin + 2)[0]) if end - begin > _UDP_HEADER else None
        return opener(data, begin + _UDP_HEADER, end) if opener else None
    if protocol in IP_IN_IP:
        return begin, end, True
    if protocol == GRE:
        return gre(data, begin, end)
    if protocol == MPLS_IN_IP:
        return _sure(link.in_labels(data, begin, end), data, end)
    return None


def user_packet(data: Octets, begin: int, end: int) -> Span | None:
    """Find the user's IP packet in a GTP-U message.

    None if it is no G-PDU (an echo, say), or holds something else than IP.
    """
    available = end
    if begin + 8 > end:
        return None
    flags, kind, length = _GTP(data, begin)
    # Version 1, protocol type GTP rather than GTP'; message type 255 is the G-PDU.
    if flags & 0xF0 != 0x30 or kind != 255:
        return None
    begin += 8
    end = begin + length
    complete = end <= available
    end = min(end, available)
    if flags & 0x07:
        # Sequence number, N-PDU number and next extension are there together as soon as one of them is used.
        begin += 4
        if begin > end:
            return None
        following = data[begin - 1] if flags & 0x04 else 0
        for _ in range(EXTENSIONS):
            if not following:
                break
            if begin >= end or not data[begin]:
                return None
            begin += data[begin] * 4
            if begin > end:
                return None
            following = data[begin - 1]
        if following:
            return None
    if begin >= end or data[begin] >> 4 not in (4, 6):
        return None
    return begin, end, complete


def gre(data: Octets, begin: int, end: int) -> Span | None:
    """Find the IP packet in GRE of version 0: itself, in Ethernet, behind MPLS labels, or mirrored by ERSPAN."""
    if begin + 4 > end:
        return None
    flags, kind = _PAIR(data, begin)
    # Routing fields (RFC 1701) have a length that nobody needs any more; version 1 is PPTP's.
    if flags & 0x4007:
        return None
    begin += 4 + 4 * (flags >> 15) + 4 * (flags >> 13 & 1) + 4 * (flags >> 12 & 1)
    if kind == _ERSPAN:
        # Type I has no header at all and no sequence number; type II has both.
        if flags & 0x1000:
            if begin + 8 > end or data[begin] >> 4 != 1:
                return None
            begin += 8
        kind = _BRIDGED
    elif kind == _ERSPAN_III:
        if begin + 12 > end or data[begin] >> 4 != 2:
            return None
        word = _uint16(data, begin + 10)[0]
        begin += 20 if word & 1 else 12
        frame = word >> 10 & 31
        if frame == 2:
            return _sure(begin, data, end)
        if frame:
            return None
        kind = _BRIDGED
    if kind == _BRIDGED:
        return _sure(link.ethernet(data, begin, end), data, end)
    if kind in IP_TYPES:
        return _sure(begin, data, end)
    return _sure(link.in_labels(data, begin, end), data, end) if kind in MPLS_TYPES else None


def vxlan(data: Octets, begin: int, end: int) -> Span | None:
    """Find the IP packet in a frame in VXLAN: the network's number must be valid, and the last octet is zero."""
    if begin + 8 > end or not data[begin] & 8 or data[begin + 7]:
        return None
    return _sure(link.ethernet(data, begin + 8, end), data, end)


def geneve(data: Octets, begin: int, end: int) -> Span | None:
    """Find the IP packet in GENEVE of version 0, directly or in Ethernet, behind whatever options there are."""
    if begin + 8 > end or data[begin] >> 6 or data[begin + 7]:
        return None
    kind = _uint16(data, begin + 2)[0]
    begin += 8 + ((data[begin] & 63) << 2)
    if kind == _BRIDGED:
        return _sure(link.ethernet(data, begin, end), data, end)
    return _sure(begin, data, end) if kind in IP_TYPES else None


def scat(data: Octets, begin: int, end: int) -> Span | None:
    """Find the packet that SCAT has put into UDP: exactly one, and nothing else. The UDP header ends at ``begin``."""
    last = begin - _UDP_HEADER + _uint16(data, begin - 4)[0]
    if last > end or not link.looks_like_ip(data, begin, last):
        return None
    end = last
    if data[begin] >> 4 == 4:
        whole = begin + _uint16(data, begin + 2)[0] == end
    else:
        whole = begin + 40 + _uint16(data, begin + 4)[0] == end
    return (begin, end, True) if whole else None


BY_PORT: Final[dict[int, Callable[[Octets, int, int], Span | None]]] = {
    GTP_U: user_packet,
    **dict.fromkeys(VXLAN, vxlan),
    GENEVE: geneve,
    SCAT: scat,
}
"""What is found in UDP, by the port to which it is sent."""


def wrapped_esp(datagram: bytes) -> bytes | None:
    """Return the ESP packet in a UDP datagram of port 4500, given from its UDP header on.

    None for other ports, for IKE (four zero octets where the SPI would be) and for the one-octet keep-alive.
    """
    if len(datagram) < _UDP_HEADER + 8:
        return None
    source, destination, length = _PORTS(datagram, 0)
    if NAT_TRAVERSAL not in (source, destination) or datagram[8:12] == b"\0\0\0\0":
        return None
    return datagram[_UDP_HEADER:length] if length >= _UDP_HEADER + 8 else None


def _sure(found: int | str, data: Octets, end: int) -> Span | None:
    """A packet that was found, if it looks like one."""
    if isinstance(found, str) or not link.looks_like_ip(data, found, end):
        return None
    return found, end, True
