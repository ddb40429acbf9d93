"""A SIP message: the start line and the header table at once, everything else on demand (RFC 3261 7, 7.3, 20).

Octets are decoded as latin-1 (`analyzer.sip.text`): what is not ASCII survives unchanged, one character an octet.
``Content-Length`` bounds the body where the datagram is longer (RFC 3261 18.3).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Final, Literal, TypedDict, TypeVar, cast

from analyzer.sip.addresses import Contact, Uri, Via, read_address, read_via
from analyzer.sip.headers import (
    HEADER_LIMIT,
    USUAL_LINES,
    careful_lines,
    content_length,
    header_end,
    header_key,
    header_table,
)
from analyzer.sip.text import IDENTIFIER_LIMIT, LWS, identifier, number, printable, seconds, split, split_addresses

ENTRIES_LIMIT: Final = 64
"""Entries of one list of addresses (Contact, Route, Record-Route) that are read."""

START_LINE_SHOWN: Final = 200
"""Characters of the start line that reports may show."""

_LONGEST_METHOD: Final = 64
_TOKEN: Final = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]+")
_USUAL: Final = "ACK BYE CANCEL INFO INVITE MESSAGE NOTIFY OPTIONS PRACK PUBLISH REFER REGISTER SUBSCRIBE UPDATE"

METHODS: Final = frozenset(_USUAL.split())
"""The methods of RFC 3261 and its extensions; a message may have any other token as well."""


T = TypeVar("T")


class _Read(TypedDict, total=False):
    """What was parsed on demand already."""

    top_via: Via | None
    contacts: list[Contact]
    routes: list[Uri]
    record_routes: list[Uri]
    content: tuple[bytes, bool]
    credentials: object
    challenges: object


_Table = tuple[dict[str, str], dict[str, list[str]]]
"""The first value of each header, and all values of those that occur again."""


class Message:
    """One SIP message. Attributes are read-only by agreement; absent headers give None, "" or an empty list."""

    __slots__ = (
        "_line",
        "_read",
        "_table",
        "call_id",
        "cseq",
        "is_request",
        "method",
        "raw",
        "reason",
        "status",
        "truncated_headers",
        "uri",
    )

    raw: bytes
    """The octets from the start line on (empty lines before it are dropped)."""
    is_request: bool
    method: str
    """Of the start line; for a response that of CSeq, "" if it has none. Always a token, hence safe to print."""
    uri: str | None
    """The Request-URI as written; None for a response."""
    status: int
    """100 to 699; 0 for a request."""
    reason: str
    """The reason phrase, fit for a terminal; "" for a request."""
    call_id: str
    """As written, but for one that is longer than any in use (`identifier`); "" if absent."""
    cseq: int | None
    truncated_headers: bool
    """True if no empty line ends the headers, or they exceed `HEADER_LIMIT`: a header that is absent here may only
    have been lost. A line that was cut in the middle is not believed."""
    _line: str
    _table: _Table | None
    """Made when something else is asked for than the usual shape gives at once; see `parse`."""
    _read: _Read

    def __repr__(self) -> str:
        return f"<Message {self.start_line}>"

    def forget(self) -> None:
        """Let go of the octets and headers, save the topmost Via: what a remembered request still has to tell."""
        via = self.top_via
        self.raw, self._table, self._read = b"", ({}, {}), {"top_via": via}
        self._line = self._line[:START_LINE_SHOWN]
        self.uri = None if self.uri is None else self.uri[:START_LINE_SHOWN]

    @property
    def start_line(self) -> str:
        """The first line for reports: at most `START_LINE_SHOWN` characters, control characters replaced."""
        return printable(self._line.rstrip(LWS), START_LINE_SHOWN)

    def values(self, name: str) -> list[str]:
        """The values of all header lines of that name, in any case or its compact form, unfolded and in order."""
        return [value.strip(LWS) for value in self._lines(header_key(name))]

    def first(self, name: str) -> str | None:
        """The value of the first header line of that name; None if there is none."""
        value = self._headers().get(header_key(name))
        return None if value is None else value.strip(LWS)

    def has_option(self, header: str, tag: str) -> bool:
        """Whether the comma lists of a header (Require, Supported, Allow ...) hold a token, in any case."""
        tag = tag.lower()
        return any(
            tag == entry.strip(LWS).lower() for value in self._lines(header_key(header)) for entry in value.split(",")
        )

    @property
    def top_via(self) -> Via | None:
        """The topmost Via entry; None if absent or unreadable."""
        read = self._read
        if "top_via" not in read:
            value = self._first_line() if self._table is None else self._headers().get("via")
            if value is not None and "," in value:
                value = split(value, ",")[0]
            read["top_via"] = None if value is None else read_via(value.strip(LWS))
        return read["top_via"]

    def _first_line(self) -> str | None:
        """The value of Via where that is the first header, as nearly always: then no other can stand above it."""
        raw = self.raw
        begin = raw.find(b"\n") + 1
        if raw.startswith(b"Via: ", begin):
            return raw[begin + 5 : raw.find(b"\n", begin)].decode("latin-1")
        return self._headers().get("via")

    def _headers(self) -> dict[str, str]:
        """The first value of each header; the table is made here if it was not needed before."""
        table = self._table
        if table is None:
            table = header_table(_lines_of(self.raw))
            if table is None:  # more headers than usual
                table = header_table(careful_lines(self.raw)[0]) or ({}, {})
            self._table = table
        return table[0]

    @property
    def via_count(self) -> int:
        """How many Via entries there are, those of comma lists included."""
        return sum(len(split(value, ",")) if "," in value else 1 for value in self._lines("via"))

    @property
    def contacts(self) -> list[Contact]:
        """The entries of Contact, at most `ENTRIES_LIMIT`."""
        read = self._read
        if "contacts" not in read:
            read["contacts"] = self._addresses("contact")
        return read["contacts"]

    def once(self, name: Literal["credentials", "challenges"], make: Callable[[Message], T]) -> T:
        """What `make` reads in this message, which is done when it is first asked for."""
        read = self._read
        if name not in read:
            read[name] = make(self)
        return cast(T, read[name])

    @property
    def routes(self) -> list[Uri]:
        """The URIs of Route, topmost first, at most `ENTRIES_LIMIT`; unreadable ones are left out."""
        read = self._read
        if "routes" not in read:
            read["routes"] = [entry.uri for entry in self._addresses("route") if entry.uri]
        return read["routes"]

    @property
    def record_routes(self) -> list[Uri]:
        """The URIs of Record-Route, topmost first, at most `ENTRIES_LIMIT`; unreadable ones are left out."""
        read = self._read
        if "record_routes" not in read:
            if self._table is None and b"record-route" not in self.raw.lower():
                return []  # the usual case, and no reason to make the table
            read["record_routes"] = [entry.uri for entry in self._addresses("record-route") if entry.uri]
        return read["record_routes"]

    @property
    def from_uri(self) -> Uri | None:
        """The URI of From; None if absent or unreadable."""
        value = self._headers().get("from")
        return None if value is None else read_address(value).uri

    @property
    def from_tag(self) -> str | None:
        """The tag of From."""
        return _tag(self._headers().get("from"))

    @property
    def to_uri(self) -> Uri | None:
        """The URI of To; None if absent or unreadable."""
        value = self._headers().get("to")
        return None if value is None else read_address(value).uri

    @property
    def to_tag(self) -> str | None:
        """The tag of To; None in a request outside a dialog."""
        return _tag(self._headers().get("to"))

    @property
    def expires(self) -> int | None:
        """The header Expires in seconds (not the parameter of a Contact); None if absent or ill-formed."""
        return seconds(self.first("expires"))

    @property
    def body(self) -> bytes:
        """What follows the headers, as far as Content-Length says; all of it if that is absent or ill-formed."""
        return self._content()[0]

    @property
    def truncated_body(self) -> bool:
        """True if Content-Length promises more than there is."""
        return self._content()[1]

    def _content(self) -> tuple[bytes, bool]:
        read = self._read
        if "content" not in read:
            _, rest = header_end(self.raw)
            if rest < 0:
                rest = len(self.raw)
            length = content_length(self.raw, rest)
            there = len(self.raw) - rest
            if length is None:
                length = there
            read["content"] = self.raw[rest : rest + length], length > there
        return read["content"]

    def _lines(self, key: str) -> Sequence[str]:
        headers = self._headers()
        if key not in headers:
            return ()
        assert self._table is not None
        return self._table[1].get(key) or (headers[key],)

    def _addresses(self, name: str) -> list[Contact]:
        values = self._lines(name)
        if len(values) == 1 and "," not in values[0]:
            return [read_address(values[0])] if values[0].strip(LWS) else []
        entries = (entry for value in values for entry in split_addresses(value) if entry.strip(LWS))
        return [read_address(entry) for entry in islice(entries, ENTRIES_LIMIT)]


def parse(data: bytes) -> Message | None:
    """Read a message; None if the start line is not one of SIP/2.0. Never raises.

    A message of the usual shape (line ends of CRLF, nothing folded, Call-ID and CSeq spelt as in RFC 3261) gives both
    at once and its table of headers only when somebody asks for another one: 2 instead of 4 µs for most.
    """
    end = data.find(b"\n\r\n", 0, HEADER_LIMIT)
    line_end = data.find(b"\r\n", 0, HEADER_LIMIT)
    call_id = data.find(b"\nCall-ID: ", line_end, end)
    cseq = data.find(b"\nCSeq: ", line_end, end)
    if (
        0 < line_end < end
        and call_id > 0 < cseq
        and data.find(b"\n ", 0, end) < 0
        and data.find(b"\n\t", 0, end) < 0
        and data.find(b"\n\n", 0, end) < 0
    ):
        message = _started(data, data[:line_end].decode("latin-1") + "\r")
        if message is None:
            return None
        message._table = None
        message.truncated_headers = False
        name = data[call_id + 10 : data.find(b"\n", call_id + 10)].decode("latin-1").strip(LWS)
        message.call_id = name if len(name) <= IDENTIFIER_LIMIT else identifier(name)
        _sequence(message, data[cseq + 7 : data.find(b"\n", cseq + 7)].decode("latin-1"))
        return message
    return _carefully(data)


def _carefully(data: bytes) -> Message | None:
    """Read a message of any shape."""
    lines = _lines_of(data)
    line = data[: data.find(b"\n") + 1 or HEADER_LIMIT][:HEADER_LIMIT].decode("latin-1").removesuffix("\n")
    if line == "\r" or not line:
        data = data.lstrip(b"\r\n")
        return parse(data) if data else None
    message = _started(data, line)
    if message is None:
        return None
    message.truncated_headers = False
    table = header_table(lines)
    if table is None:
        lines, message.truncated_headers = careful_lines(data)
        table = header_table(lines) or ({}, {})
    message._table = table
    headers = table[0]
    message.call_id = identifier(headers["call-id"].strip(LWS)) if "call-id" in headers else ""
    _sequence(message, headers.get("cseq", ""))
    return message


def _lines_of(data: bytes) -> list[str]:
    """The lines after the start line, quickly; the last piece, which ends with no line feed, is none."""
    return data[:HEADER_LIMIT].decode("latin-1").split("\n", USUAL_LINES)[1:-1]


def _started(data: bytes, line: str) -> Message | None:
    """A message with what its start line says; None if that is none of SIP/2.0."""
    message = Message()
    words = line.split(" ", 2)
    if words[0].upper() == "SIP/2.0":
        status = _status(words)
        if not status:
            return None
        message.is_request = False
        message.status = status
        message.uri = None
        message.reason = printable(words[2].rstrip(LWS), START_LINE_SHOWN) if len(words) == 3 else ""
        message.method = ""
    else:
        if len(words) != 3 or words[2] != "SIP/2.0\r" or words[0] not in METHODS or not words[1]:
            words = _request_line(line)
            if not words:
                return None
        message.is_request = True
        message.status = 0
        message.uri = words[1]
        message.reason = ""
        message.method = words[0]
    message.raw = data
    message._line = line
    message._read = {}
    return message


def _sequence(message: Message, value: str) -> None:
    """Enter the CSeq, which tells the method of a response."""
    words = value.split(None, 1)
    message.cseq = number(words[0]) if words else None
    if not message.method and len(words) == 2:
        name = words[1].strip(LWS)
        if name in METHODS or _is_method(name):
            message.method = name


def _status(words: list[str]) -> int:
    """The status of a response's start line, 0 if it has none."""
    code = words[1].rstrip("\r") if len(words) > 1 else ""
    status = number(code) if len(code) == 3 else None
    return status if status and 100 <= status < 700 else 0


def _request_line(line: str) -> list[str]:
    """Method and Request-URI of a start line that is not of the usual shape; nothing if it is no request line."""
    line = line.rstrip(LWS)
    method, _, uri = line[:-8].partition(" ")
    uri = uri.strip(LWS)
    if line[-8:].upper() != " SIP/2.0" or not uri or not _is_method(method):
        return []
    return [method, uri]


def is_sigcomp(data: bytes) -> bool:
    """Whether a datagram is compressed (RFC 3320 7: its first five bits are ones): not SIP that could be read."""
    return data[:1] >= b"\xf8"


def _tag(value: str | None) -> str | None:
    if value is None:
        return None
    before, found, tag = value.partition(";tag=")
    if found and not ('"' in before or ">" in tag or ";" in tag or '"' in tag):
        return tag.strip(LWS)
    return read_address(value).params.get("tag")


def _is_method(name: str) -> bool:
    return len(name) <= _LONGEST_METHOD and _TOKEN.fullmatch(name) is not None
