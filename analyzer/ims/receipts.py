"""What whoever hears an event may answer: that the same again need only be counted.

A conformant phone says the same thing ten thousand times. A rule is a function of its event and of nothing else, so
that what passed once passes again; `calm.py` and `packets.py` know when an event would say the same, and count it here
instead of making it.
"""

from __future__ import annotations

from collections.abc import Callable


class Receipt:
    """The answer to an event that every rule let pass."""

    __slots__ = ("times",)

    def __init__(self) -> None:
        self.times = 0
        """How often the same was to be told again."""


Emit = Callable[[object], Receipt | None]
"""Hears an event. Whoever has to hear each one gives no receipt."""
