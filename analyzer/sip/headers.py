"""The header section of a SIP message: where it ends, and its lines as a table (RFC 3261 7.3, 7.3.3, 20).

Bare line feeds count as line ends beside CRLF. Nothing here fails, whatever the octets.
"""

from __future__ import annotations

import re
from typing import Final

from analyzer.sip.text import LWS

HEADER_LIMIT: Final = 65_536
"""Octets of start line and headers that are read; what follows is ignored, and `Message.truncated_headers` says so."""

USUAL_LINES: Final = 48
"""Lines of a message that are looked at in the quick way; one with more headers, or folded ones, takes the careful."""

_FOLD: Final = re.compile(r"\r?\n[ \t]+")
_EMPTY_LINE: Final = re.compile(rb"\n\r?\n")
_LENGTH_LINE: Final = re.compile(rb"\n(?:content-length|l)[ \t]*:", re.IGNORECASE)
_LENGTH_VALUE: Final = re.compile(rb"[ \t]*(?:\r?\n[ \t]+)?([0-9]+)[ \t]*(?=\r?\n|\r?\Z)")

_COMPACT: Final = {
    "a": "accept-contact",
    "b": "referred-by",
    "c": "content-type",
    "d": "request-disposition",
    "e": "content-encoding",
    "f": "from",
    "i": "call-id",
    "j": "reject-contact",
    "k": "supported",
    "l": "content-length",
    "m": "contact",
    "o": "event",
    "r": "refer-to",
    "s": "subject",
    "t": "to",
    "u": "allow-events",
    "v": "via",
    "x": "session-expires",
    "y": "identity",
}

_USUAL: Final = """
Accept Accept-Contact Accept-Encoding Allow Allow-Events Authentication-Info Authorization Call-ID CSeq Contact
Content-Disposition Content-Encoding Content-Length Content-Type Date Event Expires Feature-Caps From Max-Forwards
MIME-Version Min-Expires Min-SE P-Access-Network-Info P-Asserted-Identity P-Associated-URI P-Called-Party-ID
P-Charging-Vector P-Early-Media P-Preferred-Identity P-Preferred-Service P-Visited-Network-ID Path Privacy
Proxy-Authenticate Proxy-Authorization Proxy-Require RAck RSeq Reason Record-Route Refer-To Replaces Require
Retry-After Route Security-Client Security-Server Security-Verify Server Service-Route Session-Expires SIP-ETag
Subscription-State Supported Target-Dialog Timestamp To Unsupported User-Agent Via Warning WWW-Authenticate
"""

# Names as they are usually written, so that most lines need one look-up instead of strip(), lower() and a look-up.
_NAMES: Final = {
    written: _COMPACT.get(name.lower(), name.lower())
    for name in (*_COMPACT, *_USUAL.split())
    for written in (name, name.lower(), name.upper(), name.title())
}


_IN_FULL: Final = {name.lower(): name for name in _USUAL.split()}
SPELT: Final = {written: _IN_FULL[key] for written, key in _NAMES.items() if key in _IN_FULL}
"""How headers are usually spelt, by the spellings that are met."""


def usual_name(name: str) -> str:
    """How a header is usually spelt: in full, in the usual case; a name that is not known here stays as it is."""
    return SPELT.get(name) or _IN_FULL.get(_key(name), name)


def header_key(name: str) -> str:
    """The key of a header in the table: lower case, compact forms resolved."""
    return _NAMES.get(name) or _key(name)


def header_table(lines: list[str]) -> tuple[dict[str, str], dict[str, list[str]]] | None:
    """Headers up to the empty line: the first value of each name, and all values of those that occur again.

    None if there is a folded line, or no empty line at all: that is for `careful_lines` to sort out.
    """
    headers: dict[str, str] = {}
    repeated: dict[str, list[str]] = {}
    usual = _NAMES.get
    for line in lines:
        name, colon, value = line.partition(":")
        key = usual(name)
        if key is None:
            if line[:1] in (" ", "\t"):
                return None
            if not colon:
                if line == "\r" or not line:
                    return headers, repeated
                continue
            key = _key(name)
        if key not in headers:
            headers[key] = value
        elif key in repeated:
            repeated[key].append(value)
        else:
            repeated[key] = [headers[key], value]
    return None


def careful_lines(data: bytes) -> tuple[list[str], bool]:
    """All header lines, unfolded and followed by an empty one, and whether the end of the headers is missing."""
    end, _ = header_end(data)
    truncated = end < 0 or end > HEADER_LIMIT
    if truncated:
        end = data.rfind(b"\n", 0, HEADER_LIMIT)
    begin = data.find(b"\n") + 1
    if not 0 < begin <= end:
        return [""], truncated
    head = _FOLD.sub(" ", data[begin:end].decode("latin-1")).lstrip(" \t")
    return [*head.split("\n"), ""], truncated


def header_end(data: bytes | bytearray, start: int = 0) -> tuple[int, int]:
    """Where the first empty line after `start` begins and where what follows it does; (-1, -1) if there is none.

    The first number is the offset of the line feed before the empty line. Bare line feeds count as line ends.
    """
    found = _EMPTY_LINE.search(data, start)
    return found.span() if found else (-1, -1)


def content_length(data: bytes | bytearray, rest: int) -> int | None:
    """Content-Length of a message whose headers end at `rest`; None if absent or not a number."""
    at = data.find(b"\nContent-Length:", 0, rest)
    if at >= 0:
        at += 16
    else:
        line = _LENGTH_LINE.search(data, 0, rest)
        if line is None:
            return None
        at = line.end()
    value = _LENGTH_VALUE.match(data, at, rest)
    # Ten digits are more than any body has; a longer number must not cost time.
    return int(value[1].lstrip(b"0")[:10] or b"0") if value else None


def _key(name: str) -> str:
    name = name.strip(LWS).lower()
    return _COMPACT.get(name, name)
