"""The first protected request of a UE in a call: is it what TS 24.229 5.1.2A.1.1 and RFC 3329 2.3.1 ask for?

Nearly every one is, in the plainest spelling. So its octets are searched for what has to stand there, which needs no
header to be parsed, and only a request in which something is missing or written otherwise is told in full.
"""

from __future__ import annotations

from analyzer.ims.associations import SaSet
from analyzer.ims.events import CallOpened, CallOpenedRight, ContactRight
from analyzer.ims.session import Session, emergency_call
from analyzer.ims.subjects import Context
from analyzer.ims.vocabulary import Sighting
from analyzer.sip.secagree import Comparison, compare

_new = tuple.__new__
METHODS = 16
"""Methods of one set whose last right request is remembered."""

_AFTER_PORT = frozenset(b";>")
_ROUTE = b"\nRoute:"
_TAG = b"Require: sec-agree\r"
"""The end of a line of Require and of one of Proxy-Require."""
_NO_CONTACT = frozenset({"MESSAGE", "PUBLISH", "INFO", "BYE"})
"""Methods whose requests have no Contact, or none that anybody would follow (RFC 3428 4, RFC 3903 4.1)."""


class Marks:
    """What the usual opening request on one set has in it."""

    __slots__ = ("contact", "places", "route", "verify")

    def __init__(self, route: bytes, contact: bytes, verify: tuple[bytes, ...]) -> None:
        self.route = route
        """The beginning of its first Route: the P-CSCF with port_ps."""
        self.contact = contact
        """The end of the hostport in its Contact."""
        self.verify = verify
        """Its lines of Security-Verify."""
        self.places: dict[str, tuple[tuple[bytes, int], ...]] = {}
        """By method: all that stands in the last right request but the contact, and where: the next one often has it
        there too."""


def opened(session: Session, context: Context, owner: SaSet, request: Sighting) -> None:
    """Tell of a request of the UE whose Call-ID is new on this contact."""
    raw = request.message.raw
    right = opened_right(context, owner, raw, request.message.method)
    if right is not None:
        session.emit(_new(CallOpenedRight, (request.at, context.subject)))
        if right:
            session.emit(ContactRight(request.at, context.subject))
        return
    routed = _route(raw, _marks(context, owner).route)
    session.emit(
        CallOpened(
            at=request.at,
            subject=context.subject,
            request=request,
            verify=_mirrored(context, owner, request),
            emergency=not routed and (context.emergency or emergency_call(request)),
        )
    )


def opened_right(context: Context, owner: SaSet, raw: bytes, method: str) -> bool | None:
    """Whether the request names its contact rightly; None if it does not have all that it should, plainly spelt."""
    marks = owner.marks
    if marks is None:
        marks = owner.marks = _marks(context, owner)
    places = marks.places.get(method, ())
    for line, place in places:
        if not raw.startswith(line, place):
            places = ()
            break
    if not places or raw.find(_ROUTE) != places[0][1]:
        if not (_route(raw, marks.route) and _required(raw) and _mirrors(raw, marks.verify)):
            return None
        lines = (raw[raw.find(_ROUTE) :][: len(marks.route) + 1], b"\n" + _TAG, b"-" + _TAG, *marks.verify)
        if len(marks.places) >= METHODS:
            marks.places.clear()
        marks.places[method] = tuple((line, raw.find(line)) for line in lines)
    return False if method in _NO_CONTACT else _contact(raw, marks.contact)


def _marks(context: Context, owner: SaSet) -> Marks:
    terms, text = owner.terms, context.pair.pcscf_text
    host = f"[{text}]" if ":" in text else text
    return Marks(
        f"\nRoute: <sip:{host}:{terms.port_ps}".encode("latin-1"),
        f":{terms.port_us}".encode("latin-1"),
        tuple(f"\nSecurity-Verify: {value}\r".encode("latin-1") for value in owner.server),
    )


def _route(raw: bytes, mark: bytes) -> bool:
    """Whether the first Route begins so, and its port ends there."""
    begin = raw.find(_ROUTE)
    end = begin + len(mark)
    return begin > 0 and raw.startswith(mark, begin) and end < len(raw) and raw[end] in _AFTER_PORT


def _required(raw: bytes) -> bool:
    """Whether a line of Require and one of Proxy-Require hold nothing but the option tag."""
    one = raw.find(_TAG)
    two = raw.find(_TAG, one + 1)
    return one > 0 and two > 0 and {raw[one - 1], raw[two - 1]} == {10, 45}  # a line feed, and the hyphen of Proxy-


def _mirrors(raw: bytes, lines: tuple[bytes, ...]) -> bool:
    """Whether Security-Verify has these lines, letter by letter."""
    return bool(lines) and all(line in raw for line in lines)


def _contact(raw: bytes, mark: bytes) -> bool | None:
    """Whether there is a Contact, with this port; None if it is not of the usual form, or has another port."""
    begin = raw.find(b"\nContact:")
    if begin < 0:
        return None if b"\nm:" in raw or b"\ncontact" in raw else False
    end = raw.find(b"\n", begin + 1)
    found = raw.find(mark, begin, end)
    return True if found > 0 and raw[found + len(mark)] in _AFTER_PORT else None


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
        comparison = compare(each.server, values)
        if comparison.ok:
            return comparison
        first = first or comparison
    return first
