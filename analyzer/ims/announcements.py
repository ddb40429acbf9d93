"""Which SPIs were announced, and for what: also those whose packets no key opens.

Most sets have keys, so that nobody asks here: only then an announcement is made the `Binding` that remembers packets.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Final

from analyzer.ims.association import Binding
from analyzer.ims.associations import SaSet
from analyzer.ims.vocabulary import Role

ALIKE: Final = 32
"""Sets remembered that share destination and SPI; the oldest goes first."""
SPIS: Final = 200_000
"""Announced SPIs remembered; the oldest goes first."""
SLACK: Final = 64
"""Keys that may be gone and still stand in the order of ages, besides as many as there are."""


class Announcements:
    """Destination address and SPI, as they lie in a packet, to what was announced under them, newest first."""

    __slots__ = ("_order", "_table")

    def __init__(self) -> None:
        self._table: dict[bytes, tuple[SaSet, Role] | list[Binding]] = {}
        self._order: deque[bytes] = deque()
        """Its keys in the order in which they came; those that were removed since are skipped (8 octets each)."""

    def __len__(self) -> int:
        return len(self._table)

    def __contains__(self, key: bytes) -> bool:
        return key in self._table

    def get(self, key: bytes, default: Sequence[Binding] = ()) -> Sequence[Binding]:
        """What was announced under a destination and SPI."""
        return self._bindings(key) if key in self._table else default

    def values(self) -> Iterator[Sequence[Binding]]:
        """All of it."""
        return (self._bindings(key) for key in self._table)

    def add(self, key: bytes, owner: SaSet, role: Role) -> bool:
        """Enter an association of a new set; false if the oldest SPI had to go for it."""
        table = self._table
        if key in table:
            alike = self._bindings(key)
            alike.insert(0, Binding(owner, role))
            del alike[ALIKE:]
        else:
            table[key] = owner, role
            self._order.append(key)
            if len(self._order) > 2 * len(table) + SLACK:
                latest = dict.fromkeys(each for each in reversed(self._order) if each in table)
                self._order = deque(reversed(latest))
        if len(table) <= SPIS:
            return True
        while table.pop(self._order.popleft(), None) is None:
            pass  # removed before
        return False

    def remove(self, key: bytes, owner: SaSet) -> None:
        """Forget what was announced for a set."""
        known = self._table.get(key)
        if known is None or (isinstance(known, tuple) and known[0] is not owner):
            return
        left = [found for found in self._bindings(key) if found.set is not owner]
        if left:
            self._table[key] = left
        else:
            del self._table[key]

    def _bindings(self, key: bytes) -> list[Binding]:
        known = self._table[key]
        if isinstance(known, tuple):
            known = self._table[key] = [Binding(*known)]
        return known
