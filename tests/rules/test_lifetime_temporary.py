"""LIFE-05 and LIFE-15: how long a temporary set lives, and how many sets there are at once."""

from __future__ import annotations

import pytest

from tests.rules.protection import both_profiles, both_transports, challenged
from tests.scenario import SaSet, Scenario, check, passes

# --- LIFE-05 ----------------------------------------------------------------------------------------------------------


@both_transports
@pytest.mark.parametrize("protected", [False, True])
def test_sm7_comes_after_four_minutes(protected: bool, transport: str) -> None:
    s = Scenario(transport=transport)
    procedure, _ = challenged(s, s.register() if protected else None)
    s.wait(250)
    s.sm7(procedure)
    s.sm12(procedure)
    label = "sm12.2" if protected else "sm12"
    s.expect("LIFE-05", "violation", actor="P-CSCF", at=label)
    check(s)


def test_a_late_sm7_is_refused_on_the_set_that_had_to_be_gone() -> None:
    s = Scenario()
    procedure, _ = challenged(s)
    s.wait(250)
    s.sm7(procedure, res_wrong=True)
    s.sm12(procedure, status=403)
    s.expect("LIFE-05", "violation", actor="P-CSCF", at="sm12")
    check(s)


@pytest.mark.parametrize("seconds", [100, 239, 246])
def test_sm7_comes_in_time(seconds: int) -> None:
    """FP14: clocks may differ by 5 s and one per cent."""
    s = Scenario()
    procedure, _ = challenged(s)
    s.wait(seconds)
    s.sm7(procedure)
    s.sm12(procedure)
    check(s)
    passes(s, "LIFE-05")


def test_the_papers_give_no_number() -> None:
    """R36."""
    s = Scenario()
    procedure, _ = challenged(s)
    s.wait(900)
    s.sm7(procedure)
    s.sm12(procedure)
    check(s, profile="sa3-29", rules=["LIFE-05"])


def test_the_ue_uses_a_temporary_set_for_too_long() -> None:
    """SM12 comes at last, and so it is sure that there was none before."""
    s = Scenario()
    procedure, new = challenged(s)
    s.sm7(procedure)
    for pause in (2, 100, 100):
        s.wait(pause)
        s.again("sm7")
    s.wait(50)
    s.request("ue", "MESSAGE", on=new, answered=False)
    s.sm12(procedure)
    s.expect("LIFE-05", "violation", actor="UE", at="req")
    check(s, rules=["LIFE-05"])


def test_a_slow_uicc() -> None:
    """The UE had no set before it sent SM7."""
    s = Scenario()
    procedure, new = challenged(s)
    s.wait(240)
    s.sm7(procedure)
    s.wait(100)
    s.request("ue", "MESSAGE", on=new, answered=False)
    s.sm12(procedure)
    check(s, rules=["LIFE-05"])


def test_sm12_may_be_lost_from_the_capture() -> None:
    """FP4."""
    s = Scenario()
    procedure, new = challenged(s)
    s.sm7(procedure)
    s.sm12(procedure)
    s.wait(250)
    s.request("ue", "MESSAGE", on=new, answered=False)
    s.lose("sm12")
    s.expect("LIFE-05", "probable", actor="UE", at="req")
    check(s, rules=["LIFE-05"])


# --- LIFE-15 ----------------------------------------------------------------------------------------------------------


def three_alive(s: Scenario) -> SaSet:
    """A very old set, one that a call keeps, the one in use, and a temporary one; returns the first."""
    first = s.register()
    second = s.register(over=first)
    s.request("ue", "MESSAGE", on=second)
    ringing = s.invite("pcscf", on=second)
    s.answer(ringing, 180)
    third = s.register(over=second)
    s.wait(1)
    challenged(s, third)
    s.wait(1)
    return first


@both_profiles
@both_transports
def test_the_pcscf_has_kept_a_set_that_life_12_ended(transport: str, profile: str) -> None:
    """R6, R28."""
    s = Scenario(transport=transport)
    first = three_alive(s)
    s.request("pcscf", "MESSAGE", on=first, answered=False)
    s.expect("LIFE-12", "violation", actor="P-CSCF", at="req.2")
    s.expect("LIFE-15", "probable", actor="P-CSCF", at="req.2", cause="LIFE-12")
    check(s, profile=profile, rules=["LIFE-12", "LIFE-15"])


@both_profiles
def test_three_sets_are_allowed(profile: str) -> None:
    s = Scenario()
    three_alive(s)
    check(s, profile=profile, rules=["LIFE-12", "LIFE-15"])
    passes(s, "LIFE-15", at_least=4, profile=profile)


@both_profiles
def test_the_third_set_is_no_fourth(profile: str) -> None:
    """LIFE-12 alone: three sets in all."""
    s = Scenario()
    first = s.register()
    s.wait(1)
    third = s.register(over=s.register(over=first))
    s.wait(3)
    s.request("ue", "MESSAGE", on=third)
    s.wait(1)
    s.request("pcscf", "MESSAGE", on=first, answered=False)
    s.expect("LIFE-12", "violation", actor="P-CSCF", at="req.2")
    check(s, profile=profile, rules=["LIFE-12", "LIFE-15"])


def superseded(s: Scenario, *, clear: bool = False) -> list[SaSet]:
    """A set in use, and three challenges one after the other; returns the three temporary sets."""
    over = s.register()
    made = []
    for _ in range(3):
        procedure, new = challenged(s, None if clear else over)
        s.sm7(procedure)
        s.wait(130)
        made.append(new)
    return made


@both_profiles
def test_temporary_sets_pile_up(profile: str) -> None:
    """The P-CSCF goes on with all three: LIFE-04 explains each, and together they are too many."""
    s = Scenario()
    one, two, _ = superseded(s)
    s.request("pcscf", "OPTIONS", on=one, answered=False)
    s.request("pcscf", "OPTIONS", on=two, answered=False)
    s.expect("LIFE-15", "violation", actor="P-CSCF", at="req.2", cause="LIFE-04")
    check(s, profile=profile, rules=["LIFE-15"])


def test_other_contacts_have_sets_of_their_own() -> None:
    """FP9 and FP10."""
    s = Scenario()
    first = s.register()
    for ue in (s.ue(1, reg_id=2, instance="urn:x:2"), s.ue(1, reg_id=3, instance="urn:x:3"), s.ue(1, sos=True)):
        s.register(ue=ue)
    s.request("pcscf", "MESSAGE", on=s.register(over=first))
    check(s, rules=["LIFE-15"])


def test_sm12_of_the_newest_set_overtakes_what_was_sent_before() -> None:
    """FP2: the knowledge is that of LIFE-12."""
    s = Scenario()
    first = s.register()
    second = s.register(over=first)
    s.request("ue", "MESSAGE", on=second)
    ringing = s.invite("pcscf", on=second)
    s.answer(ringing, 180)
    s.register(over=second)
    s.request("pcscf", "MESSAGE", on=first, answered=False)
    s.expect("LIFE-12", "probable", actor="P-CSCF", at="req.2")
    check(s, rules=["LIFE-12", "LIFE-15"])
