"""Headers of captured messages that the page holds, each once, however many findings and ladders show it."""

from __future__ import annotations

from typing import Final

from analyzer.report.chronicle import Arrow, Chronicle
from analyzer.report.html.words import several
from analyzer.report.safe import clean

BUDGET: Final = 6 << 20
"""Characters of all messages together; what is wanted later is not there, and says so."""

LINES: Final = 120
"""Header lines of one message."""

WIDEST: Final = 1_000
"""Characters of one line; the page says how many more there are."""


class Texts:
    """Messages by their frame, as lines that are safe to show."""

    def __init__(self, chronicle: Chronicle | None, budget: int = BUDGET) -> None:
        self._chronicle = chronicle
        self._left = budget
        self.lines: dict[str, list[str]] = {}
        """By ``capture:frame``."""
        self._arrows: dict[tuple[int, int], Arrow] = {}
        for each in chronicle.arrows if chronicle is not None else ():
            self._arrows.setdefault((each.at.capture, each.at.number), each)

    def arrow(self, capture: int, frame: int) -> Arrow | None:
        """What the chronicle has of the message of a frame."""
        return self._arrows.get((capture, frame))

    def want(self, capture: int, frame: int) -> str | None:
        """The name under which the page has a message; None if it has not."""
        name = f"{capture}:{frame}"
        if name in self.lines:
            return name
        made = self._chronicle.quote(capture, frame) if self._chronicle is not None else None
        if made is None or self._left <= 0:
            return None
        lines = [clean(_text(line.rstrip("\r")), WIDEST) for line in made.head.split("\n")[:LINES]]
        more = made.head.count("\n") + 1 - len(lines)
        if more > 0:
            lines.append(f"… {several(more, 'more line')}")
        if made.cut:
            lines.append(f"… {several(made.cut, 'more octet')} of headers")
        if made.body:
            lines.append(f"… a body of {several(made.body, 'octet')}, which reports do not show")
        self._left -= sum(map(len, lines))
        self.lines[name] = lines
        return name


def _text(line: str) -> str:
    """Captured octets as text: UTF-8 if they are that (RFC 3261 7.3.1), else one character an octet."""
    try:
        return line.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return line
