"""Which header lines of a message a finding is about, and which words in them.

A finding says in words what was expected and observed, and its tables compare parameters. The names of headers in
these point at lines; the values point at words. A mark is help for the eye and no proof: nothing is judged by it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from analyzer.evidence import differs
from analyzer.finding import Finding
from analyzer.sip.headers import header_key

SPANS: Final = 24
"""Marks of one message."""

_VALUES: Final = 48
"""Values of one finding that are looked for."""

_HEADER: Final = re.compile(
    r"\b(?:[A-Z][A-Za-z]*(?:-[A-Za-z]+)+|Via|Contact|Route|Require|Supported|Expires|Allow|CSeq)\b"
)
_VALUE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+/=@:-]*")
_ADDRESSED: Final = {
    "nonce": ("authorization", "www-authenticate"),
    "rand": ("authorization", "www-authenticate"),
    "response": ("authorization",),
    "digest": ("authorization", "www-authenticate"),
    "auts": ("authorization",),
    "realm": ("authorization", "www-authenticate"),
    "integrity-protected": ("authorization",),
    "spi": ("security-client", "security-server", "security-verify"),
    "spis": ("security-client", "security-server", "security-verify"),
    "ealg": ("security-client", "security-server", "security-verify"),
    "alg": ("security-client", "security-server", "security-verify"),
    "instance": ("contact",),
    "rport": ("via",),
    "contacts": ("contact",),
}
"""Headers that hold what a finding may name by a word of its own."""

_WORD: Final = re.compile(r"[A-Za-z][A-Za-z-]*")
_PLAIN: Final = frozenset({"set", "sip/2.0", "clear", "udp", "tcp", "sip", "in", "on", "the", "and", "not", "message"})


class Marks(NamedTuple):
    """What to look for in the messages of one finding."""

    headers: frozenset[str]
    """Keys of headers."""
    values: tuple[str, ...]
    """Words, the longest first."""


Line = tuple[int, list[tuple[int, int]]]
"""Number of a line, from 0, with the beginning and end of each marked word in it."""


def marks(finding: Finding) -> Marks:
    """What the messages of this finding are looked through for."""
    tables = finding.evidence.tables if finding.evidence is not None else ()
    unequal = [row for table in tables if table.compares for row in table.rows if differs(row)]
    said = " ".join((finding.message, finding.expected, finding.observed, *(row[0] for row in unequal)))
    titles = " ".join(table.title for table in tables)
    headers = {header_key(name) for name in _HEADER.findall(f"{said} {titles}")}
    for word in _WORD.findall(said.lower()):
        headers.update(_ADDRESSED.get(word, ()))
    values = {
        word.strip(".:/-")
        for text in (finding.observed, finding.expected, *(cell for row in unequal for cell in row[1:]))
        for word in _VALUE.findall(text[:2_000])
    }
    chosen = sorted((word for word in values if _telling(word)), key=lambda word: (-len(word), word))
    return Marks(frozenset(headers), tuple(chosen[:_VALUES]))


def marked(lines: Sequence[str], found: Marks) -> list[Line]:
    """The lines of a message that a finding is about, with the words in them."""
    made: list[Line] = []
    left = SPANS
    pattern = (
        re.compile("|".join(rf"(?<![A-Za-z0-9.]){re.escape(word)}(?![A-Za-z0-9])" for word in found.values))
        if found.values
        else None
    )
    for number, line in enumerate(lines):
        name, colon, _ = line.partition(":")
        named = bool(number and colon) and header_key(name.strip()) in found.headers
        spans = [match.span() for match in pattern.finditer(line)][:left] if pattern is not None else []
        if named or (spans and (number == 0 or not found.headers)):
            made.append((number, spans))
            left -= len(spans)
        if left <= 0:
            break
    return made


def shown(text: str, values: Iterable[str]) -> bool:
    """Whether one of these words stands in a text by itself."""
    return any(re.search(rf"(?<![A-Za-z0-9.]){re.escape(word)}(?![A-Za-z0-9])", text) for word in values)


def _telling(word: str) -> bool:
    """Whether a word is so rare that finding it somewhere says something."""
    if word.lower() in _PLAIN or len(word) < 3:
        return False
    return any(letter.isdigit() for letter in word) or len(word) >= 6
