"""How much ESP traffic there was when, on one set and in one direction, in a bounded number of buckets."""

from __future__ import annotations

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
        while len(buckets) > BUCKETS:
            self.width *= 2
            wider: dict[int, int] = {}
            for place, count in buckets.items():
                wider[place // 2] = wider.get(place // 2, 0) + count
            buckets = self.buckets = wider
