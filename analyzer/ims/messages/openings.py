"""The first protected request of a UE in a call: is it what TS 24.229 5.1.2A.1.1 and RFC 3329 2.3.1 ask for?

Nearly every one is, in the plainest spelling. So its octets are searched for what has to stand there, which needs no
header to be parsed, and only a request in which something is missing or written otherwise is told in full.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence

from analyzer.ims.events import CallOpened, CallOpenedRight, ContactRight, RouteRight
from analyzer.ims.register import emergency_call
from analyzer.ims.session import TUNNEL, Session
from analyzer.ims.sets.associations import SaSet
from analyzer.ims.subjects import Context
from analyzer.ims.vocabulary import CONTACT_UNUSED, NOT_PRELOADED, Sighting
from analyzer.sip.headers import header_end
from analyzer.sip.secagree import Comparison, compare
from analyzer.sip.spelling import respelt

METHODS = 16
"""Methods of one set whose last right request is remembered; all are forgotten for one more, which only costs time."""

_UNKNOWN: tuple[tuple[bytes, ...], Sequence[int]] = (), ()
_ODDLY = re.compile(
    rb"\n(?!(?:Contact|Proxy-Require|Require|Route|Security-Verify): [^ \t])"
    rb"(?i:contact|m|proxy-require|require|route|security-verify)[ \t]*+:"
)
"""A header that counts, in another spelling than the usual one."""
_AFTER_PORT = frozenset(b";>")
_ROUTE, _VERIFY = b"\nroute", b"\nsecurity-verify"
"""How the headers begin in lower case; another header may begin like that, too."""
_PLAIN = b"\nContact: <sip:"
_DIVIDES = frozenset(b'<>";,')
"""What cannot stand before the port of the first contact."""
_REQUIRED = b"\nRequire: ", b"\nProxy-Require: "
"""How the lines begin that have to hold the option tag."""
_TAG = b"sec-agree"
_VERIFY_LINE = re.compile(rb"\nSecurity-Verify: [^\r\n]*+\r")
_ENDS = frozenset({"ACK", "CANCEL"})
"""Requests of a transaction that is there already, in which nothing is asked for."""

Right = tuple[type[CallOpenedRight | RouteRight | ContactRight], ...]
_RIGHT: tuple[Right, ...] = (
    (CallOpenedRight,),
    (CallOpenedRight, ContactRight),
    (CallOpenedRight, RouteRight),
    (CallOpenedRight, RouteRight, ContactRight),
)
"""What there is to tell of a right request: by whether it has a Contact, and, two further on, a preloaded Route."""


class Marks:
    """What the usual opening request on one set has in it."""

    __slots__ = ("contact", "places", "route", "verify")

    def __init__(self, route: bytes, contact: bytes, verify: tuple[bytes, ...]) -> None:
        self.route = route
        """The beginning of its first Route: the P-CSCF with port_ps."""
        self.contact = contact
        """The end of the hostport in its Contact; nothing where a NAT gives it another one (FP12)."""
        self.verify = verify
        """Its lines of Security-Verify; none if two are the same."""
        self.places: dict[str, tuple[tuple[bytes, ...], array[int]]] = {}
        """By method: all that stands in the last right request but the contact, and where: the next one often has it
        there too. Methods that have the same lines share them, some 500 octets a set."""

    def mirrored(self, head: bytes) -> None:
        """What the UE mirrors is right, in a notation of its own: other blanks, or other lines for the same entries."""
        lines = tuple(_VERIFY_LINE.findall(head))
        if lines and len(set(lines)) == len(lines):
            self.verify = lines
            self.places.clear()  # what stood in these requests are not these lines

    def remember(self, method: str, lines: tuple[bytes, ...], places: array[int]) -> None:
        """Remember what stood where in a request that was right; the next one of its method is held against it."""
        lines = next((known for known, _ in self.places.values() if known == lines), lines)
        if len(self.places) >= METHODS:
            self.places.clear()
        self.places[method] = lines, places


def opened(session: Session, context: Context, owner: SaSet, request: Sighting) -> None:
    """Tell of a request of the UE whose Call-ID is new on this contact."""
    plain = request.message.plain
    head = plain[: header_end(plain)[1]]
    right = opened_right(session, context, owner, head, request.message.method)
    if right is not None:
        for kind in right:
            session.emit(kind(request.at, context.subject))
        return
    verify = _mirrored(context, owner, request)
    if verify is not None and verify.ok and compare(list(owner.server), request.message.values("security-verify")).ok:
        _marks(session, context, owner).mirrored(head)
    routed = _route(head, head.lower().find(_ROUTE), _marks(session, context, owner).route)
    session.emit(
        CallOpened(
            at=request.at,
            subject=context.subject,
            request=request,
            verify=verify,
            emergency=not routed and (context.emergency or emergency_call(request.message)),
        )
    )


def opened_right(session: Session, context: Context, owner: SaSet, head: bytes, method: str) -> Right | None:
    """What is to be told of the request; None if it does not have all that it should, in whatever spelling.

    ``head`` ends with its headers. Where one alone of those that count is spelt in another way than the rest, it costs
    25 µs less to respell them all than to tell of the request in full.
    """
    if method in _ENDS:
        return None
    marks = _marks(session, context, owner)
    lines, places = marks.places.get(method, _UNKNOWN)
    for line, place in zip(lines, places, strict=False):
        if not head.startswith(line, place):
            places = ()
            break
    lower = head.lower()
    begin = lower.find(_ROUTE)
    if not places or begin != places[0]:
        if not (marks.verify and _route(head, begin, marks.route)):
            return _respelt_right(session, context, owner, head, method)
        found, where = [head[begin : begin + len(marks.route) + 1]], array("I", [begin])
        for start in (*_REQUIRED, *marks.verify):
            place = head.find(start)
            whole = head[place : head.find(b"\r", place + 1) + 3]  # with the first letter of the next line
            if place < 0 or whole[-1:] in (b" ", b"\t"):
                return _respelt_right(session, context, owner, head, method)
            if start in _REQUIRED and _TAG not in map(bytes.strip, whole[len(start) : -2].split(b",")):
                return _respelt_right(session, context, owner, head, method)
            found.append(whole)
            where.append(place)
        marks.remember(method, tuple(found), where)
    if lower.count(_VERIFY) != len(marks.verify):
        return _respelt_right(session, context, owner, head, method)
    contact = bool(marks.contact) and method not in CONTACT_UNUSED and _contact(head, lower, marks.contact)
    if contact is None:
        return _respelt_right(session, context, owner, head, method)
    # Outside of a dialog From alone has a tag; one count takes a third of the time of a look at To. Where it is written
    # in another way, nothing is told of the Route.
    return _RIGHT[contact + 2 * (method not in NOT_PRELOADED and lower.count(b";tag=") == 1)]


def _respelt_right(session: Session, context: Context, owner: SaSet, head: bytes, method: str) -> Right | None:
    """The same once the headers that count are spelt plainly, if they were not."""
    plain = respelt(head) if _ODDLY.search(head) else head
    return None if plain is head or _ODDLY.search(plain) else opened_right(session, context, owner, plain, method)


def _marks(session: Session, context: Context, owner: SaSet) -> Marks:
    """What the usual opening request on a set has in it, worked out when the first one is asked about."""
    if owner.marks is not None:
        return owner.marks
    terms, text = owner.terms, context.pair.pcscf_text
    host = f"[{text}]" if ":" in text else text
    verify = tuple(f"\nSecurity-Verify: {value}\r".encode("latin-1") for value in owner.server)
    translated = terms.mod == TUNNEL or "nat" in session.profile.flags
    owner.marks = Marks(
        f"\nRoute: <sip:{host}:{terms.port_ps}".encode("latin-1"),
        b"" if translated else f":{terms.port_us}".encode("latin-1"),
        verify if len(set(verify)) == len(verify) else (),
    )
    return owner.marks


def _route(head: bytes, begin: int, mark: bytes) -> bool:
    """Whether the first Route, which is there or -1, begins so, and its port ends there."""
    end = begin + len(mark)
    return begin > 0 and head.startswith(mark, begin) and end < len(head) and head[end] in _AFTER_PORT


def _contact(head: bytes, lower: bytes, mark: bytes) -> bool | None:
    """Whether there is a Contact, with this port; None if it is not of the usual form, or has another port."""
    begin = lower.find(b"\ncontact")
    if begin < 0:
        return None if b"\nm:" in lower or b"\nm " in lower or b"\nm\t" in lower else False
    found = head.find(mark, begin, head.find(b"\n", begin + 1))
    if found < 0 or not head.startswith(_PLAIN, begin) or head[found + len(mark)] not in _AFTER_PORT:
        return None
    return True if _DIVIDES.isdisjoint(head[begin + len(_PLAIN) : found]) else None


def _mirrored(context: Context, owner: SaSet, request: Sighting) -> Comparison | None:
    """Security-Verify against the Security-Server of the set, or of another that the UE may take for the last success.

    None if there is none, or no challenge is in the capture.
    """
    values = request.message.values("security-verify")
    if not values:
        return None
    first: Comparison | None = None
    for each in (owner, *reversed(context.sets)):
        if each.challenge is None or (each is not owner and not each.established()):
            continue
        comparison = compare(list(each.server), values)
        if comparison.ok:
            return comparison
        first = first or comparison
    return first
