"""One module for each format in which users hold keys; which one a file has is told by its content, never its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from analyzer.keys.entries import Contents, KeyFileError
from analyzer.keys.formats import toml, wireshark, xfrm


class _Format(NamedTuple):
    title: str
    recognises: Callable[[str], bool]
    """By the first line that is neither empty nor a comment."""
    read: Callable[[str, str], Contents]
    """Text and name of the file to its contents; raises KeyFileError."""


_FORMATS: Final = (
    _Format("TOML with [[subscriber]], [[aka]] or [[sa]] tables", toml.recognises, toml.read),
    _Format("a Wireshark esp_sa table", wireshark.recognises, wireshark.read),
    _Format("the output of ip xfrm state", xfrm.recognises, xfrm.read),
)


def read(text: str, name: str) -> Contents:
    """Read a key file of any format. ``name`` is how messages call it.

    Raises KeyFileError if no format fits, if a line makes no sense, or if there is nothing in it.
    """
    first = next((line for line in map(str.strip, text.split("\n")) if line and not line.startswith("#")), None)
    if first is None:
        raise KeyFileError(name, None, "there are no keys in it")
    for known in _FORMATS:
        if known.recognises(first):
            contents = known.read(text, name)
            if not contents.entries and not contents.notices:
                raise KeyFileError(name, None, "there are no keys in it")
            return contents
    titles = ", ".join(known.title for known in _FORMATS)
    raise KeyFileError(name, None, f"this is none of the formats that can be read: {titles}")
