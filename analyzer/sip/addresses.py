"""URIs, name-addr (Contact, From, Route) and Via as values (RFC 3261 19.1, 20.10, 20.42; RFC 3966).

Lenient on purpose: a parser that refuses would hide a message from the rules. What cannot be read is None.
"""

from __future__ import annotations

import re
from sys import intern
from typing import Final, NamedTuple

from analyzer.sip.text import (
    IDENTIFIER_LIMIT,
    LWS,
    after_quoted,
    identifier,
    number,
    parameters,
    printable,
    seconds,
    split,
)

TEXT_LIMIT: Final = 300
"""How many characters of a value are kept for reports."""

VIA_LIMIT: Final = 4096
"""Characters of one entry of Via that are read: it is what is left of a request that waits for its answer."""

_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*")
_LAST_PORT: Final = 65535
_SEPARATORS: Final = str.maketrans("", "", "-.() ")
"""What people put into numbers for the eye."""
_new = tuple.__new__  # makes a NamedTuple faster than its own constructor


class Uri:
    """A URI: its parts are what was written, not unescaped; host in lower case, an IPv6 address without brackets.

    Of schemes other than sip and sips, ``user`` is all that follows the scheme (the number of a tel URI, say), less
    the parameters.
    """

    __slots__ = ("_parameters", "_written", "host", "port", "scheme", "user")

    scheme: str
    """In lower case."""
    user: str
    """Without a password; empty if there is none."""
    host: str
    port: int | None
    """None if absent or no port at all (not a number, above 65535)."""

    @property
    def params(self) -> dict[str, str | None]:
        """URI parameters: keys in lower case, None for one without a value."""
        written = self._parameters
        return parameters(written.partition("?")[0].split(";")) if written else {}

    @property
    def text(self) -> str:
        """The URI as it was written, for reports: cut, control characters replaced."""
        return printable(self._written, TEXT_LIMIT)

    def __repr__(self) -> str:
        return f"<Uri {self.text}>"

    _written: str
    _parameters: str


class Contact:
    """One name-addr or addr-spec with the parameters of its header: an entry of Contact, or a From, To, Route."""

    __slots__ = ("_inside", "_parameters", "_params", "_uri", "star")

    star: bool
    """True for ``Contact: *``."""

    @property
    def uri(self) -> Uri | None:
        """None for the star, and if what stands there is no URI."""
        if self._inside:
            self._uri = read_uri(self._inside)
            self._inside = ""
        return self._uri

    @property
    def params(self) -> dict[str, str | None]:
        """Header parameters: keys in lower case, values unquoted, None for one without a value."""
        params = self._params
        if params is None:
            params = self._params = parameters(split(self._parameters, ";"))
        return params

    @property
    def expires(self) -> int | None:
        """The entry's own ``expires`` in seconds (RFC 3261 20.10); None if absent or ill-formed."""
        return seconds(self.params.get("expires"))

    def __repr__(self) -> str:
        return f"<Contact {'*' if self.star else self.uri}>"

    _inside: str
    _parameters: str
    _uri: Uri | None
    _params: dict[str, str | None] | None


class Via(NamedTuple):
    """One entry of Via (RFC 3261 20.42)."""

    transport: str
    """In upper case."""
    host: str
    """The sent-by host in lower case, an IPv6 address without brackets."""
    port: int | None
    """The sent-by port; None if absent or no port at all."""
    branch: str | None
    others: str
    """The parameters as written; the branch may be left out."""

    @property
    def params(self) -> dict[str, str | None]:
        """Keys in lower case, values unquoted, None for one without a value (``rport``)."""
        found = parameters(split(self.others, ";"))
        if self.branch is not None:
            found["branch"] = self.branch
        return found

    def compact(self) -> Via:
        """The same in less memory: host and transport are shared with all that have the same."""
        return _new(Via, (intern(self.transport), intern(self.host), self.port, self.branch, self.others))


def read_uri(text: str) -> Uri | None:
    """Read a URI as it stands between the brackets; None if it has no scheme."""
    text = text.strip(LWS)
    scheme, colon, rest = text.partition(":")
    if not colon or not _SCHEME.fullmatch(scheme):
        return None
    uri = Uri()
    uri._written = text
    uri.scheme = scheme = scheme.lower()
    if scheme == "sip" or scheme == "sips":
        user, at, address = rest.partition("@")
        if at:
            uri.user = user.partition(":")[0] if ":" in user else user
        else:
            uri.user, address = "", rest
        if ";" in address:
            address, _, uri._parameters = address.partition(";")
        else:
            uri._parameters = ""
            if "?" in address:
                address = address.partition("?")[0]
        uri.host, uri.port = _host_and_port(address)
    else:
        uri.user, _, uri._parameters = rest.partition(";")
        uri.host, uri.port = "", None
    return uri


def read_address(text: str) -> Contact:
    """Read one entry of Contact, Route, Record-Route, or the value of From or To; never fails."""
    contact = Contact()
    contact._uri = contact._params = None
    text = text.strip(LWS)
    contact.star = text == "*"
    opened = text.find("<")
    if opened > 0 and text[0] == '"':
        opened = text.find("<", after_quoted(text))
    if opened < 0:
        # Without brackets every parameter is the header's (RFC 3261 20).
        inside, _, contact._parameters = text.partition(";")
    else:
        inside, _, contact._parameters = text[opened + 1 :].partition(">")
    contact._inside = inside
    return contact


def read_via(text: str) -> Via | None:
    """Read one entry of Via; None if it has not the three parts of a sent-protocol and a sent-by."""
    text = text[:VIA_LIMIT]
    head, _, rest = text.partition(";")
    if head[:8] == "SIP/2.0/" and "\t" not in head:
        protocol = head[8:]
    else:
        parts = head.replace("\t", " ").split("/", 2)
        if len(parts) != 3:
            return None
        protocol = parts[2].lstrip(" ")
    transport, blank, sent_by = protocol.partition(" ")
    if not blank:
        return None
    host, port = _host_and_port(sent_by)
    # Nearly always the branch stands first or stands plainly; only the odd ones need the whole list.
    branch: str | None
    _, found, branch = text.partition(";branch=")
    if found and '"' not in rest:
        branch = branch.partition(";")[0].strip(LWS)
    else:
        branch = parameters(split(rest, ";")).get("branch")
    if branch is not None and len(branch) > IDENTIFIER_LIMIT:
        branch = identifier(branch)
    return Via(transport.upper(), host, port, branch, rest)


def usual_via(transport: str, host: str, port: str | None, before: str, branch: str, after: str) -> Via:
    """The same of the pieces that `analyzer.sip.usual` found."""
    if host[0] == "[":
        host = host[1:-1]
    read = None if port is None else int(port)
    if read is not None and read > _LAST_PORT:
        read = None
    return _new(Via, (transport, host.lower(), read, branch, before + after[1:] if before or after else ""))


def _host_and_port(text: str) -> tuple[str, int | None]:
    host, _, port = text.partition(":")
    if port.isdigit() and port.isascii() and len(port) < 6 and " " not in host:
        found = int(port)
        return host.lower(), found if found <= _LAST_PORT else None
    text = text.strip(LWS)
    if text[:1] == "[":
        host, _, port = text[1:].partition("]")
        port = port.lstrip(LWS).removeprefix(":")
    else:
        host, _, port = text.partition(":")
        if ":" in port:
            # An IPv6 address whose brackets somebody forgot: the port cannot be told from it.
            return text.lower(), None
    read = number(port.strip(LWS))
    return host.strip(LWS).lower(), read if read is None or read <= _LAST_PORT else None


def tag_of(value: str | None) -> str | None:
    """The tag of a From or To; None if there is none, or no such header."""
    if value is None:
        return None
    before, found, tag = value.partition(";tag=")
    if found and not ('"' in before or ">" in tag or ";" in tag or '"' in tag):
        return tag.strip(LWS)
    return read_address(value).params.get("tag")


def names(uri: Uri | None) -> set[str]:
    """What an identity may be compared by: its URI without parameters, and its number if it has one."""
    if uri is None:
        return set()
    text = uri.text.lower().partition(";")[0].partition("?")[0]
    scheme, _, rest = text.partition(":")
    number = rest.partition("@")[0].translate(_SEPARATORS)
    return {text, f"tel:{number}"} if scheme == "tel" or number.startswith("+") else {text}
