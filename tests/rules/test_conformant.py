"""A UE and a P-CSCF that do everything right: nobody is accused, from whichever place it is captured."""

from __future__ import annotations

import random

import pytest

from tests.scenario import Scenario, audited, check, passes
from tests.scenario.recorder import Record

PROFILES = ("rel-6", "rel-11", "rel-14", "rel-17", "sa3-29")
EXERCISED = ("LIFE-01", "LIFE-02", "LIFE-09", "LIFE-11", "LIFE-12", "LIFE-13", "SA-12", "SA-13", "SA-14", "SA-16")


def whole_life(s: Scenario) -> None:
    """Registration, calls both ways, re-registrations with and without a challenge, a restart, deregistration."""
    first = s.register()
    s.request("ue", "SUBSCRIBE", on=first)
    s.request("pcscf", "NOTIFY", on=first)
    s.call("ue", on=first)
    s.call("pcscf", on=first)
    s.wait(60)
    s.refresh(on=first)
    ringing = s.invite("pcscf", on=first)
    s.answer(ringing, 180)
    second = s.register(over=first)
    s.answer(ringing, 200)
    s.wait(3)
    s.ack(ringing)
    s.request("pcscf", "OPTIONS", on=first)
    s.request("ue", "MESSAGE", on=second)
    s.wait(3)
    s.bye(ringing, on=second)
    s.request("pcscf", "MESSAGE", on=second)
    s.wait(60)
    third = s.register(over=second)
    s.wait(3)
    s.request("ue", "MESSAGE", on=third)
    s.wait(600)
    last = s.register()
    s.call("ue", on=last)
    s.request("pcscf", "MESSAGE", on=last)
    s.deregister(on=last)
    s.wait(200)
    s.register()


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_nobody_is_accused_under_any_profile(transport: str, profile: str) -> None:
    s = Scenario(transport=transport)
    whole_life(s)
    check(s, profile=profile)


@pytest.mark.parametrize("vantage", ["ue", "middle", "pcscf"])
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_nobody_is_accused_from_any_place(transport: str, vantage: str) -> None:
    s = Scenario(transport=transport, vantage=vantage, ipv6=True, rtt=0.3)
    whole_life(s)
    check(s)
    for rule in EXERCISED:
        passes(s, rule)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_nobody_is_accused_in_a_capture_with_copies(transport: str) -> None:
    s = Scenario(transport=transport, copies="gtp")
    whole_life(s)
    check(s)


def accused(s: Scenario, kept: list[Record], profile: str) -> list[tuple[str, str, str]]:
    """Who is accused of what, and where, if the capture has only these frames."""
    s.records = kept
    report = audited(s, profile=profile)
    assert not report.crashed
    sure = [found for found in report.findings if found.verdict in ("violation", "warning")]
    return [(found.rule, found.actor, s.label_of(found.frame)) for found in sure]


@pytest.mark.parametrize(("transport", "profile"), [("udp", "rel-17"), ("tcp", "sa3-29")])
def test_nobody_is_accused_for_a_message_that_the_capture_lost(transport: str, profile: str) -> None:
    """FP4: whichever it is, a rule may doubt, but not accuse."""
    s = Scenario(transport=transport)
    whole_life(s)
    whole = s.records
    for lost in {record.label for record in whole}:
        assert accused(s, [record for record in whole if record.label != lost], profile) == [], lost


@pytest.mark.parametrize(("transport", "vantage"), [("udp", "middle"), ("tcp", "pcscf")])
def test_nobody_is_accused_for_heavy_loss(transport: str, vantage: str) -> None:
    s = Scenario(transport=transport, vantage=vantage)
    whole_life(s)
    whole, dice = s.records, random.Random(transport)
    for share in (0.02, 0.1, 0.4) * 8:
        assert accused(s, [record for record in whole if dice.random() > share], "rel-17") == []


@pytest.mark.parametrize(("transport", "profile"), [("udp", "sa3-29"), ("tcp", "rel-17")])
def test_nobody_is_accused_in_a_capture_that_begins_late(transport: str, profile: str) -> None:
    """FP3."""
    s = Scenario(transport=transport)
    whole_life(s)
    whole = s.records
    for first in range(0, len(whole), 3):
        assert accused(s, whole[first:], profile) == [], whole[first].label


@pytest.mark.parametrize("uplink", [True, False])
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_nobody_is_accused_in_a_capture_of_one_direction(transport: str, uplink: bool) -> None:
    s = Scenario(transport=transport)
    whole_life(s)
    assert accused(s, [record for record in s.records if record.uplink is uplink], "rel-17") == []
