"""SA-14 and SA-15: the P-CSCF follows the UE, and sets that the UE lost stay dead."""

from __future__ import annotations

import pytest

from tests.rules.protection import all_vantages, both_profiles, both_transports, replaced
from tests.scenario import SaSet, Scenario, check, passes


def in_use(s: Scenario) -> tuple[SaSet, SaSet]:
    """The same; three seconds after SM12 the UE has used the new set, and its message is answered."""
    first, second = replaced(s)
    s.wait(3)
    s.request("ue", "MESSAGE", on=second, label="trigger")
    return first, second


# --- SA-14: the P-CSCF follows -------------------------------------------------------------------------------------


@both_profiles
@both_transports
@all_vantages
def test_the_p_cscf_stays_on_the_old_set(vantage: str, transport: str, profile: str) -> None:
    """Its answer to the UE's message shows that it had it. The UE only answers where it is asked (R23, R34)."""
    s = Scenario(transport=transport, vantage=vantage)
    first, _ = in_use(s)
    s.wait(0.1)
    s.request("pcscf", "NOTIFY", on=first)
    s.expect("SA-14", "violation", actor="P-CSCF", at="req")
    if transport == "tcp":
        s.expect("TRN-09", "violation", actor="P-CSCF", at="req", cause="SA-14")
    s.expect("LIFE-13", "violation", actor="P-CSCF", at="req", cause="SA-14")
    if profile != "sa3-29":
        s.expect("LIFE-09", "probable", actor="UE", at="resp", cause="SA-14")
    check(s, profile=profile)


@both_profiles
@both_transports
@all_vantages
def test_the_p_cscf_follows(vantage: str, transport: str, profile: str) -> None:
    s = Scenario(transport=transport, vantage=vantage)
    _, second = in_use(s)
    s.request("pcscf", "NOTIFY", on=second)
    s.call("pcscf", on=second)
    check(s, profile=profile)
    passes(s, "SA-14", at_least=3, profile=profile)


@both_profiles
@pytest.mark.parametrize("vantage", ["ue", "middle"])
def test_its_request_crosses_the_message_of_the_ue(vantage: str, profile: str) -> None:
    """FP2, FP13: nothing shows that the P-CSCF had the UE's message."""
    s = Scenario(vantage=vantage)
    first, second = replaced(s)
    s.wait(3)
    s.request("ue", "MESSAGE", on=second, label="trigger", answered=False)
    s.request("pcscf", "NOTIFY", on=first, answered=False)
    s.answer("trigger", 200)
    s.expect("SA-14", "probable", actor="P-CSCF", at="req")
    s.expect("LIFE-13", "probable", actor="P-CSCF", at="req", cause="SA-14")
    check(s, profile=profile)


@pytest.mark.parametrize("vantage", ["ue", "middle"])
def test_the_message_of_the_ue_is_lost_on_its_way(vantage: str) -> None:
    """Long after it: without an answer the P-CSCF need not have had it. The UE repeats it, and then it has."""
    s = Scenario(vantage=vantage)
    first, second = replaced(s)
    s.wait(3)
    s.request("ue", "MESSAGE", on=second, label="trigger", answered=False)
    s.wait(2)
    s.again("trigger")
    s.wait(1)
    s.request("pcscf", "NOTIFY", on=first, answered=False)
    s.wait(3)
    s.again("trigger")
    s.answer("trigger", 200)
    s.expect("SA-14", "probable", actor="P-CSCF", at="req")
    s.expect("LIFE-13", "probable", actor="P-CSCF", at="req", cause="SA-14")
    check(s)


@both_profiles
@pytest.mark.parametrize("named", ["pcscf", "auto"])
def test_at_the_p_cscf_it_had_what_is_seen(named: str, profile: str) -> None:
    """FP13: a fifth of a second later."""
    s = Scenario(vantage="pcscf")
    first, second = replaced(s)
    s.request("ue", "MESSAGE", on=second, label="trigger", answered=False)
    s.wait(0.3)
    s.request("pcscf", "NOTIFY", on=first, answered=False)
    s.expect("SA-14", "violation", actor="P-CSCF", at="req")
    s.expect("LIFE-13", "violation", actor="P-CSCF", at="req", cause="SA-14")
    check(s, profile=profile, vantage=named)


@pytest.mark.parametrize(("pause", "verdict"), [(1.0, "probable"), (3.0, "violation")])
def test_an_ack_has_no_answer(pause: float, verdict: str) -> None:
    """It is the UE's first message on the new set; only time tells that the P-CSCF had it."""
    s = Scenario(vantage="middle")
    first = s.register()
    call = s.invite("ue", on=first)
    second = s.register(over=first)
    s.wait(3)
    s.answer(call, 200)
    s.ack(call, on=second)
    s.wait(pause)
    s.request("pcscf", "NOTIFY", on=first)
    s.expect("SA-14", verdict, actor="P-CSCF", at="req")
    check(s, rules=["SA-12", "SA-13", "SA-14"])


def test_the_answers_of_the_ue_do_not_show_that_they_arrived() -> None:
    """The P-CSCF rings on the new set too early (SA-13); the UE's 180 and 200 there cross its next request."""
    s = Scenario(vantage="ue")
    first, second = replaced(s)
    s.wait(3)
    call = s.invite("pcscf", on=second)
    s.answer(call, 180)
    s.answer(call, 200)
    s.request("pcscf", "NOTIFY", on=first, answered=False)
    s.expect("SA-13", "violation", actor="P-CSCF", at="invite")
    s.expect("SA-14", "probable", actor="P-CSCF", at="req")
    check(s, rules=["SA-13", "SA-14"])


@both_profiles
@both_transports
def test_what_the_p_cscf_has_pending_on_the_old_set(transport: str, profile: str) -> None:
    """FP6: the rest of calls, both ways, after the UE went over."""
    s = Scenario(transport=transport)
    first = s.register()
    mine = s.invite("ue", on=first, label="mine")
    theirs = s.invite("pcscf", on=first, label="theirs")
    s.answer(theirs, 180)
    second = s.register(over=first)
    s.wait(3)
    s.request("ue", "MESSAGE", on=second)
    s.wait(3)
    s.answer(mine, 180)
    s.cancel(theirs)
    s.answer(theirs, 487)
    s.ack(theirs)
    s.answer(mine, 200)
    check(s, profile=profile)


@both_profiles
def test_the_ack_to_a_refusal_when_nothing_else_is_pending(profile: str) -> None:
    """R35: a further request in the papers, part of the transaction today."""
    s = Scenario()
    first = s.register()
    call = s.invite("pcscf", on=first)
    s.answer(call, 180)
    second = s.register(over=first)
    s.wait(3)
    s.request("ue", "MESSAGE", on=second)
    s.wait(3)
    s.answer(call, 486)
    s.ack(call)
    if profile == "sa3-29":
        s.expect("SA-14", "violation", actor="P-CSCF", at="invite.ack")
    check(s, profile=profile)


@both_transports
def test_in_the_papers_the_p_cscf_waits_for_what_is_pending(transport: str) -> None:
    """R34, V4: its own requests stay on the old set until then."""
    s = Scenario(transport=transport)
    first = s.register()
    call = s.invite("ue", on=first)
    s.answer(call, 180)
    second = s.register(over=first)
    s.wait(3)
    s.request("ue", "MESSAGE", on=second)
    s.wait(3)
    s.request("pcscf", "NOTIFY", on=first)
    s.answer(call, 200)
    s.ack(call, on=second)
    check(s, profile="sa3-29")
    passes(s, "SA-13", profile="sa3-29")
    s.expect("SA-14", "violation", actor="P-CSCF", at="req.2")
    if transport == "tcp":
        s.expect("TRN-09", "violation", actor="P-CSCF", at="req.2", cause="SA-14")
    check(s)


@both_profiles
def test_a_request_is_repeated_on_the_old_set(profile: str) -> None:
    """FP1, FP6: it was sent before the UE went over."""
    s = Scenario()
    first, second = replaced(s)
    s.wait(3)
    s.request("pcscf", "NOTIFY", on=first, answered=False)
    s.request("ue", "MESSAGE", on=second)
    s.wait(2)
    s.again("req")
    s.answer("req", 200)
    check(s, profile=profile)


# --- SA-15: after a clear registration -----------------------------------------------------------------------------


@both_profiles
@both_transports
@all_vantages
def test_the_p_cscf_uses_a_set_that_the_ue_lost(vantage: str, transport: str, profile: str) -> None:
    s = Scenario(transport=transport, vantage=vantage)
    first = s.register()
    s.wait(5)
    s.register()
    s.wait(1)
    s.request("pcscf", "NOTIFY", on=first, answered=False)
    s.expect("SA-15", "violation", actor="P-CSCF", at="req")
    s.expect("LIFE-11", "violation", actor="P-CSCF", at="req", cause="SA-15")
    check(s, profile=profile)


@both_profiles
def test_the_p_cscf_answers_on_a_set_that_the_ue_lost(profile: str) -> None:
    s = Scenario()
    first = s.register()
    s.wait(5)
    s.register()
    s.wait(3)
    s.request("ue", "MESSAGE", on=first)
    s.expect("SA-12", "violation", actor="UE", at="req")
    s.expect("SA-15", "violation", actor="P-CSCF", at="resp")
    s.expect("LIFE-11", "violation", actor="P-CSCF", at="resp", cause="SA-15")
    s.expect("SA-11", "violation", actor="P-CSCF", at="resp", cause="SA-12")
    check(s, profile=profile)


@both_profiles
@both_transports
@all_vantages
def test_the_new_set_is_used_at_once(vantage: str, transport: str, profile: str) -> None:
    """Without waiting for the UE; connections of the old set may be closed."""
    s = Scenario(transport=transport, vantage=vantage)
    first = s.register()
    s.request("pcscf", "OPTIONS", on=first)
    s.wait(5)
    second = s.register()
    s.request("pcscf", "NOTIFY", on=second)
    if transport == "tcp":
        s.fin("pcscf", on=first, role="pc>us")
        s.rst("pcscf", on=first, role="ps>uc")
    s.wait(3)
    s.request("ue", "MESSAGE", on=second)
    check(s, profile=profile)
    passes(s, "SA-15", profile=profile)


def test_a_request_that_sm12_overtook() -> None:
    """FP2: within a fifth of a second."""
    s = Scenario()
    first = s.register()
    s.wait(5)
    s.register()
    s.request("pcscf", "NOTIFY", on=first, answered=False)
    s.expect("SA-15", "probable", actor="P-CSCF", at="req")
    s.expect("LIFE-11", "probable", actor="P-CSCF", at="req", cause="SA-15")
    check(s)


@both_profiles
def test_a_request_that_is_repeated_on_the_lost_set(profile: str) -> None:
    """FP1: it was sent while the set was good; that it can be sent again shows that the set is still there."""
    s = Scenario()
    first = s.register()
    s.request("pcscf", "NOTIFY", on=first, answered=False)
    s.register()
    s.wait(2)
    s.again("req")
    s.expect("SA-15", "probable", actor="P-CSCF", at="req.again")
    s.expect("LIFE-11", "probable", actor="P-CSCF", at="req.again", cause="SA-15")
    check(s, profile=profile)


def test_other_contacts_keep_their_sets() -> None:
    """FP9, FP10."""
    s = Scenario()
    flow = s.register(ue=s.ue(1, instance="urn:gsma:imei:35622410-769549-0", reg_id=2))
    first = s.register()
    s.wait(5)
    s.register(ue=s.ue(1, sos=True))
    s.wait(3)
    s.request("pcscf", "NOTIFY", on=first)
    s.register(ue=first.ue)
    s.wait(3)
    s.request("pcscf", "NOTIFY", on=flow)
    check(s)
