"""Walks through a pcapng capture: any number of sections and interfaces, all kinds of packet blocks.

What interface statistics and packets tell of lost frames is added up; other blocks are stepped over: names, secrets,
custom ones, and those of which nobody has heard. The length of a section is not believed, since many writers do not
know it. The two lengths of a packet block are not compared (75 ns each): what follows one that lies is no block, and
there reading ends.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.frame import Frame
from analyzer.sources import blocks
from analyzer.sources.blocks import DATA, OBSOLETE_PACKET, PACKET, Damaged, Judges, Packet, Section
from analyzer.sources.proofs import LATE, MORE, UNPROVEN
from analyzer.sources.triage import Octets, Triage
from analyzer.sources.walker import FOREVER, NEVER, Lost, Summary, UnreadableCapture, Walker, convert, new
from analyzer.sources.window import Window


class PcapngWalker(Walker):
    """The frames of a pcapng capture: runs of enhanced packet blocks, walked quickly, and the other blocks between."""

    def __init__(self, window: Window, capture: int, triage: Triage, summary: Summary) -> None:
        """Raises UnreadableCapture if the first section header cannot be used."""
        super().__init__(window, capture, triage, summary)
        self._need(blocks.LEAST[blocks.SECTION], "section header")
        self._judges = Judges(triage)
        try:
            self._section = Section(self._judges, window.buffer, 0)
        except Damaged as damage:
            raise UnreadableCapture(
                f"{summary.path}: begins with {damage}; if Wireshark reads it: {convert(summary.path)}"
            ) from None
        self._interface, self._index = self._section.nobody, -1
        self._at = self._number = self._kept = 0
        self._lost_by_interface = self._lost_by_system = 0

    def frames(self) -> Iterator[Frame | None]:
        """The frames that are kept, and None whenever another capture's turn has come."""
        try:
            while end := self._whole_block():
                packet = self._read_block(end)
                if packet:
                    yield from self._single(packet)
                yield from self._run()
        except Damaged as damage:
            self._breaks(str(damage))
        self._add_losses()
        summary = self._summary
        if summary.timeless:
            summary.notices.append(
                f"frames without a time, or with one that cannot be: {summary.timeless:,}; "
                "they take that of the frame before"
            )
        if summary.drops:
            where = f"{self._lost_by_interface:,} by the interface, {self._lost_by_system:,} by the system"
            summary.notices.append(
                f"the recorder lost {summary.drops:,} frames ({where}): what is missing here may have been sent"
                if self._lost_by_interface or self._lost_by_system
                else f"the recorder lost {summary.drops:,} frames: what is missing here may have been sent"
            )

    @property
    def lost(self) -> Lost:
        """What the interfaces of this section have lost so far, as the statistics say that came last."""
        interfaces = self._section.interfaces
        return Lost(
            sum(each.lost_by_interface or 0 for each in interfaces),
            sum(each.lost_by_system or 0 for each in interfaces),
        )

    def _run(self) -> Iterator[Frame | None]:
        """Walk through enhanced packet blocks until something else comes, or one that is not whole or not right."""
        window, section, sieve = self._window, self._section, self._judges.sieve
        buffer, view, end, fields = window.buffer, window.view, window.end, section.fields
        interface, chosen = self._interface, self._index
        start, after, number, kept, previous = -1, self._at, self._number, self._kept, self._previous
        if after + DATA <= end:
            interface.judge.look(buffer, after + DATA, end)
        stop, told = end, -1

        def lost(block: int, octets: Octets, begin: int, close: int) -> None:
            """Count once what a packet tells of losses, also if it is walked over a second time."""
            nonlocal told
            if begin > told:
                told = begin
                section.count_lost_before(block, octets, begin, close)

        while True:
            judge, bounded = interface.judge, self.limit < FOREVER and stop == end
            limit = interface.ticks(self.limit) if bounded else FOREVER
            stops = judge.walk(bounded=bounded)(
                buffer, view, start, after, stop, number, limit, chosen, interface.alike, interface.earliest, lost
            )
            for start, after, number, why in stops:
                if why > UNPROVEN:
                    break
                index, upper, lower, size, length = fields(buffer, start)
                begin, close = start + DATA, start + DATA + size
                if why:
                    if judge.turn(buffer, begin, close):
                        after = start
                        break
                    if not judge.shape.keeps(buffer, begin, close):
                        continue
                kept += 1
                time = section.interfaces[index].time(upper, lower)
                if time < previous:
                    time = self._earlier(time, previous)
                previous = time
                if length > size:
                    self._cut(size)
                data = view[begin:close].tobytes()
                yield new(Frame, (self._capture, number + 1, time, interface.link, data, length))
            if why == LATE:
                _, upper, lower, _, _ = fields(buffer, after)
                time = interface.time(upper, lower)
                self.reached = previous if time == NEVER else time
                if self.reached > self.limit:
                    yield None
                else:
                    # Without a time, but not later than the frame before: the loop that looks at none walks on to here.
                    stop = section.block(buffer, after, end)[1]
            elif why == MORE and stop < end:
                stop = end
            elif why == MORE:
                another = section.packet_of(buffer, after, end)
                if another is None or another == chosen:
                    break
                if section.interfaces[another].reason != interface.reason:
                    self._settle(number, kept + sieve.count, interface.reason)
                interface, chosen = section.interfaces[another], another
                if self._summary.first is None:
                    _, upper, lower, _, _ = fields(buffer, after)
                    self._date(interface.time(upper, lower))
        self._interface, self._index = interface, chosen
        self._at, self._number, self._kept, self._previous = after, number, kept, previous
        self._settle(number, kept + sieve.count, interface.reason)
        if start >= 0:
            self._date(section.packet(PACKET, buffer, start, after).time)

    def _single(self, packet: Packet) -> Iterator[Frame | None]:
        """Judge a packet of a rare kind; one without time takes that of the frame before it."""
        interface, shape, buffer = packet.interface, packet.interface.judge.shape, self._window.buffer
        time = (self._summary.last or 0) if packet.time == NEVER else packet.time
        while time > self.limit:
            self.reached = time
            yield None
        self._number += 1
        self._date(packet.time)
        if shape.keeps(buffer, packet.start, packet.end):
            self._kept += 1
            if packet.time == NEVER:
                self._summary.timeless += 1
            elif time < self._previous:
                self._earlier(time, self._previous)
            self._previous = time
            data = bytes(buffer[packet.start : packet.end])
            if packet.length > len(data):
                self._cut(len(data))
            yield new(Frame, (self._capture, self._number, time, interface.link, data, packet.length))
        self._settle(self._number, self._kept + self._judges.sieve.count, interface.reason)

    def _whole_block(self) -> int:
        """Where the next block ends, as soon as it is in memory; 0 if no more come."""
        window = self._window
        while True:
            _, end = self._section.block(window.buffer, self._at, window.end)
            if end:
                return end
            remaining = window.end - self._at
            coming = self._more(self._at)
            self._at = 0
            if not coming:
                self._ends(remaining)
                return 0

    def _read_block(self, end: int) -> Packet | None:
        """Read the next block, which ends at ``end``.

        A packet of a rare kind is returned; an enhanced packet block is only checked, and left to `_run`.
        """
        section, buffer, start = self._section, self._window.buffer, self._at
        block, _ = section.block(buffer, start, end)
        packet = section.packet(block, buffer, start, end) if block in blocks.PACKETS else None
        if block == PACKET:
            return None
        self._at = end
        self._others += not packet
        if block in blocks.NUMBERED:
            self._number += 1
            self._settle(self._number, self._kept + self._judges.sieve.count, "not a packet")
        elif block == blocks.INTERFACE:
            section.describe(buffer, start, end)
        elif block == blocks.STATISTICS:
            section.count_lost(buffer, start, end)
        elif block == OBSOLETE_PACKET:
            section.count_lost_before(block, buffer, start, end)
        elif block == blocks.SECTION:
            following = Section(self._judges, buffer, start)
            self._add_losses()
            self._section, self._interface, self._index = following, following.nobody, -1
        return packet

    def _add_losses(self) -> None:
        """Add up what the interfaces of the section that ends have lost, and until when they were listened to."""
        for interface in self._section.interfaces:
            if interface.until != NEVER:
                self._summary.until = max(self._summary.until or 0, interface.until)
            lost = interface.lost
            if lost is not None:
                self._summary.drops = (self._summary.drops or 0) + lost
                self._lost_by_interface += interface.lost_by_interface or 0
                self._lost_by_system += interface.lost_by_system or 0
