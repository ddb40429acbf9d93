"""What else is on the wire around signalling: voice, TCP on port 443, DNS, and ESP of others."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from benchmarks.frames import ESP, TCP, UDP, ip_packet, octets, tcp_segment, udp_datagram

SHARES = {"rtp": 60, "tcp": 30, "dns": 5, "esp": 4}
"""Packets of each kind in a hundred; the hundredth is signalling."""

SEGMENT = 850
"""Octets of each TCP segment with data; C has 1.1 GB with it."""


def server(ue: bytes, last: int) -> bytes:
    """An address outside the IMS, of the same family."""
    return (
        bytes((198, 51, 100, last))
        if len(ue) == 4
        else bytes.fromhex("20010db8ffff000000000000000000") + bytes((last,))
    )


def background(ues: list[bytes]) -> Iterator[list[bytes]]:
    """Without end: the ninety-nine packets that go before each packet of signalling, in an order that mixes them."""
    kinds = {"rtp": voice(ues), "tcp": web(ues), "dns": names(ues), "esp": strangers(ues)}
    order = [
        kinds[kind] for _, kind in sorted((n / share, kind) for kind, share in SHARES.items() for n in range(share))
    ]
    while True:
        yield [next(kind) for kind in order]


def voice(ues: list[bytes]) -> Iterator[bytes]:
    """RTP in both directions: 172 octets, every stream in its turn."""
    gateway, number = server(ues[0], 1), 0
    speech = [octets(f"voice{n}", 160) for n in range(50)]
    while True:
        for place, ue in enumerate(ues):
            port = 20_000 + place % 20_000 * 2
            head = struct.pack("!BBHII", 0x80, 104, number & 0xFFFF, number * 320 & 0xFFFFFFFF, place)
            sound = head + speech[(number + place) % 50]
            yield ip_packet(ue, gateway, UDP, udp_datagram(ue, gateway, 50_000, port, sound))
            yield ip_packet(gateway, ue, UDP, udp_datagram(gateway, ue, port, 50_000, sound))
        number += 1


def web(ues: list[bytes]) -> Iterator[bytes]:
    """Downloads over TLS: two segments with a record each, and the acknowledgement of both."""
    data = [b"\x17\x03\x03" + (SEGMENT - 5).to_bytes(2, "big") + octets(f"web{n}", SEGMENT - 5) for n in range(20)]
    there, number = server(ues[0], 2), 0
    while True:
        for place, ue in enumerate(ues):
            port = 33_000 + place % 30_000
            down, up = struct.pack("!HH", 443, port), struct.pack("!HH", port, 443)
            for half in (0, 1):
                at = struct.pack("!II", (number * 2 + half) * SEGMENT & 0xFFFFFFFF, 1)
                yield ip_packet(there, ue, TCP, tcp_segment(there, ue, down, at, 16, data[(number + half) % 20]))
            at = struct.pack("!II", 1, (number + 1) * 2 * SEGMENT & 0xFFFFFFFF)
            yield ip_packet(ue, there, TCP, tcp_segment(ue, there, up, at, 16))
        number += 1


def names(ues: list[bytes]) -> Iterator[bytes]:
    """Questions and answers of DNS."""
    there, number = server(ues[0], 53), 0
    while True:
        for place, ue in enumerate(ues):
            port = 40_000 + (number + place) % 20_000
            asked = b"\x03www" + f"{number % 900 + 100}".encode().join((b"\x03", b"\x07example\x03com\0\0\1\0\1"))
            head = struct.pack("!H", number & 0xFFFF)
            question = head + b"\x01\x00\0\1\0\0\0\0\0\0" + asked
            answer = head + b"\x81\x80\0\1\0\1\0\0\0\0" + asked + b"\xc0\x0c\0\1\0\1\0\0\x0e\x10\0\4\xc6\x33\x64\x02"
            yield ip_packet(ue, there, UDP, udp_datagram(ue, there, port, 53, question))
            yield ip_packet(there, ue, UDP, udp_datagram(there, ue, 53, port, answer))
        number += 1


def strangers(ues: list[bytes]) -> Iterator[bytes]:
    """ESP of two hundred tunnels to a gateway that has nothing to do with IMS."""
    gateway, number = server(ues[0], 200), 0
    sealed = [octets(f"esp{n}", size) for n, size in enumerate((124, 1300, 412, 700, 92, 1116))]
    while True:
        number += 1
        for tunnel in range(100):
            other = server(ues[0], 100 + tunnel % 90)
            for spi, source, target in ((0xC0000000, other, gateway), (0xD0000000, gateway, other)):
                yield ip_packet(source, target, ESP, struct.pack("!II", spi + tunnel, number) + sealed[number % 6])
