"""SA-12: after SM12 the UE goes over to the new set (section 9; R35)."""

from __future__ import annotations

import pytest

from tests.rules.protection import all_vantages, both_profiles, both_transports, replaced
from tests.scenario import Scenario, check, passes


@both_profiles
@both_transports
@all_vantages
def test_the_ue_stays_on_the_old_set(vantage: str, transport: str, profile: str) -> None:
    s = Scenario(transport=transport, vantage=vantage)
    first, _ = replaced(s)
    s.wait(3)
    s.request("ue", "MESSAGE", on=first)
    s.request("ue", "OPTIONS", on=first)
    s.expect("SA-12", "violation", actor="UE", at="req", count=2)
    if transport == "tcp":
        s.expect("TRN-09", "violation", actor="UE", at="req", count=2, cause="SA-12")
    check(s, profile=profile)


@both_profiles
@both_transports
@all_vantages
def test_the_ue_goes_back_to_the_old_set(vantage: str, transport: str, profile: str) -> None:
    """It had used the new one: no grace is needed."""
    s = Scenario(transport=transport, vantage=vantage)
    first, second = replaced(s)
    s.request("ue", "MESSAGE", on=second, label="trigger")
    s.request("ue", "MESSAGE", on=first, answered=False)
    s.expect("SA-12", "violation", actor="UE", at="req")
    check(s, profile=profile, rules=["SA-12", "SA-13", "SA-14", "SA-16"])


@both_profiles
@both_transports
@all_vantages
def test_the_ue_goes_over(vantage: str, transport: str, profile: str) -> None:
    s = Scenario(transport=transport, vantage=vantage)
    _, second = replaced(s)
    s.call("ue", on=second)
    check(s, profile=profile)
    passes(s, "SA-12", at_least=2, profile=profile)


@pytest.mark.parametrize("named", ["ue", "auto"])
def test_at_the_ue_a_fifth_of_a_second_is_enough(named: str) -> None:
    """FP13: the place of the capture is named, or seen by the TTL."""
    s = Scenario(vantage="ue")
    first, _ = replaced(s)
    s.wait(0.3)
    s.request("ue", "MESSAGE", on=first)
    s.expect("SA-12", "violation", actor="UE", at="req")
    check(s, vantage=named)


@all_vantages
def test_the_ue_may_not_have_had_sm12_yet(vantage: str) -> None:
    """FP2, FP13."""
    s = Scenario(vantage=vantage)
    first, _ = replaced(s)
    s.wait(0.1)
    s.request("ue", "MESSAGE", on=first)
    s.expect("SA-12", "probable", actor="UE", at="req")
    check(s)


def test_a_long_way_makes_the_grace_longer() -> None:
    """FP2: twice a round trip of 1.5 s."""
    s = Scenario(vantage="middle", rtt=1.5)
    first, _ = replaced(s)
    s.request("pcscf", "OPTIONS", on=first)
    s.request("ue", "MESSAGE", on=first)
    s.expect("SA-12", "probable", actor="UE", at="req.2")
    check(s)


@pytest.mark.parametrize("acknowledged", [False, True])
def test_over_tcp_the_acknowledgement_of_sm12_tells(acknowledged: bool) -> None:
    s = Scenario(transport="tcp", vantage="middle")
    first = s.register()
    s.register(over=first, sm12={"ack": acknowledged})
    s.wait(0.5)
    s.request("ue", "MESSAGE", on=first)
    s.expect("SA-12", "violation" if acknowledged else "probable", actor="UE", at="req")
    s.expect("TRN-09", "violation" if acknowledged else "probable", actor="UE", at="req", cause="SA-12")
    check(s)


@both_profiles
@pytest.mark.parametrize("vantage", ["middle", "pcscf"])
def test_sm12_is_lost_on_its_way(vantage: str, profile: str) -> None:
    """The UE repeats SM7 at 2 and 6 s; until it has SM12 it goes on with the old set."""
    s = Scenario(vantage=vantage)
    first, second = replaced(s)
    s.wait(2)
    s.again("sm7.2")
    s.again("sm12.2")
    s.wait(3)
    s.request("ue", "MESSAGE", on=first)
    s.wait(1)
    s.again("sm7.2")
    s.again("sm12.2")
    s.wait(1)
    s.request("ue", "MESSAGE", on=second)
    s.expect("SA-12", "probable", actor="UE", at="req")
    check(s, profile=profile)


def test_sm7_was_repeated_and_sm12_came_in_the_end() -> None:
    """After the last SM12 no SM7 was due any more: the UE had it."""
    s = Scenario(vantage="pcscf")
    first, _ = replaced(s)
    s.wait(2)
    s.again("sm7.2")
    s.again("sm12.2")
    s.wait(5)
    s.request("ue", "MESSAGE", on=first)
    s.expect("SA-12", "violation", actor="UE", at="req")
    check(s)


@pytest.mark.parametrize("missing", [(), ("sm7.2.again", "sm12.2.again")])
def test_a_late_copy_of_sm7_tells(missing: tuple[str, ...]) -> None:
    """Even if the capture has neither the one before nor its answer (FP4)."""
    s = Scenario(vantage="pcscf")
    first, _ = replaced(s)
    s.wait(2)
    s.again("sm7.2")
    s.again("sm12.2")
    s.wait(3)
    s.request("ue", "MESSAGE", on=first)
    s.wait(1)
    s.again("sm7.2")
    s.again("sm12.2")
    s.lose(*missing)
    s.expect("SA-12", "probable", actor="UE", at="req")
    check(s)


@both_profiles
@both_transports
def test_what_is_pending_on_the_old_set(transport: str, profile: str) -> None:
    """FP6; in the papers only the responses may stay there (V2, R35)."""
    s = Scenario(transport=transport)
    first = s.register()
    mine = s.invite("ue", on=first, label="mine")
    other = s.invite("ue", on=first, label="other")
    theirs = s.invite("pcscf", on=first, label="theirs")
    s.answer(theirs, 180)
    s.register(over=first)
    s.wait(5)
    s.answer(theirs, 486)
    s.ack(theirs)
    s.cancel(mine)
    s.answer(mine, 487)
    s.ack(mine)
    s.answer(other, 404)
    s.ack(other)
    if profile == "sa3-29":
        s.expect("SA-12", "violation", actor="UE", at="mine.cancel", count=3)
    check(s, profile=profile, rules=["SA-08", "SA-12", "SA-13", "SA-14", "SA-16"])


@both_profiles
def test_the_ack_to_a_2xx_on_the_old_set(profile: str) -> None:
    """A transaction of its own, hence a further request in the papers; today it is left to the endpoints."""
    s = Scenario()
    first = s.register()
    call = s.invite("ue", on=first)
    s.register(over=first)
    s.wait(3)
    s.answer(call, 200)
    s.ack(call)
    if profile == "sa3-29":
        s.expect("SA-12", "violation", actor="UE", at="invite.ack")
    check(s, profile=profile)


@both_profiles
def test_in_the_papers_a_cancel_goes_over(profile: str) -> None:
    s = Scenario()
    first = s.register()
    call = s.invite("ue", on=first)
    second = s.register(over=first)
    s.wait(5)
    s.cancel(call, on=second)
    s.answer(call, 487)
    s.ack(call, on=second)
    check(s, profile=profile, rules=["SA-12", "SA-13", "SA-16"])


@both_profiles
def test_a_request_repeated_on_the_old_set(profile: str) -> None:
    """FP1, FP6, R35."""
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first, answered=False)
    s.register(over=first)
    s.wait(3)
    s.again("req")
    s.answer("req", 200)
    check(s, profile=profile)


def test_a_new_transaction_in_an_old_call() -> None:
    """FP24: it goes over, and it is wrong if it does not."""
    s = Scenario()
    first = s.register()
    call = s.invite("ue", on=first)
    s.answer(call, 200)
    s.ack(call)
    second = s.register(over=first)
    s.wait(3)
    s.request("ue", "INFO", on=second, within=call)
    s.bye(call, on=first)
    s.expect("SA-12", "violation", actor="UE", at="invite.bye")
    check(s, rules=["SA-12", "SA-13", "SA-14", "SA-16"])


def test_another_contact_keeps_its_set() -> None:
    """FP9: each flow has its own."""
    s = Scenario()
    other = s.register(ue=s.ue(1, instance="urn:gsma:imei:35622410-769549-0", reg_id=2))
    replaced(s)
    s.wait(3)
    s.request("ue", "MESSAGE", on=other)
    s.request("pcscf", "OPTIONS", on=other)
    check(s)


@both_profiles
@all_vantages
def test_after_a_clear_registration_the_ue_goes_back(vantage: str, profile: str) -> None:
    s = Scenario(vantage=vantage)
    first = s.register()
    s.wait(5)
    s.register()
    s.wait(3)
    s.request("ue", "MESSAGE", on=first, answered=False)
    s.expect("SA-12", "violation", actor="UE", at="req")
    check(s, profile=profile)


@both_profiles
def test_the_rest_of_a_call_after_a_clear_registration(profile: str) -> None:
    s = Scenario(vantage="pcscf")
    first = s.register()
    s.wait(5)
    s.request("ue", "MESSAGE", on=first, answered=False)
    s.register()
    s.wait(2)
    s.again("req")
    check(s, profile=profile)
