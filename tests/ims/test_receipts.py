"""A receipt stands for messages that differ in whatever no rule looks at, so that rules may look at nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NoReturn

import pytest

from analyzer.engine import Engine
from analyzer.ims.events import (
    CallOpenedRight,
    ClearMessageSent,
    ContactRight,
    FreshRequest,
    PacketVerified,
    RequestSent,
    ResponseSent,
)
from analyzer.ims.receipts import PLAIN
from analyzer.ims.vocabulary import Side
from analyzer.keys.keyring import Keyring
from analyzer.profile import PROFILES
from analyzer.rule import collect
from analyzer.sip.message import Message
from analyzer.verdict import PASS
from tests.scenario import Scenario

COUNTED = (RequestSent, ResponseSent, FreshRequest, PacketVerified, CallOpenedRight, ContactRight, ClearMessageSent)
"""Events that are counted when the same has passed before (`ims/calm.py`, `ims/packets.py`, `ims/traffic.py`)."""


def looked(*_: object) -> NoReturn:
    raise AssertionError("a rule looks at what a receipt does not speak of: see `Passed` in analyzer/ims/receipts.py")


class Guarded(Message):
    """A message of which only the method, the status, the topmost Via and Record-Route may be seen."""

    __slots__ = ()

    call_id = cseq = property(looked)
    uri = start_line = property(looked)
    from_uri = from_tag = to_uri = to_tag = property(looked)
    values = first = has_option = once = _made = _lines = _content = looked  # type: ignore[assignment]


def events(transport: Any) -> list[Any]:
    s, told = Scenario(transport=transport), list[Any]()
    first = s.register()
    for _ in range(2):
        s.request("ue", "MESSAGE", on=first)
        s.request("pcscf", "OPTIONS", on=first)
    second = s.register(over=first)
    for _ in range(2):
        s.call("ue", on=second)
        s.call("pcscf", on=second)
    keyring = Keyring()
    keyring.add_text(s.keys_toml(), "keys")
    engine = Engine(PROFILES["rel-17"], keyring, told.append)
    for frame in s.frames():
        engine.receive(frame)
    return [each for each in told if isinstance(each, COUNTED)]


def guard(event: Any) -> bool:
    """Whether it is an event of the kind that is counted; its messages are guarded then."""
    sightings = [each for name in ("request", "response") if (each := getattr(event, name, None)) is not None]
    if isinstance(event, ClearMessageSent):
        event.sighting.message.__class__ = Guarded
        return not event.established and event.leaves_old is None
    if any(each.message.method not in PLAIN for each in sightings):
        return False
    for each in sightings:
        each.message.__class__ = Guarded
    return not (isinstance(event, FreshRequest) and (event.trigger is None or event.pending))


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_rules_look_at_nothing_that_differs_among_what_is_counted(transport: str, profile: Any) -> None:
    rules = [each for each in collect() if each.in_force(profile)]
    judged: set[tuple[str, type]] = set()
    for event in filter(guard, events(transport)):
        for rule in rules:
            if type(event) in rule.events:
                assert rule.bind(profile)(event) in (PASS, None), rule.id
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
