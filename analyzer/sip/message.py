"""A SIP message: the start line and the header table at once, everything else on demand (RFC 3261 7, 7.3, 20).

Octets are decoded as latin-1 (`analyzer.sip.text`): what is not ASCII survives unchanged, one character an octet.
``Content-Length`` bounds the body where the datagram is longer (RFC 3261 18.3).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from sys import intern
from typing import Final, Literal, TypedDict, TypeVar

from analyzer.sip.addresses import Contact, Uri, Via, read_address, read_via, tag_of, usual_via
from analyzer.sip.headers import (
    HEADER_LIMIT,
    USUAL_LINES,
    careful_lines,
    content_length,
    header_end,
    header_key,
    header_table,
)
from analyzer.sip.spelling import respelt
from analyzer.sip.startline import first_line, is_method, request_line, status_code
from analyzer.sip.text import LWS, identifier, number, printable, seconds, split, split_addresses
from analyzer.sip.usual import LONGEST, any_order, usual_shape

ENTRIES_LIMIT: Final = 64
"""Entries of one list of addresses (Contact, Route, Record-Route) that are read."""

START_LINE_SHOWN: Final = 200
"""Characters of the start line that reports may show."""

_RETURN: Final = 0x0D
_BLANKS: Final = LWS.encode()

T = TypeVar("T")


class _Read(TypedDict, total=False):
    """What was parsed on demand already."""

    contacts: list[Contact]
    routes: list[Uri]
    record_routes: list[Uri]
    content: tuple[bytes, bool]
    plain: bytes
    credentials: object
    challenges: object
    offer: object


_Table = tuple[dict[str, str], dict[str, list[str]]]
"""The first value of each header, and all values of those that occur again."""


class Message:
    """One SIP message. Attributes are read-only by agreement; absent headers give None, "" or an empty list."""

    __slots__ = (
        "_read",
        "_table",
        "_uri",
        "call_id",
        "cseq",
        "is_request",
        "method",
        "raw",
        "status",
        "top_via",
        "truncated_headers",
        "usual",
    )

    raw: bytes
    """The octets from the start line on (empty lines before it are dropped); see `forget`."""
    is_request: bool
    method: str
    """Of the start line; for a response that of CSeq, "" if it has none. Always a token, hence safe to print."""
    status: int
    """100 to 699; 0 for a request."""
    call_id: str
    """As written, but for one that is longer than any in use (`identifier`); "" if absent."""
    cseq: int | None
    top_via: Via | None
    """The topmost Via entry; None if absent or unreadable."""
    truncated_headers: bool
    """True if no empty line ends the headers, or they exceed `HEADER_LIMIT`: a header that is absent here may only
    have been lost. A line that was cut in the middle is not believed."""
    usual: bool
    """It has the usual shape (`usual.py`)."""
    _table: _Table | None
    """Made when somebody asks for another header than those above."""
    _read: _Read | None
    """Made when the first of it is asked for."""
    _uri: str | None
    """None for a response, and when it is to be read from the start line."""

    def __repr__(self) -> str:
        return f"<Message {self.start_line}>"

    def forget(self) -> None:
        """Let go of headers and body, save what the attributes hold: what a remembered request still has to tell.

        ``raw`` becomes a message of no headers, its start line cut to what reports show: 460 octets of 3,300 are left.
        """
        raw = self.raw
        end = raw.find(b"\n") - 1
        if 0 < end <= START_LINE_SHOWN and raw[end] == _RETURN and raw[end - 1] not in _BLANKS:
            self.raw = raw[:end] + b"\r\n\r\n"
        else:
            line = first_line(raw).rstrip(LWS)
            if len(line) > START_LINE_SHOWN:
                line = line[:START_LINE_SHOWN] + (" SIP/2.0" if self.is_request else "")
            self.raw = line.encode("latin-1") + b"\r\n\r\n"
        self._table = self._read = self._uri = None
        if self.top_via is not None:
            self.top_via = self.top_via.compact()

    def twin(self) -> Message:
        """A copy in which nothing was read on demand yet; many of one Call-ID hold the same text of it."""
        other = Message()
        other.raw, other._uri, other.top_via = self.raw, self._uri, self.top_via
        other.is_request, other.method, other.status = self.is_request, intern(self.method), self.status
        other.call_id, other.cseq, other.truncated_headers = intern(self.call_id), self.cseq, self.truncated_headers
        other.usual, other._table, other._read = self.usual, None, None
        return other

    def stub(self) -> Message:
        """A copy that has forgotten headers and body; others may still want to read the message itself."""
        short = self.twin()
        short.forget()
        return short

    @property
    def plain(self) -> bytes:
        """The octets in the usual spelling, as far as they can be written so (`spelling.py`)."""
        if self.usual:
            return self.raw
        read = self._reading()
        if "plain" not in read:
            read["plain"] = respelt(self.raw)
        return read["plain"]

    @property
    def uri(self) -> str | None:
        """The Request-URI as written; None for a response."""
        if self._uri is None and self.is_request:
            return "".join(request_line(first_line(self.raw))[1:])  # none if blanks alone stood where it was cut
        return self._uri

    @property
    def start_line(self) -> str:
        """The first line for reports: at most `START_LINE_SHOWN` characters, control characters replaced."""
        return printable(first_line(self.raw).rstrip(LWS), START_LINE_SHOWN)

    @property
    def reason(self) -> str:
        """The reason phrase, fit for a terminal; "" for a request."""
        words = [] if self.is_request else first_line(self.raw).split(" ", 2)
        return printable(words[2].rstrip(LWS), START_LINE_SHOWN) if len(words) == 3 else ""

    def values(self, name: str) -> list[str]:
        """The values of all header lines of that name, in any case or its compact form, unfolded and in order."""
        headers, repeated = self._table or self._made()
        key = header_key(name)
        if key not in headers:
            return []
        if key in repeated:
            return [value.strip(LWS) for value in repeated[key]]
        return [headers[key].strip(LWS)]

    def first(self, name: str) -> str | None:
        """The value of the first header line of that name; None if there is none."""
        value = (self._table or self._made())[0].get(header_key(name))
        return None if value is None else value.strip(LWS)

    def has_option(self, header: str, tag: str) -> bool:
        """Whether the comma lists of a header (Require, Supported, Allow ...) hold a token, in any case."""
        tag = tag.lower()
        for value in self._lines(header_key(header)):
            if value.strip(LWS).lower() == tag:
                return True
            if "," in value and tag in [entry.strip(LWS).lower() for entry in value.split(",")]:
                return True
        return False

    def _made(self) -> _Table:
        """The table of headers, made when it is asked for first."""
        table = header_table(_lines_of(self.raw))
        if table is None:  # more headers than usual, or folded ones
            table = header_table(careful_lines(self.raw)[0]) or ({}, {})
        self._table = table
        return table

    def _reading(self) -> _Read:
        """What was parsed on demand already, to be looked into and added to."""
        read = self._read
        if read is None:
            read = self._read = {}
        return read

    @property
    def via_count(self) -> int:
        """How many Via entries there are, those of comma lists included."""
        return sum(len(split(value, ",")) if "," in value else 1 for value in self._lines("via"))

    @property
    def contacts(self) -> list[Contact]:
        """The entries of Contact, at most `ENTRIES_LIMIT`."""
        return self.once("contacts", Message._contacts)

    def _contacts(self) -> list[Contact]:
        return self._addresses("contact")

    def once(self, name: Literal["contacts", "credentials", "challenges", "offer"], make: Callable[[Message], T]) -> T:
        """What `make` reads in this message, which is done when it is first asked for."""
        read = self._read
        if read is None:
            read = self._read = {}
        if name not in read:
            read[name] = make(self)
        return read[name]  # type: ignore[return-value]  # rules ask some fifty times in a registration

    @property
    def routes(self) -> list[Uri]:
        """The URIs of Route, topmost first, at most `ENTRIES_LIMIT`; unreadable ones are left out."""
        read = self._reading()
        if "routes" not in read:
            read["routes"] = [entry.uri for entry in self._addresses("route") if entry.uri]
        return read["routes"]

    @property
    def record_routes(self) -> list[Uri]:
        """The URIs of Record-Route, topmost first, at most `ENTRIES_LIMIT`; unreadable ones are left out."""
        read = self._reading()
        if "record_routes" not in read:
            if self._table is None and b"record-route" not in self.raw.lower():
                return []  # the usual case, and no reason to make the table
            read["record_routes"] = [entry.uri for entry in self._addresses("record-route") if entry.uri]
        return read["record_routes"]

    @property
    def from_uri(self) -> Uri | None:
        """The URI of From; None if absent or unreadable."""
        value = (self._table or self._made())[0].get("from")
        return None if value is None else read_address(value).uri

    @property
    def from_tag(self) -> str | None:
        """The tag of From."""
        return tag_of((self._table or self._made())[0].get("from"))

    @property
    def to_uri(self) -> Uri | None:
        """The URI of To; None if absent or unreadable."""
        value = (self._table or self._made())[0].get("to")
        return None if value is None else read_address(value).uri

    @property
    def to_tag(self) -> str | None:
        """The tag of To; None in a request outside a dialog."""
        return tag_of((self._table or self._made())[0].get("to"))

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
        read = self._reading()
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
        headers, repeated = self._table or self._made()
        if key not in headers:
            return ()
        return repeated.get(key) or (headers[key],)

    def _addresses(self, name: str) -> list[Contact]:
        values = self._lines(name)
        if len(values) == 1 and "," not in values[0]:
            return [read_address(values[0])] if values[0].strip(LWS) else []
        entries = (entry for value in values for entry in split_addresses(value) if entry.strip(LWS))
        return [read_address(entry) for entry in islice(entries, ENTRIES_LIMIT)]


def parse(data: bytes) -> Message | None:
    """Read a message; None if the start line is not one of SIP/2.0. Never raises.

    Of a message of the usual shape everything that each is asked for is found at once, the rest when it is asked for.
    """
    text = data[:LONGEST].decode("latin-1")
    found = usual_shape(text) or any_order(text)
    if found is None:
        return _carefully(data)
    status, method, uri, transport, host, port, before, branch, after, call_id, cseq, answered, _ = found.groups()
    message = Message()
    message.raw = data
    if status is None:
        message.is_request = True
        message.status = 0
        message.method = intern(method)
    else:
        message.is_request = False
        message.status = int(status)
        message.method = answered
    message._uri = uri
    message.call_id = call_id
    message.cseq = int(cseq)
    message.top_via = usual_via(transport, host, port, before, branch, after)
    message.truncated_headers = False
    message.usual = True
    message._table = message._read = None
    return message


def _carefully(data: bytes) -> Message | None:
    """Read a message of any shape."""
    line = first_line(data)
    if line == "\r" or not line:
        data = data.lstrip(b"\r\n")
        return parse(data) if data else None
    message = _started(line)
    if message is None:
        return None
    message.raw = data
    message.truncated_headers = message.usual = False
    table = header_table(_lines_of(data))
    if table is None:
        lines, message.truncated_headers = careful_lines(data)
        table = header_table(lines) or ({}, {})
    message._table = table
    message._read = None
    headers = table[0]
    message.call_id = identifier(headers["call-id"].strip(LWS)) if "call-id" in headers else ""
    _sequence(message, headers.get("cseq", ""))
    via = headers.get("via")
    if via is not None and "," in via:
        via = split(via, ",")[0]
    message.top_via = None if via is None else read_via(via.strip(LWS))
    return message


def _lines_of(data: bytes) -> list[str]:
    """The lines after the start line, quickly; the last piece, which ends with no line feed, is none."""
    return data[:HEADER_LIMIT].decode("latin-1").split("\n", USUAL_LINES)[1:-1]


def _started(line: str) -> Message | None:
    """A message with what its start line says; None if that is none of SIP/2.0."""
    message = Message()
    words = line.split(" ", 2)
    if words[0].upper() == "SIP/2.0":
        status = status_code(words)
        if not status:
            return None
        message.is_request = False
        message.status = status
        message._uri = None
        message.method = ""
    else:
        words = request_line(line)
        if not words:
            return None
        message.is_request = True
        message.status = 0
        message._uri = words[1]
        message.method = words[0]
    return message


def _sequence(message: Message, value: str) -> None:
    """Enter the CSeq, which tells the method of a response."""
    words = value.split(None, 1)
    message.cseq = number(words[0]) if words else None
    if not message.method and len(words) == 2:
        name = words[1].strip(LWS)
        if is_method(name):
            message.method = name
