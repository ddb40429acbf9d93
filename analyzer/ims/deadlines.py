"""What has to be looked at once a certain time has come, whether or not anything is sent then.

Whoever waits for an answer enters the time at which its absence is settled. `Engine.advance` has the looks done in the
order of their times, each with its own time as now: so it makes no difference whether the next frame or a timer tells
how late it is, and a capture gives the same findings while it is made and afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Final

from analyzer.network.tcp import FOREVER

LIMIT: Final = 100_000
"""Looks that are remembered; what finds no room is settled at the end of its set, as all was that has no deadline."""

Look = Callable[[int], None]
"""What is done at a deadline; it gets the time of the deadline, in nanoseconds since the epoch."""


class Deadlines:
    """The looks that are still to be done, by their times."""

    __slots__ = ("_count", "_looks", "due")

    def __init__(self) -> None:
        self.due = FOREVER
        """When time has to be told to the engine, at the latest; others than the looks may have a part in it."""
        self._looks: list[tuple[int, int, Look]] = []
        self._count = 0

    def add(self, time: int, look: Look) -> None:
        """Have something looked at as soon as it is this late."""
        if len(self._looks) >= LIMIT:
            return
        self._count += 1
        heappush(self._looks, (time, self._count, look))
        self.by(time)

    def by(self, time: int) -> None:
        """The engine has to be told when it is this late."""
        if time < self.due:
            self.due = time

    @property
    def first(self) -> int:
        """The time of the next look."""
        return self._looks[0][0] if self._looks else FOREVER

    def settle(self) -> None:
        """Do the next look."""
        time, _, look = heappop(self._looks)
        look(time)
