"""LIFE-16 and LIFE-17: what a failed authentication and a deregistration end, and when."""

from __future__ import annotations

import pytest

from tests.scenario import Scenario, check, passes
from tests.scenario.state import Params, Procedure, SaSet

PROFILES = ("rel-17", "sa3-29")
TRANSPORTS = ("udp", "tcp")


def refused(s: Scenario, over: SaSet | None = None) -> Procedure:
    """Case D: SM7 with a wrong RES, and its refusal."""
    procedure = s.sm1(over=over)
    s.sm6(procedure)
    s.sm7(procedure, res_wrong=True)
    s.sm12(procedure, status=403)
    return procedure


# --- LIFE-16: the set of a failed authentication --------------------------------------------------------------------


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("profile", PROFILES)
def test_the_failed_set_is_used_for_service(profile: str, transport: str) -> None:
    s = Scenario(transport=transport)
    procedure = refused(s)
    s.wait(1)
    assert procedure.set
    s.request("ue", "MESSAGE", on=procedure.set)
    s.expect("LIFE-16", "violation", actor="UE", at="req")
    s.expect("LIFE-16", "violation", actor="P-CSCF", at="resp")
    s.expect("SA-11", "violation", actor="P-CSCF", at="resp", cause="LIFE-16")
    check(s, profile=profile)


@pytest.mark.parametrize("profile", PROFILES)
def test_the_failed_set_is_used_beside_the_old_one(profile: str) -> None:
    s = Scenario()
    first = s.register()
    procedure = refused(s, over=first)
    s.wait(1)
    assert procedure.set
    s.request("pcscf", "MESSAGE", on=procedure.set, answered=False)
    s.request("ue", "MESSAGE", on=first, label="good")
    s.expect("LIFE-16", "violation", actor="P-CSCF", at="req")
    check(s, profile=profile)


@pytest.mark.parametrize("why", ["mac", "sqn"])
@pytest.mark.parametrize("profile", PROFILES)
def test_the_set_of_a_rejected_challenge_is_used(profile: str, why: str) -> None:
    """Cases F and G: the UE itself ended it."""
    s = Scenario()
    procedure = s.sm1()
    s.sm6(procedure, bad_mac=why == "mac")
    rejected = procedure.set
    assert rejected
    s.reject(procedure, why)
    s.sm6(procedure, label="sm6b")
    s.sm7(procedure)
    s.sm12(procedure)
    s.wait(1)
    s.request("ue", "MESSAGE", on=rejected, answered=False)
    s.expect("LIFE-16", "violation", actor="UE", at="req")
    check(s, profile=profile)


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("profile", PROFILES)
def test_after_a_refusal_the_old_set_goes_on(profile: str, transport: str) -> None:
    """Case D2; over TCP the refusal comes back on SM7's connection (R37)."""
    s = Scenario(transport=transport)
    first = s.register()
    procedure = refused(s, over=first)
    s.wait(5)
    s.request("ue", "MESSAGE", on=first)
    s.request("pcscf", "MESSAGE", on=first)
    assert procedure.over is first
    check(s, profile=profile)
    passes(s, "LIFE-16", profile=profile)


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("profile", PROFILES)
def test_after_a_refusal_the_ue_begins_anew(profile: str, transport: str) -> None:
    """Case D1."""
    s = Scenario(transport=transport)
    refused(s)
    s.wait(5)
    second = s.register()
    s.request("ue", "MESSAGE", on=second)
    check(s, profile=profile)
    passes(s, "LIFE-16", profile=profile)


def test_sm7_and_its_refusal_may_be_repeated() -> None:
    """FP1."""
    s = Scenario()
    refused(s)
    s.wait(2)
    s.again("sm7")
    s.again("sm12")
    check(s)


@pytest.mark.parametrize("vantage", ["ue", "middle", "pcscf"])
def test_a_request_may_cross_the_refusal(vantage: str) -> None:
    """FP2; what it does on a set that was only temporary is SA-06 if it comes before the refusal."""
    s = Scenario(vantage=vantage)
    procedure = refused(s)
    assert procedure.set
    s.request("ue", "MESSAGE", on=procedure.set, answered=False)
    s.expect("LIFE-16", "probable", actor="UE", at="req")
    check(s)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_second_challenge_is_no_failure(transport: str) -> None:
    """FP17, case E."""
    s = Scenario(transport=transport)
    procedure = s.sm1()
    s.sm6(procedure)
    s.sm7(procedure)
    s.sm12(procedure, status=401)
    s.sm7(procedure, label="sm7b")
    s.sm12(procedure, label="sm12b")
    assert procedure.set
    s.request("ue", "MESSAGE", on=procedure.set)
    check(s)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_second_challenge_may_announce_the_same_set_again(transport: str) -> None:
    """FP17: challenge and parameters are the same, so the set goes on, and its second SM7 is no use of a dead one.

    That a challenge is used again is AUTH-11's matter.
    """
    s = Scenario(transport=transport)
    procedure = s.sm1()
    s.sm6(procedure)
    s.sm7(procedure)
    same = procedure.set
    assert same
    server: Params = {"spi_c": same.spi_pc, "spi_s": same.spi_ps, "port_c": same.port_pc, "port_s": same.port_ps}
    s.sm12(procedure, status=401, challenge={"vector": same.vector, "server": server})
    assert procedure.set
    procedure.set.sent.update(same.sent)
    s.wait(1)
    s.sm7(procedure, label="sm7b")
    s.sm12(procedure, label="sm12b")
    s.request("ue", "MESSAGE", on=procedure.set)
    s.expect("AUTH-11", "violation", actor="network", at="sm12")
    check(s)


# --- LIFE-17: deregistration ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_the_answer_to_a_deregistration_is_in_clear(transport: str) -> None:
    """Well known: the P-CSCF deletes its associations before it answers. CLR-01, CLR-03, CLR-05 see the same packet."""
    s = Scenario(transport=transport)
    first = s.register()
    s.deregister(on=first, sm12={"on": None, "sport": first.port_ps, "dport": first.port_uc})
    s.expect("LIFE-17", "violation", actor="P-CSCF", at="dereg.200")
    for rule in ("CLR-01", "CLR-03", "CLR-05"):
        s.expect(rule, "violation", actor="P-CSCF", at="dereg.200", cause="LIFE-17")
    check(s, rules=["LIFE-17", "CLR-01", "CLR-03", "CLR-05"])


def test_the_papers_say_nothing_of_deregistration() -> None:
    """R17: the row cites TS 24.229 alone."""
    s = Scenario()
    first = s.register()
    s.deregister(on=first, sm12={"on": None, "sport": first.port_ps, "dport": first.port_uc})
    check(s, profile="sa3-29", rules=["LIFE-17"])


def test_a_challenged_deregistration_is_answered_in_clear() -> None:
    s = Scenario()
    first = s.register()
    procedure = s.sm1(over=first, expires=0)
    s.sm6(procedure)
    s.sm7(procedure)
    s.sm12(procedure, on=None)
    s.expect("LIFE-17", "violation", actor="P-CSCF", at="sm12.2")
    check(s, rules=["LIFE-17"])


@pytest.mark.parametrize("who", ["UE", "P-CSCF"])
def test_a_request_long_after_the_deregistration(who: str) -> None:
    s = Scenario()
    first = s.register()
    s.deregister(on=first)
    s.wait(130)
    s.request("ue" if who == "UE" else "pcscf", "MESSAGE", on=first, answered=False)
    s.expect("LIFE-17", "violation", actor=who, at="req")
    check(s)


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("challenged", [False, True])
def test_a_deregistration_is_protected_to_its_end(challenged: bool, transport: str) -> None:
    """Case J."""
    s = Scenario(transport=transport)
    first = s.register()
    if challenged:
        procedure = s.sm1(over=first, expires=0)
        s.sm6(procedure)
        s.sm7(procedure)
        s.sm12(procedure)
    else:
        s.deregister(on=first)
    s.wait(10)
    s.register()
    check(s)
    passes(s, "LIFE-17")


def test_the_deregistration_and_its_answer_may_be_repeated() -> None:
    """FP1."""
    s = Scenario()
    first = s.register()
    s.deregister(on=first)
    s.wait(2)
    s.again("dereg")
    s.again("dereg.200")
    check(s)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_the_last_notification_is_protected_too(transport: str) -> None:
    """The reg-event NOTIFY (terminated) comes right after the 200."""
    s = Scenario(transport=transport)
    first = s.register()
    s.request("ue", "SUBSCRIBE", on=first)
    s.deregister(on=first)
    s.notify_terminated(on=first)
    check(s)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_the_network_ends_the_registration(transport: str) -> None:
    """Case J, the other way round: NOTIFY and its 200 on the set in use."""
    s = Scenario(transport=transport)
    first = s.register()
    s.request("ue", "SUBSCRIBE", on=first)
    s.notify_terminated(on=first)
    s.wait(10)
    s.register()
    check(s)


def test_another_identity_keeps_the_set_after_a_deregistration() -> None:
    """FP8."""
    s = Scenario()
    first = s.register()
    s.refresh(on=first, sm1={"headers": {"To": f"<{first.ue.impus[1]}>"}})
    s.deregister(on=first)
    s.wait(200)
    s.request("ue", "MESSAGE", on=first)
    s.request("pcscf", "MESSAGE", on=first)
    check(s)


def test_a_deregistration_of_all_contacts_ends_the_set_of_every_identity() -> None:
    s = Scenario()
    first = s.register()
    s.refresh(on=first, sm1={"headers": {"To": f"<{first.ue.impus[1]}>"}})
    s.deregister(on=first, sm1={"headers": {"Contact": "*"}})
    s.wait(200)
    s.request("ue", "MESSAGE", on=first, answered=False)
    s.expect("LIFE-17", "violation", actor="UE", at="req")
    check(s)


def test_a_deregistration_in_clear_is_answered_in_clear() -> None:
    s = Scenario()
    s.sm12(s.sm1(expires=0))
    check(s, rules=["LIFE-17"])
