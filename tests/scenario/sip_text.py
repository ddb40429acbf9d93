"""SIP messages as text: header lines that a test may replace, remove or add to, and the bodies that scenarios need."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

Edit = str | None | list[str] | Callable[[str], str]
"""A header's new value; None takes it out, a list makes several lines, a function changes what stands there."""

Edits = Mapping[str, Edit]

REASONS = {
    100: "Trying", 180: "Ringing", 183: "Session Progress", 200: "OK", 202: "Accepted", 380: "Alternative Service",
    401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 408: "Request Timeout", 420: "Bad Extension",
    421: "Extension Required", 423: "Interval Too Brief", 480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist", 486: "Busy Here", 487: "Request Terminated",
    494: "Security Agreement Required", 500: "Server Internal Error", 503: "Service Unavailable",
    504: "Server Time-out",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Message:
    """A SIP message: start line, header lines in order, body."""

    start: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""

    @property
    def is_request(self) -> bool:
        return not self.start.startswith("SIP/2.0 ")

    @property
    def method(self) -> str:
        return self.start.split(" ")[0] if self.is_request else self["CSeq"].split(" ")[1]

    @property
    def status(self) -> int:
        return 0 if self.is_request else int(self.start.split(" ")[1])

    @property
    def uri(self) -> str:
        return self.start.split(" ")[1]

    def __getitem__(self, name: str) -> str:
        """The first header line of that name; raises KeyError if there is none."""
        for value in self.all(name):
            return value
        raise KeyError(name)

    def all(self, name: str) -> list[str]:
        return [value for header, value in self.headers if header.lower() == name.lower()]

    def edit(self, edits: Edits) -> Message:
        """The message with header lines replaced where they stand, removed, or added at the end."""
        message = self
        for name, change in edits.items():
            message = message._changed(name, change)
        return message

    def _changed(self, name: str, change: Edit) -> Message:
        present = self.all(name)
        if callable(change):
            if not present:
                raise KeyError(f"{self.start}: no {name} to change")
            lines = [change(value) for value in present]
        else:
            lines = [] if change is None else [change] if isinstance(change, str) else change
        place = next((n for n, (h, _) in enumerate(self.headers) if h.lower() == name.lower()), len(self.headers))
        kept = [(h, v) for h, v in self.headers if h.lower() != name.lower()]
        kept[place:place] = [(name, line) for line in lines]
        return Message(self.start, tuple(kept), self.body)

    def encode(self) -> bytes:
        """The octets; a Content-Length is added unless the test wrote one."""
        lines = [self.start, *(f"{name}: {value}" for name, value in self.headers)]
        if not self.all("Content-Length") and not self.all("l"):
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join([*lines, "", ""]).encode() + self.body


def request(method: str, uri: str, headers: list[tuple[str, str]], body: bytes = b"") -> Message:
    return Message(f"{method} {uri} SIP/2.0", tuple(headers), body)


def response(status: int, headers: list[tuple[str, str]], body: bytes = b"", reason: str = "") -> Message:
    return Message(f"SIP/2.0 {status} {reason or REASONS.get(status, 'Unknown')}", tuple(headers), body)


def host(address: str) -> str:
    """An address as a URI or a Via writes it."""
    return f"[{address}]" if ":" in address else address


def mechanism(alg: str, ealg: str, spi_c: int, spi_s: int, port_c: int, port_s: int, *, mod: str, q: str = "") -> str:
    """One entry of Security-Client or Security-Server (TS 33.203 annex H)."""
    preference = f"q={q};" if q else ""
    return (
        f"ipsec-3gpp;{preference}alg={alg};ealg={ealg};prot=esp;mod={mod};"
        f"spi-c={spi_c};spi-s={spi_s};port-c={port_c};port-s={port_s}"
    )


def sdp(address: str) -> bytes:
    family = "IP6" if ":" in address else "IP4"
    return (
        f"v=0\r\no=- 1 1 IN {family} {address}\r\ns=-\r\nc=IN {family} {address}\r\nt=0 0\r\n"
        "m=audio 49152 RTP/AVP 96\r\na=rtpmap:96 AMR/8000\r\n"
    ).encode()


def reginfo(
    aor: str, contact: str, *, state: str = "active", event: str = "registered", expires: int | None = None
) -> bytes:
    """The body of a reg-event NOTIFY (RFC 3680): one registration with one contact, both in ``state``."""
    lasts = "" if expires is None else f' expires="{expires}"'
    return (
        '<?xml version="1.0"?><reginfo xmlns="urn:ietf:params:xml:ns:reginfo" version="0" state="full">'
        f'<registration aor="{aor}" id="a1" state="{state}">'
        f'<contact id="c1" state="{state}" event="{event}"{lasts}><uri>{contact}</uri></contact>'
        "</registration></reginfo>"
    ).encode()
