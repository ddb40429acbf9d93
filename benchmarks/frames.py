"""Frames into a pcap, written with `struct` and cached ciphers: IPv4 or IPv6, plain, in a VLAN or in a GTP-U tunnel.

The cryptography is done by `cryptography` and `hashlib` directly, not by the code that is measured.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes

START = 1_700_000_000
SECOND = 1_000_000
ESP, TCP, UDP = 50, 6, 17
MTU = 1500
MACS = b"\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01"


class Set(NamedTuple):
    """What a UE and its P-CSCF agreed on, and the keys."""

    spi_uc: int
    spi_us: int
    spi_pc: int
    spi_ps: int
    port_uc: int
    port_us: int
    port_pc: int
    port_ps: int
    ck: bytes
    ik: bytes
    nonce: str
    alg: str = "hmac-sha-1-96"
    ealg: str = "aes-cbc"

    def client(self) -> str:
        return self._mechanism(self.spi_uc, self.spi_us, self.port_uc, self.port_us)

    def server(self) -> str:
        return self._mechanism(self.spi_pc, self.spi_ps, self.port_pc, self.port_ps)

    def _mechanism(self, spi_c: int, spi_s: int, port_c: int, port_s: int) -> str:
        return (
            f"ipsec-3gpp;alg={self.alg};ealg={self.ealg};spi-c={spi_c};spi-s={spi_s};"
            f"port-c={port_c};port-s={port_s};prot=esp;mod=trans"
        )


def octets(text: str, size: int) -> bytes:
    """Octets that look random and are the same each time."""
    return hashlib.shake_128(text.encode()).digest(size)


def checksum(octets_: bytes) -> int:
    """The Internet checksum (RFC 1071). The remainder of the whole as one number is the sum of its 16-bit words."""
    if len(octets_) % 2:
        octets_ += b"\0"
    return 0xFFFF - int.from_bytes(octets_, "big") % 0xFFFF


def udp_datagram(source: bytes, target: bytes, sport: int, dport: int, payload: bytes) -> bytes:
    size = 8 + len(payload)
    ports = struct.pack("!HHH", sport, dport, size)
    total = checksum(b"".join((source, target, struct.pack("!HH", UDP, size), ports, payload)))
    return ports + total.to_bytes(2, "big") + payload


def tcp_segment(source: bytes, target: bytes, ports: bytes, place: bytes, flags: int, payload: bytes = b"") -> bytes:
    """``ports`` and ``place`` (sequence number, acknowledgement) as they stand in the header; SYN has an MSS."""
    options = b"\x02\x04\x05\x50" if flags & 2 else b""
    start = ports + place + struct.pack("!BBH", 0x60 if options else 0x50, flags, 65535)
    size = len(start) + 4 + len(options) + len(payload)
    rest = b"\0\0" + options + payload
    total = checksum(b"".join((source, target, struct.pack("!HH", TCP, size), start, rest)))
    return start + total.to_bytes(2, "big") + rest


def ip_packet(source: bytes, target: bytes, protocol: int, payload: bytes) -> bytes:
    """IPv4 or IPv6, as the addresses are."""
    if len(source) == 16:
        return struct.pack("!IHBB", 0x60000000, len(payload), protocol, 64) + source + target + payload
    first = struct.pack("!BBHHHBB", 0x45, 0, 20 + len(payload), 0, 0x4000, 64, protocol)
    ends = source + target
    return first + checksum(first + ends).to_bytes(2, "big") + ends + payload


def ip_packets(source: bytes, target: bytes, protocol: int, payload: bytes, ident: int) -> Iterator[bytes]:
    """The same, in fragments if it is longer than `MTU`; over IPv4 alone, since nothing over IPv6 is as long."""
    if len(payload) + 20 <= MTU or len(source) == 16:
        yield ip_packet(source, target, protocol, payload)
        return
    ends, size = source + target, (MTU - 20) // 8 * 8
    for begin in range(0, len(payload), size):
        part, more = payload[begin : begin + size], begin + size < len(payload)
        place = (0x2000 if more else 0) | begin // 8
        first = struct.pack("!BBHHHBB", 0x45, 0, 20 + len(part), ident & 0xFFFF, place, 64, protocol)
        yield first + checksum(first + ends).to_bytes(2, "big") + ends + part


def in_ethernet(packet: bytes) -> bytes:
    return MACS + (b"\x86\xdd" if packet[0] >= 0x60 else b"\x08\x00") + packet


def in_vlan(packet: bytes) -> bytes:
    return MACS + (b"\x81\x00\x00\x64\x86\xdd" if packet[0] >= 0x60 else b"\x81\x00\x00\x64\x08\x00") + packet


def in_gtp(packet: bytes) -> bytes:
    """A G-PDU between two nodes; each destination has a tunnel of its own."""
    tunnel = packet[36:40] if packet[0] >= 0x60 else packet[16:20]
    size = len(packet)
    outer = struct.pack("!HHHHBBH", 2152, 2152, 16 + size, 0, 0x30, 0xFF, size) + tunnel + packet
    return MACS + b"\x08\x00" + ip_packet(b"\x0a\xfe\x00\x01", b"\x0a\xfe\x00\x02", UDP, outer)


class Writer:
    """A pcap with a running ESP sequence number for each association; other traffic goes between, where there is any.

    ``step`` is the time from one frame to the next, in microseconds.
    """

    def __init__(self, file: BinaryIO, link: str = "ethernet", step: int = 500) -> None:
        self._file = file
        self._time = START * SECOND
        self._step = step
        self.between: Iterator[list[bytes]] | None = None
        """The packets that go before each packet of signalling."""
        self._framed = {"ethernet": in_ethernet, "vlan": in_vlan, "gtp": in_gtp}[link]
        self._sequence: dict[int, int] = {}
        self._encryptors: dict[tuple[int, bytes], CipherContext] = {}
        self.frames = 0
        self.esp_packets = 0
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))

    def wait(self, microseconds: int) -> None:
        self._time += microseconds

    def frame(self, source: bytes, target: bytes, protocol: int, payload: bytes) -> None:
        """An IP packet of signalling, in fragments if it has to be."""
        if self.between is not None:
            for packet in next(self.between):
                self.packet(packet)
        for packet in ip_packets(source, target, protocol, payload, self.frames):
            self.packet(packet)

    def packet(self, packet: bytes) -> None:
        """An IP packet as it is, one step after the one before."""
        self._time += self._step
        self.frames += 1
        data = self._framed(packet)
        seconds, micro = divmod(self._time, SECOND)
        size = len(data)
        self._file.write(struct.pack("<IIII", seconds, micro, size, size) + data)

    def udp(self, source: bytes, target: bytes, sport: int, dport: int, text: str) -> None:
        self.frame(source, target, UDP, udp_datagram(source, target, sport, dport, text.encode()))

    def esp_udp(self, source: bytes, target: bytes, spi: int, keys: Set, sport: int, dport: int, text: str) -> None:
        self.esp(source, target, spi, keys, UDP, udp_datagram(source, target, sport, dport, text.encode()))

    def esp(self, source: bytes, target: bytes, spi: int, keys: Set, protocol: int, payload: bytes) -> None:
        """One packet in transport mode."""
        number = self._sequence[spi] = self._sequence.get(spi, 0) + 1
        head = struct.pack("!II", spi, number)
        pad = -(len(payload) + 2) % (4 if keys.ealg == "null" else 16)
        plain = payload + bytes(range(1, pad + 1)) + bytes((pad, protocol))
        if keys.ealg != "null":
            # One context for all packets: the block before the payload comes out as an IV that nobody can foresee.
            encryptor = self._encryptors.get((spi, keys.ck))
            if encryptor is None:
                made = Cipher(algorithms.AES(keys.ck), modes.CBC(bytes(12) + head[:4])).encryptor()
                encryptor = self._encryptors[spi, keys.ck] = made
            plain = encryptor.update(head + bytes(8) + plain)
        packet = head + plain
        if keys.alg == "hmac-md5-96":
            icv = hmac.digest(keys.ik, packet, "md5")
        else:
            icv = hmac.digest(keys.ik + bytes(4), packet, "sha1")
        self.frame(source, target, ESP, packet + icv[:12])
        self.esp_packets += 1
