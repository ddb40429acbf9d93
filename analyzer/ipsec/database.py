"""The security association database: which association a packet belongs to (RFC 4301 4.4.2).

Written by the session model, read by the ESP layer; the only thing that the two share. An SPI may stand for several
associations at once (a captured side that reuses SPIs, a second challenge): the ICV tells them apart.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Sequence
from operator import attrgetter
from typing import Final, NamedTuple

from analyzer.ipsec.ciphers import UNPREPARED, Ciphers
from analyzer.ipsec.esp import BAD_ICV, BAD_PADDING, NO_KEY, NOT_BLOCKS, TOO_SHORT, Opened, SecurityAssociation

MAX_ASSOCIATIONS: Final = 200_000
"""How many associations are kept, at some 0.7 KB each, as many as there may be SPIs; the oldest goes first."""
MAX_CANDIDATES: Final = 32
"""How many of them may share destination and SPI, hence how many ICVs one packet can cost."""

READY: Final = 4096
"""Pairs of keys whose ciphers stay ready, at 2 KB each; those that were made ready first are put away, and made again
with their next packet, which costs it 8 µs."""

SLACK: Final = 64
"""Associations that may be gone and still stand in the order of ages, besides as many as there are."""

UNKNOWN_SPI: Final = "unknown SPI"
"""No association of this destination, SPI and source."""
MALFORMED: Final = frozenset({TOO_SHORT, NOT_BLOCKS, BAD_PADDING})
"""The reasons that blame the packet's form."""

# Which reason speaks for the packet if its candidates differ, by reason and whether the candidate checks an ICV. A
# trailer that makes no sense tells of the sender only after a good ICV. A candidate without a key may be the right one,
# so it excuses the others.
_WEIGHT: Final = {
    (BAD_PADDING, False): 0,
    (NOT_BLOCKS, False): 1,
    (TOO_SHORT, False): 2,
    (TOO_SHORT, True): 2,
    (BAD_ICV, True): 3,
    (NO_KEY, False): 4,
    (NO_KEY, True): 4,
    (NOT_BLOCKS, True): 5,
    (BAD_PADDING, True): 6,
}


class Refusal(NamedTuple):
    """Why a packet could not be opened, and which associations were tried."""

    reason: str
    """UNKNOWN_SPI, NO_KEY, BAD_ICV or one of MALFORMED."""
    tried: tuple[SecurityAssociation, ...]
    """The candidates, the one that the reason is about first."""


_FOREIGN: Final = Refusal(UNKNOWN_SPI, ())


class SaDatabase:
    """Associations by destination address and SPI. ``evicted`` counts those that a limit pushed out."""

    __slots__ = ("_count", "_limit", "_order", "_ready", "_serial", "evicted", "table")

    def __init__(self, limit: int = MAX_ASSOCIATIONS) -> None:
        self._limit = limit
        self.table: dict[bytes, tuple[SecurityAssociation, ...]] = {}
        """By destination and SPI as they lie in a packet, the likeliest first."""
        self._order: deque[SecurityAssociation] = deque()
        """In the order in which they came, one for each serial up to the latest; a place holds as long as its
        association has that serial (8 octets each, where an ordered dictionary needs 150)."""
        self._ready: OrderedDict[Ciphers, None] = OrderedDict()
        """Ciphers of associations in this database that are ready to be used."""
        self._count = self._serial = 0
        self.evicted = 0

    def __len__(self) -> int:
        return self._count

    def add(self, association: SecurityAssociation, key: bytes | None = None) -> None:
        """Put an association in front of those with the same destination and SPI; oldest ones make room.

        ``key`` is these two as octets that somebody else has, too: then they are there but once.
        """
        if association.serial:  # it was here before, and may be so still
            self.remove(association)
        if key is None:
            key = _key(association)
        present = self.table.get(key, ())
        if len(present) >= MAX_CANDIDATES:
            self.remove(min(present, key=attrgetter("serial")))
            self.evicted += 1
        elif self._count >= self._limit:
            self.remove(self._oldest())
            self.evicted += 1
        self.table[key] = (association, *self.table.get(key, ()))
        self._order.append(association)
        association.serial = self._serial = self._serial + 1
        self._count += 1
        if len(self._order) > 2 * self._count + SLACK:
            first = self._serial + 1 - len(self._order)
            left = [each for serial, each in enumerate(self._order, first) if each.serial == serial]
            for serial, each in enumerate(left, self._serial + 1 - len(left)):
                each.serial = serial
            self._order = deque(left)

    def __contains__(self, association: SecurityAssociation) -> bool:
        return association in self.table.get(_key(association), ())

    def _oldest(self) -> SecurityAssociation:
        """Whoever came last so long ago: places that were left, or taken anew farther behind, are passed over."""
        order = self._order
        while order[0].serial != self._serial + 1 - len(order):
            order.popleft()
        return order[0]

    def remove(self, association: SecurityAssociation) -> None:
        """Forget an association; nothing happens if it is not here."""
        if association not in self:
            return
        key = _key(association)
        left = tuple(other for other in self.table[key] if other is not association)
        self._count -= 1
        association.serial = 0
        if association.ciphers in self._ready:
            del self._ready[association.ciphers]
            association.ciphers.shelve()
        if left:
            self.table[key] = left
        else:
            del self.table[key]

    def candidates(self, destination: bytes, spi: bytes) -> Sequence[SecurityAssociation]:
        """The associations that a packet may belong to, the likeliest first. ``spi`` as it lies in the packet."""
        return self.table.get(destination + spi, ())

    def open(self, source: bytes, destination: bytes, packet: bytes) -> tuple[SecurityAssociation, Opened] | Refusal:
        """Open a packet, given from its SPI on, by the first candidate whose ICV is good; that one moves to the front.

        A candidate without integrity algorithm is believed only if no other opens the packet. A packet that turns out
        to belong to one candidate, or may belong to one without a key, is no failure of the others.
        """
        found = self.table.get(destination + packet[:4])
        if found is None:
            return _FOREIGN if len(packet) >= 8 else Refusal(TOO_SHORT, ())
        tried: list[tuple[SecurityAssociation, str]] = []
        unproven: tuple[SecurityAssociation, Opened] | None = None
        for association in found:
            if association.source is not None and association.source != source:
                continue
            if association.ciphers.shortest == UNPREPARED:
                self._readies(association.ciphers)
            outcome = association.open(packet)
            if isinstance(outcome, str):
                tried.append((association, outcome))
            elif association.icv:
                if association is not found[0]:
                    excuse(tried)
                    self._prefer(association, found)
                return association, outcome
            elif unproven is None:
                unproven = association, outcome
        if unproven is not None:
            excuse(tried)
            return unproven
        if not tried:
            return _FOREIGN
        decisive = max(tried, key=_weight)
        if decisive[1] in MALFORMED and not decisive[0].icv:
            # Not an ICV says that the packet belongs here: it is another key's, and its form nobody's fault.
            return Refusal(NO_KEY, tuple(association for association, _ in tried))
        if decisive[1] is BAD_ICV:
            return Refusal(BAD_ICV, tuple(association for association, _ in tried))
        tried.remove(decisive)
        excuse(tried)
        return Refusal(decisive[1], (decisive[0], *(association for association, _ in tried)))

    def _readies(self, ciphers: Ciphers) -> None:
        """A packet has come for which they will be made ready, if there are keys."""
        if ciphers.keys is not None:
            self._ready[ciphers] = None
        if len(self._ready) > READY:
            self._ready.popitem(last=False)[0].shelve()

    def _prefer(self, association: SecurityAssociation, found: tuple[SecurityAssociation, ...]) -> None:
        others = (other for other in found if other is not association)
        self.table[_key(association)] = (association, *others)


def _key(association: SecurityAssociation) -> bytes:
    return association.destination + association.spi.to_bytes(4, "big")


def _weight(attempt: tuple[SecurityAssociation, str]) -> int:
    association, outcome = attempt
    return _WEIGHT[outcome, association.icv > 0]


def excuse(tried: list[tuple[SecurityAssociation, str]]) -> None:
    """Take back what was counted against, or for, candidates to which the packet does not belong."""
    for association, outcome in tried:
        if outcome is BAD_ICV:
            association.failed -= 1
        elif association.icv and outcome in (NOT_BLOCKS, BAD_PADDING):
            association.verified -= 1
