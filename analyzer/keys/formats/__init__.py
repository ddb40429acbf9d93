"""One module for each format in which users hold keys; which one a file has is told by its content, never its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from analyzer.keys.entries import Contents, KeyFileError, NoKeys
from analyzer.keys.formats import kamailio, secrets, toml, wireshark, xfrm


class _Format(NamedTuple):
    title: str
    recognises: Callable[[str], bool]
    """By the first line that is neither empty nor a comment."""
    read: Callable[[str, str], Contents]
    """Text and name of the file to its contents; raises KeyFileError."""


_FORMATS: Final = (
    _Format("what ip xfrm prints, or commands that add states", xfrm.recognises, xfrm.read),
    _Format("TOML with [[subscriber]], [[aka]] or [[sa]] tables", toml.recognises, toml.read),
    _Format("a Wireshark esp_sa table", wireshark.recognises, wireshark.read),
    _Format("a file of secrets for tcpdump -E", secrets.recognises, secrets.read),
)
LONGEST_LINE: Final = 4096
"""Characters of a line, ten times as many as any needs. A log may have longer ones."""
_LOG: Final = _Format("the log of a Kamailio P-CSCF", kamailio.recognises, kamailio.read)
"""A log may begin with anything, so it is asked last, and shown the whole text."""


def is_log(text: str) -> bool:
    """Whether this is a log, in which octets that are no text may stand in lines that do not matter."""
    first = _first(text)
    return first is not None and not any(known.recognises(first) for known in _FORMATS) and _LOG.recognises(text)


def read(text: str, name: str) -> Contents:
    """Read a key file of any format. ``name`` is how messages call it.

    Raises KeyFileError if no format fits or if a line makes no sense, and NoKeys if there is nothing in it.
    """
    first = _first(text)
    if first is None:
        raise NoKeys(name)
    known = next((known for known in _FORMATS if known.recognises(first)), None)
    if known is None and _LOG.recognises(text):
        known = _LOG
    if known is None:
        titles = ", ".join(known.title for known in (*_FORMATS, _LOG))
        raise KeyFileError(name, None, f"this is none of the formats that can be read: {titles}")
    if known is not _LOG:
        lengths = enumerate(map(len, text.split("\n")), 1)
        number = next((number for number, length in lengths if length > LONGEST_LINE), None)
        if number is not None:
            raise KeyFileError(name, number, f"a line of more than {LONGEST_LINE} characters is none of a key file")
    contents = known.read(text, name)
    if not contents.entries and not contents.notices:
        raise NoKeys(name)
    return contents


def _first(text: str) -> str | None:
    """The first line that is neither empty nor a comment."""
    lines = (line.strip() for line in text.split("\n"))
    return next((line for line in lines if line and not line.startswith("#")), None)
