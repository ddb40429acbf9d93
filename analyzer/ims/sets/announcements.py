"""Which SPIs were announced, and for what: also those whose packets no key opens.

Most sets have keys, so that nobody asks here: only then an announcement is made the `Binding` that remembers packets.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Final

from analyzer.ims.sets.association import Binding
from analyzer.ims.sets.associations import SaSet
from analyzer.ims.vocabulary import ROLES, Role

ALIKE: Final = 32
"""Sets remembered that share destination and SPI; the oldest goes first."""
SPIS: Final = 200_000
"""Announced SPIs remembered; the one announced last so long ago goes first."""
SLACK: Final = 64
"""Places left in the order of ages that may stand there, besides a quarter as many as there are SPIs."""

FORMER: Final = 4096
"""SPIs of forgotten sets that are still known as such, the latest."""


class Announcements:
    """Destination address and SPI, as they lie in a packet, to what was announced under them, newest first."""

    __slots__ = ("_former", "_gone", "_left", "_order", "_places", "_table", "crowded")

    def __init__(self) -> None:
        self._table: dict[bytes, SaSet | tuple[SaSet, Role] | list[Binding]] = {}
        """The set alone where its SPIs tell the role, which is 56 octets less for each."""
        self._order: deque[bytes] = deque()
        """Its keys in the order in which they were announced last, and places that were left (8 octets each)."""
        self._left: dict[bytes, int] = {}
        """How many of its first places a key has left, as it was removed, or announced again and so is young."""
        self._places = 0
        """How many such places there are in all."""
        self._former: deque[bytes] = deque()
        self._gone: set[bytes] = set()
        """Keys of sets that were forgotten, in the order of `_former`."""
        self.crowded = 0
        """Announcements forgotten since too many later ones had the same destination and SPI."""

    def __len__(self) -> int:
        return len(self._table)

    def __contains__(self, key: bytes) -> bool:
        return key in self._table

    def get(self, key: bytes, default: Sequence[Binding] = ()) -> Sequence[Binding]:
        """What was announced under a destination and SPI."""
        return self._bindings(key) if key in self._table else default

    def values(self) -> Iterator[Sequence[Binding]]:
        """What was announced under each destination and SPI."""
        return (self._bindings(key) for key in self._table)

    def add(self, key: bytes, owner: SaSet, role: Role) -> bool:
        """Enter an association of a new set; false if the oldest SPI had to go for it."""
        table = self._table
        if key in table:
            alike = self._bindings(key)
            alike.insert(0, Binding(owner, role))
            if len(alike) > ALIKE:
                alike.pop()
                self.crowded += 1
            self._leave(key)
        else:
            table[key] = owner if _alone(owner, key) else (owner, role)
        self._order.append(key)
        if len(table) <= SPIS:
            return True
        del table[self._oldest()]
        return False

    def remove(self, key: bytes, owner: SaSet) -> None:
        """Forget what was announced for a set."""
        known = self._table.get(key)
        if known is None or (isinstance(known, tuple) and known[0] is not owner):
            return
        if isinstance(known, SaSet) and known is not owner:
            return
        left = [found for found in self._bindings(key) if found.set is not owner]
        if left:
            self._table[key] = left
        else:
            del self._table[key]
            self._leave(key)
            if key not in self._gone:
                self._gone.add(key)
                self._former.append(key)
                if len(self._former) > FORMER:
                    self._gone.remove(self._former.popleft())

    def former(self, key: bytes) -> bool:
        """Whether this was announced for a set that is forgotten by now, as far as that is remembered."""
        return key in self._gone

    def _leave(self, key: bytes) -> None:
        """The last place of a key does not count any more; where many do not, all of them are cleared away."""
        self._left[key] = self._left.get(key, 0) + 1
        self._places += 1
        if self._places > SLACK + len(self._table) // 4:
            left = self._left
            kept: deque[bytes] = deque()
            for each in self._order:
                if each in left:
                    self._pass(each)
                else:
                    kept.append(each)
            self._order = kept

    def _pass(self, key: bytes) -> None:
        """One of the places that a key left is met, from the first on: one fewer stands before the one that counts."""
        self._places -= 1
        if self._left[key] > 1:
            self._left[key] -= 1
        else:
            del self._left[key]

    def _oldest(self) -> bytes:
        """Take out the place of whoever was announced last so long ago."""
        while (key := self._order.popleft()) in self._left:
            self._pass(key)
        return key

    def _bindings(self, key: bytes) -> list[Binding]:
        known = self._table[key]
        if isinstance(known, SaSet):
            spi = int.from_bytes(key[-4:], "big")
            known = self._table[key] = [Binding(known, ROLES[_spis(known).index(spi)])]
        elif isinstance(known, tuple):
            known = self._table[key] = [Binding(*known)]
        return known


def _spis(owner: SaSet) -> tuple[int | None, ...]:
    """The SPIs of a set as `SetTerms.spi` has them, in the order of ROLES."""
    terms = owner.terms
    return terms.spi_ps, terms.spi_uc, terms.spi_us, terms.spi_pc


def _alone(owner: SaSet, key: bytes) -> bool:
    """Whether the SPI in a key is that of one role of a set: so it is, unless somebody chose the same twice."""
    return _spis(owner).count(int.from_bytes(key[-4:], "big")) == 1
