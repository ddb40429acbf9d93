"""The lexical layer of SIP header values: quotes, escapes, lists, parameters, numbers (RFC 3261 25.1).

Header text is decoded as latin-1 everywhere in this package, so that one character is one octet, no octet is lost and
nothing can fail. The price: ``str.strip()`` and ``str.isdigit()`` know more blanks and digits than SIP does, hence the
explicit sets here. Every function takes any text, and time linear in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from analyzer.hashes import blake2s

LWS: Final = " \t\r\n"
"""What RFC 3261 calls linear white space, as an argument of ``strip``."""

SECONDS_LIMIT: Final = 2**32 - 1
"""The greatest number of seconds that ``Expires`` can hold (RFC 3261 20.19); what is more becomes this."""

IDENTIFIER_LIMIT: Final = 512
"""Characters of an identifier that is kept: twice as many as any in use has (an IMPI has 253 at most, RFC 7542 2.2)."""

_CONTROLS: Final = dict.fromkeys((*range(32), *range(127, 160)), "?")
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_QUOTED_REST: Final = re.compile(r'[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_SPECIAL: Final = re.compile(r'[",<>]|\\.', re.DOTALL)
_LONGEST_NUMBER: Final = 18
_ASSIGNMENT: Final = r' ?[-a-z]++=(?:"[^"\\,]*+"|[^",\s\\]++)'
_PLAINLY: Final = re.compile(rf"(?:{_ASSIGNMENT}(?:,{_ASSIGNMENT})*+)?+").fullmatch
"""Matches a list of assignments in the usual spelling: no escapes, no comma in quotes."""
_assigned: Final = re.compile(r'([-a-z]++)=(?:"([^"]*+)"|([^",]++))').findall


def printable(text: str, limit: int) -> str:
    """The text as a terminal may see it: at most `limit` characters, control characters (C0, C1, DEL) replaced."""
    text = text[:limit]
    return text if text.isprintable() else text.translate(_CONTROLS)


def identifier(text: str) -> str:
    """A Call-ID, branch, nonce or name as tables keep it: a monster is cut, and its hash lets two of them stay two."""
    if len(text) <= IDENTIFIER_LIMIT:
        return text
    digest = blake2s(text.encode("latin-1", "replace"), digest_size=16).hexdigest()
    return f"{text[: IDENTIFIER_LIMIT - len(digest)]}{digest}"


def number(text: str) -> int | None:
    """A decimal number without sign; None if it is anything else, or longer than any number that SIP has a use for."""
    if not (text.isdigit() and text.isascii()):
        return None
    if len(text) > _LONGEST_NUMBER:
        text = text.lstrip("0") or "0"
        if len(text) > _LONGEST_NUMBER:
            return None
    return int(text)


def seconds(text: str | None) -> int | None:
    """delta-seconds: None if absent or ill-formed, never more than `SECONDS_LIMIT`."""
    if text is None:
        return None
    text = text.strip(LWS)
    if not (text.isdigit() and text.isascii()):
        return None
    found = number(text)
    return SECONDS_LIMIT if found is None or found > SECONDS_LIMIT else found


def unquote(text: str) -> str:
    """A parameter's value without the quotes and escapes that it may have been written with."""
    if text[:1] != '"':
        return text
    text = text[1:-1] if len(text) > 1 and text[-1] == '"' else text[1:]
    return _ESCAPE.sub(r"\1", text) if "\\" in text else text


def split(text: str, separator: str) -> list[str]:
    """Split at a separator (one character) that stands outside quotes; after a quote that never ends nothing splits."""
    pieces = text.split(separator)
    if '"' not in text:
        return pieces
    if "\\" not in text:
        between = text.split('"')
        if len(between) & 1 and separator not in "".join(between[1::2]):
            return pieces  # it stands in none of the quotes
    whole: list[str] = []
    quoted: list[str] = []
    for piece in pieces:
        odd = (_ESCAPE.sub("", piece) if "\\" in piece else piece).count('"') & 1
        if quoted:
            quoted.append(piece)
            if odd:
                whole.append(separator.join(quoted))
                quoted = []
        elif odd:
            quoted.append(piece)
        else:
            whole.append(piece)
    if quoted:
        whole.append(separator.join(quoted))
    return whole


def split_addresses(text: str) -> list[str]:
    """Split a list of name-addr at its commas: those inside quotes or angle brackets do not count."""
    if "," not in text:
        return [text]
    entries: list[str] = []
    start = 0
    quoted = bracketed = False
    for match in _SPECIAL.finditer(text):
        special = match[0]
        if special == '"':
            quoted = not quoted and not bracketed
        elif quoted:
            continue
        elif special == "<":
            bracketed = True
        elif special == ">":
            bracketed = False
        elif special == "," and not bracketed:
            entries.append(text[start : match.start()])
            start = match.end()
    entries.append(text[start:])
    return entries


def after_quoted(text: str) -> int:
    """Where the quoted string ends with which the text begins; the text's length if it never does."""
    match = _QUOTED_REST.match(text, 1)
    return match.end() if match else len(text)


def parameters(pieces: Iterable[str]) -> dict[str, str | None]:
    """Parameters that were split already: keys in lower case, values unquoted, None without ``=``; the first wins."""
    found: dict[str, str | None] = {}
    for piece in pieces:
        name, equals, value = piece.partition("=")
        name = name.strip(LWS).lower()
        if name and name not in found:
            if equals:
                value = value.strip(LWS)
                found[name] = unquote(value) if value[:1] == '"' else value
            else:
                found[name] = None
    return found


def assignments(text: str) -> dict[str, str | None]:
    """The parameters of a comma list, such as auth-param has.

    In the usual spelling one expression finds them all, in a third less time than it takes to split the list.
    """
    if _PLAINLY(text):
        written = _assigned(text)
        found: dict[str, str | None] = {name: quoted or bare for name, quoted, bare in written}
        if len(found) == len(written):
            return found
    return parameters(split(text, ","))
