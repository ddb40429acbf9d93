"""Packets and captures built octet by octet, without any of the code under test."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from struct import pack
from typing import Protocol

from analyzer.frame import Frame
from analyzer.sources.kinds import recognise
from analyzer.sources.triage import Triage
from analyzer.sources.walker import Summary, Walker
from analyzer.sources.window import BLOCK, Window

UE4, PCSCF4 = bytes((10, 0, 0, 1)), bytes((10, 0, 0, 2))
UE6, PCSCF6 = bytes.fromhex("20010db8" + "00" * 11 + "01"), bytes.fromhex("20010db8" + "00" * 11 + "02")

SECOND = 1_000_000_000
START = 1_600_000_000 * SECOND
"""Time of the first frame of every capture built here."""


def udp(source: int, target: int, payload: bytes = b"") -> bytes:
    return pack(">HHHH", source, target, 8 + len(payload), 0) + payload


def tcp(source: int, target: int, payload: bytes = b"", options: bytes = b"", flags: int = 0x18) -> bytes:
    offset = (20 + len(options)) // 4 << 4
    return pack(">HHIIBBHHH", source, target, 1, 1, offset, flags, 1000, 0, 0) + options + payload


def ip4(
    protocol: int,
    payload: bytes,
    *,
    options: bytes = b"",
    fragment: int = 0x4000,
    source: bytes = UE4,
    target: bytes = PCSCF4,
) -> bytes:
    length = 20 + len(options)
    first = 0x40 | length // 4
    header = pack(">BBHHHBBH", first, 0, length + len(payload), 7, fragment, 64, protocol, 0)
    return header + source + target + options + payload


def ip6(
    protocol: int,
    payload: bytes,
    *,
    extensions: Iterable[int] = (),
    source: bytes = UE6,
    target: bytes = PCSCF6,
    traffic_class: int = 0xB8,
) -> bytes:
    """An IPv6 packet, with an empty extension header of each of the given types in front of its payload."""
    chain = [*extensions, protocol]
    headers = b"".join(pack(">BB6x", after, 0) for after in chain[1:])
    inner = headers + payload
    return pack(">IHBB", 6 << 28 | traffic_class << 20, len(inner), chain[0], 64) + source + target + inner


def ethernet(packet: bytes, *tags: int) -> bytes:
    kind = 0x86DD if packet[0] >> 4 == 6 else 0x0800
    return bytes(12) + b"".join(pack(">HH", tag, 5) for tag in tags) + pack(">H", kind) + packet


def cooked(packet: bytes) -> bytes:
    return bytes(14) + ethernet(packet)[12:]


def cooked2(packet: bytes, *tags: int) -> bytes:
    typed = ethernet(packet, *tags)[12:]
    return typed[:2] + bytes(18) + typed[2:]


def loopback(packet: bytes) -> bytes:
    return pack("<I", 2) + packet


WRAPPERS: dict[int, Callable[[bytes], bytes]] = {
    1: ethernet,
    113: cooked,
    276: cooked2,
    0: loopback,
    108: loopback,
    101: bytes,
    12: bytes,
    14: bytes,
}
"""Every link type that both versions of IP have, with what puts a packet into a frame of it."""

RTP = ethernet(ip4(17, udp(20000, 30000, b"\x80" + bytes(40))))
ESP4 = ethernet(ip4(50, bytes(60)))
SIP4 = ethernet(ip4(17, udp(5060, 5060, b"OPTIONS sip:a SIP/2.0\r\n\r\n")))


def pcap(
    frames: Iterable[bytes],
    *,
    order: str = "<",
    magic: int = 0xA1B2C3D4,
    link: int = 1,
    start: int = START,
    step: int = SECOND,
    lengths: int = 0,
) -> bytes:
    """A pcap file with a frame every ``step`` nanoseconds; ``lengths`` is added to the length on the wire."""
    tick = 1 if magic in (0xA1B23C4D, 0x1C0001AC) else 1000
    octets = bytearray(pack(order + "IHHiIII", magic, 2, 4, 0, 0, 262144, link))
    octets += b"size" * (magic in (0x1C0001AC, 0x1C0001AB))
    for number, frame in enumerate(frames):
        seconds, fraction = divmod(start + number * step, SECOND)
        octets += pack(order + "IIII", seconds, fraction // tick, len(frame), len(frame) + lengths)
        octets += bytes(8) * (magic == 0xA1B2CD34) + frame
    return bytes(octets)


class Writer(Protocol):
    """Writes a capture of frames, one a second."""

    def __call__(self, frames: Iterable[bytes], *, order: str = "<", link: int = 1) -> bytes: ...


def block(kind: int, body: bytes, order: str = "<", total: int | None = None) -> bytes:
    body += bytes(-len(body) % 4)
    length = 12 + len(body) if total is None else total
    return pack(order + "II", kind, length) + body + pack(order + "I", length)


def option(code: int, value: bytes, order: str = "<") -> bytes:
    return pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def section(order: str = "<", major: int = 1, minor: int = 0) -> bytes:
    return block(0x0A0D0D0A, pack(order + "IHHq", 0x1A2B3C4D, major, minor, -1), order)


def interface(order: str = "<", link: int = 1, snaplen: int = 0, options: bytes = b"") -> bytes:
    return block(1, pack(order + "HHI", link, 0, snaplen) + options, order)


def enhanced(frame: bytes, order: str = "<", index: int = 0, ticks: int = START // 1000, cut: int = 0) -> bytes:
    high, low = divmod(ticks, 1 << 32)
    body = pack(order + "IIIII", index, high, low, len(frame), len(frame) + cut) + frame
    return block(6, body, order)


def obsolete(frame: bytes, order: str = "<", index: int = 0, ticks: int = START // 1000) -> bytes:
    high, low = divmod(ticks, 1 << 32)
    return block(2, pack(order + "HHIIII", index, 9, high, low, len(frame), len(frame)) + frame, order)


def simple(frame: bytes, order: str = "<", length: int | None = None) -> bytes:
    return block(3, pack(order + "I", len(frame) if length is None else length) + frame, order)


def pcapng(
    frames: Iterable[bytes], *, order: str = "<", link: int = 1, start: int = START, step: int = SECOND
) -> bytes:
    octets = bytearray(section(order) + interface(order, link))
    for number, frame in enumerate(frames):
        octets += enhanced(frame, order, ticks=(start + number * step) // 1000)
    return bytes(octets)


class Trickle(io.BytesIO):
    """A stream that gives no more than so many octets at once."""

    taken: int | None = None

    def __init__(self, octets: bytes, most: int) -> None:
        super().__init__(octets)
        self._most = most

    def readinto1(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        return self.readinto(buffer[: self._most])


def walk(
    octets: bytes, triage: Triage | None = None, *, capacity: int = BLOCK, most: int = 1 << 30
) -> tuple[Walker, Summary]:
    """A walker for a capture; ``capacity`` and ``most`` make the buffer, and what one read brings, small."""
    summary = Summary("x")
    return recognise(Window(Trickle(octets, most), capacity), 0, triage or Triage(), summary), summary


def read(
    octets: bytes, triage: Triage | None = None, *, capacity: int = BLOCK, most: int = 1 << 30
) -> tuple[list[Frame], Summary]:
    """What a capture yields."""
    walker, summary = walk(octets, triage, capacity=capacity, most=most)
    return [frame for frame in walker.frames() if frame is not None], summary


def write(folder: Path, name: str, octets: bytes) -> str:
    """Write a file and return its path."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(octets)
    return str(path)


def split(octets: bytes) -> Iterator[bytes]:
    """Every proper beginning of it."""
    for end in range(len(octets)):
        yield octets[:end]
