"""Who judges which kind of event, and how often all of them let one pass."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from analyzer.finding import Tally
from analyzer.ims.receipts import Receipt
from analyzer.rule import Rule
from analyzer.verdict import Verdict

QUIET = 8
"""Kinds of answers of all rules to one kind of event that are known as a whole; there are four at most where all is as
it should be."""


class Bound(Struct):
    """A rule with the profile filled in, so that it can be called with an event alone."""

    rule: Rule
    judge: Callable[[object], Verdict | None]
    tally: Tally


class Listeners:
    """Who wants to know of one kind of event."""

    __slots__ = ("bound", "judges", "met", "quiet", "receipts", "seen", "told")

    def __init__(self) -> None:
        self.bound: list[Bound] = []
        """The rules that do, each with the bit of its place."""
        self.judges: list[Callable[[object], Verdict | None]] = []
        """The same, as they are asked."""
        self.quiet: list[tuple[list[Verdict | None], Receipt]] = []
        """What they have said that was nothing but `PASS` and None, the first `QUIET` kinds of it, and what counts it:
        nearly always they say one of these again, which takes one comparison and not one for each rule."""
        self.met: list[Tally] = []
        """Rules whose requirement such an event meets by itself."""
        self.seen = 0
        """How many there were, but for those that the receipts still count."""
        self.receipts: dict[int, Receipt] = {}
        """Counts the events, by the rules (bits) that they passed and that did not merely not judge: one addition for
        an event instead of one for each rule. It is also the answer to an event that all others let pass."""
        self.told = False
        """The report has something to say of it, whatever the rules say."""

    def add(self, bound: Bound) -> None:
        """Enter a rule that wants to hear of this kind of event."""
        self.bound.append(bound)
        self.judges.append(bound.judge)

    def count(self) -> None:
        """Enter what the receipts have counted."""
        for passed, receipt in self.receipts.items():
            self.seen += receipt.times
            for place, bound in enumerate(self.bound):
                if passed >> place & 1:
                    bound.tally.passed += receipt.times
            receipt.times = 0
