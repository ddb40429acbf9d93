"""What may stand between a frame's first octet and its IP packet, built by hand with nothing of the code under test."""

from __future__ import annotations

import struct
from collections.abc import Callable

from tests.network.build import ethernet, gtp, ipv4, ipv6, udp

MACS = bytes(range(12))
ENB, SGW = bytes((172, 24, 0, 46)), bytes((127, 0, 0, 3))
ENB6, SGW6 = bytes(15) + b"\x31", bytes(15) + b"\x32"
PDU_SESSION = b"\x00\x00\x00\x85" + b"\x01\x10\x05\x00"


def is6(packet: bytes) -> bool:
    return packet[0] >> 4 == 6


def ethertype(packet: bytes) -> bytes:
    return b"\x86\xdd" if is6(packet) else b"\x08\x00"


def ppp(packet: bytes) -> bytes:
    return (b"\x00\x57" if is6(packet) else b"\x00\x21") + packet


def pppoe(packet: bytes) -> bytes:
    """From the octet behind the EtherType on."""
    return struct.pack(">BBHH", 0x11, 0, 7, len(packet) + 2) + ppp(packet)


def labels(count: int, *, bottom: bool = True) -> bytes:
    entries = [(16 + number) << 12 | 64 for number in range(count)]
    if bottom:
        entries[-1] |= 0x100
    return b"".join(struct.pack(">I", entry) for entry in entries)


def pktap(frame: bytes, link: int, *, flags: int = 1, prefix: int = 0, follows: int = 1, length: int = 108) -> bytes:
    head = struct.pack("<III24sIIII", length, follows, link, b"en0", flags, 2, prefix, 0)
    return head.ljust(length, b"\0") + frame


def outer(protocol: int, payload: bytes) -> bytes:
    return ipv4(protocol, payload, source=ENB, destination=SGW)


def outer6(protocol: int, payload: bytes) -> bytes:
    return ipv6(protocol, payload, source=ENB6, destination=SGW6)


def gre(kind: int, payload: bytes, *, flags: int = 0) -> bytes:
    fields = 4 * sum(bool(flags & bit) for bit in (0x8000, 0x2000, 0x1000))
    return struct.pack(">HH", flags, kind) + bytes(range(fields)) + payload


def erspan2(frame: bytes) -> bytes:
    return gre(0x88BE, struct.pack(">HHI", 0x1000 | 7, 100, 0) + frame, flags=0x1000)


def erspan3(frame: bytes, *, kind: int = 0, platform: bool = False) -> bytes:
    word = kind << 10 | platform
    return gre(0x22EB, struct.pack(">HHIHH", 0x2007, 100, 1, 0, word) + bytes(8 * platform) + frame, flags=0x1000)


def vxlan(frame: bytes, port: int = 4789) -> bytes:
    return udp(b"\x08\0\0\0\0\0\x07\0" + frame, 50000, port)


def geneve(content: bytes, kind: int, options: bytes = b"") -> bytes:
    return udp(struct.pack(">BBHI", len(options) >> 2, 0, kind, 0x700) + options + content, 50000, 6081)


def scat(packet: bytes) -> bytes:
    return udp(packet, 13337, 47290, checksum=0xFFFF)


def ah(following: int, payload: bytes, icv: int = 12) -> bytes:
    return struct.pack(">BBHII", following, (icv + 12) // 4 - 2, 0, 0x99, 1) + bytes(icv) + payload


def tagged(packet: bytes) -> bytes:
    return ethernet(packet, (0x88A8, 0x8100))


TUNNELS: dict[str, Callable[[bytes], bytes]] = {
    "ip in ipv4": lambda packet: outer(41 if is6(packet) else 4, packet),
    "ip in ipv6": lambda packet: outer6(41 if is6(packet) else 4, packet),
    "ip in ipv6 behind options": lambda packet: outer6(60, bytes((41 if is6(packet) else 4, 0)) + bytes(6) + packet),
    "gtp-u": lambda packet: outer(17, gtp(packet)),
    "gtp-u over ipv6": lambda packet: outer6(17, gtp(packet)),
    "gtp-u with sequence number": lambda packet: outer(17, gtp(packet, flags=0x32, between=b"\0\7\0\0")),
    "gtp-u with pdu session": lambda packet: outer(17, gtp(packet, flags=0x34, between=PDU_SESSION)),
    "gre": lambda packet: outer(47, gre(0x86DD if is6(packet) else 0x0800, packet)),
    "gre with all fields": lambda packet: outer6(47, gre(0x86DD if is6(packet) else 0x0800, packet, flags=0xB000)),
    "gre with ethernet": lambda packet: outer(47, gre(0x6558, tagged(packet), flags=0x2000)),
    "gre with mpls": lambda packet: outer(47, gre(0x8847, labels(2) + packet)),
    "erspan i": lambda packet: outer(47, gre(0x88BE, ethernet(packet))),
    "erspan ii": lambda packet: outer(47, erspan2(ethernet(packet))),
    "erspan iii": lambda packet: outer(47, erspan3(tagged(packet))),
    "erspan iii with platform": lambda packet: outer(47, erspan3(ethernet(packet), platform=True)),
    "erspan iii with ip": lambda packet: outer(47, erspan3(packet, kind=2)),
    "vxlan": lambda packet: outer(17, vxlan(ethernet(packet))),
    "vxlan of linux": lambda packet: outer6(17, vxlan(tagged(packet), 8472)),
    "geneve": lambda packet: outer(17, geneve(ethernet(packet), 0x6558, bytes(12))),
    "geneve with ip": lambda packet: outer(17, geneve(packet, 0x86DD if is6(packet) else 0x0800)),
    "mpls in ip": lambda packet: outer(137, labels(1) + packet),
    "scat": lambda packet: outer(17, scat(packet)),
}
"""From an IP packet to the IP packet of a tunnel that holds it."""

LAYERS: dict[str, tuple[int, Callable[[bytes], bytes]]] = {
    "ethernet": (1, ethernet),
    "two tags": (1, tagged),
    "pppoe": (1, lambda packet: MACS + b"\x88\x64" + pppoe(packet)),
    "pppoe behind a tag": (1, lambda packet: MACS + b"\x81\x00\x00\x07\x88\x64" + pppoe(packet)),
    "a label": (1, lambda packet: MACS + b"\x88\x47" + labels(1) + packet),
    "labels behind a tag": (1, lambda packet: MACS + b"\x81\x00\x00\x07\x88\x48" + labels(3) + packet),
    "pseudowire": (1, lambda packet: MACS + b"\x88\x47" + labels(2) + bytes(4) + ethernet(packet)),
    "pseudowire without control word": (
        1,
        lambda packet: MACS + b"\x88\x47" + labels(2) + b"\x02" + tagged(packet)[1:],
    ),
    "pppoe in a pseudowire": (
        1,
        lambda packet: MACS + b"\x88\x47" + labels(1) + bytes(4) + MACS + b"\x88\x64" + pppoe(packet),
    ),
    "ppp": (9, ppp),
    "ppp of hdlc": (9, lambda packet: b"\xff\x03" + ppp(packet)),
    "ppp, one octet": (9, lambda packet: b"\xff\x03" + ppp(packet)[1:]),
    "ppp with mpls": (9, lambda packet: b"\x02\x81" + labels(1) + packet),
    "serial ppp": (50, lambda packet: b"\xff\x03" + ppp(packet)),
    "cisco hdlc": (50, lambda packet: b"\x0f\x00" + ethertype(packet) + packet),
    "ppp over ethernet": (51, pppoe),
    "pktap, ethernet": (258, lambda packet: pktap(ethernet(packet), 1)),
    "pktap, raw ip": (258, lambda packet: pktap(packet, 12)),
    "pktap, mobile": (149, lambda packet: pktap(b"\2\0\0\0" + packet, 12, prefix=4)),
    "pktap, loopback": (258, lambda packet: pktap(b"\x1e\0\0\0" + packet, 0, length=156)),
    "cooked with pppoe": (113, lambda packet: bytes(14) + b"\x88\x64" + pppoe(packet)),
    "cooked 2 with a label": (276, lambda packet: b"\x88\x47" + bytes(18) + labels(1) + packet),
    "cooked 2 with tags": (276, lambda packet: b"\x81\x00" + bytes(18) + b"\0\7" + ethertype(packet) + packet),
    "raw": (101, bytes),
    "exported": (252, lambda packet: b"\0\x0c\0\4ip\0\0\0\0\0\0" + packet),
}
"""Link type, and from an IP packet to a frame of it."""


def chunk(kind: int, value: bytes, vendor: int = 0) -> bytes:
    return struct.pack(">HHH", vendor, kind, 6 + len(value)) + value


def hep(
    text: bytes, *, source: bytes, destination: bytes, more: bytes = b"", kind: int = 1, sport: int = 5060
) -> bytes:
    six = len(source) == 16
    chunks = (
        chunk(1, b"\x0a" if six else b"\x02")
        + chunk(2, b"\x11")
        + chunk(5 if six else 3, source)
        + chunk(6 if six else 4, destination)
        + chunk(7, struct.pack(">H", sport))
        + chunk(8, struct.pack(">H", 5061))
        + chunk(9, bytes(4))
        + chunk(10, bytes(4))
        + chunk(11, bytes((kind,)))
        + more
        + chunk(15, text)
    )
    return b"HEP3" + struct.pack(">H", 6 + len(chunks)) + chunks


def exported(content: bytes, name: bytes = b"sip", tag: int = 12, **ends: int | bytes) -> bytes:
    """An exported PDU as Wireshark writes it: names in whole words, numbers in four octets."""
    tags = {"src4": 20, "dst4": 21, "src6": 22, "dst6": 23, "kind": 24, "sport": 25, "dport": 26, "frame": 30}
    head = struct.pack(">HH", tag, -(-len(name) // 4) * 4) + name + bytes(-len(name) % 4)
    for key, value in ends.items():
        octets = value if isinstance(value, bytes) else struct.pack(">I", value)
        head += struct.pack(">HH", tags[key], len(octets)) + octets
    return head + bytes(4) + content
