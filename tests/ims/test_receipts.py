"""A receipt stands for messages that differ in whatever no rule looks at, so that rules may look at nothing else."""

from __future__ import annotations

from typing import Any, NoReturn

import pytest
from msgspec.structs import replace

from analyzer.engine.engine import Engine
from analyzer.ims.events import (
    AlgorithmsInUse,
    AssociationKeyed,
    AuthenticationConcluded,
    AuthenticationOnly,
    CallOpenedRight,
    ClearMessageSent,
    ContactRight,
    FreshRequest,
    KeysProven,
    LargeRequest,
    PacketVerified,
    RequestSent,
    ResponseSent,
    RouteRight,
)
from analyzer.ims.receipts import ANSWERED
from analyzer.ims.vocabulary import Side
from analyzer.keys.keyring import Keyring
from analyzer.profile import PROFILES
from analyzer.rule import collect
from analyzer.sip.message import Message
from analyzer.verdict import PASS
from tests.scenario import Scenario

RARER: dict[type, tuple[str, ...]] = {
    AuthenticationConcluded: ("reports_failure", "res_right", "res_known"),
    AuthenticationOnly: ("side",),
    AssociationKeyed: ("differs_from", "reused", "compared"),
    KeysProven: ("terms", "pair", "derived", "icv", "demanded_icv", "esn", "others"),
    AlgorithmsInUse: ("terms", "pair", "verified", "stronger", "before"),
    LargeRequest: ("request", "tcp_tried", "ipsec"),
}
"""What rules may look at in events that are counted by `Passed.again`, of the terms what is common alone, of a request
the transport."""
COUNTED = (
    *(RequestSent, ResponseSent, FreshRequest, PacketVerified, ClearMessageSent),
    *(CallOpenedRight, ContactRight, RouteRight),
    *RARER,
)
"""Events that are counted when the same has passed before."""


def looked(*_: object) -> NoReturn:
    raise AssertionError("a rule looks at what a receipt does not speak of: see `Passed` in analyzer/ims/receipts.py")


class Guarded(Message):
    """A message of which only the method, the status, the topmost Via and Record-Route may be seen."""

    __slots__ = ()

    call_id = cseq = property(looked)
    uri = start_line = property(looked)
    from_uri = from_tag = to_uri = to_tag = property(looked)
    values = first = has_option = once = _made = _lines = _content = looked  # type: ignore[assignment]


class OfTerms:
    """What is known of a set, of which only the algorithms in common may be seen."""

    def __init__(self, terms: Any) -> None:
        self.common = terms.common

    def __getattr__(self, name: str) -> NoReturn:
        looked()


class OfRequest:
    """A request of which only the transport may be seen."""

    def __init__(self, request: Any) -> None:
        self.transport = request.transport

    def __getattr__(self, name: str) -> NoReturn:
        looked()


SEEN_THROUGH: dict[str, type] = {"terms": OfTerms, "request": OfRequest}


def events(transport: Any) -> list[Any]:
    s, told = Scenario(transport=transport), list[Any]()
    first = s.register()
    for _ in range(2):
        s.request("ue", "MESSAGE", on=first)
        s.request("pcscf", "OPTIONS", on=first)
        s.request("pcscf", "NOTIFY", on=first)
    s.request("ue", "MESSAGE", on=first, transport="tcp", body=b"x" * 2000)
    second = s.register(over=first)
    for _ in range(2):
        s.call("ue", on=second)
        s.call("pcscf", on=second)
    keyring = Keyring()
    keyring.add_text(s.keys_toml(), "keys")
    engine = Engine(PROFILES["rel-17"], keyring, told.append)
    for frame in s.frames():
        engine.receive(frame)
    return [unknown(each) for each in told if isinstance(each, COUNTED)]


def unknown(event: Any) -> Any:
    """The same as if nobody had RES: only then it is counted whether the answer was right."""
    return replace(event, res_right=None, res_known=False) if isinstance(event, AuthenticationConcluded) else event


def seen_through(event: Any) -> Any:
    """The event with nothing in it but what may be looked at."""
    if type(event) not in RARER:
        return event
    allowed = RARER[type(event)]

    class Seen(type(event), frozen=True):  # type: ignore[misc,call-arg]
        def __getattribute__(self, name: str) -> Any:
            if name.startswith("__"):
                return object.__getattribute__(self, name)
            if name not in allowed:
                looked()
            value = getattr(event, name)
            return SEEN_THROUGH[name](value) if name in SEEN_THROUGH else value

    return Seen(**{name: getattr(event, name) for name in event.__struct_fields__})


def guard(event: Any) -> bool:
    """Whether it is an event of the kind that is counted; its messages are guarded then."""
    if type(event) in RARER:
        return True
    sightings = [each for name in ("request", "response") if (each := getattr(event, name, None)) is not None]
    if isinstance(event, ClearMessageSent):
        event.sighting.message.__class__ = Guarded
        return not event.established and event.leaves_old is None
    if any(each.message.method not in ANSWERED for each in sightings):
        return False
    for each in sightings:
        each.message.__class__ = Guarded
    if not isinstance(event, FreshRequest):
        return True
    return not event.pending and (event.trigger is not None or event.request.sender is Side.UE)


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_rules_look_at_nothing_that_differs_among_what_is_counted(transport: str, profile: Any) -> None:
    rules = [each for each in collect() if each.in_force(profile)]
    judged: set[tuple[str, type]] = set()
    for event in filter(guard, events(transport)):
        seen = seen_through(event)
        for rule in rules:
            if type(event) in rule.events:
                assert rule.bind(profile)(seen) in (PASS, None), rule.id
                judged.add((rule.id, type(event)))
    subscribed = {(rule.id, event) for rule in rules for event in rule.events if event in COUNTED}
    assert judged == subscribed


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_no_rule_has_a_word_for_messages_in_clear_before_there_is_a_set(profile: Any) -> None:
    """Whatever else is true of them: they share one receipt."""
    rules = [each for each in collect() if each.in_force(profile) and ClearMessageSent in each.events]
    found = [each for each in events("udp") if isinstance(each, ClearMessageSent)]
    protected = next(each.request for each in events("udp") if isinstance(each, RequestSent))
    asked = next(each.sighting for each in found if each.sighting.message.is_request)
    answer = next(each.sighting for each in found if not each.sighting.message.is_request)
    for sighting in (asked, answer, asked._replace(sender=Side.PCSCF), answer._replace(sender=Side.UE), protected):
        for request in (None, asked, protected):
            for flag in ("dialog_protected", "emergency", "deregistration", "sm1_protected", "sent_astray"):
                for kind in ("", "SM1", "SM7", "failure"):
                    fields: dict[str, Any] = {flag: True, "answers_register": kind}
                    event = replace(found[0], sighting=sighting, request=request, established=False, **fields)
                    assert not event.leaves_old
                    assert [rule.id for rule in rules if rule.bind(profile)(event) is not None] == []
