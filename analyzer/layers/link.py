"""Where the IP header begins in a captured frame: one job, for every link layer that captures of the Gm interface have.

Link types are those of https://www.tcpdump.org/linktypes.html: Ethernet (IEEE 802.3), PPP (RFC 1662, RFC 2516), both
Linux cooked headers, BSD loopback, raw IP, and Apple's PKTAP around any of these. Between Ethernet and IP may stand
tags (IEEE 802.1Q, 802.1ad), a PPPoE session (RFC 2516), MPLS labels (RFC 3032), and Ethernet once more in a pseudowire
of MPLS (RFC 4448). All functions look at ``data[begin:end]`` and read nothing behind ``end``.
"""

from __future__ import annotations

import struct
from typing import Final

NULL: Final = 0
ETHERNET: Final = 1
PPP: Final = 9
PPP_SERIAL: Final = 50
PPP_ETHER: Final = 51
LOOP: Final = 108
LINUX_SLL: Final = 113
USER2: Final = 149
"""Under this number some releases of macOS wrote PKTAP."""
PKTAP: Final = 258
LINUX_SLL2: Final = 276
RAW_IP: Final = frozenset((12, 14, 101, 228, 229))
"""Raw IP under its five numbers: as written by different systems (12, 14, 101), IPv4 alone (228), IPv6 alone (229)."""

NOT_SUPPORTED: Final = "link type not supported"
NOT_IP: Final = "not IP"
SHORT: Final = "link header cut or malformed"
LABELLED: Final = "too many MPLS labels"
WIRED: Final = "a pseudowire in a pseudowire"

NAMES: Final = {
    105: "IEEE 802.11",
    119: "IEEE 802.11 with Prism header",
    127: "IEEE 802.11 with radiotap",
    187: "Bluetooth",
    189: "USB",
    192: "PPI",
    195: "IEEE 802.15.4",
    201: "Bluetooth",
    215: "IEEE 802.15.4",
    217: "GSMTAP",
    220: "USB",
    230: "IEEE 802.15.4",
    249: "USB",
    253: "Netlink",
}
"""What some of the link types are called that are not supported and that people have captures of."""

TAGS: Final = 4
"""How many VLAN tags may stand before the IP header; provider networks use two, mirrors add one."""

LABELS: Final = 16
"""How many MPLS labels may be stacked; a provider's VPN with traffic engineering and protection uses five."""

Octets = bytes | bytearray

Located = tuple[int, bool | None]
"""Offset of the IP header, and whether the capturing host sent the frame (None: not known)."""

IP_TYPES: Final = frozenset((0x0800, 0x86DD))
VLAN_TYPES: Final = frozenset((0x8100, 0x88A8, 0x9100))
"""EtherTypes of VLAN tags: IEEE 802.1Q, 802.1ad, and what was used before that."""
MPLS_TYPES: Final = frozenset((0x8847, 0x8848))
PPPOE: Final = 0x8864
"""EtherType of a PPPoE session; discovery (0x8863) carries no packets."""

_PPP_IP: Final = frozenset((0x21, 0x57))
_PPP_MPLS: Final = 0x0281
_FAMILIES: Final = frozenset((2, 10, 23, 24, 28, 30))
"""AF_INET is 2 everywhere; AF_INET6 is 10 on Linux, 23 on Windows, 24, 28 or 30 on the BSDs and macOS."""
_DIRECTIONS: Final[dict[int, bool]] = {0: False, 1: False, 2: False, 4: True}
"""Packet types of the cooked headers. Type 3, sent by somebody else to somebody else, is no direction of the host's."""

_PKTAP_HEADER: Final = 108
"""The least that a PKTAP header has; it tells its own length."""
_PKTAP_PREFIX: Final = 64
"""The longest link header that is believed to stand before a raw IP packet."""

_uint16 = struct.Struct(">H").unpack_from
_uint32 = struct.Struct(">I").unpack_from
_PKTAP = struct.Struct("<III24xIII").unpack_from
"""Length, what follows (1: a packet), link type; flags, protocol family, octets before the IP header."""


def find_ip(link: int, data: Octets, begin: int = 0, end: int | None = None) -> Located | str:
    """Return where the IP header begins, or why the frame holds none (one of the constants above)."""
    if end is None:
        end = len(data)
    if link == ETHERNET:
        return _located(ethernet(data, begin, end), None)
    if link == LINUX_SLL:
        if end - begin < 16:
            return SHORT
        return _located(after_type(data, begin + 14, end), _DIRECTIONS.get(data[begin + 1]))
    if link == LINUX_SLL2:
        if end - begin < 20:
            return SHORT
        # Here the EtherType stands first and the header goes on for 18 octets.
        kind = _uint16(data, begin)[0]
        return _located(of_type(kind, data, begin + 20, end), _DIRECTIONS.get(data[begin + 10]))
    if link in RAW_IP:
        return (begin, None) if begin < end else SHORT
    if link in (NULL, LOOP):
        if end - begin < 4:
            return SHORT
        # Link type 0 has the byte order of the machine that captured: the family is small, so its order shows.
        family = _uint32(data, begin)[0]
        if family > 0xFFFF:
            family = int.from_bytes(data[begin : begin + 4], "little")
        return (begin + 4, None) if family in _FAMILIES else NOT_IP
    if link in (PPP, PPP_SERIAL):
        return _located(_in_serial(data, begin, end), None)
    if link == PPP_ETHER:
        return _located(in_pppoe(data, begin, end), None)
    if link in (PKTAP, USER2):
        return _in_pktap(data, begin, end)
    return NOT_SUPPORTED


def ethernet(data: Octets, begin: int, end: int) -> int | str:
    """Offset of the IP header in an Ethernet frame."""
    return after_type(data, begin + 12, end)


def after_type(data: Octets, position: int, end: int) -> int | str:
    """Offset of the IP header where an EtherType stands at ``position``."""
    if position + 2 > end:
        return SHORT
    return of_type(_uint16(data, position)[0], data, position + 2, end)


def of_type(kind: int, data: Octets, position: int, end: int, *, wired: bool = False) -> int | str:
    """Offset of the IP header where the content of an EtherType begins at ``position``.

    ``wired`` says that this is inside a pseudowire, where no other may be.
    """
    for _ in range(TAGS + 1):
        if kind in IP_TYPES:
            return position
        if kind not in VLAN_TYPES:
            break
        if position + 4 > end:
            return SHORT
        kind = _uint16(data, position + 2)[0]
        position += 4
    if kind == PPPOE:
        return in_pppoe(data, position, end, wired=wired)
    if kind in MPLS_TYPES:
        return WIRED if wired else in_labels(data, position, end)
    return NOT_IP


def in_pppoe(data: Octets, position: int, end: int, *, wired: bool = False) -> int | str:
    """Offset of the IP header in a PPPoE session packet: six octets of its own, then PPP."""
    if position + 8 > end:
        return SHORT
    # Version and type are both 1; code 0 is a session.
    if data[position] != 0x11 or data[position + 1]:
        return NOT_IP
    return _in_ppp(data, position + 6, end, wired)


def in_labels(data: Octets, position: int, end: int) -> int | str:
    """Offset of the IP header behind an MPLS label stack.

    MPLS does not tell what it carries. The first four bits are the version of IP, or zero in the control word of a
    pseudowire, which may be missing; Ethernet in a pseudowire is believed where an IP header is behind it.
    """
    for _ in range(LABELS):
        if position + 4 > end:
            return SHORT
        position += 4
        if data[position - 2] & 1:
            break
    else:
        return LABELLED
    if looks_like_ip(data, position, end):
        return position
    found: int | str = NOT_IP
    if position < end and data[position] < 0x10:
        found = _in_wire(data, position + 4, end)
    return _in_wire(data, position, end) if found == NOT_IP else found


def looks_like_ip(data: Octets, position: int, end: int) -> bool:
    """Whether an IP header may begin here: its version fits, and the lengths of IPv4."""
    if position + 20 > end:
        return False
    first = data[position]
    if first >> 4 == 4:
        header, total = (first & 15) << 2, _uint16(data, position + 2)[0]
        return header >= 20 and (total >= header or not total)
    return first >> 4 == 6


def _located(found: int | str, outbound: bool | None) -> Located | str:
    return found if isinstance(found, str) else (found, outbound)


def _in_wire(data: Octets, position: int, end: int) -> int | str:
    """Ethernet in a pseudowire, if it is for sure."""
    if position + 14 > end:
        return NOT_IP
    found = of_type(_uint16(data, position + 12)[0], data, position + 14, end, wired=True)
    if isinstance(found, str):
        return found if found == WIRED else NOT_IP
    return found if looks_like_ip(data, found, end) else NOT_IP


def _in_serial(data: Octets, begin: int, end: int) -> int | str:
    """PPP with or without the address and control octets of HDLC, or Cisco's HDLC, which has an EtherType."""
    if begin + 4 > end:
        return SHORT
    if data[begin] == 0xFF and data[begin + 1] == 3:
        return _in_ppp(data, begin + 2, end, False)
    if data[begin] in (0x0F, 0x8F) and not data[begin + 1]:
        return after_type(data, begin + 2, end)
    return _in_ppp(data, begin, end, False)


def _in_ppp(data: Octets, position: int, end: int, wired: bool) -> int | str:
    """Behind a PPP protocol number, of two octets, or of one where that was agreed (RFC 1661 2)."""
    if position + 2 > end:
        return SHORT
    protocol = data[position]
    if protocol & 1:
        position += 1
    else:
        protocol = _uint16(data, position)[0]
        position += 2
    if protocol in _PPP_IP:
        return position
    if protocol == _PPP_MPLS:
        return WIRED if wired else in_labels(data, position, end)
    return NOT_IP


def _in_pktap(data: Octets, begin: int, end: int) -> Located | str:
    """Apple's header of variable length in front of a frame of another link type, always in little-endian order."""
    if end - begin < _PKTAP_HEADER:
        return SHORT
    length, follows, link, flags, _, prefix = _PKTAP(data, begin)
    if length < _PKTAP_HEADER or begin + length > end:
        return SHORT
    if follows != 1:
        return NOT_IP
    begin += length
    if link in (PKTAP, USER2):
        return NOT_SUPPORTED
    # On a mobile interface something may stand before the packet, though the link type says raw IP.
    if link in RAW_IP and 0 < prefix <= _PKTAP_PREFIX and not looks_like_ip(data, begin, end):
        begin += prefix
    found = find_ip(link, data, begin, end)
    if isinstance(found, str):
        return found
    outbound = True if flags & 2 else False if flags & 1 else found[1]
    return found[0], outbound
