"""Diameter messages built by hand, and the packets that carry them."""

from __future__ import annotations

import struct
from collections.abc import Sequence

TGPP = 10415
RAND, AUTN = bytes(range(16)), bytes(range(16, 32))
CK, IK = bytes(range(0xC0, 0xD0)), bytes(range(0x80, 0x90))


def avp(code: int, content: bytes, vendor: int = TGPP) -> bytes:
    head = struct.pack(">II", code, (0xC0 if vendor else 0x40) << 24 | 8 + 4 * bool(vendor) + len(content))
    return head + (struct.pack(">I", vendor) if vendor else b"") + content + bytes(-len(content) % 4)


def item(rand: bytes = RAND, ck: bytes = CK, ik: bytes = IK) -> bytes:
    parts = avp(613, bytes(4)) + avp(608, b"Digest-AKAv1-MD5") + avp(609, rand + AUTN) + avp(610, bytes(8))
    return avp(612, parts + avp(625, ck) + avp(626, ik))


def message(avps: bytes, code: int = 303, flags: int = 0x40, application: int = 16777216) -> bytes:
    return struct.pack(">IIIII", 1 << 24 | 20 + len(avps), flags << 24 | code, application, 7, 8) + avps


def answer(*items: bytes) -> bytes:
    session = avp(263, b"scscf.home1.net;1;2;3", vendor=0) + avp(1, b"user@home1.net", vendor=0)
    return message(session + b"".join(items or (item(),)) + avp(268, struct.pack(">I", 2001), vendor=0))


def chunk(data: bytes, number: int = 1, flags: int = 3, kind: int = 0) -> bytes:
    head = struct.pack(">BBHIHHI", kind, flags, 16 + len(data), number, 0, 0, 46)
    return head + data + bytes(-len(data) % 4)


def sctp(chunks: Sequence[bytes], tag: int = 9) -> bytes:
    return struct.pack(">HHII", 3868, 3868, tag, 0) + b"".join(chunks)
