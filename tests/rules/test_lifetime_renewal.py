"""LIFE-19 and LIFE-08: when the UE re-registers, and what a refresh without a challenge does to the set."""

from __future__ import annotations

import pytest

from tests.rules.procedures import unanswered
from tests.rules.protection import both_profiles, both_transports
from tests.scenario import SaSet, Scenario, check, passes

# --- LIFE-19 ----------------------------------------------------------------------------------------------------------


def busy(s: Scenario, on: SaSet, *pauses: float) -> None:
    for pause in pauses:
        s.wait(pause)
        s.request("ue", "MESSAGE", on=on)


@both_transports
@pytest.mark.parametrize(("expires", "seconds"), [(600, 290), (600, 310), (7200, 6500)])
def test_a_re_registration_in_time(expires: int, seconds: int, transport: str) -> None:
    """FP14: at 300 s of 600 it is due, and 11 s are allowed."""
    s = Scenario(transport=transport, expires=expires)
    first = s.register()
    busy(s, first, seconds - 1)
    s.wait(1)
    s.refresh(on=first)
    check(s)
    passes(s, "LIFE-19")


@both_transports
def test_a_re_registration_after_the_due_date(transport: str) -> None:
    s = Scenario(transport=transport, expires=600)
    first = s.register()
    busy(s, first, 350)
    s.wait(200)
    s.refresh(on=first)
    s.expect("LIFE-19", "warning", actor="UE", at="sm1.2")
    check(s)


@pytest.mark.parametrize(("expires", "seconds"), [(7200, 7000), (1200, 900)])
def test_long_registrations_are_due_ten_minutes_before_their_end(expires: int, seconds: int) -> None:
    s = Scenario(expires=expires)
    first = s.register()
    busy(s, first, seconds - 140)
    s.wait(140)
    s.refresh(on=first)
    s.expect("LIFE-19", "warning", actor="UE", at="sm1.2")
    check(s)


def test_no_re_registration_until_the_end() -> None:
    s = Scenario(expires=600)
    first = s.register()
    busy(s, first, 100, 100, 250, 200)
    s.expect("LIFE-19", "violation", actor="UE", at="req.4")
    s.expect("LIFE-06", "violation", actor="UE", at="req.4")
    s.expect("LIFE-07", "violation", actor="P-CSCF", at="resp.4")
    s.expect("SA-11", "violation", actor="P-CSCF", at="resp.4")
    check(s)


def test_the_capture_ends_after_the_due_date() -> None:
    s = Scenario(expires=600)
    first = s.register()
    busy(s, first, 100, 350)
    s.expect("LIFE-19", "warning", actor="UE", at="req.2")
    check(s)


def test_a_clear_re_registration_after_the_end() -> None:
    """With the same Call-ID and the next CSeq no REGISTER can be missing; with a new Call-ID one may be (FP4)."""
    for same, verdict, at in ((True, "violation", "sm1.2"), (False, "warning", "sm1.2")):
        s = Scenario(expires=600)
        first = s.register()
        busy(s, first, 100, 400)
        s.wait(250)
        call_id, cseq = first.ue.call_id, first.ue.cseq
        headers = {"Call-ID": call_id, "CSeq": f"{cseq + 1} REGISTER"} if same else {}
        s.sm12(s.sm1(headers=headers), status=403)
        s.expect("LIFE-19", verdict, actor="UE", at=at)
        check(s, rules=["LIFE-19"])


def test_the_device_was_off() -> None:
    """Nothing of the UE between the due date and its next REGISTER, or the end."""
    s = Scenario(expires=600)
    first = s.register()
    busy(s, first, 100)
    s.wait(450)
    s.request("ue", "MESSAGE", on=first)
    s.refresh(on=first)
    check(s)


def test_a_re_registration_may_be_lost() -> None:
    """FP4."""
    s = Scenario(expires=600)
    first = s.register()
    s.wait(290)
    s.refresh(on=first)
    busy(s, first, 200, 80)
    s.lose("sm1.2", "sm12.2")
    s.expect("LIFE-19", "probable", actor="UE", at="req.2")
    check(s)


def test_another_identity_is_due_later() -> None:
    """FP8: its registration is longer."""
    s = Scenario(expires=600)
    first = s.register()
    s.refresh(on=first, sm1={"headers": {"To": f"<{first.ue.impus[1]}>"}}, sm12={"expires": 7200})
    busy(s, first, 350, 200)
    check(s)


def test_the_registration_was_ended() -> None:
    s = Scenario(expires=600)
    first = s.register()
    s.deregister(on=first)
    busy(s, first, 60)
    s.wait(500)
    s.notify_terminated(on=first)
    check(s, rules=["LIFE-19"])


def test_the_network_has_ended_it() -> None:
    s = Scenario(expires=600)
    first = s.register()
    s.notify_terminated(on=first)
    busy(s, first, 450)
    check(s, rules=["LIFE-19"])


def test_an_emergency_registration_runs_out() -> None:
    s = Scenario(expires=600)
    sos = s.register(ue=s.ue(1, sos=True))
    busy(s, sos, 450)
    check(s, rules=["LIFE-19"])


# --- LIFE-08 ----------------------------------------------------------------------------------------------------------


def refreshed(s: Scenario) -> SaSet:
    """Registered for 600 s, and once more for 1200 s at the 290th second: the first deadline is at 600 or 630 s."""
    first = s.register()
    s.wait(290)
    s.refresh(on=first, sm12={"expires": 1200})
    return first


def in_vain(s: Scenario, on: SaSet) -> None:
    """Two requests that the UE repeats, and then a new registration in clear."""
    for label in ("one", "two"):
        s.request("ue", "MESSAGE", on=on, answered=False, label=label)
        unanswered(s, label)
    s.register()


@both_profiles
def test_the_pcscf_drops_the_set_at_its_first_deadline(profile: str) -> None:
    s = Scenario(expires=600, vantage="middle")
    first = refreshed(s)
    s.wait(338 if profile == "rel-17" else 308)
    s.request("ue", "MESSAGE", on=first)
    s.wait(3)
    in_vain(s, first)
    s.expect("LIFE-08", "violation", actor="P-CSCF", at="one")
    check(s, profile=profile, rules=["LIFE-08", "SA-01"])


@both_profiles
def test_both_sides_follow_the_refresh(profile: str) -> None:
    s = Scenario(expires=600)
    first = refreshed(s)
    s.wait(380)
    s.request("ue", "MESSAGE", on=first)
    s.request("pcscf", "MESSAGE", on=first)
    check(s, profile=profile)
    passes(s, "LIFE-08", at_least=2, profile=profile)


def test_the_ue_may_have_been_out_of_coverage() -> None:
    """FP4: captured at the UE, what it sends need not have arrived."""
    s = Scenario(expires=600, vantage="ue")
    first = refreshed(s)
    s.wait(338)
    s.request("ue", "MESSAGE", on=first)
    s.wait(3)
    in_vain(s, first)
    s.expect("LIFE-08", "probable", actor="P-CSCF", at="one")
    check(s, rules=["LIFE-08"])


def test_the_pcscf_was_silent_long_before() -> None:
    """FP26: it may have been restarted since it was heard."""
    s = Scenario(expires=600, vantage="middle")
    first = refreshed(s)
    s.wait(345)
    in_vain(s, first)
    s.expect("LIFE-08", "probable", actor="P-CSCF", at="one")
    check(s, rules=["LIFE-08"])


def test_nobody_answers_the_clear_register_either() -> None:
    """FP26: the P-CSCF may be gone."""
    s = Scenario(expires=600, vantage="middle")
    first = refreshed(s)
    s.wait(338)
    s.request("ue", "MESSAGE", on=first)
    s.wait(3)
    s.request("ue", "MESSAGE", on=first, answered=False, label="one")
    unanswered(s, "one")
    s.sm1()
    s.expect("LIFE-08", "probable", actor="P-CSCF", at="one")
    check(s, rules=["LIFE-08"])


def test_an_answer_may_be_missing() -> None:
    """FP4: one repetition is no proof that there was none."""
    s = Scenario(expires=600, vantage="middle")
    first = refreshed(s)
    s.wait(338)
    s.request("ue", "MESSAGE", on=first)
    s.wait(3)
    s.request("ue", "MESSAGE", on=first, answered=False, label="one")
    unanswered(s, "one", 1)
    s.register()
    s.expect("LIFE-08", "probable", actor="P-CSCF", at="one")
    check(s, rules=["LIFE-08"])


def test_the_ue_begins_anew_at_the_first_deadline() -> None:
    """FP30, FP15: it may do so at any time; but that it does so right then is suspicious."""
    s = Scenario(expires=600)
    first = refreshed(s)
    s.wait(335)
    s.request("ue", "MESSAGE", on=first)
    s.wait(6)
    s.register()
    s.expect("LIFE-08", "probable", actor="UE", at="sm1.3")
    check(s)


@pytest.mark.parametrize("seconds", [100, 500])
def test_the_ue_begins_anew_at_another_moment(seconds: int) -> None:
    s = Scenario(expires=600)
    refreshed(s)
    s.wait(seconds)
    s.register()
    check(s, rules=["LIFE-08"])


def test_the_silence_begins_at_another_moment() -> None:
    s = Scenario(expires=600, vantage="middle")
    first = refreshed(s)
    s.wait(100)
    in_vain(s, first)
    check(s, rules=["LIFE-08"])
