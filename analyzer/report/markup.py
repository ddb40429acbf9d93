"""Text of unknown origin in Markdown, as GitHub, GitLab and others read it: it is shown, and does nothing.

Backslashes are not enough: ``\\@name`` still calls somebody, and ``#1`` links, wherever services look for such words
in the finished text. They leave code alone, so whatever is no plain word becomes code.
"""

from __future__ import annotations

import re
from typing import Final

from analyzer.report.safe import clean

LONGEST: Final = 300
"""Characters of one value; the JSON report has all of it."""

_PLAIN: Final = re.compile(r"[(\"']?(?!www\.)[a-z0-9]+(?:[-.,/:'][a-z0-9]+)*[)\"']?[.,;:?!]*", re.IGNORECASE)
_SPECIAL: Final = re.compile(r"[`|<]|\]\(|^ | $")
"""What a code span cannot hold in a table, or what careless readers of Markdown see in one."""
_SIGN: Final = re.compile(r"[^A-Za-z0-9 ]")


def prose(text: str) -> str:
    """A sentence: plain words as they are, everything else as code."""
    words = clean(text, LONGEST).split(" ")
    return " ".join(word if _PLAIN.fullmatch(word) else code(word) for word in words if word)


def code(text: str) -> str:
    """A value, in letters of equal width; empty for an empty one."""
    text = clean(text, LONGEST)
    if not text.strip():
        return ""
    if not _SPECIAL.search(text):
        return f"`{text}`"
    return f"<code>{_SIGN.sub(_reference, text)}</code>"


def row(*cells: str) -> str:
    """One row of a table, of cells that are Markdown already."""
    return f"| {' | '.join(cells)} |\n"


def heading(*cells: str) -> str:
    """The first two rows of a table."""
    return row(*cells) + row(*("---" for _ in cells))


def _reference(found: re.Match[str]) -> str:
    return f"&#{ord(found[0])};"
