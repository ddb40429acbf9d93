"""SIP that a tool tells of, instead of a packet as it was on the wire: exported PDUs, HEP, and SCAT.

Wireshark's exported PDUs (link type 252) and HEP version 3 (https://github.com/sipcapture/HEP) hold the message and
say who sent it to whom. Whether it was protected they do not say: Wireshark exports what it has decrypted ("OSI layer
3" is nothing but the content of ESP), and a HEP agent may sit behind the IPsec of its host. SCAT takes messages from
the log of a baseband, which has neither addresses nor ports: it makes them up.
"""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

from analyzer.layers.link import ETHERNET, Octets

EXPORTED: Final = 252
"""Link type of exported PDUs."""
HEP: Final = frozenset((9060, 9061))
"""UDP ports to which HEP is sent, by convention."""

FOREIGN: Final = "exported PDU of another protocol"
MALFORMED: Final = "exported PDU malformed"

_TEXT: Final = frozenset((b"sip", b"sip.tcp", b"udp.port", b"tcp.port"))
"""What Wireshark calls the dissectors of SIP, and the tables in which it finds what UDP and TCP carry."""
_TRANSPORTS: Final = {b"udp": 17, b"tcp": 6}
_LINKS: Final = {
    b"ip": 101,
    b"ipv6": 101,
    b"eth": ETHERNET,
    b"eth_maybefcs": ETHERNET,
    b"eth_withoutfcs": ETHERNET,
}
"""And those of packets and frames, with the link type that these have."""

_UNKNOWN4: Final = bytes(4)
_TCP: Final = 6
_UDP: Final = 17
_PORT_TYPES: Final = {2: _TCP, 3: _UDP}

PHONE: Final = bytes((10, 0, 0, 2))
"""The address that SCAT makes up for the phone."""
_NETWORK: Final = bytes((10, 0, 0, 1))
_MADE_UP: Final = ((PHONE + _NETWORK, 50600, 5060), (_NETWORK + PHONE, 5060, 50600))
"""Addresses and ports of the packets into which SCAT puts SIP, sent and received."""

_TLV = struct.Struct(">HH").unpack_from
_CHUNK = struct.Struct(">HHH").unpack_from
_PORTS = struct.Struct(">HH").unpack_from


class Told(NamedTuple):
    """A message, and what a tool says about it."""

    source: bytes
    destination: bytes
    sport: int
    dport: int
    protocol: int
    """6 or 17."""
    begin: int
    """Where the message begins in the octets."""
    end: int
    made_up: bool
    """Nobody knows the addresses or the ports: what stands here was made up."""


class Framed(NamedTuple):
    """An exported PDU that is a whole packet; on the wire it may have been in another one."""

    link: int
    begin: int


def exported(data: Octets) -> Told | Framed | str:
    """Read an exported PDU: tags of two octets each for kind and length, then the PDU; or why there is nothing."""
    ends: dict[int, bytes] = {}
    position, end, name = 0, len(data), b""
    while True:
        if position + 4 > end:
            return MALFORMED
        tag, length = _TLV(data, position)
        position += 4
        if not tag:
            break
        value = bytes(data[position : position + length])
        position += length
        if tag in (12, 13, 14):
            name = value.rstrip(b"\0")
        elif 20 <= tag <= 26:
            ends[tag] = value
    position += length
    if position > end:
        return MALFORMED
    if name in _LINKS:
        return Framed(_LINKS[name], position)
    if name not in _TEXT and name not in _TRANSPORTS:
        return FOREIGN
    source = ends.get(22) or ends.get(20, b"")
    destination = ends.get(23) or ends.get(21, b"")
    sport, dport = _number(ends.get(25, b"")), _number(ends.get(26, b""))
    protocol = _TRANSPORTS.get(name) or _PORT_TYPES.get(_number(ends.get(24, b"")), _UDP)
    if name in _TRANSPORTS:
        if position + 20 > end:
            return MALFORMED
        sport, dport = _PORTS(data, position)
        position += 8 if protocol == _UDP else (data[position + 12] >> 4) * 4
    known = len(source) == len(destination) and len(source) in (4, 16) and 0 < sport < 65536 and 0 < dport < 65536
    if not known:
        source = destination = _UNKNOWN4
        sport = dport = 0
    return Told(source, destination, sport, dport, protocol, min(position, end), end, not known)


def hep(data: Octets, begin: int, end: int) -> Told | None:
    """Read a HEP message of version 3 that holds SIP: chunks of vendor, kind and length (six octets included).

    None if it is something else. The time in it is left alone: that of the frame is the one that only grows.
    """
    if begin + 6 > end or data[begin : begin + 4] != b"HEP3":
        return None
    length = int.from_bytes(data[begin + 4 : begin + 6], "big")
    if length < 6 or begin + length > end:
        return None
    end = begin + length
    begin += 6
    fields: dict[int, tuple[int, int]] = {}
    while begin + 6 <= end:
        vendor, kind, length = _CHUNK(data, begin)
        if length < 6 or begin + length > end:
            return None
        if not vendor:
            fields[kind] = begin + 6, begin + length
        begin += length
    values = {kind: bytes(data[first:last]) for kind, (first, last) in fields.items() if kind != 15}
    source, destination = values.get(3) or values.get(5, b""), values.get(4) or values.get(6, b"")
    sport, dport = _number(values.get(7, b"")), _number(values.get(8, b""))
    if 15 not in fields or values.get(11) != b"\1" or len(source) != len(destination) or len(source) not in (4, 16):
        return None
    protocol = _TCP if values.get(2) == b"\6" else _UDP
    first, last = fields[15]
    return Told(source, destination, sport & 0xFFFF, dport & 0xFFFF, protocol, first, last, False)


def made_up(data: Octets, begin: int, end: int) -> bool:
    """Whether the IPv4 packet here is one into which SCAT has put a SIP message that had no packet."""
    if begin + 28 > end or data[begin] != 0x45 or data[begin + 9] != _UDP:
        return False
    addresses = bytes(data[begin + 12 : begin + 20])
    return (addresses, *_PORTS(data, begin + 20)) in _MADE_UP


def _number(value: bytes) -> int:
    return int.from_bytes(value[:8], "big")
