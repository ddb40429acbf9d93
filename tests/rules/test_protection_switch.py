"""SA-12 and SA-13: when the UE goes over to the new set, and that the P-CSCF waits for it (section 9; R34, R35)."""

from __future__ import annotations

import pytest

from tests.rules.protection import all_vantages, both_profiles, both_transports, replaced
from tests.scenario import SaSet, Scenario, check, passes

# --- SA-12: the UE -------------------------------------------------------------------------------------------------


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


# --- SA-13: the P-CSCF waits ---------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("left", [90, 20])
def test_the_old_set_is_about_to_expire(left: int) -> None:
    """Today the P-CSCF goes over 64*T1 before the end (the set outlives the registration by 30 s); the papers wait."""
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
