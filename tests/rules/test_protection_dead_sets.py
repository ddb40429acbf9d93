"""SA-10 and SA-11: nobody answers what comes on a set that he must have given up."""

from __future__ import annotations

import pytest

from tests.rules.procedures import interrupted
from tests.rules.protection import both_profiles, both_transports, replaced
from tests.scenario import SaSet, Scenario, check, passes
from tests.scenario.state import Who


def expired(s: Scenario) -> SaSet:
    first = s.register()
    s.wait(700)
    return first


@both_profiles
@both_transports
@pytest.mark.parametrize(
    ("who", "rule", "actor", "cause"), [("ue", "SA-11", "P-CSCF", "LIFE-06"), ("pcscf", "SA-10", "UE", "LIFE-07")]
)
def test_an_answer_on_an_expired_set(who: Who, rule: str, actor: str, cause: str, transport: str, profile: str) -> None:
    s = Scenario(transport=transport, expires=600)
    s.request(who, "MESSAGE", on=expired(s))
    s.expect(rule, "violation", actor=actor, at="resp", cause=cause)
    check(s, profile=profile, rules=["SA-10", "SA-11"])


@both_profiles
@pytest.mark.parametrize("who", ["ue", "pcscf"])
def test_what_comes_on_an_expired_set_is_discarded(who: Who, profile: str) -> None:
    s = Scenario(expires=600)
    s.request(who, "MESSAGE", on=expired(s), answered=False)
    s.wait(10)
    check(s, profile=profile, rules=["SA-10", "SA-11"])
    passes(s, "SA-11" if who == "ue" else "SA-10", profile=profile)


def test_a_refusal_accepts_nothing_but_shows_a_ue_that_listens() -> None:
    """A 4xx of the P-CSCF is no acceptance; the UE has to be silent."""
    s = Scenario(expires=600)
    first = expired(s)
    s.request("ue", "MESSAGE", on=first, status=403)
    s.request("pcscf", "MESSAGE", on=first, status=481, label="down")
    s.expect("SA-10", "violation", actor="UE", at="down.resp")
    check(s, rules=["SA-10", "SA-11"])
    passes(s, "SA-11")


@both_profiles
def test_an_answer_on_another_set(profile: str) -> None:
    """What came on the set from before a clear registration is answered on the new one."""
    s = Scenario()
    first = s.register()
    second = s.register()
    s.wait(3)
    s.request("ue", "MESSAGE", on=first, answer={"on": second})
    s.request("pcscf", "MESSAGE", on=first, answer={"on": second}, label="down")
    s.expect("SA-11", "violation", actor="P-CSCF", at="resp", cause="SA-12")
    s.expect("SA-10", "violation", actor="UE", at="down.resp", cause="SA-15")
    check(s, profile=profile, rules=["SA-10", "SA-11"])


@both_profiles
def test_an_answer_in_clear(profile: str) -> None:
    s = Scenario(expires=600)
    s.request("ue", "MESSAGE", on=expired(s), answer={"on": None})
    s.expect("SA-11", "violation", actor="P-CSCF", at="resp", cause="LIFE-06")
    check(s, profile=profile, rules=["SA-10", "SA-11"])


@both_profiles
def test_sm12_for_a_procedure_that_was_given_up(profile: str) -> None:
    """LIFE-04: the newer challenge ended the older set, and yet its SM7 is accepted."""
    s = Scenario()
    first, second = interrupted(s)
    s.sm6(second)
    s.wait(1)
    s.sm7(first)
    s.sm12(first)
    s.expect("SA-11", "violation", actor="P-CSCF", at="sm12", cause="LIFE-03")
    check(s, profile=profile, rules=["SA-11"])


@both_profiles
def test_the_wrong_one_of_two_living_sets(profile: str) -> None:
    """R5: its sender's fault only."""
    s = Scenario()
    first = s.register()
    s.register(over=first)
    s.wait(3)
    s.request("ue", "MESSAGE", on=first)
    check(s, profile=profile, rules=["SA-10", "SA-11"])


def test_late_traffic_on_a_replaced_set() -> None:
    """FP6, R9: today the P-CSCF may have the old set for 64*T1, and the UE's answer is LIFE-09's."""
    s = Scenario()
    first, second = replaced(s)
    s.wait(3)
    s.request("ue", "MESSAGE", on=second)
    s.wait(3)
    s.request("pcscf", "MESSAGE", on=second)
    s.wait(3)
    s.request("ue", "MESSAGE", on=first, label="up")
    s.request("pcscf", "MESSAGE", on=first, label="down")
    check(s, rules=["SA-10", "SA-11"])
    s.wait(130)
    s.request("ue", "MESSAGE", on=first, label="late")
    s.expect("SA-11", "violation", actor="P-CSCF", at="late.resp", cause="SA-12")
    check(s, rules=["SA-10", "SA-11"])


@both_profiles
def test_a_transaction_from_before_the_end(profile: str) -> None:
    """FP6."""
    s = Scenario(expires=600)
    first = s.register()
    s.wait(590)
    call = s.invite("pcscf", on=first)
    s.wait(100)
    s.answer(call, 200)
    check(s, profile=profile, rules=["SA-10", "SA-11"])


def test_another_copy_came_the_right_way() -> None:
    """The answer may be to that one."""
    s = Scenario()
    first = s.register()
    second = s.register()
    s.wait(3)
    asked = s.request("pcscf", "MESSAGE", on=first, answered=False)
    s.wait(2)
    s.again("req", on=second)
    s.answer(asked, on=second)
    check(s, rules=["SA-10", "SA-11"])


def test_the_request_crosses_the_end_of_its_set() -> None:
    """FP2: the P-CSCF may not have deleted it in the same instant."""
    s = Scenario(vantage="middle")
    first = s.register()
    s.register()
    s.request("ue", "MESSAGE", on=first)
    s.expect("SA-11", "probable", actor="P-CSCF", at="resp")
    check(s, rules=["SA-10", "SA-11"])


@pytest.mark.parametrize("who", ["ue", "pcscf"])
def test_a_refresh_may_be_missing(who: Who) -> None:
    """FP4."""
    s = Scenario(expires=600)
    first = s.register()
    s.wait(500)
    s.refresh(on=first)
    s.wait(500)
    s.request(who, "MESSAGE", on=first)
    s.lose("sm1.2", "sm12.2")
    s.expect("SA-11" if who == "ue" else "SA-10", "probable", actor="P-CSCF" if who == "ue" else "UE", at="resp")
    check(s, rules=["SA-10", "SA-11"])


@both_profiles
def test_the_end_of_the_registration_is_told_on_its_set(profile: str) -> None:
    s = Scenario()
    first = s.register()
    s.deregister(on=first)
    s.wait(1)
    s.notify_terminated(on=first)
    check(s, profile=profile, rules=["SA-10", "SA-11"])
    s.wait(130)
    s.request("pcscf", "MESSAGE", on=first)
    s.expect("SA-10", "violation", actor="UE", at="resp", cause="LIFE-17" if profile == "rel-17" else None)
    check(s, profile=profile, rules=["SA-10", "SA-11"])
