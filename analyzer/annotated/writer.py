"""One pcapng capture made of the records of many: interfaces find their places, nothing else changes.

Times are in nanoseconds and numbers little endian, as `analyzer/pcapng.py` writes them; what the captures had in other
units and orders is the same moment and the same number.
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct
from typing import BinaryIO, Final

from analyzer import pcapng
from analyzer.sources.blocks import INTERFACE, MAX_INTERFACES, PACKET, STATISTICS
from analyzer.sources.options import COMMENT, HARDWARE, RESOLUTION, SYSTEM, Options
from analyzer.sources.records import Heading, Interface, Packet, Record, Statistics
from analyzer.sources.window import LARGEST

RAW_IP: Final = 101

_NAME: Final = 2
_INTERFACE = Struct("<HHI").pack
_PACKET = Struct("<IIIII").pack
_STATISTICS = Struct("<III").pack


class Writer:
    """A capture on its way to its file."""

    def __init__(self, sink: BinaryIO, program: str, comment: str, names: Sequence[str]) -> None:
        """``comment`` is on the whole; ``names`` are those of the captures that it is made of."""
        self._sink = sink
        self._program = program
        self._comment = comment
        self._names = names
        self._interfaces = -1
        """How many the section has; negative before it begins."""
        self._places: list[dict[int, int]] = [{} for _ in names]
        """Of each capture: where the interfaces of its section are in the one that is written."""
        self._inherited: list[list[bytes]] = [[] for _ in names]
        """Comments on the section of each capture."""
        self._decrypted: int | None = None

    def write(self, capture: int, record: Record, comments: Sequence[str]) -> None:
        """Write a record of a capture; comments are for a packet."""
        if isinstance(record, Packet):
            self._packet(self._place(capture, record.which, record.interface), record, comments)
        elif isinstance(record, Heading):
            self._heading(capture, record)
        elif isinstance(record, Statistics):
            place = self._place(capture, record.which, record.interface)
            fields = _STATISTICS(place, record.time >> 32, record.time & 0xFFFFFFFF)
            self._sink.write(pcapng.block(STATISTICS, fields, record.options))
        elif record.body:
            self._begin()
            self._sink.write(pcapng.block(record.kind, record.body, record.options))

    def decrypted(self, time: int, packet: bytes, comment: str) -> None:
        """Write an IP packet that was in none of the captures, on an interface of its own."""
        if self._decrypted is None:
            self._room()
            description = "what ESP packets held, as gmaudit decrypted it; these packets are in no capture"
            self._sink.write(pcapng.interface(RAW_IP, name="gmaudit", description=description))
            self._decrypted = self._interfaces
            self._interfaces += 1
        self._sink.write(pcapng.packet(self._decrypted, time, packet, len(packet), comments=[comment]))

    def finish(self) -> None:
        """Nothing more comes: a capture without any frame is one, too."""
        self._begin()

    # --- sections and interfaces ----------------------------------------------------------------------------------

    def _begin(self, comments: Sequence[str] = (), hardware: str = "", system: str = "") -> None:
        if self._interfaces < 0:
            whole = [self._comment, *comments]
            self._sink.write(pcapng.section(self._program, whole, hardware=hardware, system=system))
            self._interfaces = 0

    def _room(self) -> None:
        """See to it that the section can have one more interface; after too many begin another."""
        self._begin()
        if self._interfaces == MAX_INTERFACES:
            self._sink.write(pcapng.section(self._program))
            self._interfaces, self._decrypted = 0, None
            for places in self._places:
                places.clear()

    def _heading(self, capture: int, heading: Heading) -> None:
        """A capture begins, or goes on with another section."""
        self._places[capture].clear()
        comments = [value for code, value in heading.options if code == COMMENT]
        if self._interfaces < 0 and len(self._names) == 1:
            texts = {code: value.decode("utf-8", "replace") for code, value in heading.options}
            known = [value.decode("utf-8", "replace") for value in comments]
            self._begin(known, texts.get(HARDWARE, ""), texts.get(SYSTEM, ""))
        else:
            self._inherited[capture] = comments

    def _place(self, capture: int, which: int, interface: Interface) -> int:
        """Where an interface is in the section, which it may have to be written to."""
        place = self._places[capture].get(which)
        if place is None:
            self._room()
            options = (*interface.options, *self._origin(capture, interface.options), (RESOLUTION, b"\x09"))
            self._sink.write(pcapng.block(INTERFACE, _INTERFACE(interface.link, 0, interface.snaplen), options))
            place = self._places[capture][which] = self._interfaces
            self._interfaces += 1
        return place

    def _origin(self, capture: int, options: Options) -> Options:
        """Which of several captures an interface is from."""
        found = [(COMMENT, comment) for comment in self._inherited[capture]]
        if len(self._names) > 1:
            name = self._names[capture].encode("utf-8", "replace")
            named = any(code == _NAME for code, _ in options)
            found.append((COMMENT, b"from " + name) if named else (_NAME, name))
        return tuple(found)

    # --- packets --------------------------------------------------------------------------------------------------

    def _packet(self, place: int, packet: Packet, comments: Sequence[str]) -> None:
        _, _, time, data, length, options = packet
        if options:
            fields = _PACKET(place, time >> 32, time & 0xFFFFFFFF, len(data), length)
            block = pcapng.block(PACKET, fields + data, options)
            if comments:
                block = pcapng.commented(block, comments)
        else:
            block = pcapng.packet(place, time, data, length, comments=comments)
        if len(block) > LARGEST and comments:  # nobody reads such a block: the frame counts for more
            self._packet(place, packet, ())
            return
        self._sink.write(block)
