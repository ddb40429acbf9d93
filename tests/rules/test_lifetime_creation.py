"""LIFE-01 and LIFE-02: every authentication makes a new set, and there is one procedure at a time."""

from __future__ import annotations

import pytest

from tests.rules.procedures import complete, unanswered
from tests.scenario import Scenario, check, passes
from tests.scenario.registration import Sm1, Sm6

PROFILES = ("rel-17", "sa3-29")


# --- LIFE-01: every authentication makes a new set ----------------------------------------------------------------


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_sm7_comes_on_the_established_set(transport: str, profile: str) -> None:
    s = Scenario(transport=transport)
    first = s.register()
    s.register(over=first, sm7={"on": first}, sm12={"status": 403})
    s.expect("SA-04", "violation", actor="UE", at="sm7.2")
    s.expect("LIFE-01", "violation", actor="UE", at="sm7.2", cause="SA-04")
    check(s, profile=profile)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_second_authentication_announces_the_spis_of_the_first(profile: str) -> None:
    s = Scenario()
    first = s.register()
    mine: Sm1 = {"client": {"spi_c": first.spi_uc, "spi_s": first.spi_us}}
    theirs: Sm6 = {"server": {"spi_c": first.spi_pc, "spi_s": first.spi_ps}}
    s.register(over=first, sm1=mine, sm6=theirs)
    s.expect("NEG-20", "violation", actor="P-CSCF", at="sm6.2")
    s.expect("LIFE-01", "violation", actor="P-CSCF", at="sm12.2", cause="NEG-20")
    check(s, profile=profile, rules=["LIFE-01", "NEG-20", "SA-04", "SA-05", "ESP-02", "LIFE-03", "LIFE-04"])


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_each_authentication_makes_its_set(transport: str, profile: str) -> None:
    s = Scenario(transport=transport)
    s.register(over=s.register(over=s.register()))
    check(s, profile=profile)
    passes(s, "LIFE-01", profile=profile, at_least=3)


def test_a_register_that_is_not_challenged_makes_no_set() -> None:
    """FP16: with cached credentials, and answered at once."""
    s = Scenario()
    first = s.register()
    s.refresh(on=first)
    s.request("ue", "MESSAGE", on=first)
    check(s)


def test_sm7_again_is_one_authentication() -> None:
    """FP1."""
    s = Scenario()
    first = s.register()
    second = s.sm1(over=first)
    s.sm6(second)
    s.sm7(second)
    s.wait(2)
    s.again("sm7.2")
    s.sm12(second)
    check(s)
    passes(s, "LIFE-01", at_least=2)


@pytest.mark.parametrize("protected", [False, True])
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_second_challenge_gives_new_keys_to_the_same_offer(transport: str, protected: bool) -> None:
    """R11, case E: SM7 after the second challenge repeats Security-Client; its SPIs live on with new keys."""
    s = Scenario(transport=transport)
    procedure = s.sm1(over=s.register() if protected else None)
    s.sm6(procedure)
    s.sm7(procedure)
    s.sm12(procedure, status=401)
    s.sm7(procedure, label="sm7b")
    s.sm12(procedure, label="sm12b")
    assert procedure.set
    s.request("ue", "MESSAGE", on=procedure.set)
    check(s)
    passes(s, "LIFE-01")


# --- LIFE-02: one registration procedure at a time ----------------------------------------------------------------


@pytest.mark.parametrize("profile", PROFILES)
def test_a_second_sm1_overtakes_the_challenge_of_the_first(profile: str) -> None:
    """That the first had no answer yet is seen when its answer comes."""
    s = Scenario()
    first = s.sm1()
    s.wait(0.5)
    second = s.sm1()
    s.sm6(first)
    complete(s, second)
    s.expect("LIFE-02", "violation", actor="UE", at="sm1.2")
    check(s, profile=profile)


@pytest.mark.parametrize("profile", PROFILES)
def test_the_ue_gives_sm7_up_before_timer_f(profile: str) -> None:
    s = Scenario()
    first = s.sm1()
    s.sm6(first)
    s.sm7(first)
    unanswered(s, "sm7")
    s.wait(10)
    s.register()
    s.expect("LIFE-02", "violation", actor="UE", at="sm1.2")
    check(s, profile=profile)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_protected_sm1_with_new_spis_while_another_waits(profile: str) -> None:
    """Re-registrations share their Call-ID: the new Security-Client tells that it is another procedure."""
    s = Scenario()
    first = s.register()
    s.sm1(over=first)
    unanswered(s, "sm1.2")
    s.wait(1)
    s.register(over=first)
    s.expect("LIFE-02", "violation", actor="UE", at="sm1.3")
    check(s, profile=profile)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_the_answer_to_the_first_may_be_lost_from_the_capture(transport: str) -> None:
    """FP4."""
    s = Scenario(transport=transport)
    s.sm12(s.sm1(), status=403)
    s.wait(1)
    s.register()
    check(s)
    s.lose("sm12")
    s.expect("LIFE-02", "probable", actor="UE", at="sm1.2")
    check(s, rules=["LIFE-02"])


def test_sm12_may_be_lost_from_the_capture() -> None:
    """FP4: the next SM1 is protected by the very set whose SM12 is missing."""
    s = Scenario()
    first = s.register()
    s.wait(30)
    s.register(over=first)
    s.lose("sm12")
    s.expect("LIFE-02", "probable", actor="UE", at="sm1.2")
    check(s, rules=["LIFE-02"])


@pytest.mark.parametrize("profile", PROFILES)
def test_after_timer_f_the_ue_may_begin_anew(profile: str) -> None:
    s = Scenario()
    s.sm1()
    s.wait(129)
    s.register()
    check(s, profile=profile)
    passes(s, "LIFE-02", profile=profile, at_least=2)


def test_one_sm1_twice_is_one_procedure() -> None:
    """FP1."""
    s = Scenario()
    first = s.sm1()
    s.wait(2)
    s.again("sm1")
    complete(s, first)
    check(s)


def test_the_same_sm1_in_a_new_transaction_is_the_same_procedure() -> None:
    """TRN-10: a UE may send a REGISTER that timed out with a new branch, offer and Call-ID as before."""
    s = Scenario()
    first = s.register()
    waiting = s.sm1(over=first)
    s.wait(20)
    s.sm1(over=first, client=waiting.client)
    check(s)


def test_a_restart_after_423_is_the_same_procedure() -> None:
    """FP17: the refusal is a final answer, and Call-ID and offer may stay."""
    s = Scenario()
    first = s.sm1(expires=60)
    s.sm12(first, status=423, headers={"Min-Expires": "600000"})
    assert first.register
    s.register(sm1={"call_id": first.register.message["Call-ID"], "client": first.client})
    check(s)


@pytest.mark.parametrize("why", ["mac", "sqn"])
def test_a_failure_register_is_the_same_procedure(why: str) -> None:
    """FP17, cases F and G."""
    s = Scenario()
    first = s.sm1()
    s.sm6(first, bad_mac=why == "mac")
    s.reject(first, why)
    s.sm6(first, label="sm6b")
    s.sm7(first)
    s.sm12(first)
    check(s)


def test_two_contacts_register_at_the_same_time() -> None:
    """FP9: another flow of the same UE, and FP10: its emergency registration."""
    s = Scenario()
    flow = s.ue(1, instance="urn:gsma:imei:35622410-769549-0")
    emergency = s.ue(1, sos=True)
    procedures = [s.sm1(), s.sm1(ue=flow), s.sm1(ue=emergency)]
    for procedure in procedures:
        complete(s, procedure)
    check(s)


def test_registers_for_two_identities_at_the_same_time() -> None:
    """FP8: the row still wants one procedure at a time, but only for those that make sets."""
    s = Scenario()
    first = s.register()
    other = s.sm1(over=first, headers={"To": f"<{first.ue.impus[1]}>"})
    s.wait(0.1)
    s.refresh(on=first)
    s.sm12(other)
    s.expect("LIFE-02", "probable", actor="UE", at="sm1.3")
    check(s)


def test_a_deregistration_need_not_wait() -> None:
    """It makes no set: the row speaks of SM1s that do."""
    s = Scenario()
    first = s.register()
    s.sm1(over=first)
    unanswered(s, "sm1.2")
    s.deregister(on=first)
    check(s)


def test_a_ue_without_ipsec_is_not_judged() -> None:
    """FP11."""
    s = Scenario()
    gone = {"Security-Client": None, "Require": None, "Proxy-Require": None}
    first = s.sm1(headers=gone)
    s.sm1(headers=gone)
    s.sm12(first)
    check(s, rules=["LIFE-02"])
