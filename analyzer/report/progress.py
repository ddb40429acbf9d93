"""How far a long audit is, on standard error, for somebody who sits before it: rates, and the time that is left.

38 %  1.2 of 3.2 GB, 95 MB/s, 1,230,000 packets, 98,000/s, 21 s left
"""

from __future__ import annotations

import os
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

PATIENCE: Final = 1.0
"""Seconds after which an audit is long enough to be counted on the screen."""

WORTH: Final = 1.0
"""Seconds that must be left for it, by what was seen so far."""

STEP: Final = 0.1
"""Seconds between two looks at the clock's numbers."""

SPAN: Final = 5.0
"""Seconds over which rates are taken: captures differ from place to place."""


class _Summary(Protocol):
    frames: int


class Source(Protocol):
    """What is read (`sources.files.Captures`)."""

    @property
    def size(self) -> int | None:
        """Octets of all files; None if a pipe is among them."""

    @property
    def summaries(self) -> Sequence[_Summary]:
        """With the frames that were read of each capture."""


class Counter:
    """Adds up the octets that were read; shows them if standard error is a terminal and the work is long."""

    def __init__(self) -> None:
        self._watched = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._began = self._looked = time.monotonic()
        self._octets = 0
        self._size: int | None = None
        self._frames: Callable[[], int] = int
        self._samples: deque[tuple[float, int, int]] = deque([(self._began, 0, 0)])
        """Time, octets and frames; the oldest is `SPAN` ago."""
        self._bar: tuple[Progress, TaskID] | None = None

    def __enter__(self) -> Counter:
        return self

    def begin(self, source: Source) -> None:
        """Reading begins; what was read to find out what there is does not count."""
        self._octets = 0
        self._size = source.size
        self._frames = lambda: sum(each.frames for each in source.summaries)

    def __call__(self, octets: int) -> None:
        """So many octets more have been read."""
        self._octets += octets
        if not self._watched:
            return
        now = time.monotonic()
        if now - self._looked >= STEP:
            self._looked = now
            self._look(now)

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar[0].stop()

    def _look(self, now: float) -> None:
        samples = self._samples
        samples.append((now, self._octets, self._frames()))
        while now - samples[0][0] > SPAN and len(samples) > 2:
            samples.popleft()
        then, octets, frames = samples[0]
        span = max(now - then, STEP)
        speed, rate = (samples[-1][1] - octets) / span, (samples[-1][2] - frames) / span
        left = (self._size - self._octets) / speed if self._size is not None and speed else None
        if self._bar is None:
            if now - self._began < PATIENCE or (left is not None and left < WORTH):
                return
            self._bar = _start(self._size)
        bar, task = self._bar
        text = told(self._octets, self._size, speed, samples[-1][2], rate, left)
        bar.update(task, completed=self._octets, description=text)


def told(octets: int, size: int | None, speed: float, frames: int, rate: float, left: float | None) -> str:
    """The line; ``speed`` and ``rate`` are those of a second, ``size`` and ``left`` (seconds) None if not known."""
    parts = [f"{amount(speed)}/s", f"{frames:,} packets", f"{rate:,.0f}/s"]
    if size is None:
        return ", ".join([f"{amount(octets)} read", *parts])
    parts.insert(0, f"{amount(octets)} of {amount(size)}")
    if left is not None:
        parts.append(f"{clock(left)} left")
    return f"{min(octets / max(size, 1), 1):4.0%}  {', '.join(parts)}"


def amount(octets: float) -> str:
    """``95 MB``, ``1.2 GB``: decimal units, as disks and networks have them."""
    for unit in ("B", "kB", "MB", "GB"):
        if octets < 999.5:
            return f"{octets:.0f} {unit}" if octets >= 10 or unit == "B" else f"{octets:.1f} {unit}"
        octets /= 1000
    return f"{octets:,.1f} TB"


def clock(seconds: float) -> str:
    """``21 s``, ``4 min 05 s``, ``2 h 10 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest:02} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"


def _start(size: int | None) -> tuple[Progress, TaskID]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, TextColumn

    moving: ProgressColumn = SpinnerColumn() if size is None else BarColumn(16)
    bar = Progress(
        moving,
        TextColumn("{task.description}", markup=False),
        console=Console(stderr=True),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
        refresh_per_second=4,
    )
    bar.start()
    return bar, bar.add_task("", total=size)
