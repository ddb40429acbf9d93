"""What time it is on the wire while nothing comes: the one clock of this package, and it only runs between frames.

A frame's time is that of another clock (of the kernel, of a machine far away), and the frame took a while to get here.
So the time of the wire is that of this machine's steady clock, less the longest such delay of the last minutes: no
frame that is still on its way is older than that, as far as anybody can know.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from analyzer.frame import SECOND

MARGIN: Final = SECOND // 2
"""What a frame may take longer than all before it (ns)."""
MEMORY: Final = 60 * SECOND
"""For so long at least, and twice as long at most, a delay is remembered (ns)."""


class WireClock:
    """The time of the wire, in nanoseconds since the epoch."""

    __slots__ = ("_before", "_longest", "_since", "steady")

    def __init__(self, steady: Callable[[], int] = time.monotonic_ns) -> None:
        self.steady = steady
        """Nanoseconds of a clock that nobody sets."""
        self._longest: int | None = None
        self._before: int | None = None
        self._since = 0

    def heard(self, moment: int) -> None:
        """Note that a frame with this time has just come."""
        now = self.steady()
        delay = now - moment
        if self._longest is None:
            self._longest, self._since = delay, now
        elif now - self._since >= MEMORY:
            self._before, self._longest, self._since = self._longest, delay, now
        elif delay > self._longest:
            self._longest = delay

    def now(self) -> int | None:
        """The latest time before which all has come; None as long as no frame came."""
        last = self.at_last()
        return None if last is None else last - MARGIN

    def at_last(self) -> int | None:
        """The same when it is known that no frame is on its way."""
        if self._longest is None:
            return None
        delay = self._longest if self._before is None else max(self._longest, self._before)
        return self.steady() - delay
