"""SA-06, SA-08 and SA-09: what else may be sent while a registration is running."""

from __future__ import annotations

import pytest

from tests.rules.protection import all_vantages, both_profiles, both_transports, challenged
from tests.scenario import Scenario, check, passes

# --- SA-06: nothing but the authentication on the new set -----------------------------------------------------------


@both_profiles
@both_transports
@all_vantages
def test_a_request_before_sm12(vantage: str, transport: str, profile: str) -> None:
    s = Scenario(transport=transport, vantage=vantage)
    procedure, new = challenged(s, s.register())
    s.sm7(procedure)
    s.wait(1)
    s.request("ue", "MESSAGE", on=new, answered=False)
    s.sm12(procedure)
    s.expect("SA-06", "violation", actor="UE", at="req")
    s.expect("SA-08", "violation", actor="UE", at="req", cause="SA-06")
    check(s, profile=profile)


@both_profiles
def test_an_answer_before_sm12(profile: str) -> None:
    """A call that rang before is answered on the temporary set instead of the old one."""
    s = Scenario()
    first = s.register()
    call = s.invite("pcscf", on=first)
    s.answer(call, 180)
    procedure, new = challenged(s, first)
    s.sm7(procedure)
    s.answer(call, 200, on=new)
    s.sm12(procedure)
    s.ack(call)
    s.expect("SA-06", "violation", actor="UE", at="invite.200")
    s.expect("SA-08", "violation", actor="UE", at="invite.200", cause="SA-06")
    verdict = "violation" if profile == "sa3-29" else "warning"
    s.expect("SA-16", verdict, actor="UE", at="invite.200")
    check(s, profile=profile)


@both_profiles
@both_transports
def test_nothing_else_before_sm12(transport: str, profile: str) -> None:
    """FP19: over TCP the handshake is on the new set, and so is a keep-alive."""
    s = Scenario(transport=transport)
    procedure, new = challenged(s, s.register())
    s.sm7(procedure)
    if transport == "tcp":
        s.send("ue", b"\r\n\r\n", on=new, label="keepalive")
    s.sm12(procedure)
    check(s, profile=profile)
    passes(s, "SA-06", at_least=2, profile=profile)


def test_sm12_had_been_there_before_its_second_copy() -> None:
    """FP4: the first copy is missing, as the gap on the new set shows."""
    s = Scenario(vantage="middle")
    procedure, new = challenged(s, s.register())
    s.sm7(procedure)
    s.sm12(procedure)
    s.request("ue", "MESSAGE", on=new, answered=False)
    s.wait(2)
    s.again("sm7.2")
    s.again("sm12.2")
    s.lose("sm12.2")
    s.expect("SA-06", "probable", actor="UE", at="req")
    s.expect("SA-08", "probable", actor="UE", at="req", cause="SA-06")
    check(s)


@both_profiles
def test_the_ue_is_asked_on_the_temporary_set(profile: str) -> None:
    """R23: it answers where the P-CSCF should not have asked (SA-07, SA-08)."""
    s = Scenario()
    procedure, new = challenged(s, s.register())
    s.sm7(procedure)
    s.request("pcscf", "OPTIONS", on=new)
    s.sm12(procedure)
    s.expect("SA-07", "violation", actor="P-CSCF", at="req")
    s.expect("SA-08", "violation", actor="P-CSCF", at="req", cause="SA-07")
    s.expect("SA-06", "probable", actor="UE", at="resp", cause="SA-07")
    s.expect("SA-08", "probable", actor="UE", at="resp", cause="SA-06")
    check(s, profile=profile)


def test_the_capture_ends_before_sm12() -> None:
    """FP4: SM12 may have been lost, and then the request is right."""
    s = Scenario()
    procedure, new = challenged(s, s.register())
    s.sm7(procedure)
    s.wait(1)
    s.request("ue", "MESSAGE", on=new, answered=False)
    s.expect("SA-06", "probable", actor="UE", at="req")
    s.expect("SA-08", "probable", actor="UE", at="req", cause="SA-06")
    check(s)


# --- SA-08: during a protected re-authentication all else stays on the old set --------------------------------------


@both_profiles
@both_transports
@all_vantages
def test_the_p_cscf_asks_on_the_temporary_set(vantage: str, transport: str, profile: str) -> None:
    s = Scenario(transport=transport, vantage=vantage)
    procedure, new = challenged(s, s.register())
    s.sm7(procedure)
    s.wait(1)
    s.request("pcscf", "NOTIFY", on=new, answered=False)
    s.sm12(procedure)
    s.expect("SA-07", "violation", actor="P-CSCF", at="req")
    s.expect("SA-08", "violation", actor="P-CSCF", at="req", cause="SA-07")
    check(s, profile=profile)


@both_profiles
def test_a_request_in_clear_meanwhile(profile: str) -> None:
    s = Scenario()
    procedure, _ = challenged(s, s.register())
    s.wait(1)
    s.request("ue", "MESSAGE", answered=False)
    s.sm7(procedure)
    s.sm12(procedure)
    s.expect("CLR-02", "violation", actor="UE", at="req")
    s.expect("SA-08", "violation", actor="UE", at="req", cause="CLR-02")
    check(s, profile=profile)


@both_profiles
def test_a_request_of_the_p_cscf_in_clear_meanwhile(profile: str) -> None:
    s = Scenario()
    procedure, _ = challenged(s, s.register())
    s.wait(1)
    s.request("pcscf", "NOTIFY", answered=False)
    s.sm7(procedure)
    s.sm12(procedure)
    s.expect("CLR-03", "violation", actor="P-CSCF", at="req")
    s.expect("SA-08", "violation", actor="P-CSCF", at="req", cause="CLR-03")
    check(s, profile=profile)


@both_profiles
@both_transports
@all_vantages
def test_all_else_stays_on_the_old_set(vantage: str, transport: str, profile: str) -> None:
    """Calls that ring, begin and end meanwhile, both ways, and their retransmissions."""
    s = Scenario(transport=transport, vantage=vantage)
    first = s.register()
    ringing = s.invite("ue", on=first)
    procedure, _ = challenged(s, first)
    s.answer(ringing, 180)
    s.request("ue", "MESSAGE", on=first)
    s.sm7(procedure)
    s.request("pcscf", "NOTIFY", on=first)
    s.call("pcscf", on=first)
    s.answer(ringing, 200)
    s.ack(ringing)
    s.sm12(procedure)
    check(s, profile=profile)
    passes(s, "SA-08", at_least=10, profile=profile)


def test_the_rest_of_a_call_on_a_still_older_set() -> None:
    """FP6: the UE answers on the set of the INVITE, which is not the one that protects SM1."""
    s = Scenario()
    first = s.register()
    call = s.invite("pcscf", on=first)
    s.answer(call, 180)
    second = s.register(over=first)
    procedure, _ = challenged(s, second)
    s.answer(call, 200)
    s.sm7(procedure)
    s.sm12(procedure)
    check(s, rules=["SA-06", "SA-08", "SA-12", "SA-16"])


@both_profiles
def test_the_via_of_the_p_cscf_leads_astray_meanwhile(profile: str) -> None:
    """R23: the answer in clear goes where the Via points."""
    s = Scenario()
    first = s.register()
    procedure, _ = challenged(s, first)
    s.wait(1)
    s.request(
        "pcscf",
        "OPTIONS",
        on=first,
        headers={"Via": lambda text: text.replace(f":{first.port_ps};", f":{first.port_pc};")},
        answer={"on": None, "sport": first.port_uc, "dport": first.port_pc},
    )
    s.sm7(procedure)
    s.sm12(procedure)
    s.expect("PORT-13", "violation", actor="P-CSCF", at="req")
    s.expect("SA-08", "probable", actor="UE", at="resp", cause="CLR-02")
    for rule in ("CLR-01", "CLR-02", "CLR-05"):
        s.expect(rule, "probable", actor="UE", at="resp", cause="PORT-13")
    check(s, profile=profile)


def test_an_emergency_call_in_clear_meanwhile() -> None:
    """FP10."""
    s = Scenario()
    procedure, _ = challenged(s, s.register())
    s.wait(1)
    call = s.invite("ue", uri="urn:service:sos")
    s.answer(call, 200)
    s.ack(call)
    s.bye(call, "pcscf")
    s.sm7(procedure)
    s.sm12(procedure)
    check(s)


def test_an_order_that_the_network_changed() -> None:
    """The P-CSCF's request was sent after SM12 and only arrived before, as its ESP number tells."""
    s = Scenario()
    procedure, new = challenged(s, s.register())
    s.sm7(procedure)
    s.sm12(procedure)
    s.request("pcscf", "NOTIFY", on=new, answered=False)
    s.swap("sm12.2", "req")
    check(s, rules=["SA-08"])


# --- SA-09: no service between a clear SM1 and SM12 -----------------------------------------------------------------


@both_profiles
@all_vantages
@pytest.mark.parametrize("challenged_yet", [False, True])
def test_service_on_the_set_that_was_given_up(challenged_yet: bool, vantage: str, profile: str) -> None:
    s = Scenario(vantage=vantage)
    first = s.register()
    s.wait(10)
    procedure = s.sm1()
    if challenged_yet:
        s.sm6(procedure)
    s.wait(1)
    s.request("ue", "MESSAGE", on=first)
    if not challenged_yet:
        s.sm6(procedure)
    s.sm7(procedure)
    s.sm12(procedure)
    s.expect("SA-09", "violation", actor="UE", at="req")
    check(s, profile=profile)


@both_profiles
def test_service_on_the_new_set_before_sm12(profile: str) -> None:
    s = Scenario()
    procedure, new = challenged(s)
    s.sm7(procedure)
    s.wait(1)
    s.request("ue", "SUBSCRIBE", on=new, answered=False)
    s.sm12(procedure)
    s.expect("SA-06", "violation", actor="UE", at="req")
    s.expect("SA-09", "violation", actor="UE", at="req")
    check(s, profile=profile)


def test_service_in_clear_before_sm12() -> None:
    s = Scenario()
    procedure, _ = challenged(s)
    s.wait(1)
    s.request("ue", "MESSAGE", answered=False)
    s.sm7(procedure)
    s.sm12(procedure)
    s.expect("SA-09", "violation", actor="UE", at="req")
    check(s)


@both_profiles
@both_transports
def test_no_service_until_sm12(transport: str, profile: str) -> None:
    """The UE answers what comes, ends its calls and repeats itself (FP6), but begins nothing."""
    s = Scenario(transport=transport)
    first = s.register()
    call = s.invite("ue", on=first)
    s.answer(call, 200)
    s.ack(call)
    ringing = s.invite("ue", on=first, label="ringing")
    s.wait(5)
    procedure = s.sm1()
    s.wait(1)
    s.cancel(ringing)
    s.bye(call)
    s.request("pcscf", "MESSAGE", on=first)
    s.sm6(procedure)
    s.sm7(procedure)
    s.sm12(procedure)
    check(s, profile=profile, rules=["SA-06", "SA-08", "SA-09"])


def test_a_request_that_was_sent_before_sm1() -> None:
    """FP2 and FP6: in flight, or repeated."""
    s = Scenario(vantage="pcscf")
    first = s.register()
    s.wait(5)
    s.request("ue", "MESSAGE", on=first, answered=False)
    procedure = s.sm1()
    s.request("ue", "MESSAGE", on=first, answered=False)
    s.wait(2)
    s.again("req")
    s.sm6(procedure)
    s.sm7(procedure)
    s.sm12(procedure)
    s.expect("SA-09", "probable", actor="UE", at="req.2")
    check(s)


def test_other_contacts_go_on_meanwhile() -> None:
    """FP9 and FP10: another flow of the UE, and its emergency registration and call."""
    s = Scenario()
    flow = s.ue(1, instance="urn:gsma:imei:35622410-769549-0", reg_id=2)
    emergency = s.ue(1, sos=True)
    second = s.register(ue=flow)
    procedure = s.sm1()
    s.wait(1)
    s.request("ue", "MESSAGE", on=second)
    sos = s.register(ue=emergency)
    s.answer(s.invite("ue", on=sos, uri="urn:service:sos"), 200)
    s.sm6(procedure)
    s.sm7(procedure)
    s.sm12(procedure)
    check(s)


@both_transports
def test_sm12_of_a_clear_registration_is_missing(transport: str) -> None:
    """FP4: the first request on the new set is in doubt; with its answer the set counts as established."""
    s = Scenario(transport=transport)
    first = s.register()
    s.wait(1)
    s.request("ue", "SUBSCRIBE", on=first)
    s.request("ue", "MESSAGE", on=first)
    s.lose("sm12")
    s.expect("SA-06", "probable", actor="UE", at="req")
    s.expect("SA-09", "probable", actor="UE", at="req")
    check(s)
