"""How much ESP traffic there was when, on one set and in one direction, in a bounded number of buckets."""

from __future__ import annotations

from copy import copy
from typing import Final

from analyzer.frame import FrameRef

BUCKETS: Final = 128
"""Buckets of one set and direction; when there would be more, two become one."""

FINEST: Final = 1_000_000
"""Width of a bucket at first, in nanoseconds."""


class Ticks:
    """Packets of one set in one direction."""

    __slots__ = ("buckets", "count", "first", "last", "unread", "width")

    def __init__(self, at: FrameRef) -> None:
        self.width = FINEST
        """Of each bucket, in nanoseconds."""
        self.buckets: dict[int, int] = {}
        """Packets by bucket; the bucket of a time is ``time // width``."""
        self.count = 0
        self.unread = 0
        """How many of them nothing opened."""
        self.first = self.last = at

    def add(self, at: FrameRef) -> None:
        """One more packet."""
        self.count += 1
        self.last = at
        buckets = self.buckets
        bucket = at.time // self.width
        buckets[bucket] = buckets.get(bucket, 0) + 1
        if len(buckets) > BUCKETS:
            self._widen(BUCKETS)

    def coarser(self, most: int) -> Ticks:
        """The same in at most so many buckets."""
        if len(self.buckets) <= most:
            return self
        made = copy(self)
        made._widen(most)
        return made

    def _widen(self, most: int) -> None:
        """Make two buckets one until there are no more than so many."""
        while len(self.buckets) > most:
            self.width *= 2
            wider: dict[int, int] = {}
            for place, count in self.buckets.items():
                wider[place // 2] = wider.get(place // 2, 0) + count
            self.buckets = wider
