"""Identities that requests claim, held against those of their set (TS 33.203 7.1 rule 4; TS 24.229 5.2.6.3).

A request that claims, at the same place, what the last one of its method claimed costs one comparison of octets. Only
requests that claim something else are remembered, until it is seen what became of them.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from sys import intern
from typing import Final, NamedTuple

from analyzer.frame import FrameRef
from analyzer.ims.events import ForeignIdentity, Notice
from analyzer.ims.session import Session
from analyzer.ims.subjects import Context
from analyzer.ims.vocabulary import Side, Sighting, Subject
from analyzer.sip.addresses import names, read_address, tag_of
from analyzer.sip.digest import credentials
from analyzer.sip.headers import HEADER_LIMIT, header_end
from analyzer.sip.message import Message
from analyzer.sip.text import printable, split

CLAIMS: Final = 4096
"""Requests with a foreign identity whose fate is not known yet; the oldest goes first."""
PREFERRED: Final = b"\nP-Preferred-Identity: "
FROM: Final = b"\nFrom: "
_PREFERRED: Final = re.compile(rb"\nP-Preferred-Identity[ \t]*:", re.IGNORECASE)
_TO: Final = re.compile(rb"\n[ \t]*(?:to|t)[ \t\r]*:([^\n]*+)(?=\n(?![ \t]))", re.IGNORECASE)
"""A To that is not folded, and whatever begins like one."""
_LOWER, _UPPER = b"referred-", b"REFERRED-"
METHODS: Final = 16
"""Methods of one contact whose last claim is remembered; all are forgotten for one more, which only costs time."""
WIDEST: Final = 32
"""As many identities as `bindings` keeps: a longer list is not known as a whole."""

Key = tuple[str, int | None, str]


class Claim(NamedTuple):
    """A request that claims an identity which its set does not have."""

    request: Sighting
    subject: Subject
    kind: str
    claimed: str
    bound: tuple[str, ...]


class Identities:
    """Watches what identities protected requests claim."""

    __slots__ = ("_session", "waiting")

    def __init__(self, session: Session) -> None:
        self._session = session
        self.waiting: OrderedDict[Key, Claim] = OrderedDict()

    def registered(self, context: Context, sighting: Sighting) -> None:
        """A protected REGISTER: is its IMPI that of the set?"""
        found = credentials(sighting.message)
        if found is None or not found.username or context.impi is None:
            return
        if found.username.lower() != context.impi.lower():
            self._wait(context, sighting, "impi", printable(found.username, 200), (context.impi,))

    def asked(self, context: Context, sighting: Sighting) -> None:
        """A new protected request of the UE; the caller has seen that it is not plainly `right`."""
        message = sighting.message
        name, line, begin = _claim(message.plain)
        if not line:
            value = message.first(name.strip(b"\n: ").decode("ascii"))
            line = b"" if value is None else _address(name, name + value.encode("latin-1") + b"\r")
        if _known(context, message.method, line, begin):
            return
        claimed = read_address(line[len(name) :].decode("latin-1")).uri
        if claimed is None or not line:
            return
        bound = context.names
        if "anonymous" in claimed.text.lower() or names(claimed) & bound:
            _remember(context, message.method, line, begin)
        elif name is PREFERRED or message.to_tag is None:  # see `_in_dialog`
            self._wait(context, sighting, "impu", printable(claimed.text, 200), tuple(context.impus))

    def _wait(self, context: Context, sighting: Sighting, kind: str, claimed: str, bound: tuple[str, ...]) -> None:
        message = sighting.message
        self.waiting[message.call_id, message.cseq, message.method] = Claim(
            sighting, context.subject, kind, claimed, bound
        )
        if len(self.waiting) > CLAIMS:
            self.waiting.popitem(last=False)
            text = f"more than {CLAIMS:,} requests with foreign identities: the oldest was forgotten"
            self._session.emit(Notice(at=sighting.at, subject=None, text=text))

    def answered(self, response: Sighting) -> None:
        """A response on Gm: it may show what became of a claim that waits."""
        message = response.message
        key = message.call_id, message.cseq, message.method
        claim = self.waiting.get(key)
        if claim is None or message.status < 200 or claim.request.sender is response.sender:
            return
        del self.waiting[key]
        challenged = message.status == 401 and message.method == "REGISTER"
        outcome = "accepted" if message.status < 300 or challenged else "refused"
        self._tell(claim, response.at, outcome, message.start_line, ())

    def forwarded(self, at: FrameRef, message: Message) -> None:
        """A request behind the P-CSCF, while claims wait."""
        key = message.call_id, message.cseq, message.method
        claim = self.waiting.get(key)
        if claim is None:
            return
        if claim.kind == "impi":
            found = credentials(message)
            asserted = [found.username] if found is not None and found.username else []
        else:
            values = [part for value in message.values("p-asserted-identity") for part in split(value, ",")]
            asserted = [uri.text for uri in (read_address(part).uri for part in values) if uri is not None]
        del self.waiting[key]
        self._tell(claim, at, "forwarded", message.start_line, tuple(printable(each, 200) for each in asserted))

    def _tell(self, claim: Claim, at: FrameRef, outcome: str, answer: str, asserted: tuple[str, ...]) -> None:
        """Tell of a claim that is not its own, and of what the P-CSCF made of it, by the message ``at``."""
        self._session.emit(
            ForeignIdentity(
                at=at,
                subject=claim.subject,
                request=claim.request,
                kind=claim.kind,
                claimed=claim.claimed,
                bound=claim.bound,
                outcome=outcome,
                answer=answer,
                asserted=asserted,
            )
        )


def stranger(context: Context, sighting: Sighting) -> bool:
    """Whether a message in clear names another identity than those of this contact where it names the UE.

    Then it may be that of another UE behind the same address (FP28). An anonymous one names nobody; what has a
    protected port of this UE, or belongs to a call of it, is its own whatever it names.
    """
    message = sighting.message
    port = sighting.sport if sighting.sender is Side.UE else sighting.dport
    if port in context.pair.guarded or message.call_id in context.calls:
        return False
    asks = message.is_request == (sighting.sender is Side.UE)
    ends = [message.from_uri if asks else message.to_uri]
    for name in ("p-preferred-identity",) if asks else ("p-called-party-id",):
        value = message.first(name)
        ends.append(read_address(value).uri if value is not None else None)
    if any(uri is not None and not uri.user for uri in ends):
        return False
    named = {each for uri in ends for each in names(uri)}
    if not named or not context.impus or any("anonymous" in each for each in named):
        return False
    own = read_address(f"<{context.contact or ''}>").uri
    if own is not None and any(uri is not None and (uri.user, uri.host) == (own.user, own.host) for uri in ends):
        return False
    return named.isdisjoint(context.names)


def right(context: Context, method: str, raw: bytes) -> bool:
    """Whether a request claims what was found right in an earlier one of this contact, or what nobody can deny.

    Mostly the last one of its method had it at the same place, which is one comparison.
    """
    known = context.asserted.get(method)
    if known is not None and raw.startswith(*known) and (not known[0].startswith(FROM) or not _prefers(raw)):
        return True
    if _unknown(context):
        return True
    name, line, begin = _claim(raw)
    return _known(context, method, line, begin) or (name is FROM and _in_dialog(raw))


def _unknown(context: Context) -> bool:
    """Whether what is bound is not known, or is a whole range: then nothing is held against it."""
    impus = context.impus
    return not context.associated or len(impus) >= WIDEST or any("!" in each for each in impus)


def _in_dialog(raw: bytes) -> bool:
    """Whether a request plainly belongs to a dialog, in which From tells who called, or was called: often by a number
    that the network knows under another name.
    """
    end, _ = header_end(raw)
    lines = _TO.findall(raw, 0, min(end + 1, HEADER_LIMIT))
    return len(lines) == 1 and tag_of(lines[0].decode("latin-1")) is not None


def _claim(raw: bytes) -> tuple[bytes, bytes, int]:
    """The header in which a request says who sends it, the line (of From the address alone), and where it stands; no
    line if it is spelt in another way, or folded.
    """
    name, begin = PREFERRED, raw.find(PREFERRED)
    if begin < 0 and not (_prefers(raw) and _PREFERRED.search(raw)):
        name, begin = FROM, raw.find(FROM)
    end = raw.find(b"\r", begin + 1) + 1
    if begin < 0 or raw[end + 1 : end + 2] in (b" ", b"\t"):
        return name, b"", -1
    return name, _address(name, raw[begin:end]), begin


def _address(name: bytes, line: bytes) -> bytes:
    """What of the line counts: behind the address of a From there is a tag."""
    return line[: line.find(b">") + 1] if name is FROM and b">" in line else line


def _prefers(raw: bytes) -> bool:
    """Whether there may be a P-Preferred-Identity, in whatever case."""
    return _LOWER in raw or _UPPER in raw


def _known(context: Context, method: str, line: bytes, begin: int) -> bool:
    """Whether this was found right, be it in a request of another method, which costs a long way less a method."""
    known = next((each for each in context.asserted.values() if each[0] == line), None) if line else None
    if known is None:
        return False
    _remember(context, method, *(known if known[1] == begin else (known[0], begin)))
    return True


def _remember(context: Context, method: str, line: bytes, begin: int) -> None:
    """Remember the line of a right claim and where it stood: the next one often has it there too."""
    if method not in context.asserted and len(context.asserted) >= METHODS:
        context.asserted.clear()
    context.asserted[intern(method)] = line, begin
