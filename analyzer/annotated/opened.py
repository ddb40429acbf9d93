"""What the ESP packets of captures held, as IP packets: the header of the outer packet around the content.

Opened by the associations that a key has proven while the captures were audited, and by these alone: what nobody
verified is not shown as what was sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from struct import pack, unpack
from typing import Final, NamedTuple

from analyzer.frame import SECOND
from analyzer.ipsec.database import Refusal, SaDatabase
from analyzer.keys.export import Keyed
from analyzer.network.packets import Datagram, PacketReader
from analyzer.sources.files import Captures
from analyzer.sources.triage import Triage

ESP: Final = 50
IN_IP: Final = frozenset({4, 41})
DUMMY: Final = 59
DEEPEST: Final = 4
"""Tunnels with ESP that are opened one in the other."""


LEAD: Final = 24 * 3600 * SECOND
"""How long before its SM6 an association opens packets already: clocks of captures differ, by time zones at worst."""


class Content(NamedTuple):
    """What one ESP packet held."""

    capture: int
    frame: int
    """The frame that completed it."""
    time: int
    packet: bytes
    """From an IP header on."""
    spi: int
    sequence: int


def contents(paths: Sequence[str], keyed: Sequence[Keyed]) -> Iterator[Content]:
    """The content of each ESP packet that one of the associations opens, in the order of the timeline.

    Copies of a packet are left out, as the audit does. Raises UnreadableCapture.
    """
    waiting = sorted(keyed, key=lambda each: each.since or 0, reverse=True)
    database, reader = SaDatabase(), PacketReader()
    for frame in Captures(paths, Triage()):
        while waiting and (waiting[-1].since or 0) - LEAD <= frame.time:
            database.add(waiting.pop().association)
        for datagram in reader.read(frame):
            yield from _opened(datagram, database, reader, DEEPEST)


def _opened(datagram: Datagram, database: SaDatabase, reader: PacketReader, depth: int) -> Iterator[Content]:
    if datagram.protocol != ESP or datagram.cut or not depth:
        return
    found = database.open(datagram.source, datagram.destination, datagram.payload)
    if isinstance(found, Refusal):
        return
    _, (next_header, payload, sequence, _) = found
    if next_header == DUMMY:
        return
    packet = payload if next_header in IN_IP else _around(datagram, next_header, payload)
    at = datagram.at
    yield Content(at.capture, at.number, at.time, packet, int.from_bytes(datagram.payload[:4], "big"), sequence)
    if next_header in IN_IP:
        for inside in reader.read_inside(datagram, payload):
            yield from _opened(inside, database, reader, depth - 1)


def _around(outer: Datagram, protocol: int, payload: bytes) -> bytes:
    """An IP packet as it would have been without ESP (RFC 791, RFC 8200)."""
    if len(outer.source) == 16:
        return pack(">IHBB", 6 << 28, len(payload), protocol, outer.ttl) + outer.source + outer.destination + payload
    addresses = outer.source + outer.destination
    fields = [0x45, 0, min(20 + len(payload), 0xFFFF), 0, 0x4000, outer.ttl, protocol]
    total = sum(unpack(">10H", pack(">BBHHHBBH", *fields, 0) + addresses))
    total = (total & 0xFFFF) + (total >> 16)
    return pack(">BBHHHBBH", *fields, ~(total + (total >> 16)) & 0xFFFF) + addresses + payload
