"""Hand-made packets for the tests of this folder: nothing of the code under test is used to make them."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from analyzer.frame import Frame

MILLISECOND = 1_000_000
START = 1_700_000_000_000_000_000

UE = bytes((10, 20, 0, 11))
PCSCF = bytes((10, 20, 0, 1))
UE6 = bytes.fromhex("fd00002000000000000000000000000b")
PCSCF6 = bytes.fromhex("fd000020000000000000000000000001")


def ethernet(packet: bytes, tags: Sequence[int] = ()) -> bytes:
    head = bytes(range(12))
    for tag in tags:
        head += struct.pack(">HH", tag, 7)
    return head + (b"\x86\xdd" if packet[0] >> 4 == 6 else b"\x08\x00") + packet


def ipv4(
    protocol: int,
    payload: bytes,
    *,
    source: bytes = UE,
    destination: bytes = PCSCF,
    ident: int = 1,
    offset: int = 0,
    more: bool = False,
    ttl: int = 64,
    options: bytes = b"",
    total: int | None = None,
) -> bytes:
    length = 20 + len(options) + len(payload) if total is None else total
    flags = offset >> 3 | (0x2000 if more else 0)
    first = 0x40 | (20 + len(options)) >> 2
    head = struct.pack(">BBHHHBBH4s4s", first, 0, length, ident, flags, ttl, protocol, 0, source, destination)
    return head + options + payload


def ipv6(
    protocol: int,
    payload: bytes,
    *,
    source: bytes = UE6,
    destination: bytes = PCSCF6,
    ttl: int = 64,
    total: int | None = None,
) -> bytes:
    """``protocol`` is the first next header; extension headers belong to the payload."""
    length = len(payload) if total is None else total
    return struct.pack(">IHBB16s16s", 6 << 28, length, protocol, ttl, source, destination) + payload


def fragment_header(following: int, offset: int, more: bool, ident: int) -> bytes:
    return struct.pack(">BxHI", following, offset | more, ident)


def extension(following: int, units: int = 0) -> bytes:
    return bytes((following, units)) + bytes(6 + 8 * units)


def udp(payload: bytes, sport: int = 5060, dport: int = 5060, checksum: int = 0) -> bytes:
    return struct.pack(">HHHH", sport, dport, 8 + len(payload), checksum) + payload


def tcp(
    payload: bytes = b"",
    *,
    seq: int = 1,
    ack: int = 0,
    flags: int = 0x10,
    sport: int = 5062,
    dport: int = 5060,
    options: bytes = b"",
    checksum: int = 0,
) -> bytes:
    offset = (20 + len(options)) << 2
    return struct.pack(">HHIIBBHHH", sport, dport, seq, ack, offset, flags, 8192, checksum, 0) + options + payload


def esp(spi: int = 0x1001, number: int = 1, body: bytes = b"ciphertext of some length") -> bytes:
    return struct.pack(">II", spi, number) + body + struct.pack(">III", spi, number, 0xABCD)


def gtp(packet: bytes, *, flags: int = 0x30, kind: int = 255, between: bytes = b"", dport: int = 2152) -> bytes:
    """UDP with a GTP-U message; ``between`` is what follows the first eight octets of its header."""
    message = struct.pack(">BBHI", flags, kind, len(between) + len(packet), 0x77) + between + packet
    return udp(message, 2152, dport)


class Timeline:
    """Numbers frames and gives them times, a millisecond apart unless told otherwise."""

    def __init__(self) -> None:
        self.number = 0
        self.time = START

    def frame(
        self, data: bytes, *, link: int = 1, after: int = MILLISECOND, length: int | None = None, capture: int = 0
    ) -> Frame:
        self.number += 1
        self.time += after
        return Frame(capture, self.number, self.time, link, data, len(data) if length is None else length)
