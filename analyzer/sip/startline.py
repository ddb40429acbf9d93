"""The first line of a SIP message: a status line or a request line (RFC 3261 7.1, 7.2). Nothing here fails."""

from __future__ import annotations

import re
from typing import Final

from analyzer.sip.headers import HEADER_LIMIT
from analyzer.sip.text import LWS, number

_LONGEST_METHOD: Final = 64
_TOKEN: Final = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]+")
_USUAL: Final = "ACK BYE CANCEL INFO INVITE MESSAGE NOTIFY OPTIONS PRACK PUBLISH REFER REGISTER SUBSCRIBE UPDATE"

METHODS: Final = frozenset(_USUAL.split())
"""The methods of RFC 3261 and its extensions; a message may have any other token as well."""


def first_line(data: bytes) -> str:
    """What stands before the first line feed, the carriage return included."""
    return data[: data.find(b"\n") + 1 or HEADER_LIMIT][:HEADER_LIMIT].decode("latin-1").removesuffix("\n")


def status_code(words: list[str]) -> int:
    """The status of a response's start line, 0 if it has none."""
    code = words[1].rstrip("\r") if len(words) > 1 else ""
    found = number(code) if len(code) == 3 else None
    return found if found and 100 <= found < 700 else 0


def request_line(line: str) -> list[str]:
    """Method and Request-URI of a start line; nothing if it is no request line."""
    line = line.rstrip(LWS)
    method, _, uri = line[:-8].partition(" ")
    uri = uri.strip(LWS)
    if line[-8:].upper() != " SIP/2.0" or not uri or not is_method(method):
        return []
    return [method, uri]


def is_method(name: str) -> bool:
    """Whether this may be the name of a method: a token, and no monster."""
    return len(name) <= _LONGEST_METHOD and _TOKEN.fullmatch(name) is not None
