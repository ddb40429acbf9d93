"""Recognises what is wrapped in UDP: user packets in GTP-U and ESP behind a NAT.

GTP-U: TS 29.281 5.1 (header) and 5.2 (extension headers; TS 38.415 defines the PDU session container that 5G adds).
ESP in UDP: RFC 3948 2. What does not fit exactly is left as the UDP datagram that it is.
"""

from __future__ import annotations

import struct
from typing import Final

GTP_U: Final = 2152
"""UDP port to which user packets are sent, between base stations and gateways."""
NAT_TRAVERSAL: Final = 4500
"""UDP port of IKE and ESP once a NAT was found between the two."""

EXTENSIONS: Final = 8
"""How many GTP-U extension headers are followed; user packets carry one, the PDU session container, seldom two."""

_UDP_HEADER: Final = 8
_PORTS = struct.Struct(">HHH").unpack_from
_GTP = struct.Struct(">BBH").unpack_from

Span = tuple[int, int, bool]
"""Where something begins and ends in the bytes, and whether all of it is there."""


def user_packet(datagram: bytes) -> Span | None:
    """Find the user's IP packet in a GTP-U message, given from its UDP header on.

    None if it is not for the GTP-U port, is no G-PDU (an echo, say), or holds something else than IP.
    """
    available = len(datagram)
    if available < _UDP_HEADER + 8 or _PORTS(datagram, 0)[1] != GTP_U:
        return None
    flags, kind, length = _GTP(datagram, _UDP_HEADER)
    # Version 1, protocol type GTP rather than GTP'; message type 255 is the G-PDU.
    if flags & 0xF0 != 0x30 or kind != 255:
        return None
    begin = _UDP_HEADER + 8
    end = begin + length
    complete = end <= available
    end = min(end, available)
    if flags & 0x07:
        # Sequence number, N-PDU number and next extension are there together as soon as one of them is used.
        begin += 4
        if begin > end:
            return None
        following = datagram[begin - 1] if flags & 0x04 else 0
        for _ in range(EXTENSIONS):
            if not following:
                break
            if begin >= end or not datagram[begin]:
                return None
            begin += datagram[begin] * 4
            if begin > end:
                return None
            following = datagram[begin - 1]
        if following:
            return None
    if begin >= end or datagram[begin] >> 4 not in (4, 6):
        return None
    return begin, end, complete


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
