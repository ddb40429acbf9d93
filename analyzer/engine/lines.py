"""The text of TCP connections on its way to SIP messages: a framer for each direction, and one bound for all of them.

A message waits until its last segment comes. Whoever sends beginnings only, on many connections, must not fill the
memory: what waits is counted, and when it is too much, what has waited longest without a new segment is given up.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from analyzer.keys.cx import PORT as DIAMETER
from analyzer.network.stream import Connection, Data, Hole, Side
from analyzer.sip.framing import Framed, Framer

LINES: Final = 20_000
"""Directions of connections that are followed; the one that was silent longest goes first."""

OCTETS: Final = 32 << 20
"""What unfinished messages may hold in all directions together, as `Framer.held` counts it."""

CROWDED: Final = "unfinished SIP messages over TCP: too many at once"


class Line:
    """One direction of a TCP connection as SIP sees it."""

    __slots__ = ("by", "connection", "framer", "held", "is_diameter", "is_sip", "side")

    def __init__(self, connection: Connection, by: int) -> None:
        self.connection = connection
        self.by = by
        self.side = connection.sides[by]
        self.framer = Framer()
        self.held = 0
        """What it is charged."""
        self.is_diameter = any(port == DIAMETER for _, port in connection.endpoints)
        """Perhaps: a UE may have chosen that port for its SIP."""
        self.is_sip = False
        """A message has come out of it: only then is a hole, or text that is none, worth telling."""


class Lines:
    """All directions of a timeline. ``deliver`` gets what is cut out of each, ``on_evict`` hears what was given up."""

    __slots__ = ("_deliver", "_held", "_on_evict", "_unfinished", "table")

    def __init__(self, deliver: Callable[[Line, Framed], None], on_evict: Callable[[str], None]) -> None:
        self._deliver = deliver
        self._on_evict = on_evict
        self.table: OrderedDict[Side, Line] = OrderedDict()
        """By direction; the one that was silent longest comes first. Whoever cuts a message out of a plain one himself
        keeps this order."""
        # Those that hold a part of a message; the one that was silent longest comes first.
        self._unfinished: OrderedDict[Line, None] = OrderedDict()
        self._held = 0

    def feed(self, event: Data) -> Line:
        """Take the next octets of a direction, and return what is known of that direction."""
        line = self._line(event.connection, event.by, event.start)
        for framed in line.framer.feed(event.data, event.at, event.frames, event.tag, event.end):
            self._deliver(line, framed)
        held = line.framer.held
        side = line.side
        side.plain = line.is_sip and not line.is_diameter
        side.begins = side.plain and not held and line.framer.synchronised
        if held or line.held:
            self._charge(line, held)
            while self._held > OCTETS:
                self._give_up(next(iter(self._unfinished)))
                self._on_evict(CROWDED)
        return line

    def hole(self, event: Hole) -> Line:
        """Octets of a direction are missing; returns it."""
        line = self._line(event.connection, event.by, 0)
        self._give_up(line)
        return line

    def forget(self, connection: Connection) -> None:
        """Nothing more will come on this connection, nor the rest of what is unfinished."""
        for side in connection.sides:
            line = self.table.pop(side, None)
            if line is not None and line.held:
                self._charge(line, 0)

    def _line(self, connection: Connection, by: int, start: int) -> Line:
        table, key = self.table, connection.sides[by]
        known = table.get(key)
        if known is not None:
            table.move_to_end(key)
            return known
        made = table[key] = Line(connection, by)
        if start:
            made.framer.hole()  # it was followed before, and forgotten in the middle of something
        if len(table) > LINES:
            _, oldest = table.popitem(last=False)
            if oldest.held:
                self._on_evict(CROWDED)
            self._give_up(oldest)
        return made

    def _give_up(self, line: Line) -> None:
        line.side.plain = line.side.begins = False
        for framed in line.framer.hole():
            self._deliver(line, framed)
        self._charge(line, 0)

    def _charge(self, line: Line, held: int) -> None:
        self._held += held - line.held
        line.held = held
        if held:
            self._unfinished[line] = None
            self._unfinished.move_to_end(line)
        else:
            self._unfinished.pop(line, None)
