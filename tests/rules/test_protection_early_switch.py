"""SA-13: the P-CSCF waits until the UE has used the new set (section 9; R34)."""

from __future__ import annotations

import pytest

from tests.rules.protection import all_vantages, both_profiles, both_transports, replaced
from tests.scenario import SaSet, Scenario, check, passes


@both_profiles
@both_transports
@all_vantages
def test_the_p_cscf_does_not_wait(vantage: str, transport: str, profile: str) -> None:
    s = Scenario(transport=transport, vantage=vantage)
    _, second = replaced(s)
    s.wait(5)
    s.request("pcscf", "NOTIFY", on=second)
    s.request("ue", "MESSAGE", on=second)
    s.expect("SA-13", "violation", actor="P-CSCF", at="req")
    check(s, profile=profile)


@both_profiles
@both_transports
@all_vantages
def test_the_p_cscf_waits(vantage: str, transport: str, profile: str) -> None:
    s = Scenario(transport=transport, vantage=vantage)
    first, second = replaced(s)
    s.wait(5)
    s.request("pcscf", "NOTIFY", on=first)
    s.call("pcscf", on=first)
    s.request("ue", "MESSAGE", on=second)
    s.wait(3)
    s.request("pcscf", "OPTIONS", on=second)
    check(s, profile=profile)
    passes(s, "SA-13", at_least=3, profile=profile)
    passes(s, "SA-14", profile=profile)


def test_sm7_is_not_the_further_message() -> None:
    s = Scenario()
    _, second = replaced(s)
    s.wait(2)
    s.again("sm7.2")
    s.again("sm12.2")
    s.request("pcscf", "NOTIFY", on=second)
    s.expect("SA-13", "violation", actor="P-CSCF", at="req")
    check(s)


@both_transports
def test_the_further_message_is_missing(transport: str) -> None:
    """FP4: the next packet on uc>ps has a gap before it."""
    s = Scenario(transport=transport)
    _, second = replaced(s)
    s.wait(5)
    s.request("ue", "MESSAGE", on=second, label="trigger")
    s.request("pcscf", "NOTIFY", on=second)
    s.request("ue", "MESSAGE", on=second)
    s.lose("trigger", "trigger.resp")
    s.expect("SA-13", "probable", actor="P-CSCF", at="req")
    check(s)


def test_nothing_shows_that_no_message_is_missing() -> None:
    """FP4: the UE's SYN-ACK is on another association, whose numbers do not count what was sent on uc>ps."""
    s = Scenario(transport="tcp")
    _, second = replaced(s)
    s.wait(5)
    s.request("pcscf", "NOTIFY", on=second)
    s.expect("SA-13", "probable", actor="P-CSCF", at="req")
    check(s)


def expiring(s: Scenario, left: float) -> tuple[SaSet, SaSet]:
    """A registration for an hour, replaced in time; it is so many seconds before the hour is over."""
    first = s.register()
    s.wait(3000)
    second = s.register(over=first)
    s.wait(600 - left)
    return first, second


@both_profiles
def test_the_old_set_has_still_some_time(profile: str) -> None:
    """140 s today, 110 s in the papers."""
    s = Scenario(expires=3600)
    _, second = expiring(s, 110)
    s.request("pcscf", "NOTIFY", on=second)
    s.expect("SA-13", "violation", actor="P-CSCF", at="req")
    check(s, profile=profile)


@pytest.mark.parametrize("left", [102, 90, 20])
def test_the_old_set_is_about_to_expire(left: int) -> None:
    """Today the P-CSCF goes over 64*T1 before the end (the set outlives the registration by 30 s); the papers wait.

    Clocks may differ by 5 s (FP14).
    """
    s = Scenario(expires=3600)
    _, second = expiring(s, left)
    s.request("pcscf", "NOTIFY", on=second)
    check(s)
    passes(s, "SA-13")
    s.expect("SA-13", "violation", actor="P-CSCF", at="req")
    check(s, profile="sa3-29")


@both_profiles
def test_the_old_set_has_expired(profile: str) -> None:
    """R34: nothing is left to wait for."""
    s = Scenario(expires=3600)
    _, second = expiring(s, -60)
    s.request("pcscf", "NOTIFY", on=second)
    check(s, profile=profile)
    passes(s, "SA-13", profile=profile)


@both_transports
def test_something_is_pending_on_the_old_set(transport: str) -> None:
    """R34: in the papers the P-CSCF also waits for that; that it was pending is seen when it goes on."""
    s = Scenario(transport=transport)
    first = s.register()
    call = s.invite("ue", on=first)
    s.answer(call, 180)
    second = s.register(over=first)
    s.wait(3)
    s.request("ue", "MESSAGE", on=second)
    s.wait(3)
    s.request("pcscf", "NOTIFY", on=second)
    s.wait(3)
    s.answer(call, 200)
    check(s)
    s.expect("SA-13", "violation", actor="P-CSCF", at="req.2")
    check(s, profile="sa3-29")


def test_the_end_of_what_was_pending_may_be_missing() -> None:
    """FP4, R34."""
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first, label="pending")
    second = s.register(over=first)
    s.wait(3)
    s.request("ue", "MESSAGE", on=second)
    s.request("pcscf", "NOTIFY", on=second)
    s.lose("pending.resp")
    check(s)
    s.expect("SA-13", "probable", actor="P-CSCF", at="req.2")
    check(s, profile="sa3-29")


@both_profiles
def test_answers_are_no_messages_of_its_own(profile: str) -> None:
    """The UE asked on the new set, so the P-CSCF answers there, and SM12 comes again."""
    s = Scenario()
    _, second = replaced(s)
    s.again("sm7.2")
    s.again("sm12.2")
    s.wait(3)
    s.request("ue", "MESSAGE", on=second)
    check(s, profile=profile)
