"""A counter on standard error while a long audit runs, for somebody who sits before it."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

PATIENCE: Final = 1.0
"""Seconds after which an audit is long enough to be counted on the screen."""


class Counter:
    """Adds up the octets that were read; shows them if standard error is a terminal and the work is long."""

    def __init__(self) -> None:
        self._watched = sys.stderr.isatty()
        self._began = time.monotonic()
        self._octets = 0
        self._bar: tuple[Progress, TaskID] | None = None

    def __enter__(self) -> Counter:
        return self

    def __call__(self, octets: int) -> None:
        """So many octets more have been read."""
        self._octets += octets
        if self._bar is None:
            if not self._watched or time.monotonic() - self._began < PATIENCE:
                return
            self._bar = _start()
        bar, task = self._bar
        bar.update(task, completed=self._octets)

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar[0].stop()


def _start() -> tuple[Progress, TaskID]:
    from rich.console import Console
    from rich.progress import (
        FileSizeColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
        TransferSpeedColumn,
    )

    columns = (SpinnerColumn(), FileSizeColumn(), TextColumn("read"), TransferSpeedColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    bar = Progress(*columns, console=console, transient=True, redirect_stdout=False, redirect_stderr=False)
    bar.start()
    return bar, bar.add_task("", total=None)
