"""LIFE-03 and LIFE-04: a new procedure, or a new challenge, ends the set of an incomplete one."""

from __future__ import annotations

import pytest

from tests.rules.procedures import complete, interrupted, unanswered
from tests.scenario import Scenario, check, passes
from tests.scenario.state import Procedure

PROFILES = ("rel-17", "sa3-29")


# --- LIFE-03: a new procedure ends an incomplete one at the UE ------------------------------------------------------


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_the_ue_answers_the_challenge_of_a_procedure_that_it_gave_up(transport: str, profile: str) -> None:
    s = Scenario(transport=transport)
    first, second = interrupted(s)
    s.wait(1)
    s.sm7(first)
    complete(s, second)
    s.expect("LIFE-03", "violation", actor="UE", at="sm7")
    check(s, profile=profile)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_the_ue_answers_the_older_of_two_challenges(transport: str, profile: str) -> None:
    s = Scenario(transport=transport)
    first, second = interrupted(s)
    s.sm6(second)
    s.wait(1)
    s.sm7(first)
    s.wait(0.1)
    s.sm7(second)
    s.sm12(second)
    assert second.set
    s.request("ue", "MESSAGE", on=second.set)
    s.expect("LIFE-03", "violation", actor="UE", at="sm7")
    check(s, profile=profile)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_the_ue_keeps_to_the_newest_procedure(transport: str, profile: str) -> None:
    s = Scenario(transport=transport)
    _, second = interrupted(s)
    complete(s, second)
    s.wait(3)
    assert second.set
    s.request("ue", "MESSAGE", on=second.set)
    check(s, profile=profile)
    for rule in ("LIFE-02", "LIFE-03", "LIFE-04"):
        passes(s, rule, profile=profile)


def test_sm7_may_cross_the_new_sm1() -> None:
    """FP2: within a fifth of a second two messages of the UE may have overtaken each other."""
    s = Scenario()
    first, second = interrupted(s)
    s.sm7(first)
    complete(s, second)
    s.expect("LIFE-03", "probable", actor="UE", at="sm7")
    check(s)


def test_sm7_repeated_after_the_new_sm1_is_not_counted_again() -> None:
    """FP1: its first copy was sent while the procedure was alive; that timer F had not expired is LIFE-02."""
    s = Scenario()
    first = s.sm1()
    s.sm6(first)
    s.sm7(first)
    unanswered(s, "sm7")
    second = s.sm1()
    s.wait(1)
    s.again("sm7")
    complete(s, second)
    s.expect("LIFE-02", "violation", actor="UE", at="sm1.2")
    check(s)


def test_closing_the_connection_of_a_given_up_procedure_is_no_message() -> None:
    s = Scenario(transport="tcp")
    first = s.sm1()
    s.sm6(first)
    assert first.set
    s.syn("ue", on=first.set)
    second = s.sm1()
    s.wait(1)
    s.fin("ue", on=first.set)
    s.rst("pcscf", on=first.set)
    complete(s, second)
    check(s)


# --- LIFE-04: a new challenge ends an incomplete one at the P-CSCF --------------------------------------------------


def given_up(s: Scenario) -> tuple[Procedure, Procedure]:
    """SM7 stays unanswered until timer F; then the UE begins anew and is challenged."""
    first = s.sm1()
    s.sm6(first)
    s.sm7(first)
    unanswered(s, "sm7")
    s.wait(129)
    second = s.sm1()
    s.sm6(second)
    return first, second


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("status", [200, 403])
def test_the_pcscf_answers_on_the_superseded_set(status: int, profile: str) -> None:
    s = Scenario()
    first, second = given_up(s)
    s.wait(1)
    s.answer("sm7", status, label="late")
    s.sm7(second)
    s.sm12(second)
    assert first.set and second.set
    s.request("ue", "MESSAGE", on=second.set)
    s.expect("LIFE-04", "violation", actor="P-CSCF", at="late")
    check(s, profile=profile)


def test_the_answer_may_cross_the_new_challenge() -> None:
    """FP2."""
    s = Scenario()
    _, second = given_up(s)
    s.answer("sm7", 200, label="late")
    s.sm7(second)
    s.sm12(second)
    s.expect("LIFE-04", "probable", actor="P-CSCF", at="late")
    check(s)


def test_the_second_challenge_again_is_no_use_of_the_first_set() -> None:
    """FP1: case E sends the 401 on the set that it ends, and both sides may repeat their message there."""
    s = Scenario()
    procedure = s.sm1()
    s.sm6(procedure)
    s.sm7(procedure)
    s.sm12(procedure, status=401)
    s.wait(2)
    s.again("sm7")
    s.again("sm12")
    s.sm7(procedure, label="sm7b")
    s.sm12(procedure, label="sm12b")
    check(s)


def test_the_challenge_of_another_contact_ends_nothing() -> None:
    """FP9."""
    s = Scenario()
    flow = s.ue(1, instance="urn:gsma:imei:35622410-769549-0")
    first, other = s.sm1(), s.sm1(ue=flow)
    s.sm6(first)
    s.sm7(first)
    s.sm6(other)
    s.wait(1)
    s.sm12(first)
    s.sm7(other)
    s.sm12(other)
    check(s)
