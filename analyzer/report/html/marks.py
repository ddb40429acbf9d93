"""Which header lines of a message a finding is about, and which words in them.

A finding says in words what was expected and observed. The headers that it names point at lines, the values at words.
A mark is help for the eye and no proof: nothing is judged by it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from analyzer.finding import Finding
from analyzer.sip.headers import header_key

SPANS: Final = 24
"""Marked words of one line."""

LINES: Final = 24
"""Marked lines of one message."""

WORDS: Final = 48
"""Words of one finding that are looked for."""

LONGEST: Final = 2_000
"""Characters of expected and observed that are looked at."""

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
    "offer": ("security-client",),
    "offers": ("security-client",),
    "spi-c": ("security-client", "security-server", "security-verify"),
    "spi-s": ("security-client", "security-server", "security-verify"),
    "port-c": ("security-client", "security-server", "security-verify"),
    "port-s": ("security-client", "security-server", "security-verify"),
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
_METHODS: Final = "register invite ack bye cancel options message subscribe notify publish update prack refer info"
_PLAIN: Final = frozenset(
    {"set", "sip/2.0", "clear", "udp", "tcp", "sip", "in", "on", "the", "and", "not", *_METHODS.split()}
)


class Marks(NamedTuple):
    """What to look for in the messages of one finding."""

    headers: frozenset[str]
    """Keys of headers that it names."""
    beside: frozenset[str]
    """Keys of these and of headers that its argument names: looked for in what it is held against."""
    bad: tuple[str, ...]
    """Words that were observed and not expected, the longest first: looked for where the finding is."""
    want: tuple[str, ...]
    """Words that were expected and not observed: looked for in what it is held against."""


Line = tuple[int, list[tuple[int, int]]]
"""Number of a line, from 0, with the beginning and end of each marked word in it."""


def marks(finding: Finding) -> Marks:
    """What the messages of this finding are looked through for."""
    headers = _named(finding.message)
    observed, expected = _words(finding.observed), _words(finding.expected)
    bad, want = observed - expected, expected - observed
    # ``spi-c=1`` is what an expected "other than 1" is about; the rest of that header is not, nor what is as expected
    pairs = [(word, *word.split("=", 1)) for word in bad if "=" in word]
    told = {word for word, name, value in pairs if value in expected and f"{name} {value}" not in finding.expected}
    return Marks(headers, headers | _named(finding.argument), _sorted(told or bad), _sorted(want))


def marked(lines: Sequence[str], headers: frozenset[str], words: Sequence[str]) -> list[Line]:
    """The lines of a message that a finding is about, with the words in them.

    Lines of a named header count, and of these those with such words if there are any; without a named header the
    words alone point at lines.
    """
    named: list[Line] = []
    found: list[Line] = []
    pattern = re.compile("|".join(map(_alone, words))) if words else None
    for number, line in enumerate(lines):
        name, colon, _ = line.partition(":")
        spans = [match.span() for match in pattern.finditer(line)][:SPANS] if pattern is not None else []
        if not number:
            continue  # the start line is always seen
        if colon and header_key(name.strip()) in headers:
            named.append((number, spans))
        elif spans and not headers:
            found.append((number, spans))
    telling = [line for line in named if line[1]]
    return sorted([*(telling or named), *found])[:LINES]


def shown(text: str, words: Iterable[str]) -> bool:
    """Whether one of these words stands in a text by itself."""
    return any(re.search(_alone(word), text) for word in words)


def _named(text: str) -> frozenset[str]:
    """Keys of the headers that a sentence names, or that hold what it names if it does not say in which it is."""
    found = {header_key(name) for name in _HEADER.findall(text)}
    told = frozenset(found)
    for word in _WORD.findall(text.lower()):
        if told.isdisjoint(holders := _ADDRESSED.get(word, ())):
            found.update(holders)
    return frozenset(found)


def _words(text: str) -> set[str]:
    """The words of a text that say something."""
    found = {word.strip(".:/-") for word in _VALUE.findall(text[:LONGEST])}
    return {word for word in sorted(found)[:WORDS] if _telling(word)}


def _sorted(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(words, key=lambda word: (-len(word), word)))


def _alone(word: str) -> str:
    return rf"(?<![A-Za-z0-9.]){re.escape(word)}(?![A-Za-z0-9])"


def _telling(word: str) -> bool:
    """Whether a word is so rare that finding it somewhere says something."""
    if word.lower() in _PLAIN or word.lower() in _ADDRESSED or len(word) < 3:
        return False
    return any(letter.isdigit() for letter in word) or len(word) >= 6
