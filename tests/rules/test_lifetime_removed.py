"""LIFE-11 and LIFE-12: sets that SM12 removes at once, all of them or all but the one that protected SM1."""

from __future__ import annotations

import pytest

from tests.scenario import Scenario, check, passes
from tests.scenario.state import SaSet

PROFILES = ("rel-17", "sa3-29")
TRANSPORTS = ("udp", "tcp")
OTHER = "urn:gsma:imei:35622410-769549-0"


# --- LIFE-11: a clear SM1 removes every earlier set -----------------------------------------------------------------


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("profile", PROFILES)
def test_the_pcscf_sends_on_a_set_from_before_a_clear_registration(profile: str, transport: str) -> None:
    s = Scenario(transport=transport)
    first = s.register()
    s.register()
    s.wait(1)
    s.request("pcscf", "MESSAGE", on=first, answered=False)
    s.expect("SA-15", "violation", actor="P-CSCF", at="req")
    s.expect("LIFE-11", "violation", actor="P-CSCF", at="req", cause="SA-15")
    check(s, profile=profile)


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("profile", PROFILES)
def test_the_pcscf_answers_on_a_set_from_before_a_clear_registration(profile: str, transport: str) -> None:
    s = Scenario(transport=transport)
    first = s.register()
    s.register()
    s.wait(3)
    s.request("ue", "MESSAGE", on=first)
    s.expect("SA-12", "violation", actor="UE", at="req")
    if transport == "tcp":
        s.expect("TRN-09", "violation", actor="UE", at="req", cause="SA-12")
    s.expect("SA-15", "violation", actor="P-CSCF", at="resp")
    s.expect("LIFE-11", "violation", actor="P-CSCF", at="resp", cause="SA-15")
    s.expect("SA-11", "violation", actor="P-CSCF", at="resp", cause="SA-12")
    check(s, profile=profile)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_pending_transaction_does_not_save_the_set(profile: str) -> None:
    """The row has no FP6: by its clear SM1 the UE said that it has lost the set."""
    s = Scenario()
    first = s.register()
    waiting = s.request("ue", "MESSAGE", on=first, answered=False)
    s.register()
    s.wait(1)
    s.answer(waiting, 200, label="late")
    s.expect("SA-15", "violation", actor="P-CSCF", at="late")
    s.expect("LIFE-11", "violation", actor="P-CSCF", at="late", cause="SA-15")
    check(s, profile=profile)


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("profile", PROFILES)
def test_only_the_new_set_is_used_after_a_clear_registration(profile: str, transport: str) -> None:
    s = Scenario(transport=transport)
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    second = s.register()
    s.request("pcscf", "MESSAGE", on=second)
    s.wait(5)
    s.call("ue", on=second)
    check(s, profile=profile)
    passes(s, "LIFE-11", profile=profile)


def test_sm12_may_overtake_what_the_pcscf_sent_before() -> None:
    """FP2."""
    s = Scenario()
    first = s.register()
    s.register()
    s.request("pcscf", "MESSAGE", on=first, answered=False)
    s.expect("SA-15", "probable", actor="P-CSCF", at="req")
    s.expect("LIFE-11", "probable", actor="P-CSCF", at="req", cause="SA-15")
    check(s)


@pytest.mark.parametrize("sos", [False, True])
def test_the_clear_registration_of_another_contact_removes_nothing(sos: bool) -> None:
    """FP9 and FP10."""
    s = Scenario()
    first = s.register()
    s.register(ue=s.ue(1, sos=True) if sos else s.ue(1, instance=OTHER))
    s.wait(5)
    s.request("pcscf", "MESSAGE", on=first)
    s.request("ue", "MESSAGE", on=first)
    check(s)


def test_closing_the_connections_of_a_removed_set_is_no_message() -> None:
    s = Scenario(transport="tcp")
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    s.register()
    s.wait(1)
    s.fin("pcscf", on=first)
    check(s)


# --- LIFE-12: SM12 removes all but the set that protected SM1 -------------------------------------------------------


def third(s: Scenario) -> tuple[SaSet, SaSet]:
    """Three sets, each registered over the one before; the first and the last are returned."""
    first = s.register()
    second = s.register(over=first)
    s.wait(3)
    last = s.register(over=second)
    s.wait(1)
    return first, last


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("profile", PROFILES)
def test_the_pcscf_sends_on_a_third_set(profile: str, transport: str) -> None:
    s = Scenario(transport=transport)
    first, _ = third(s)
    s.request("pcscf", "MESSAGE", on=first, answered=False)
    s.expect("LIFE-12", "violation", actor="P-CSCF", at="req")
    check(s, profile=profile)


@pytest.mark.parametrize("profile", PROFILES)
def test_the_pcscf_answers_on_a_third_set_what_was_pending_there(profile: str) -> None:
    """FP6 does not help: the deletion is immediate."""
    s = Scenario()
    first = s.register()
    call = s.invite("ue", on=first)
    s.answer(call, 180)
    second = s.register(over=first)
    s.wait(3)
    s.register(over=second)
    s.wait(1)
    s.answer(call, 200, label="late")
    s.expect("LIFE-12", "violation", actor="P-CSCF", at="late")
    check(s, profile=profile)


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("profile", PROFILES)
def test_two_sets_are_kept_and_no_third(profile: str, transport: str) -> None:
    s = Scenario(transport=transport)
    _, last = third(s)
    second = last.ue.current
    assert second is last
    s.wait(5)
    s.request("ue", "MESSAGE", on=last)
    s.wait(5)
    s.request("pcscf", "MESSAGE", on=last)
    check(s, profile=profile)
    passes(s, "LIFE-12", profile=profile)


def test_sm12_of_the_third_set_may_overtake_what_the_pcscf_sent_before() -> None:
    """FP2."""
    s = Scenario()
    first = s.register()
    second = s.register(over=first)
    s.wait(3)
    s.register(over=second)
    s.request("pcscf", "MESSAGE", on=first, answered=False)
    s.expect("LIFE-12", "probable", actor="P-CSCF", at="req")
    check(s)


def test_the_sets_of_another_contact_do_not_count() -> None:
    """FP9."""
    s = Scenario()
    flow = s.register(ue=s.ue(1, instance=OTHER))
    third(s)
    s.request("pcscf", "MESSAGE", on=flow)
    check(s)


def test_the_set_that_protected_sm1_is_kept() -> None:
    """Until the UE has used the third set the P-CSCF stays on the second."""
    s = Scenario()
    first = s.register()
    second = s.register(over=first)
    s.wait(3)
    s.register(over=second)
    s.wait(10)
    s.request("pcscf", "MESSAGE", on=second)
    check(s)
    passes(s, "LIFE-12")
