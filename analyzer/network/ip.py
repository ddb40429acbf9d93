"""IP headers: addresses, what is carried, where it begins and ends, and whether it is a fragment.

IPv4 (RFC 791) with options, IPv6 (RFC 8200) with extension headers. The length in the header decides where the packet
ends, so that Ethernet padding never becomes payload. A length of 0 is what a host writes that leaves segmentation
to its network card: such a packet reaches to the end of what was captured.
"""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

MALFORMED: Final = "IP header cut or malformed"
LONG_CHAIN: Final = "too many IPv6 extension headers"

EXTENSIONS: Final = 8
"""How many IPv6 extension headers are followed; RFC 8200 4.1 knows seven in one packet."""

FRAGMENT: Final = 44
"""The IPv6 Fragment header's number among the protocols."""
_SKIPPED: Final = frozenset((0, 43, 60, 135, 139, 140))
"""Hop-by-Hop Options, Routing, Destination Options; Mobility, HIP and Shim6, whose length is told in the same way."""
DESTINATION_OPTIONS: Final = 60
AH: Final = 51

_V4 = struct.Struct(">BxHHHBB2x4s4s").unpack_from
_V6 = struct.Struct(">4xHBB16s16s").unpack_from
_FRAGMENT_HEADER = struct.Struct(">BxHI").unpack_from
_new = tuple.__new__
"""Makes a NamedTuple in half the time of calling its class."""


def around(protocol: int, ttl: int) -> tuple[bytes, ...]:
    """What lies side by side in the header of a packet in one piece: in IPv4 fragment, TTL and protocol, in IPv6 next
    header and hop limit.
    """
    return bytes([0, 0, ttl, protocol]), bytes([0x40, 0, ttl, protocol]), bytes([protocol, ttl])


class Packet(NamedTuple):
    """One IP packet, as positions in the bytes that hold it."""

    source: bytes
    destination: bytes
    protocol: int
    begin: int
    """Where the payload begins."""
    end: int
    """Where it ends: by the header's length, or where the bytes end if the packet was cut."""
    ttl: int
    ident: int
    """IPv4 identification, or that of the IPv6 Fragment header; else 0."""
    offset: int
    """Octets of the original packet before this fragment."""
    more: bool
    """More fragments follow."""
    cut: bool
    """The bytes end before the packet does."""


def plain(data: bytes) -> tuple[bytes, bytes, int, bytes] | None:
    """Source, destination, protocol and payload of a packet in one piece that fills the octets, without options or
    extension headers that could be walked; None if it is not plainly that.
    """
    if len(data) < 20:
        return None
    if data[0] == 0x45:
        _, total, _, flags, _, protocol, source, destination = _V4(data)
        return (source, destination, protocol, data[20:]) if total == len(data) and not flags & 0x3FFF else None
    if data[0] >> 4 != 6 or len(data) < 40:
        return None
    total, protocol, _, source, destination = _V6(data)
    return (source, destination, protocol, data[40:]) if total + 40 == len(data) else None


class Upper(NamedTuple):
    """What follows a chain of IPv6 extension headers."""

    protocol: int
    begin: int
    ident: int
    offset: int
    more: bool


def parse(data: bytes, begin: int, end: int, complete: bool) -> Packet | str:
    """Read the IP header at ``begin``; ``end`` is where the bytes end, ``complete`` says that nothing was cut there.

    Returns the packet, or why there is none (one of the constants above).
    """
    if end - begin < 20:
        return MALFORMED
    version = data[begin] >> 4
    if version == 4:
        first, total, ident, flags, ttl, protocol, source, destination = _V4(data, begin)
        header = (first & 0x0F) << 2
        if header < 20 or (total and total < header):
            return MALFORMED
        stop = begin + total if total else end
        cut = stop > end or not (total or complete)
        if cut:
            stop = min(stop, end)
        begin += header
        if begin > stop:
            return MALFORMED
        more = bool(flags & 0x2000)
        offset = (flags & 0x1FFF) << 3
        return _new(Packet, (source, destination, protocol, begin, stop, ttl, ident, offset, more, cut))
    if version != 6 or end - begin < 40:
        return MALFORMED
    total, protocol, ttl, source, destination = _V6(data, begin)
    begin += 40
    stop = begin + total if total else end
    cut = stop > end or not (total or complete)
    if cut:
        stop = min(stop, end)
    upper = follow(data, begin, stop, protocol)
    if isinstance(upper, str):
        return upper
    protocol, begin, ident, offset, more = upper
    return _new(Packet, (source, destination, protocol, begin, stop, ttl, ident, offset, more, cut))


def follow(data: bytes, position: int, end: int, protocol: int) -> Upper | str:
    """Walk the IPv6 extension headers from ``position`` to the payload, or to the Fragment header of a fragment.

    A Fragment header that holds a whole packet (an "atomic fragment", RFC 6946) is walked over like the others, and so
    is AH (RFC 4302), which hides nothing.
    """
    ident = 0
    for _ in range(EXTENSIONS + 1):
        if protocol in _SKIPPED:
            if position + 8 > end:
                return MALFORMED
            protocol, position = data[position], position + (data[position + 1] + 1) * 8
            if position > end:
                return MALFORMED
        elif protocol == FRAGMENT:
            if position + 8 > end:
                return MALFORMED
            protocol, flags, ident = _FRAGMENT_HEADER(data, position)
            position += 8
            offset, more = flags & 0xFFF8, bool(flags & 1)
            if offset or more:
                return Upper(protocol, position, ident, offset, more)
        elif protocol == AH:
            protocol, position = authenticated(data, position, end)
            if protocol == AH:
                return Upper(AH, position, ident, 0, False)
        else:
            return Upper(protocol, position, ident, 0, False)
    return LONG_CHAIN


def passed_ah(data: bytes, position: int, end: int, protocol: int) -> bool:
    """Whether AH is among the IPv6 extension headers between these places, over which `follow` has walked."""
    while position < end and protocol != AH:
        if protocol == FRAGMENT:
            protocol, position = data[position], position + 8
        else:
            protocol, position = data[position], position + (data[position + 1] + 1) * 8
    return position < end


def behind_options(payload: bytes) -> tuple[int, bytes]:
    """What follows the Destination Options header with which a payload begins, as its protocol and its octets.

    They may stand behind ESP (RFC 8200 4.1). A header that is cut is all there is.
    """
    upper = follow(payload, 0, len(payload), DESTINATION_OPTIONS)
    if isinstance(upper, str) or upper.offset or upper.more:
        return DESTINATION_OPTIONS, payload
    return upper.protocol, payload[upper.begin :]


def authenticated(data: bytes, position: int, end: int) -> tuple[int, int]:
    """Step over the AH at ``position``: what follows it, and where; AH itself if it is cut or there are two in a row.

    Its length is counted in units of four octets, less two (RFC 4302 2.2), and is twelve octets at least.
    """
    if position + 12 > end:
        return AH, position
    following = position + (data[position + 1] + 2) * 4
    if data[position] == AH or data[position + 1] < 1 or following > end:
        return AH, position
    return data[position], following
