"""Changes scripts with sense: whole records, header lines and parameters, times and vectors, and only then octets.

A fuzzer that knows nothing of records would spend its time on their lengths. Whatever these functions make is a script
again, and its ESP packets have right ICVs, so that the change is seen where it was made.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

from . import script
from .script import Record

Native = Callable[[bytes, int], bytes]
"""A fuzzer's own change of octets, with the largest size of the result."""

GROWTH: Final = 256
"""Octets that one change adds to a record."""

DELTAS: Final = (0, 1, 50, 199, 201, 500, 2_000, 4_000, 32_000, 130_000, 600_000, 3_600_000, 0xFFFFFF)
"""Milliseconds around the limits of copies, timers, graces and lifetimes."""

NUMBERS: Final = (b"0", b"1", b"-1", b"65535", b"65536", b"4294967295", b"4294967296", b"9" * 30, b"", b"x")

_WORDS: Final = """
REGISTER INVITE ACK CANCEL BYE MESSAGE NOTIFY SUBSCRIBE OPTIONS PRACK UPDATE SIP/2.0 200 401 403 407 494 500
Security-Client: Security-Server: Security-Verify: WWW-Authenticate: Authorization: Content-Length: Contact:
Expires: Require: Proxy-Require: Via: Path: Call-ID: CSeq: From: To: Route: Record-Route: P-Access-Network-Info:
ipsec-3gpp mediasec tls ;alg= ;ealg= ;spi-c= ;spi-s= ;port-c= ;port-s= ;prot=esp ;mod=trans ;mod=udp-enc-tun ;q=0.1
hmac-sha-1-96 hmac-md5-96 aes-cbc des-ede3-cbc aes-gcm aes-gmac null ck= ik= auts= nonce= response= qop=auth-int
AKAv1-MD5 AKAv2-MD5 Digest ;expires=0 ;expires=600000 ;+sip.instance= ;reg-id=1 ;sos ;lr ;branch=z9hG4bK ;rport
urn:service:sos application/reginfo+xml Subscription-State:terminated sec-agree ;tag=
"""
TOKENS: Final = tuple(_WORDS.split())
"""What a fuzzer would find only by chance; `dictionary` writes them in the form that libFuzzer reads."""


def mutate(data: bytes, limit: int, seed: int, native: Native) -> bytes:
    """A script made from a script by one to four changes, with ``limit`` octets at most."""
    rng = random.Random(seed)
    records = script.read(data[1:])
    options = data[:1] or b"\0"
    for _ in range(rng.choice((1, 1, 1, 2, 3, 4))):
        if not records:
            return options + native(data[1:], max(limit - 1, 1))
        if rng.random() < 0.03:
            options = bytes((rng.randrange(256),))
        else:
            rng.choice(_CHANGES)(records, rng, native)
    return (options + script.write(records))[:limit]


def cross(one: bytes, other: bytes, limit: int, seed: int) -> bytes:
    """A script with records of two others."""
    rng = random.Random(seed)
    mine, theirs = script.read(one[1:]), script.read(other[1:])
    begin = rng.randrange(len(theirs) + 1)
    place = rng.randrange(len(mine) + 1)
    mine[place:place] = theirs[begin : begin + rng.randrange(1, 8)]
    return ((one[:1] or b"\0") + script.write(mine))[:limit]


def dictionary() -> str:
    """The tokens as libFuzzer reads them, with the magic numbers of captures."""
    words = ['"' + token.replace("\\", "\\\\").replace('"', '\\"') + '"' for token in TOKENS]
    magic = (0xA1B2C3D4, 0xA1B23C4D, 0x0A0D0D0A, 0x1A2B3C4D, 0x00000006, 0x00000001)
    octets = [piece for number in magic for piece in (number.to_bytes(4, "big"), number.to_bytes(4, "little"))]
    words += ['"' + "".join(f"\\x{octet:02x}" for octet in piece) + '"' for piece in octets]
    return "\n".join(words) + "\n"


# --- the changes ----------------------------------------------------------------------------------------------------


def _octets(records: list[Record], rng: random.Random, native: Native) -> None:
    place = rng.randrange(len(records))
    kind, delta, content = records[place]
    records[place] = Record(kind, delta, native(content, len(content) + GROWTH)[:0xFFFF])


def _repeat(records: list[Record], rng: random.Random, native: Native) -> None:
    again = rng.choice(records)
    records.insert(rng.randrange(len(records) + 1), again._replace(delta=rng.choice(DELTAS[:6])))


def _drop(records: list[Record], rng: random.Random, native: Native) -> None:
    del records[rng.randrange(len(records))]


def _swap(records: list[Record], rng: random.Random, native: Native) -> None:
    one, other = rng.randrange(len(records)), rng.randrange(len(records))
    records[one], records[other] = records[other], records[one]


def _wait(records: list[Record], rng: random.Random, native: Native) -> None:
    place = rng.randrange(len(records))
    records[place] = records[place]._replace(delta=rng.choice(DELTAS))


def _kind(records: list[Record], rng: random.Random, native: Native) -> None:
    place = rng.randrange(len(records))
    records[place] = records[place]._replace(kind=rng.randrange(4) | (rng.randrange(16) << 4 if not place else 0))


def _seal(records: list[Record], rng: random.Random, native: Native) -> None:
    """Other algorithms, another vector, another header behind ESP, another SPI or number."""
    places = [place for place, record in enumerate(records) if record.kind & 15 == script.SEALED]
    if places:
        place = rng.choice(places)
        content = bytearray(records[place].content)
        at = rng.choice((0, 1, 2, *range(38, 46)))
        if at < len(content):
            content[at] = rng.choice((rng.randrange(256), content[at] + 1 & 255, (4, 6, 17, 41, 50)[rng.randrange(5)]))
        records[place] = records[place]._replace(content=bytes(content))


def _line(records: list[Record], rng: random.Random, native: Native) -> None:
    """Take a header line out, or put one of this or another message in."""
    place = rng.randrange(len(records))
    lines = records[place].content.split(b"\r\n")
    if len(lines) < 4:
        return
    at = rng.randrange(1, len(lines) - 1)
    if rng.random() < 0.4:
        del lines[at]
    else:
        others = rng.choice(records).content.split(b"\r\n")
        lines.insert(at, rng.choice(others if len(others) > 3 else lines)[:4096])
    records[place] = records[place]._replace(content=b"\r\n".join(lines)[:0xFFFF])


def _token(records: list[Record], rng: random.Random, native: Native) -> None:
    place = rng.randrange(len(records))
    content = records[place].content
    at = rng.randrange(len(content) + 1)
    token = rng.choice(TOKENS).encode()
    records[place] = records[place]._replace(content=(content[:at] + token + content[at:])[:0xFFFF])


def _number(records: list[Record], rng: random.Random, native: Native) -> None:
    """Another value for a parameter."""
    place = rng.randrange(len(records))
    content = records[place].content
    at = content.find(rng.choice((b"=", b": ", b":")), rng.randrange(len(content) + 1))
    if at < 0:
        return
    end = next((i for i in range(at + 1, min(len(content), at + 60)) if content[i : i + 1] in b';,\r>" '), at + 1)
    records[place] = records[place]._replace(content=(content[: at + 1] + rng.choice(NUMBERS) + content[end:])[:0xFFFF])


_CHANGES: Final = (_octets, _octets, _repeat, _drop, _swap, _wait, _kind, _seal, _line, _line, _token, _number, _number)
