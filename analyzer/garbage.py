"""How often Python looks for garbage in cycles while an audit runs: seldom, since there is next to none.

Nearly everything is freed by its reference count; what is held is held in tables, and to walk these again and again
would cost a third of the time. Cycles can wait, but not for ever.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Final

YOUNG: Final = 100_000
"""New objects, at least, after which somebody looks for cycles."""
ALWAYS: Final = -1
"""A threshold of the older generations that is passed whenever the first one's is."""

_COLLECTING: Final = Lock()
_USUAL: Final[list[tuple[int, int, int]]] = []
"""The thresholds of the garbage collector before each audit that runs; the first entry is what is to be put back."""


@contextmanager
def rare_collections() -> Iterator[None]:
    """Let the cyclic garbage collector run only when there are as many new objects as there were at its last visit.

    Python then looks through the new ones with those of the visit before, or through all if they are a quarter more
    than at the last time. 8,000 registrations are a million objects: with 20,000 new ones between two visits the
    collector took 3.3 of 22 s, with 100,000 1.7, and with as many as are there 0.6. Audits may run side by side, in
    threads: the last one to end puts things back.
    """
    with _COLLECTING:
        if not _USUAL:
            gc.callbacks.append(_wait_for_as_many)
        _USUAL.append(gc.get_threshold())
        gc.set_threshold(YOUNG, ALWAYS, ALWAYS)
    try:
        yield
    finally:
        with _COLLECTING:
            usual = _USUAL[0]
            _USUAL.pop()
            if not _USUAL:
                gc.callbacks.remove(_wait_for_as_many)
                gc.set_threshold(*usual)


def _wait_for_as_many(phase: str, info: dict[str, int]) -> None:
    """The next visit waits for as many new objects as are left by this one."""
    if phase == "stop":
        gc.freeze()
        left = gc.get_freeze_count()
        gc.unfreeze()
        gc.set_threshold(max(YOUNG, left), ALWAYS, ALWAYS)
