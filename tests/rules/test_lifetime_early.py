"""LIFE-10 and LIFE-14: nobody gives the old set up before he may."""

from __future__ import annotations

import pytest

from tests.rules.procedures import unanswered
from tests.rules.protection import both_profiles, both_transports
from tests.scenario import SaSet, Scenario, check, passes
from tests.scenario.state import Who

RULES = ["LIFE-10", "LIFE-14"]


def switched(s: Scenario) -> tuple[SaSet, SaSet]:
    """A re-registration after which nobody has used the new set yet."""
    first = s.register()
    s.wait(60)
    second = s.register(over=first)
    s.wait(3)
    return first, second


def ignored(s: Scenario, who: Who, on: SaSet, times: int = 3) -> None:
    s.request(who, "MESSAGE", on=on, answered=False)
    unanswered(s, "req", times)


# --- LIFE-10 ----------------------------------------------------------------------------------------------------------


@both_profiles
def test_the_ue_has_dropped_the_old_set(profile: str) -> None:
    s = Scenario(vantage="ue")
    first, second = switched(s)
    ignored(s, "pcscf", first)
    s.request("ue", "MESSAGE", on=second, label="up")
    s.wait(130)
    s.request("ue", "MESSAGE", on=second, label="later")
    s.expect("LIFE-10", "violation", actor="UE", at="req")
    check(s, profile=profile, rules=RULES)


@both_profiles
@both_transports
def test_the_ue_still_receives_on_the_old_set(transport: str, profile: str) -> None:
    s = Scenario(transport=transport)
    first, second = switched(s)
    s.request("pcscf", "MESSAGE", on=first)
    s.wait(3)
    s.request("ue", "MESSAGE", on=second)
    check(s, profile=profile)
    passes(s, "LIFE-10", profile=profile)


@pytest.mark.parametrize("vantage", ["middle", "pcscf"])
def test_whether_the_request_arrived_is_not_seen(vantage: str) -> None:
    """FP26: radio loss."""
    s = Scenario(vantage=vantage)
    first, second = switched(s)
    ignored(s, "pcscf", first)
    s.request("ue", "MESSAGE", on=second, label="up")
    s.wait(130)
    s.request("ue", "MESSAGE", on=second, label="later")
    s.expect("LIFE-10", "probable", actor="UE", at="req")
    check(s, rules=RULES)


def test_the_ue_may_be_gone() -> None:
    """FP26: it sends nothing on the new set either."""
    s = Scenario(vantage="ue")
    first, second = switched(s)
    ignored(s, "pcscf", first)
    s.wait(130)
    s.request("pcscf", "MESSAGE", on=second, answered=False, label="later")
    s.expect("LIFE-10", "probable", actor="UE", at="req")
    check(s, rules=RULES)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_the_ue_comes_back_a_minute_later(transport: str) -> None:
    """FP26: that it uses the new set then does not show that it was there when it was asked."""
    s = Scenario(vantage="ue", transport=transport)
    first, second = switched(s)
    if transport == "udp":
        ignored(s, "pcscf", first)
    else:
        s.syn("pcscf", on=first, answered=False, label="req")
        for pause in (1, 2, 4):
            s.wait(pause)
            s.retransmit("req.syn")
    s.wait(60)
    s.request("ue", "MESSAGE", on=second, label="up")
    s.wait(130)
    s.request("ue", "MESSAGE", on=second, label="later")
    s.expect("LIFE-10", "probable", actor="UE", at="req" if transport == "udp" else "req.syn")
    check(s, rules=RULES)


def test_one_repetition_is_not_enough() -> None:
    """FP4: the answer to the second copy may be missing."""
    s = Scenario(vantage="ue")
    first, second = switched(s)
    ignored(s, "pcscf", first, 1)
    s.request("ue", "MESSAGE", on=second, label="up")
    s.wait(130)
    s.request("ue", "MESSAGE", on=second, label="later")
    s.expect("LIFE-10", "probable", actor="UE", at="req")
    check(s, rules=RULES)


def test_a_packet_is_missing() -> None:
    """FP4."""
    s = Scenario(vantage="ue")
    first, second = switched(s)
    ignored(s, "pcscf", first)
    s.request("ue", "MESSAGE", on=second, label="lost")
    s.request("ue", "MESSAGE", on=second, label="up")
    s.wait(130)
    s.request("ue", "MESSAGE", on=second, label="later")
    s.lose("lost")
    s.expect("LIFE-10", "probable", actor="UE", at="req")
    check(s, rules=RULES)


@both_profiles
def test_the_pcscf_had_used_the_new_set(profile: str) -> None:
    """Then the UE may delete the old one."""
    s = Scenario(vantage="ue")
    first, second = switched(s)
    s.request("ue", "MESSAGE", on=second, label="up")
    s.wait(1)
    ignored(s, "pcscf", first)
    s.wait(130)
    s.request("ue", "MESSAGE", on=second, label="later")
    check(s, profile=profile, rules=RULES)


def test_the_ue_still_sends_on_the_old_set() -> None:
    """So it has it; it merely does not answer."""
    s = Scenario(vantage="ue")
    first, second = switched(s)
    ignored(s, "pcscf", first)
    s.request("ue", "MESSAGE", on=first, label="up")
    s.request("ue", "MESSAGE", on=second, label="next")
    s.wait(130)
    s.request("ue", "MESSAGE", on=second, label="later")
    check(s, rules=RULES)


def test_the_capture_ends_too_early() -> None:
    """64*T1 have not passed."""
    s = Scenario(vantage="ue")
    first, second = switched(s)
    ignored(s, "pcscf", first)
    s.request("ue", "MESSAGE", on=second, label="up")
    check(s, rules=RULES)


@both_profiles
@pytest.mark.parametrize("vantage", ["ue", "middle"])
def test_a_handshake_on_the_old_set_has_no_answer(vantage: str, profile: str) -> None:
    s = Scenario(transport="tcp", vantage=vantage)
    first, second = switched(s)
    s.syn("pcscf", on=first, answered=False, label="try")
    for pause in (1, 2, 4):
        s.wait(pause)
        s.retransmit("try.syn")
    s.request("ue", "MESSAGE", on=second)
    s.expect("LIFE-10", "violation" if vantage == "ue" else "probable", actor="UE", at="try.syn")
    check(s, profile=profile, rules=[*RULES, "SA-21"])


def test_a_handshake_on_the_old_set_is_refused() -> None:
    s = Scenario(transport="tcp")
    first, _ = switched(s)
    s.syn("pcscf", on=first, answered=False, label="try")
    s.rst("ue", on=first, role="us>pc")
    s.expect("LIFE-10", "violation", actor="UE", at="rst")
    check(s, rules=RULES)


def test_a_handshake_on_the_old_set_is_refused_when_the_new_one_is_in_use() -> None:
    s = Scenario(transport="tcp")
    first, second = switched(s)
    s.request("ue", "MESSAGE", on=second)
    s.wait(1)
    s.request("pcscf", "MESSAGE", on=second, label="down")
    s.syn("pcscf", on=first, answered=False, label="try")
    s.rst("ue", on=first, role="us>pc")
    check(s, rules=RULES)


# --- LIFE-14 ----------------------------------------------------------------------------------------------------------


@both_profiles
@both_transports
@pytest.mark.parametrize("sport", [None, 5060])
def test_what_was_pending_is_answered_in_clear(sport: int | None, transport: str, profile: str) -> None:
    s = Scenario(transport=transport)
    first = s.register()
    call = s.invite("ue", on=first)
    s.answer(call, 180)
    s.register(over=first)
    s.wait(1)
    if sport:
        s.answer(call, 486, on=None, sport=sport)
    else:
        s.answer(call, 486, on=None)
    s.expect("LIFE-14", "violation", actor="P-CSCF", at="invite.486")
    check(s, profile=profile, rules=RULES)


@both_profiles
def test_the_answer_in_clear_has_one_cause(profile: str) -> None:
    s = Scenario()
    first = s.register()
    asked = s.request("ue", "MESSAGE", on=first, answered=False)
    s.register(over=first)
    s.wait(1)
    s.answer(asked, 200, on=None)
    s.expect("LIFE-14", "violation", actor="P-CSCF", at="req.200")
    s.expect("CLR-05", "violation", actor="P-CSCF", at="req.200", cause="LIFE-14")
    check(s, profile=profile, rules=["LIFE-14", "CLR-05"])


@both_profiles
@both_transports
def test_what_was_pending_is_answered_on_the_old_set(transport: str, profile: str) -> None:
    s = Scenario(transport=transport)
    first = s.register()
    call = s.invite("ue", on=first)
    s.answer(call, 180)
    second = s.register(over=first)
    s.answer(call, 200)
    s.wait(3)
    s.ack(call, on=second)
    check(s, profile=profile, rules=RULES)
    passes(s, "LIFE-14", profile=profile)


@both_profiles
def test_the_connection_was_lost(profile: str) -> None:
    """TRN-04 and CLR-05 speak of that."""
    s = Scenario(transport="tcp")
    first = s.register()
    asked = s.request("ue", "MESSAGE", on=first, answered=False)
    s.register(over=first)
    s.rst("pcscf", on=first, role="ps>uc")
    s.answer(asked, 200, on=None)
    check(s, profile=profile, rules=RULES)


@both_profiles
def test_the_pcscf_never_answers(profile: str) -> None:
    s = Scenario(vantage="pcscf")
    first = s.register()
    s.request("ue", "MESSAGE", on=first, answered=False)
    second = s.register(over=first)
    unanswered(s, "req")
    s.request("ue", "MESSAGE", on=second, label="next")
    s.wait(130)
    s.request("ue", "MESSAGE", on=second, label="later")
    s.expect("LIFE-14", "violation", actor="P-CSCF", at="req")
    check(s, profile=profile, rules=RULES)


def test_whether_it_reached_the_pcscf_is_not_seen() -> None:
    """FP26."""
    s = Scenario(vantage="ue")
    first = s.register()
    s.request("ue", "MESSAGE", on=first, answered=False)
    second = s.register(over=first)
    unanswered(s, "req")
    s.request("ue", "MESSAGE", on=second, label="next")
    s.wait(130)
    s.request("ue", "MESSAGE", on=second, label="later")
    s.expect("LIFE-14", "probable", actor="P-CSCF", at="req")
    check(s, rules=RULES)


def test_it_was_never_repeated_after_sm12() -> None:
    s = Scenario(vantage="pcscf")
    first = s.register()
    s.request("ue", "MESSAGE", on=first, answered=False)
    unanswered(s, "req")
    second = s.register(over=first)
    s.request("ue", "MESSAGE", on=second, label="next")
    s.wait(130)
    s.request("ue", "MESSAGE", on=second, label="later")
    check(s, rules=RULES)


def test_a_request_after_the_trigger_is_the_ues_fault() -> None:
    s = Scenario(vantage="pcscf")
    first, second = switched(s)
    s.request("ue", "MESSAGE", on=second, label="next")
    s.wait(1)
    ignored(s, "ue", first)
    s.wait(130)
    s.request("ue", "MESSAGE", on=second, label="later")
    check(s, rules=RULES)


@both_profiles
@pytest.mark.parametrize("seconds", [10, 130])
def test_the_call_outlives_the_old_set(seconds: int, profile: str) -> None:
    """V5: today the P-CSCF has to give the old set up 64*T1 after the UE has used the new one."""
    s = Scenario()
    first = s.register()
    call = s.invite("ue", on=first)
    s.answer(call, 180)
    second = s.register(over=first)
    s.request("ue", "MESSAGE", on=second)
    s.wait(seconds)
    s.answer(call, 486, on=None)
    if seconds == 10 or profile == "sa3-29":
        s.expect("LIFE-14", "violation", actor="P-CSCF", at="invite.486")
    check(s, profile=profile, rules=RULES)


@both_profiles
def test_a_request_after_the_trigger_is_answered_in_clear(profile: str) -> None:
    """The P-CSCF need not have the old set any more: CLR-05 speaks of that."""
    s = Scenario()
    first, second = switched(s)
    s.request("ue", "MESSAGE", on=second, label="next")
    s.wait(1)
    s.request("ue", "MESSAGE", on=first, answer={"on": None})
    check(s, profile=profile, rules=RULES)
