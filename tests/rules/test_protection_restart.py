"""SA-01 and LIFE-18: a UE that has a set uses it, and gives it up when nobody answers there."""

from __future__ import annotations

import pytest

from analyzer.finding import Finding
from tests.rules.procedures import unanswered
from tests.rules.protection import both_profiles, both_transports
from tests.scenario import SaSet, Scenario, audited, check, passes
from tests.scenario.registration import Sm1


def goes_on(on: SaSet, skipped: int = 0) -> Sm1:
    """What makes a clear SM1 the next REGISTER of the same Call-ID."""
    return {"headers": {"Call-ID": on.ue.call_id, "CSeq": f"{on.ue.cseq + 1 + skipped} REGISTER"}}


def notes(s: Scenario, profile: str = "rel-17") -> list[Finding]:
    return [found for found in audited(s, profile=profile).findings if found.rule == "SA-01"]


@both_profiles
@both_transports
def test_a_clear_register_of_a_ue_with_a_set(transport: str, profile: str) -> None:
    """FP30: a warning at most."""
    s = Scenario(transport=transport)
    first = s.register()
    s.wait(30)
    s.sm12(s.sm1(**goes_on(first)), status=403)
    s.expect("SA-01", "warning", actor="UE", at="sm1.2")
    check(s, profile=profile, rules=["SA-01"])


@both_profiles
@both_transports
def test_a_register_on_the_set(transport: str, profile: str) -> None:
    s = Scenario(transport=transport)
    s.register(over=s.register())
    check(s, profile=profile)
    passes(s, "SA-01", profile=profile)


@both_profiles
def test_a_ue_that_may_have_been_restarted(profile: str) -> None:
    """FP15: its Call-ID is new."""
    s = Scenario()
    s.register()
    s.wait(30)
    s.register()
    check(s, profile=profile)
    assert [(found.verdict, s.label_of(found.frame)) for found in notes(s, profile)] == [("note", "sm1.2")]


def test_a_set_that_was_not_heard_of_for_long() -> None:
    s = Scenario()
    first = s.register()
    s.wait(130)
    s.sm12(s.sm1(**goes_on(first)), status=403)
    check(s, rules=["SA-01"])
    assert notes(s) == []


def test_a_set_that_has_expired() -> None:
    s = Scenario(expires=60)
    first = s.register()
    s.wait(100)
    s.sm12(s.sm1(**goes_on(first)), status=403)
    assert notes(s) == []


def test_a_ue_that_had_no_answer() -> None:
    """LIFE-18 asks it to begin anew."""
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first, answered=False)
    unanswered(s, "req")
    s.sm12(s.sm1(**goes_on(first)), status=403)
    assert notes(s) == []


@pytest.mark.parametrize("status", [403, 408, 504, None])
def test_a_re_registration_that_failed(status: int | None) -> None:
    """FP17: TS 24.229 5.1.1.4.1 sends the UE back to the beginning."""
    s = Scenario()
    first = s.register()
    s.wait(10)
    procedure = s.sm1(over=first)
    if status is not None:
        s.sm12(procedure, status=status)
    s.wait(20)
    s.sm12(s.sm1(**goes_on(first)), status=403)
    assert notes(s) == []


def test_the_network_ended_the_registration() -> None:
    s = Scenario()
    first = s.register()
    s.notify_terminated(on=first)
    s.wait(5)
    s.sm12(s.sm1(**goes_on(first)), status=403)
    assert notes(s) == []


@pytest.mark.parametrize("way", ["504", "refused", "over"])
def test_the_ue_has_to_begin_anew(way: str) -> None:
    """The network asks for it, takes no connection on the set, or the registration is over; the set is there yet."""
    s = Scenario(transport="tcp" if way == "refused" else "udp", expires=600)
    first = s.register()
    if way == "over":
        s.wait(560)
    if way == "504":
        s.request("ue", "INVITE", on=first, status=504)
    else:
        s.request("pcscf", "MESSAGE", on=first)
    if way == "refused":
        s.rst("pcscf", on=first, role="ps>uc")
        s.syn("ue", on=first, answered=False)
        s.rst("pcscf", on=first, role="ps>uc", label="no")
    s.wait(45 if way == "over" else 1)
    ue = first.ue
    again = s.sm1(call_id=ue.call_id, headers={"CSeq": f"{ue.cseq + 1} REGISTER"})
    s.sm6(again)
    s.sm7(again)
    s.sm12(again)
    check(s, rules=["SA-01"])


def test_the_second_clear_register_is_no_second_fault() -> None:
    s = Scenario()
    first = s.register()
    s.wait(30)
    s.sm12(s.sm1(**goes_on(first)), status=503)
    s.wait(10)
    s.sm12(s.sm1(), status=403)
    s.expect("SA-01", "warning", actor="UE", at="sm1.2")
    check(s, rules=["SA-01"])


def test_another_contact_and_an_emergency() -> None:
    """FP9, FP10."""
    s = Scenario()
    s.register()
    s.wait(5)
    s.register(ue=s.ue(1, reg_id=2, instance="urn:x:2"))
    s.register(ue=s.ue(1, sos=True))
    assert notes(s) == []


def test_a_register_may_be_missing() -> None:
    """FP4: the CSeq has a gap, so that a deregistration may have been there."""
    s = Scenario()
    first = s.register()
    s.wait(30)
    s.sm12(s.sm1(**goes_on(first, skipped=1)), status=403)
    s.expect("SA-01", "probable", actor="UE", at="sm1.2")
    check(s, rules=["SA-01"])


# --- LIFE-18 ----------------------------------------------------------------------------------------------------------


def two_in_vain(s: Scenario, on: SaSet, times: int = 3) -> None:
    for label in ("one", "two"):
        s.request("ue", "MESSAGE", on=on, answered=False, label=label)
        unanswered(s, label, times)


@both_profiles
def test_the_ue_goes_on_with_a_dead_set(profile: str) -> None:
    s = Scenario(vantage="middle")
    first = s.register()
    s.wait(10)
    two_in_vain(s, first)
    s.wait(280)
    s.request("ue", "MESSAGE", on=first, answered=False)
    s.expect("LIFE-18", "warning", actor="UE", at="req")
    check(s, profile=profile)


@both_profiles
def test_the_ue_begins_anew(profile: str) -> None:
    s = Scenario(vantage="middle")
    first = s.register()
    s.wait(10)
    two_in_vain(s, first)
    s.wait(130)
    s.register()
    check(s, profile=profile)
    passes(s, "LIFE-18", profile=profile)


def test_the_ue_has_little_time_yet() -> None:
    s = Scenario(vantage="middle")
    first = s.register()
    two_in_vain(s, first)
    s.wait(140)
    s.request("ue", "MESSAGE", on=first, answered=False)
    check(s)


def test_one_request_is_not_several() -> None:
    s = Scenario(vantage="middle")
    first = s.register()
    s.request("ue", "MESSAGE", on=first, answered=False, label="one")
    unanswered(s, "one")
    s.wait(300)
    s.request("ue", "MESSAGE", on=first, answered=False)
    check(s)


def test_the_pcscf_was_heard_meanwhile() -> None:
    s = Scenario(vantage="middle")
    first = s.register()
    two_in_vain(s, first)
    s.request("pcscf", "MESSAGE", on=first, label="down")
    s.wait(280)
    s.request("ue", "MESSAGE", on=first, answered=False)
    check(s)


def test_the_ue_has_tried_to_register() -> None:
    """A REGISTER on the set, too, is one."""
    s = Scenario(vantage="middle")
    first = s.register()
    two_in_vain(s, first)
    s.sm1(over=first)
    s.wait(280)
    s.request("ue", "MESSAGE", on=first, answered=False)
    check(s, rules=["LIFE-18"])


@pytest.mark.parametrize(("vantage", "times"), [("middle", 1), ("ue", 3)])
def test_the_answers_may_be_missing(vantage: str, times: int) -> None:
    """FP4: a UE that does not insist may have had them; one at which the capture was made may be out of coverage."""
    s = Scenario(vantage=vantage)
    first = s.register()
    two_in_vain(s, first, times)
    s.wait(280)
    s.request("ue", "MESSAGE", on=first, answered=False)
    s.expect("LIFE-18", "probable", actor="UE", at="req")
    check(s)


def test_a_capture_of_one_direction() -> None:
    """FP4: then no set is established for the capture."""
    s = Scenario(vantage="middle")
    first = s.register()
    two_in_vain(s, first)
    s.wait(280)
    s.request("ue", "MESSAGE", on=first, answered=False)
    s.only("ue")
    check(s, rules=["LIFE-18"])
