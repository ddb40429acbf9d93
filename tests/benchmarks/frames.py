"""Tells the kind of each packet of a pcap that the benchmarks wrote, by a walk of its own."""

from __future__ import annotations

import struct
from collections.abc import Iterator


def kinds(pcap: bytes) -> Iterator[str]:
    """``sip``, ``rtp``, ``dns``, ``tcp`` or ``esp`` for each record, looking through VLAN tags and GTP-U."""
    at = 24
    while at < len(pcap):
        size = struct.unpack_from("<I", pcap, at + 8)[0]
        yield _kind(pcap[at + 16 : at + 16 + size])
        at += 16 + size


def _kind(frame: bytes) -> str:
    packet = frame[18:] if frame[12:14] == b"\x81\x00" else frame[14:]
    protocol, payload = _opened(packet)
    ports = struct.unpack_from("!HH", payload)
    if protocol == 17 and 2152 in ports:
        protocol, payload = _opened(payload[16:])
        ports = struct.unpack_from("!HH", payload)
    if protocol == 17:
        return "dns" if 53 in ports else "sip" if 5060 in ports else "rtp"
    return {6: "tcp", 50: "esp"}[protocol]


def _opened(packet: bytes) -> tuple[int, bytes]:
    return (packet[6], packet[40:]) if packet[0] >> 4 == 6 else (packet[9], packet[20:])
