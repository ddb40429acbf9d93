"""What could not be read stands beside the facts."""

from __future__ import annotations

from dataclasses import dataclass

from analyzer.ims.events.base import Event
from analyzer.ims.vocabulary import SetTerms


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class KeyMissing(Event):
    """A set that carried packets which no key opened."""

    terms: SetTerms | None
    spis: tuple[int, ...]
    packets: int
    cut: int
    """How many of them the capture cut."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Notice(Event):
    """Anything else that the reader of a report must know: a hole, an eviction, a wrong key."""

    text: str
