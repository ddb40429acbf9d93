"""Where the IP header begins in a captured frame: one job, for every link layer that captures of the Gm interface have.

Link types are those of https://www.tcpdump.org/linktypes.html: Ethernet (IEEE 802.3, with 802.1Q and 802.1ad tags),
both Linux cooked headers, BSD loopback and raw IP.
"""

from __future__ import annotations

import struct
from typing import Final

NULL: Final = 0
ETHERNET: Final = 1
LOOP: Final = 108
LINUX_SLL: Final = 113
LINUX_SLL2: Final = 276
RAW_IP: Final = frozenset((12, 14, 101, 228, 229))
"""Raw IP under its five numbers: as written by different systems (12, 14, 101), IPv4 alone (228), IPv6 alone (229)."""

NOT_SUPPORTED: Final = "link type not supported"
NOT_IP: Final = "not IP"
SHORT: Final = "link header cut or malformed"

TAGS: Final = 4
"""How many VLAN tags may stand before the IP header; provider networks use two, mirrors add one."""

Located = tuple[int, bool | None]
"""Offset of the IP header, and whether the capturing host sent the frame (None: not known)."""

_IP_TYPES: Final = frozenset((0x0800, 0x86DD))
_VLAN_TYPES: Final = frozenset((0x8100, 0x88A8, 0x9100))
_FAMILIES: Final = frozenset((2, 10, 23, 24, 28, 30))
"""AF_INET is 2 everywhere; AF_INET6 is 10 on Linux, 23 on Windows, 24, 28 or 30 on the BSDs and macOS."""
_DIRECTIONS: Final[dict[int, bool]] = {0: False, 1: False, 2: False, 4: True}
"""Packet types of the cooked headers. Type 3, sent by somebody else to somebody else, is no direction of the host's."""

_uint16 = struct.Struct(">H").unpack_from
_uint32 = struct.Struct(">I").unpack_from


def find_ip(link: int, data: bytes) -> Located | str:
    """Return where the IP header begins, or why the frame holds none (one of the constants above)."""
    if link == ETHERNET:
        return _after_type(data, 12, None)
    if link == LINUX_SLL:
        return _after_type(data, 14, _DIRECTIONS.get(data[1])) if len(data) >= 16 else SHORT
    if link == LINUX_SLL2:
        if len(data) < 20:
            return SHORT
        # Here the EtherType stands first and the header goes on for 18 octets, so that a VLAN tag lies apart from it.
        ethertype = _uint16(data, 0)[0]
        direction = _DIRECTIONS.get(data[10])
        if ethertype in _IP_TYPES:
            return 20, direction
        return _after_type(data, 22, direction) if ethertype in _VLAN_TYPES else NOT_IP
    if link in RAW_IP:
        return (0, None) if data else SHORT
    if link in (NULL, LOOP):
        if len(data) < 4:
            return SHORT
        # Link type 0 has the byte order of the machine that captured: the family is small, so its order shows.
        family = _uint32(data, 0)[0]
        if family > 0xFFFF:
            family = int.from_bytes(data[:4], "little")
        return (4, None) if family in _FAMILIES else NOT_IP
    return NOT_SUPPORTED


def _after_type(data: bytes, position: int, outbound: bool | None) -> Located | str:
    """Follow the EtherType at ``position`` through the VLAN tags."""
    for _ in range(TAGS + 1):
        if len(data) < position + 2:
            return SHORT
        ethertype = _uint16(data, position)[0]
        if ethertype in _IP_TYPES:
            return position + 2, outbound
        if ethertype not in _VLAN_TYPES:
            return NOT_IP
        position += 4
    return NOT_IP
