"""SA-04 and SA-05: SM7 and SM12 travel on the new set."""

from __future__ import annotations

import pytest

from tests.rules.protection import both_profiles, both_transports, challenged, completed
from tests.scenario import Scenario, check, passes

# --- SA-04: SM7 ---------------------------------------------------------------------------------------------------


@both_profiles
@both_transports
@pytest.mark.parametrize("protected", [False, True])
def test_sm7_in_clear(protected: bool, transport: str, profile: str) -> None:
    s = Scenario(transport=transport)
    s.register(over=s.register() if protected else None, sm7={"on": None}, sm12={"status": 403, "on": None})
    label = "sm7.2" if protected else "sm7"
    s.expect("SA-04", "violation", actor="UE", at=label)
    check(s, profile=profile, rules=["SA-04", "SA-05", "CLR-02", "CLR-03", "CLR-05"])


@both_profiles
@both_transports
def test_sm7_on_the_old_set(transport: str, profile: str) -> None:
    s = Scenario(transport=transport)
    first = s.register()
    s.register(over=first, sm7={"on": first}, sm12={"status": 403})
    s.expect("SA-04", "violation", actor="UE", at="sm7.2")
    s.expect("LIFE-01", "violation", actor="UE", at="sm7.2", cause="SA-04")
    check(s, profile=profile)


@both_profiles
def test_sm7_on_the_set_of_an_older_challenge(profile: str) -> None:
    s = Scenario()
    _, older = challenged(s)
    s.wait(1)
    procedure, _ = challenged(s)
    s.wait(1)
    s.sm7(procedure, on=older)
    s.expect("SA-04", "violation", actor="UE", at="sm7.2")
    s.expect("LIFE-03", "violation", actor="UE", at="sm7.2")
    check(s, profile=profile)


@both_profiles
def test_sm7_to_another_port(profile: str) -> None:
    s = Scenario()
    procedure, new = challenged(s)
    s.sm7(procedure, dport=new.port_pc)
    s.expect("SA-04", "violation", actor="UE", at="sm7", cause="PORT-07")
    check(s, profile=profile, rules=["SA-04"])


def test_sm7_from_the_server_port() -> None:
    s = Scenario(transport="tcp")
    procedure, _ = challenged(s)
    s.sm7(procedure, role="us>pc")
    s.sm12(procedure)
    s.expect("SA-04", "violation", actor="UE", at="sm7")
    check(s, rules=["SA-04", "SA-05"])


@both_profiles
@both_transports
def test_sm7_on_the_new_set(transport: str, profile: str) -> None:
    s = Scenario(transport=transport)
    first = s.register()
    s.register(over=first)
    s.wait(1)
    s.register()
    check(s, profile=profile)
    passes(s, "SA-04", at_least=3, profile=profile)


def test_cached_credentials_belong_on_the_old_set() -> None:
    """An SM1 that carries a response to the old nonce is no SM7."""
    s = Scenario()
    first = s.register()
    s.refresh(on=first)
    s.register(over=first)
    check(s)


@pytest.mark.parametrize("why", ["mac", "sqn"])
@pytest.mark.parametrize("protected", [False, True])
def test_a_failure_register_is_no_sm7(protected: bool, why: str) -> None:
    s = Scenario()
    procedure = s.sm1(over=s.register() if protected else None)
    s.sm6(procedure, bad_mac=why == "mac")
    s.reject(procedure, why)
    s.sm6(procedure, label="sm6b")
    completed(s, procedure)
    check(s)


def test_the_first_copy_of_sm7_is_missing() -> None:
    s = Scenario()
    procedure, _ = challenged(s)
    s.sm7(procedure)
    s.wait(2)
    s.again("sm7")
    s.sm12(procedure)
    s.lose("sm7")
    check(s)


def test_sm7_is_missing_altogether() -> None:
    """FP4: what follows is not held against a set that was never seen to be taken into use."""
    s = Scenario()
    first = s.register()
    second = s.register(over=first)
    s.wait(3)
    s.request("ue", "MESSAGE", on=second)
    s.wait(3)
    s.request("pcscf", "OPTIONS", on=second)
    s.register(over=second)
    s.lose("sm7.2")
    check(s)


def test_sm7_and_sm12_are_missing() -> None:
    """FP4."""
    s = Scenario()
    second = s.register(over=s.register())
    s.wait(30)
    s.register(over=second)
    s.lose("sm7.2", "sm12.2")
    s.expect("SA-02", "probable", actor="UE", at="sm1.3")
    check(s)


# --- SA-05: SM12 --------------------------------------------------------------------------------------------------


@both_profiles
@both_transports
@pytest.mark.parametrize("protected", [False, True])
def test_sm12_in_clear(protected: bool, transport: str, profile: str) -> None:
    s = Scenario(transport=transport)
    s.register(over=s.register() if protected else None, sm12={"on": None})
    label = "sm12.2" if protected else "sm12"
    s.expect("SA-05", "violation", actor="P-CSCF", at=label)
    check(s, profile=profile, rules=["SA-04", "SA-05", "SA-16"])


@both_profiles
@both_transports
def test_sm12_on_the_old_set(transport: str, profile: str) -> None:
    s = Scenario(transport=transport)
    first = s.register()
    s.register(over=first, sm12={"on": first})
    s.expect("SA-05", "violation", actor="P-CSCF", at="sm12.2")
    if transport == "tcp":
        s.expect("TRN-01", "violation", actor="P-CSCF", at="sm12.2")
    check(s, profile=profile)


@both_profiles
@pytest.mark.parametrize("way", ["clear", "old"])
def test_sm12_goes_back_where_sm7_should_not_have_come(way: str, profile: str) -> None:
    """R23: SA-04 is the cause."""
    s = Scenario()
    first = s.register()
    on = None if way == "clear" else first
    s.register(over=first, sm7={"on": on}, sm12={"on": on})
    s.expect("SA-04", "violation", actor="UE", at="sm7.2")
    s.expect("SA-05", "probable", actor="P-CSCF", at="sm12.2", cause="SA-04")
    check(s, profile=profile, rules=["SA-04", "SA-05"])


@both_profiles
@both_transports
def test_sm12_on_the_new_set(transport: str, profile: str) -> None:
    s = Scenario(transport=transport)
    s.register(over=s.register())
    check(s, profile=profile)
    passes(s, "SA-05", at_least=2, profile=profile)


def test_sm12_again() -> None:
    """FP1."""
    s = Scenario()
    second = s.register(over=s.register())
    s.wait(2)
    s.again("sm7.2")
    s.again("sm12.2")
    s.wait(3)
    s.request("ue", "MESSAGE", on=second)
    check(s)
