"""What could not be read stands beside the facts."""

from __future__ import annotations

from analyzer.ims.events.base import Event
from analyzer.ims.vocabulary import SetTerms


class KeyMissing(Event, frozen=True, kw_only=True):
    """A set that carried packets which no key opened."""

    terms: SetTerms | None
    spis: tuple[int, ...]
    packets: int
    cut: int
    """How many of them the capture cut."""


class Notice(Event, frozen=True, kw_only=True):
    """Anything else that the reader of a report must know: a hole, an eviction, a wrong key."""

    text: str
