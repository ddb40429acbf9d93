"""Every SIP message of one run, for the forms of a report that draw them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from analyzer.audit import TraceLine
    from analyzer.report.pseudonyms import Pseudonyms

MESSAGES: Final = 200_000
"""How many messages are kept; later ones are only counted."""


class Chronicle:
    """SIP messages in the order in which they were captured."""

    def __init__(self) -> None:
        self.lines: list[TraceLine] = []
        self.missed = 0
        """Messages beyond `MESSAGES`."""

    def add(self, line: TraceLine) -> None:
        """Keep one message, or count it."""
        if len(self.lines) < MESSAGES:
            self.lines.append(line)
        else:
            self.missed += 1

    def through(self, names: Pseudonyms) -> None:
        """Replace the identities, once the report has told which there are."""
        self.lines = [names.line(line) for line in self.lines]
