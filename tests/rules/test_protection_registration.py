"""SA-02 and SA-03: which association protects SM1 and SM6."""

from __future__ import annotations

import pytest

from tests.rules.protection import all_vantages, both_profiles, both_transports, challenged, completed
from tests.scenario import Scenario, check, passes

# --- SA-02: SM1 ---------------------------------------------------------------------------------------------------


@both_profiles
@both_transports
@all_vantages
def test_sm1_on_the_set_that_was_replaced(vantage: str, transport: str, profile: str) -> None:
    s = Scenario(transport=transport, vantage=vantage)
    first = s.register()
    s.register(over=first)
    s.wait(3)
    refused = s.sm1(over=first)
    s.sm12(refused, status=403)
    s.expect("SA-02", "violation", actor="UE", at="sm1.3")
    check(s, profile=profile)


@both_profiles
def test_sm1_on_a_set_that_was_only_announced(profile: str) -> None:
    s = Scenario()
    _, temporary = challenged(s, s.register())
    s.wait(1)
    s.sm1(over=temporary)
    s.expect("SA-02", "violation", actor="UE", at="sm1.3")
    check(s, profile=profile)


@both_profiles
def test_sm1_from_the_server_port(profile: str) -> None:
    s = Scenario(transport="tcp")
    first = s.register()
    s.register(over=first, sm1={"role": "us>pc"})
    s.expect("SA-02", "violation", actor="UE", at="sm1.2")
    s.expect("TRN-02", "violation", actor="UE", at="sm1.2.syn")
    check(s, profile=profile)


@both_profiles
@both_transports
def test_sm1_on_the_set_in_use(transport: str, profile: str) -> None:
    s = Scenario(transport=transport)
    s.register(over=s.register(over=s.register()))
    check(s, profile=profile)
    passes(s, "SA-02", at_least=2, profile=profile)


@pytest.mark.parametrize("vantage", ["middle", "pcscf"])
def test_sm1_on_the_old_set_right_after_sm12(vantage: str) -> None:
    """FP2: the UE may not have had SM12 yet."""
    s = Scenario(vantage=vantage)
    first = s.register()
    s.register(over=first)
    refused = s.sm1(over=first)
    s.sm12(refused, status=403)
    s.expect("SA-02", "probable", actor="UE", at="sm1.3")
    check(s)


def test_sm1_on_the_old_set_by_a_ue_without_sm12() -> None:
    """FP2: SM12 was lost on its way, twice; SM7 comes again, and later the UE gives up and begins anew."""
    s = Scenario(vantage="pcscf")
    first = s.register()
    s.register(over=first)
    for pause in (2, 4):
        s.wait(pause)
        s.again("sm7.2")
        s.again("sm12.2")
    s.wait(7)
    refused = s.sm1(over=first)
    s.sm12(refused, status=403)
    s.expect("SA-02", "probable", actor="UE", at="sm1.3")
    check(s)


@both_profiles
def test_sm1_on_the_old_set_after_a_refusal(profile: str) -> None:
    """FP17: SM7 failed, so the old set is in use as before."""
    s = Scenario()
    first = s.register()
    s.register(over=first, sm7={"res_wrong": True}, sm12={"status": 403})
    s.wait(1)
    s.register(over=first)
    check(s, profile=profile)
    passes(s, "SA-02", at_least=2, profile=profile)


@both_transports
def test_sm1_on_a_set_whose_sm12_is_missing(transport: str) -> None:
    """FP4: nothing but the re-registration itself shows that there was an SM12."""
    s = Scenario(transport=transport)
    second = s.register(over=s.register())
    s.wait(30)
    s.register(over=second)
    s.wait(3)
    s.request("ue", "MESSAGE", on=s.sets[-1])
    s.lose("sm12.2")
    s.expect("LIFE-02", "probable", actor="UE", at="sm1.3")
    s.expect("SA-02", "probable", actor="UE", at="sm1.3")
    check(s)


@both_transports
@all_vantages
def test_a_set_whose_sm12_is_missing_was_served(vantage: str, transport: str) -> None:
    """FP4: the P-CSCF's answers have a gap before them, so SM12 was there; only what was sent before is in doubt."""
    s = Scenario(transport=transport, vantage=vantage)
    second = s.register(over=s.register())
    s.wait(3)
    s.request("ue", "MESSAGE", on=second)
    s.request("ue", "MESSAGE", on=second)
    s.wait(3)
    s.request("pcscf", "OPTIONS", on=second)
    s.wait(60)
    s.register(over=second)
    s.lose("sm12.2")
    s.expect("SA-06", "probable", actor="UE", at="req")
    s.expect("SA-08", "probable", actor="UE", at="req", cause="SA-06")
    check(s)
    passes(s, "SA-02", at_least=2)


# --- SA-03: SM6 ---------------------------------------------------------------------------------------------------


@both_profiles
@both_transports
def test_sm6_in_clear_for_a_protected_sm1(transport: str, profile: str) -> None:
    s = Scenario(transport=transport)
    first = s.register()
    s.register(over=first, sm6={"on": None})
    s.expect("SA-03", "violation", actor="P-CSCF", at="sm6.2")
    s.expect("CLR-05", "violation", actor="P-CSCF", at="sm6.2", cause="SA-03")
    check(s, profile=profile, rules=["SA-03", "SA-04", "SA-05", "CLR-03", "CLR-05", "SA-16"])


@both_profiles
def test_sm6_protected_for_a_clear_sm1(profile: str) -> None:
    s = Scenario()
    first = s.register()
    s.wait(1)
    s.register(sm6={"on": first})
    s.expect("SA-03", "violation", actor="P-CSCF", at="sm6.2")
    check(s, profile=profile)


@both_profiles
def test_sm6_on_another_set_than_sm1(profile: str) -> None:
    s = Scenario()
    first = s.register()
    second = s.register(over=first)
    s.wait(1)
    procedure = s.sm1(over=second)
    s.sm6(procedure, on=first)
    completed(s, procedure)
    s.expect("SA-03", "violation", actor="P-CSCF", at="sm6.3")
    check(s, profile=profile, rules=["SA-02", "SA-03", "SA-04", "SA-05", "SA-16"])


@both_profiles
@both_transports
def test_sm6_is_protected_as_sm1(transport: str, profile: str) -> None:
    s = Scenario(transport=transport)
    first = s.register()
    s.register(over=first)
    s.wait(1)
    s.register()
    check(s, profile=profile)
    passes(s, "SA-03", at_least=3, profile=profile)


def test_a_100_before_the_challenge() -> None:
    s = Scenario()
    first = s.register()
    procedure = s.sm1(over=first)
    s.answer("sm1.2", 100)
    s.sm6(procedure)
    completed(s, procedure)
    check(s)
    passes(s, "SA-03", at_least=2)


@pytest.mark.parametrize("way", ["new", "old"])
@both_transports
def test_the_second_challenge_may_come_on_either_set(transport: str, way: str) -> None:
    """FP17, case E."""
    s = Scenario(transport=transport)
    first = s.register()
    procedure, new = challenged(s, first)
    s.sm7(procedure)
    s.sm12(procedure, status=401, on=new if way == "new" else first)
    s.sm7(procedure, label="sm7b")
    s.sm12(procedure, label="sm12b")
    check(s, rules=["SA-02", "SA-03", "SA-04", "SA-05", "SA-16", "SA-18", "LIFE-03", "LIFE-04", "LIFE-16"])
    passes(s, "SA-03", at_least=2)


def test_sm6_again_is_judged_once() -> None:
    """FP1."""
    s = Scenario()
    first = s.register()
    procedure = s.sm1(over=first)
    s.sm6(procedure, on=None)
    s.wait(2)
    s.again("sm1.2")
    s.again("sm6.2")
    s.expect("SA-03", "violation", actor="P-CSCF", at="sm6.2")
    check(s, rules=["SA-03"])


def test_a_challenge_whose_sm1_is_missing() -> None:
    """FP3."""
    s = Scenario()
    s.register(over=s.register())
    s.lose("sm1.2")
    check(s, rules=["SA-02", "SA-03", "SA-04", "SA-05"])


def test_challenges_without_ipsec_are_not_judged() -> None:
    """FP11."""
    s = Scenario()
    gone = {"Security-Client": None, "Require": None, "Proxy-Require": None}
    procedure = s.sm1(headers=gone)
    s.sm6(procedure, headers={"Security-Server": None})
    s.sm7(procedure, on=None, headers={**gone, "Security-Verify": None})
    s.sm12(procedure)
    s.request("ue", "MESSAGE")
    s.expect("NEG-01", "violation", actor="UE", at="sm6")
    check(s)
