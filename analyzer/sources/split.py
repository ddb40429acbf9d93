"""A capture cut into its pieces while its octets pass by: what begins a file, and the packets, each as a pcapng block.

Blocks of a pcapng capture stay as they are; the records of a pcap capture become blocks. What `walker.py` numbers as a
frame has the same number here.
"""

from __future__ import annotations

from struct import Struct, unpack_from
from typing import Final, NamedTuple

from analyzer import pcapng
from analyzer.sources import blocks
from analyzer.sources.blocks import MAGIC
from analyzer.sources.pcap import MAGICS
from analyzer.sources.window import LARGEST

_HEADER: Final = 28
"""Octets that tell how a capture is written, whichever form it has."""


OURS: Final = "gmaudit live"
"""What a section of our own making says of the program that wrote it."""


class Piece(NamedTuple):
    """A block or record, whole."""

    block: bytes
    kind: int
    time: int
    """Nanoseconds since the epoch, as far as it is a packet and of nanoseconds; else 0."""

    @property
    def numbered(self) -> bool:
        """Whether it counts as a frame, so that the next frame has the next number."""
        return self.kind in blocks.PACKETS or self.kind in blocks.NUMBERED


class Splitter:
    """Takes octets, gives blocks."""

    def __init__(self) -> None:
        self.ours = False
        """Little endian and in nanoseconds: blocks of our own making fit."""
        self.broken = False
        """Nothing more can be told apart."""
        self._rest = bytearray()
        self._record: tuple[Struct, int, int] | None = None
        """Of pcap: how a record begins, the nanoseconds of a tick, the octets of a record's header."""
        self._order = "<"
        self._begun = False

    def feed(self, octets: memoryview | bytes) -> list[Piece]:
        """The blocks that are whole now."""
        if self.broken:
            return []
        rest = self._rest
        rest += octets
        found: list[Piece] = []
        at = 0
        if not self._begun:
            at = self._begin(found)
        if self._begun and not self.broken:
            at = self._records(at, found) if self._record is not None else self._blocks(at, found)
        del rest[:at]
        return found

    def _begin(self, found: list[Piece]) -> int:
        rest = self._rest
        if len(rest) < _HEADER:
            return 0
        self._begun = True
        if rest[:4] == MAGIC:
            return 0
        known = MAGICS.get(bytes(rest[:4]))
        if known is None:
            self.broken = True
            return 0
        order, tick, record, header = known
        snaplen, link = unpack_from(order + "II", rest, 16)
        self._record = Struct(order + "IIII"), tick, record
        self.ours = True
        found.append(Piece(pcapng.section(OURS), blocks.SECTION, 0))
        found.append(Piece(pcapng.interface(link & 0xFFFF, min(snaplen, LARGEST)), blocks.INTERFACE, 0))
        return header

    def _records(self, at: int, found: list[Piece]) -> int:
        assert self._record is not None
        rest, (layout, tick, record) = self._rest, self._record
        while at + record <= len(rest):
            seconds, part, size, length = layout.unpack_from(rest, at)
            if size > LARGEST:
                self.broken = True
                break
            end = at + record + size
            if end > len(rest):
                break
            time = seconds * 1_000_000_000 + part * tick
            block = pcapng.packet(0, time, bytes(rest[at + record : end]), length)
            found.append(Piece(block, blocks.PACKET, time))
            at = end
        return at

    def _blocks(self, at: int, found: list[Piece]) -> int:
        rest = self._rest
        while at + 12 <= len(rest):
            head = rest[at : at + 4]
            if head == MAGIC:
                mark = rest[at + 8 : at + 12]
                self._order = "<" if mark == b"\x4d\x3c\x2b\x1a" else ">"
            kind, total = unpack_from(self._order + "II", rest, at)
            if not 12 <= total <= LARGEST or total & 3:
                self.broken = True
                break
            if at + total > len(rest):
                break
            block = bytes(rest[at : at + total])
            at += total
            time = 0
            if kind == blocks.SECTION:
                self.ours = OURS.encode() in block and self._order == "<"
            elif kind == blocks.PACKET and self.ours and total >= blocks.LEAST[blocks.PACKET]:
                high, low = unpack_from("<II", block, 12)
                time = high << 32 | low
            found.append(Piece(block, kind, time))
        return at
