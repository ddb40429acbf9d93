"""LIFE-09 and LIFE-13: the old set goes when the other side has used the new one and nothing is pending."""

from __future__ import annotations

import pytest

from tests.scenario import Scenario, audited, check, passes
from tests.scenario.state import SaSet

PROFILES = ("rel-17", "sa3-29")
TRANSPORTS = ("udp", "tcp")


def replaced(s: Scenario) -> tuple[SaSet, SaSet]:
    """Two sets; both sides have used the second, and nothing is pending on the first."""
    first = s.register()
    second = s.register(over=first)
    s.wait(3)
    s.request("ue", "MESSAGE", on=second, label="use")
    s.wait(3)
    return first, second


def note_of(s: Scenario, rule: str, profile: str) -> list[str]:
    """Where the notes of a rule are."""
    notes = [found for found in audited(s, profile=profile).findings if found.rule == rule and found.verdict == "note"]
    return [s.label_of(found.frame) for found in notes]


# --- LIFE-09: the UE ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("profile", PROFILES)
def test_the_ue_begins_a_request_on_the_replaced_set(profile: str, transport: str) -> None:
    """The P-CSCF only answers: that it still has the set is its fault for sure after 64*T1, or in the papers."""
    s = Scenario(transport=transport)
    first, _ = replaced(s)
    s.request("ue", "MESSAGE", on=first)
    s.expect("SA-12", "violation", actor="UE", at="req")
    if transport == "tcp":
        s.expect("TRN-09", "violation", actor="UE", at="req", cause="SA-12")
    s.expect("LIFE-09", "violation", actor="UE", at="req", cause="SA-12")
    verdict = "violation" if profile == "sa3-29" else "probable"
    s.expect("LIFE-13", verdict, actor="P-CSCF", at="resp", cause="SA-12")
    if profile == "sa3-29":
        s.expect("SA-11", "violation", actor="P-CSCF", at="resp", cause="SA-12")
    check(s, profile=profile)


def test_the_pcscf_answers_on_the_replaced_set_after_64_t1() -> None:
    s = Scenario()
    first, _ = replaced(s)
    s.wait(130)
    s.request("ue", "MESSAGE", on=first)
    s.expect("SA-12", "violation", actor="UE", at="req")
    s.expect("LIFE-09", "violation", actor="UE", at="req", cause="SA-12")
    s.expect("LIFE-13", "violation", actor="P-CSCF", at="resp", cause="SA-12")
    s.expect("SA-11", "violation", actor="P-CSCF", at="resp", cause="SA-12")
    check(s)


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("profile", PROFILES)
def test_the_ue_answers_a_new_request_on_the_replaced_set(profile: str, transport: str) -> None:
    """R23: the P-CSCF should not have sent there. R34: in the papers the UE's answer is right."""
    s = Scenario(transport=transport)
    first, _ = replaced(s)
    s.request("pcscf", "MESSAGE", on=first)
    s.expect("SA-14", "violation", actor="P-CSCF", at="req")
    if transport == "tcp":
        s.expect("TRN-09", "violation", actor="P-CSCF", at="req", cause="SA-14")
    s.expect("LIFE-13", "violation", actor="P-CSCF", at="req", cause="SA-14")
    if profile == "rel-17":
        s.expect("LIFE-09", "probable", actor="UE", at="resp", cause="SA-14")
    check(s, profile=profile)


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("profile", PROFILES)
def test_both_sides_give_the_replaced_set_up(profile: str, transport: str) -> None:
    s = Scenario(transport=transport)
    _, second = replaced(s)
    s.call("pcscf", on=second)
    s.call("ue", on=second)
    check(s, profile=profile)
    passes(s, "LIFE-09", profile=profile)
    passes(s, "LIFE-13", profile=profile)


def test_a_request_in_an_old_dialog_is_a_new_transaction() -> None:
    """FP24: the call began on the old set, its BYE belongs on the new one."""
    s = Scenario()
    first = s.register()
    call = s.invite("ue", on=first)
    s.answer(call, 200)
    s.ack(call)
    second = s.register(over=first)
    s.wait(3)
    s.request("ue", "MESSAGE", on=second, label="use")
    s.wait(3)
    s.request("ue", "BYE", on=first, within=call, answered=False, label="bye")
    s.expect("SA-12", "violation", actor="UE", at="bye")
    s.expect("LIFE-09", "violation", actor="UE", at="bye", cause="SA-12")
    check(s)


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("profile", PROFILES)
def test_the_ue_ends_on_the_old_set_what_began_there(profile: str, transport: str) -> None:
    """FP6: the answers to an INVITE that had rung before the sets changed."""
    s = Scenario(transport=transport)
    first = s.register()
    call = s.invite("pcscf", on=first)
    s.answer(call, 180)
    second = s.register(over=first)
    s.wait(3)
    s.request("ue", "MESSAGE", on=second, label="use")
    s.wait(3)
    s.answer(call, 200)
    s.wait(1)
    s.ack(call, on=second)
    s.bye(call, on=second)
    check(s, profile=profile)


def test_the_ue_repeats_on_the_old_set_what_it_sent_there() -> None:
    """FP1, FP6: a request that the P-CSCF has not answered yet."""
    s = Scenario()
    first = s.register()
    waiting = s.request("ue", "MESSAGE", on=first, answered=False)
    second = s.register(over=first)
    s.wait(2)
    s.request("ue", "OPTIONS", on=second, label="use")
    s.wait(2)
    s.again("req")
    s.answer(waiting, 200)
    check(s)


@pytest.mark.parametrize("vantage", ["ue", "middle", "pcscf"])
def test_the_ue_may_not_have_had_the_first_message_on_the_new_set(vantage: str) -> None:
    """FP2: right behind the P-CSCF's answer on the new set."""
    s = Scenario(vantage=vantage)
    first = s.register()
    second = s.register(over=first)
    s.wait(3)
    s.request("ue", "MESSAGE", on=second, label="use")
    s.request("ue", "MESSAGE", on=first, answered=False)
    s.expect("SA-12", "violation", actor="UE", at="req")
    s.expect("LIFE-09", "probable", actor="UE", at="req", cause="SA-12")
    check(s)


# --- LIFE-13: the P-CSCF --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("profile", PROFILES)
def test_the_pcscf_begins_a_request_on_the_replaced_set(profile: str, transport: str) -> None:
    s = Scenario(transport=transport)
    first, _ = replaced(s)
    s.request("pcscf", "MESSAGE", on=first, answered=False)
    s.expect("SA-14", "violation", actor="P-CSCF", at="req")
    if transport == "tcp":
        s.expect("TRN-09", "violation", actor="P-CSCF", at="req", cause="SA-14")
    s.expect("LIFE-13", "violation", actor="P-CSCF", at="req", cause="SA-14")
    check(s, profile=profile)


@pytest.mark.parametrize("profile", PROFILES)
def test_the_pcscf_answers_after_the_transaction_has_timed_out(profile: str) -> None:
    """Today nothing is left of the old set 64*T1 after the UE used the new one; the papers have no such cap (V5)."""
    s = Scenario()
    first = s.register()
    waiting = s.request("ue", "MESSAGE", on=first, answered=False)
    second = s.register(over=first)
    s.wait(3)
    s.request("ue", "OPTIONS", on=second, label="use")
    for pause in (4, 8, 16, 16, 16, 16, 16, 16, 16):
        s.again("req")
        s.wait(pause)
    s.wait(20)
    s.answer(waiting, 200, label="late")
    if profile == "rel-17":
        s.expect("LIFE-13", "violation", actor="P-CSCF", at="late")
    check(s, profile=profile)


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("profile", PROFILES)
def test_an_invite_that_rings_longer_than_64_t1_is_worth_a_note(profile: str, transport: str) -> None:
    """FP6: TS 33.203 waits for the transaction, TS 24.229 does not."""
    s = Scenario(transport=transport)
    first = s.register()
    call = s.invite("ue", on=first)
    s.answer(call, 180)
    second = s.register(over=first)
    s.wait(3)
    s.request("ue", "OPTIONS", on=second, label="use")
    s.wait(140)
    s.answer(call, 200, label="late")
    s.ack(call, on=second)
    check(s, profile=profile)
    assert note_of(s, "LIFE-13", profile) == (["late"] if profile == "rel-17" else [])


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("profile", PROFILES)
def test_the_pcscf_answers_on_the_old_set_what_came_there(profile: str, transport: str) -> None:
    """FP6."""
    s = Scenario(transport=transport)
    first = s.register()
    call = s.invite("ue", on=first)
    s.answer(call, 180)
    second = s.register(over=first)
    s.wait(3)
    s.request("ue", "MESSAGE", on=second, label="use")
    s.wait(30)
    s.answer(call, 200)
    s.ack(call, on=second)
    check(s, profile=profile)


@pytest.mark.parametrize("profile", PROFILES)
def test_the_request_of_a_late_answer_may_be_lost_from_the_capture(profile: str) -> None:
    """FP4, FP6: when its transaction began is not known."""
    s = Scenario()
    first = s.register()
    waiting = s.request("ue", "MESSAGE", on=first, answered=False)
    second = s.register(over=first)
    s.wait(3)
    s.request("ue", "OPTIONS", on=second, label="use")
    s.wait(3)
    s.answer(waiting, 200)
    s.lose("req")
    check(s, profile=profile)


@pytest.mark.parametrize("vantage", ["ue", "middle"])
def test_a_request_of_the_pcscf_may_cross_the_first_message_on_the_new_set(vantage: str) -> None:
    """FP2, FP13."""
    s = Scenario(vantage=vantage)
    first = s.register()
    second = s.register(over=first)
    s.wait(3)
    use = s.request("ue", "MESSAGE", on=second, answered=False, label="use")
    s.request("pcscf", "MESSAGE", on=first)
    s.answer(use, 200)
    s.expect("SA-14", "probable", actor="P-CSCF", at="req")
    s.expect("LIFE-13", "probable", actor="P-CSCF", at="req", cause="SA-14")
    check(s)


def test_before_the_trigger_the_old_set_is_still_served() -> None:
    """After SM12 the P-CSCF stays on the old set until the UE has used the new one; the UE answers there."""
    s = Scenario()
    first = s.register()
    s.register(over=first)
    s.wait(10)
    s.request("pcscf", "MESSAGE", on=first)
    s.call("pcscf", on=first)
    check(s)
