"""Second sightings: the same packet captured at another point of its way, or by another clock (FP5, FP13, FP14).

A router lowers the TTL, so the point with the higher one comes first on the way. If the capture has it the other way
round, or the two lie further apart than any network takes, the clocks of the two points differ. What lies between is
else the time that the packet took.
"""

from __future__ import annotations

from typing import Final

NEAR: Final = 50_000_000
"""Difference of two clocks that is no matter (ns)."""
FAR: Final = 2_000_000_000
"""The longest that a packet may be on its way from one point to the other (ns)."""
WINDOW: Final = 200_000_000
"""Two captures without a router between them see a packet within this time, if their clocks agree (ns)."""

ORPHANS: Final = {True: 2, False: 3}
"""How many answers must come before their requests until two clocks are believed; key: in two captures."""
REPEATS: Final = 8
"""How many packets must come again at the same distance until a second clock in one capture is believed."""
REMEMBERED: Final = 1000
"""Distances of repeated packets that are remembered, the first: they say where the others would lie."""
PAIRS: Final = 256
"""Pairs of captures with different clocks that are remembered."""


class Taps:
    """What second sightings tell about the points of capture."""

    __slots__ = ("_early", "_repeats", "clocks", "crowded", "delay", "sightings")

    def __init__(self) -> None:
        self.sightings = 0
        """Packets that were seen at a second point."""
        self.delay = 0
        """The longest time between two points with one clock (ns)."""
        self.clocks: dict[tuple[int, int], int] = {}
        """Captures whose clocks differ, by at least so much (ns); twice the same index: two clocks within one."""
        self.crowded = 0
        """How often there was no room for one more pair of captures."""
        self._early: dict[tuple[int, int], list[int]] = {}
        self._repeats: list[tuple[int, int]] = []

    def again(self, captures: tuple[int, int], ttls: tuple[int, int] | None, elapsed: int) -> None:
        """A packet was seen a second time, elsewhere, ``elapsed`` ns later.

        ``ttls`` are the two TTLs, None if the two are of different depths or links, so that they cannot be compared.
        """
        self.sightings += 1
        elapsed = abs(elapsed)
        backwards = ttls is not None and ttls[1] > ttls[0] and elapsed > NEAR
        level = (ttls is None or ttls[0] == ttls[1]) and captures[0] != captures[1] and elapsed > WINDOW
        if backwards or level or elapsed > FAR:
            self._differ(captures, elapsed)
        elif elapsed > self.delay:
            self.delay = elapsed

    def repeated(self, capture: int, elapsed: int) -> None:
        """A packet came once more, later than any copy, and nothing tells whether from elsewhere."""
        if len(self._repeats) < REMEMBERED:
            self._repeats.append((capture, elapsed))

    def early(self, captures: tuple[int, int], elapsed: int) -> None:
        """An answer was seen so long before its request."""
        if captures in self._early or len(self._early) < PAIRS:
            found = self._early.setdefault(captures, [0, 0])
            found[0] += 1
            found[1] = max(found[1], elapsed)
            if found[0] >= ORPHANS[captures[0] != captures[1]]:
                self._differ(captures, found[1])
        else:
            self.crowded += 1

    def close(self) -> None:
        """The captures are over: packets that all came again at the same distance were seen by a second clock."""
        for capture in {capture for capture, _ in self._repeats}:
            distances = [elapsed for where, elapsed in self._repeats if where == capture]
            if len(distances) >= REPEATS and max(distances) - min(distances) <= max(NEAR, min(distances) // 100):
                self._differ((capture, capture), min(distances))

    def _differ(self, captures: tuple[int, int], elapsed: int) -> None:
        key = (min(captures), max(captures))
        if key in self.clocks or len(self.clocks) < PAIRS:
            self.clocks[key] = max(self.clocks.get(key, 0), elapsed)
        else:
            self.crowded += 1
