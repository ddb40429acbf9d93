"""Scripts: traffic in a form that a fuzzer can change with sense. ESP packets lie in them open, and are sealed here.

A flipped bit of a capture dies at the ICV, and nothing behind it is ever reached. So an ESP packet of a script is its
plaintext with the number of a vector; `frames` encrypts it, with the right ICV. A script is a row of records, each
with a kind, milliseconds since the one before, a length and its content; whatever the octets, they are some script.
The cryptography is done by `cryptography` directly and not by the code under test.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, NamedTuple

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from analyzer.frame import Frame
from tests.scenario.aka import Milenage, cipher_key, integrity_key

START: Final = 1_704_067_200_000
"""Time of the first frame in ms since the epoch: 2024-01-01."""

FRAME, SEALED, VECTOR, RAW = range(4)
"""Kinds of records: a frame whose lengths are put right, an ESP packet in plaintext, a vector that later packets are
sealed with, and a frame as it is."""

RECORDS: Final = 400
"""Records of one script that are played."""

LINKS: Final = (1, 113, 276, 101, 0, 147, 9, 50, 51, 108, 228, 229, 252, 258, 12, 239)
"""Link types of the capture by the high half of the first record's kind: Ethernet first."""

PAIRS: Final = (
    ("hmac-sha-1-96", "aes-cbc"),
    ("hmac-sha-1-96", "des-ede3-cbc"),
    ("hmac-sha-1-96", "null"),
    ("hmac-md5-96", "aes-cbc"),
    ("hmac-md5-96", "des-ede3-cbc"),
    ("hmac-md5-96", "null"),
    ("aes-gmac", "null"),
    ("null", "aes-gcm"),
    ("null", "null"),
)

K: Final = bytes.fromhex("465b5ce8b199b49faa5f0a2ee238a6bc")
OPC: Final = bytes.fromhex("cd63cb71954a9f4e48a5994e37a02baf")
SUBSCRIBERS: Final = (1, 2, 3)
"""Numbers of the test SIMs of `tests.scenario`."""

KEYS: Final = "".join(
    f'[[subscriber]]\nimpi = "00101000000000{n}@ims.example.org"\nk = "{bytes((K[0] ^ n, *K[1:])).hex()}"\n'
    f'opc = "{OPC.hex()}"\n'
    for n in SUBSCRIBERS
)
"""The key file that belongs to every script."""

UDP: Final = 17

_HEAD: Final = struct.Struct(">B3sH")
_SEAL: Final = struct.Struct(">BBBB")


class Record(NamedTuple):
    """One step of a script."""

    kind: int
    delta: int
    """Milliseconds since the record before, below 2**24."""
    content: bytes


def read(data: bytes) -> list[Record]:
    """The records of any octets."""
    found: list[Record] = []
    position = 0
    while position + _HEAD.size <= len(data) and len(found) < RECORDS:
        kind, delta, length = _HEAD.unpack_from(data, position)
        position += _HEAD.size
        found.append(Record(kind, int.from_bytes(delta, "big"), data[position : position + length]))
        position += length
    return found


def write(records: Iterable[Record]) -> bytes:
    """The octets of records; the reverse of `read`, for contents below 64 KB."""
    return b"".join(
        _HEAD.pack(kind, delta.to_bytes(3, "big"), len(content)) + content for kind, delta, content in records
    )


def sealed(pair: int, vector: int, next_header: int, header: bytes, plain: bytes) -> bytes:
    """The content of a SEALED record: ``header`` is all up to the SPI, ``plain`` SPI, number and what is protected."""
    return _SEAL.pack(pair, vector, next_header, len(header)) + header + plain


def frames(data: bytes) -> list[Frame]:
    """Play a script."""
    made: list[Frame] = []
    vectors: list[tuple[bytes, bytes]] = []
    time, link = START, LINKS[0]
    for index, (kind, delta, content) in enumerate(read(data)):
        if not index:
            link = LINKS[(kind >> 4) % len(LINKS)]
        time += delta
        kind &= 15
        if kind == VECTOR:
            vectors.append(_vector(content[:1], content[1:17].ljust(16, b"\0")))
            continue
        if kind == SEALED and len(content) >= _SEAL.size and vectors:
            content = _seal(content, vectors)
        elif kind == FRAME:
            content = _right(content)
        made.append(Frame(0, len(made) + 1, time * 1_000_000, link, content, len(content)))
    return made


def pcap(made: list[Frame]) -> bytes:
    """The frames as a capture file of microseconds."""
    parts = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, made[0].link if made else 1)]
    for frame in made:
        micro = frame.time // 1000
        size = len(frame.data)
        parts.append(struct.pack("<IIII", micro // 1_000_000 & 0xFFFFFFFF, micro % 1_000_000, size, size) + frame.data)
    return b"".join(parts)


@lru_cache(maxsize=4096)
def _vector(subscriber: bytes, rand: bytes) -> tuple[bytes, bytes]:
    functions = Milenage(bytes((K[0] ^ (subscriber[0] if subscriber else 1), *K[1:])), OPC, rand)
    return functions.ck, functions.ik


def _seal(content: bytes, vectors: list[tuple[bytes, bytes]]) -> bytes:
    number, which, next_header, length = _SEAL.unpack_from(content)
    header, plain = content[4 : 4 + length], content[4 + length :]
    alg, ealg = PAIRS[number % len(PAIRS)]
    ck, ik = vectors[which % len(vectors)]
    if next_header == UDP and not number & 0x80 and len(plain) >= 16:
        plain = plain[:12] + struct.pack(">H", len(plain) - 8 & 0xFFFF) + plain[14:]
    packet = encrypt(alg, ealg, ck, ik, plain[:8].ljust(8, b"\0"), plain[8:], next_header)
    return _lengthened(header, len(packet)) + packet


def _right(frame: bytes) -> bytes:
    """The frame with the lengths that its IP and UDP headers should have, if it is a usual one."""
    if len(frame) < 54:
        return frame
    if frame[12:15] == b"\x08\x00\x45" and not (frame[20] & 0x3F or frame[21]):
        start, protocol = 34, frame[23:24]
    elif frame[12:14] == b"\x86\xdd":
        start, protocol = 54, frame[20:21]
    else:
        return frame
    payload = frame[start:]
    if protocol == b"\x11" and len(payload) >= 8:
        payload = payload[:4] + struct.pack(">H", len(payload) & 0xFFFF) + payload[6:]
    return _lengthened(frame[:start], len(payload)) + payload


def _lengthened(header: bytes, size: int) -> bytes:
    """An Ethernet and IP header, nothing between them, with the length that the payload needs; or anything else."""
    if len(header) == 34 and header[12:14] == b"\x08\x00":
        return header[:16] + struct.pack(">H", 20 + size & 0xFFFF) + header[18:]
    if len(header) == 54 and header[12:14] == b"\x86\xdd":
        return header[:18] + struct.pack(">H", size & 0xFFFF) + header[20:]
    return header


def encrypt(alg: str, ealg: str, ck: bytes, ik: bytes, head: bytes, inside: bytes, next_header: int) -> bytes:
    """The ESP packet from its SPI on (RFC 4303); ``head`` is SPI and sequence number. The IV follows from content."""
    block = {"aes-cbc": 16, "des-ede3-cbc": 8}.get(ealg, 4)
    pad = -(len(inside) + 2) % block
    plain = inside + bytes(range(1, pad + 1)) + bytes((pad, next_header))
    iv = hashlib.md5(head + inside[:64], usedforsecurity=False).digest()
    if ealg == "aes-gcm" or alg == "aes-gmac":
        gcm = ealg == "aes-gcm"
        key = cipher_key(ealg, ck, ik) if gcm else integrity_key(alg, ck, ik)
        cipher, nonce = AESGCM(key[:16]), key[16:20] + iv[:8]
        if gcm:
            return head + iv[:8] + cipher.encrypt(nonce, plain, head)
        return head + iv[:8] + plain + cipher.encrypt(nonce, b"", head + iv[:8] + plain)
    if ealg == "aes-cbc":
        body = iv + Cipher(algorithms.AES(ck), modes.CBC(iv)).encryptor().update(plain)
    elif ealg == "des-ede3-cbc":
        body = iv[:8] + Cipher(TripleDES(cipher_key(ealg, ck, ik)), modes.CBC(iv[:8])).encryptor().update(plain)
    else:
        body = plain
    packet = head + body
    if alg == "null":
        return packet
    digest = "sha1" if alg == "hmac-sha-1-96" else "md5"
    return packet + hmac.digest(integrity_key(alg, ck, ik), packet, digest)[:12]
