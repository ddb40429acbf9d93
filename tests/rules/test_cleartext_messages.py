"""CLR-02, CLR-03 and CLR-05: what each side may send in clear, and that protection is not given up."""

from __future__ import annotations

import pytest

from tests.rules.protection import all_vantages, both_profiles, both_transports
from tests.scenario import Scenario, check, passes
from tests.scenario.sip_text import Edits

WITHOUT = {"Security-Client": None, "Require": None, "Proxy-Require": None}

# --- CLR-02: the UE ------------------------------------------------------------------------------------------------


@both_profiles
@both_transports
@pytest.mark.parametrize("method", ["INVITE", "SUBSCRIBE", "MESSAGE", "PUBLISH", "OPTIONS", "BYE", "ACK"])
def test_the_ue_sends_a_request_in_clear(method: str, transport: str, profile: str) -> None:
    s = Scenario(transport=transport)
    s.register()
    s.request("ue", method, answered=False)
    s.expect("CLR-02", "violation", actor="UE", at="req")
    check(s, profile=profile)


@both_profiles
@all_vantages
def test_the_ue_answers_in_clear(vantage: str, profile: str) -> None:
    s = Scenario(vantage=vantage)
    first = s.register()
    s.request("pcscf", "OPTIONS", on=first, answer={"on": None})
    s.expect("CLR-05", "violation", actor="UE", at="resp")
    s.expect("CLR-02", "violation", actor="UE", at="resp", cause="CLR-05")
    check(s, profile=profile)


@both_profiles
@both_transports
def test_what_the_ue_may_send_in_clear(transport: str, profile: str) -> None:
    """REGISTER at any time (FP30), an error to what came in clear."""
    s = Scenario(transport=transport)
    s.register()
    s.wait(10)
    s.register()
    s.request("pcscf", "OPTIONS", status=403)
    check(s, profile=profile, rules=["CLR-02"])
    passes(s, "CLR-02", at_least=2, profile=profile)


@both_profiles
@both_transports
def test_an_emergency_call_whose_dialog_does_not_show_it(transport: str, profile: str) -> None:
    """FP10: the To of some phones is a number, and later requests name the other end."""
    s = Scenario(transport=transport)
    s.register()
    call = s.invite("ue", uri="urn:service:sos", headers={"To": "<tel:112>"})
    assert call.dialog is not None
    call.dialog.callee_line = "<tel:112>;tag=9"
    s.answer(call, 200)
    s.ack(call)
    s.bye(call, "pcscf")
    check(s, profile=profile)


@both_profiles
@both_transports
def test_an_emergency_call_in_clear(transport: str, profile: str) -> None:
    """FP10: by a UE that has a set, both ends speaking; the network ends the call."""
    s = Scenario(transport=transport)
    s.register()
    call = s.invite("ue", uri="urn:service:sos")
    s.answer(call, 180)
    s.answer(call, 200)
    s.ack(call)
    s.request("pcscf", "INFO", within=call)
    s.bye(call, "pcscf")
    second = s.invite("ue", uri="urn:service:sos.police", label="second")
    s.answer(second, 380)
    s.ack(second)
    check(s, profile=profile)


@both_profiles
def test_a_contact_without_ipsec(profile: str) -> None:
    """FP11: SIP Digest or GIBA on this contact, in both directions."""
    s = Scenario()
    procedure = s.sm1(headers=WITHOUT)
    s.sm12(procedure)
    s.call("ue")
    s.call("pcscf")
    check(s, profile=profile)


@both_profiles
def test_the_ack_to_a_clear_refusal(profile: str) -> None:
    """The P-CSCF gave the protection up, the UE only acknowledges."""
    s = Scenario()
    first = s.register()
    call = s.invite("ue", on=first)
    s.answer(call, 503, on=None)
    s.ack(call, on=None)
    s.expect("CLR-05", "violation", actor="P-CSCF", at="invite.503")
    check(s, profile=profile)


@both_profiles
def test_the_ack_to_a_protected_answer(profile: str) -> None:
    s = Scenario()
    first = s.register()
    call = s.invite("ue", on=first)
    s.answer(call, 200)
    s.ack(call, on=None)
    s.expect("CLR-02", "violation", actor="UE", at="invite.ack")
    s.expect("CLR-05", "violation", actor="UE", at="invite.ack", cause="CLR-02")
    check(s, profile=profile)


@both_profiles
def test_a_clear_request_is_answered_in_clear(profile: str) -> None:
    """R23."""
    s = Scenario()
    s.register()
    s.request("pcscf", "OPTIONS")
    s.expect("CLR-03", "violation", actor="P-CSCF", at="req")
    s.expect("CLR-02", "probable", actor="UE", at="resp", cause="CLR-03")
    check(s, profile=profile)


def test_before_the_first_set_nothing_is_judged() -> None:
    """FP3, FP11: the capture begins with a UE of which nothing is known."""
    s = Scenario()
    s.request("ue", "OPTIONS")
    s.request("pcscf", "OPTIONS")
    s.register()
    check(s)


# --- CLR-03: the P-CSCF --------------------------------------------------------------------------------------------


@both_profiles
@both_transports
@pytest.mark.parametrize("method", ["NOTIFY", "INVITE", "OPTIONS", "MESSAGE", "BYE"])
def test_the_p_cscf_sends_a_request_in_clear(method: str, transport: str, profile: str) -> None:
    s = Scenario(transport=transport)
    s.register()
    s.request("pcscf", method, answered=False)
    s.expect("CLR-03", "violation", actor="P-CSCF", at="req")
    check(s, profile=profile)


@both_profiles
@all_vantages
@pytest.mark.parametrize("status", [100, 180, 200])
def test_the_p_cscf_answers_in_clear(status: int, vantage: str, profile: str) -> None:
    s = Scenario(vantage=vantage)
    first = s.register()
    s.request("ue", "MESSAGE", on=first, answered=False)
    s.answer("req", status, on=None, label="answer")
    s.expect("CLR-05", "violation", actor="P-CSCF", at="answer")
    s.expect("CLR-03", "violation", actor="P-CSCF", at="answer", cause="CLR-05")
    check(s, profile=profile)


@both_profiles
@pytest.mark.parametrize("protected", [False, True])
def test_sm12_in_clear(protected: bool, profile: str) -> None:
    """Over UDP to the port from which the UE began in clear."""
    s = Scenario()
    s.register(over=s.register() if protected else None, sm12={"on": None})
    at = "sm12.2" if protected else "sm12"
    s.expect("SA-05", "violation", actor="P-CSCF", at=at)
    s.expect("CLR-05", "violation", actor="P-CSCF", at=at, cause="SA-05")
    s.expect("CLR-03", "violation", actor="P-CSCF", at=at, cause="CLR-05")
    check(s, profile=profile)


@both_profiles
@both_transports
def test_what_the_p_cscf_may_send_in_clear(transport: str, profile: str) -> None:
    """Answers to a clear REGISTER, 100 included, and errors."""
    s = Scenario(transport=transport)
    s.register()
    s.wait(5)
    procedure = s.sm1()
    s.answer("sm1.2", 100)
    s.sm6(procedure)
    s.sm7(procedure)
    s.sm12(procedure)
    s.wait(1)
    s.sm12(s.sm1(), status=503)
    check(s, profile=profile)
    passes(s, "CLR-03", at_least=3, profile=profile)


@both_profiles
def test_a_clear_request_is_refused(profile: str) -> None:
    s = Scenario()
    s.register()
    s.request("ue", "MESSAGE", status=403)
    s.expect("CLR-02", "violation", actor="UE", at="req")
    check(s, profile=profile)
    passes(s, "CLR-03", profile=profile)


# --- CLR-05: protection is not given up ----------------------------------------------------------------------------


@both_profiles
@both_transports
def test_sm7_in_clear_is_accepted(transport: str, profile: str) -> None:
    s = Scenario(transport=transport)
    s.register(sm7={"on": None}, sm12={"on": None})
    s.expect("SA-04", "violation", actor="UE", at="sm7")
    s.expect("SA-05", "probable", actor="P-CSCF", at="sm12", cause="SA-04")
    s.expect("CLR-05", "violation", actor="P-CSCF", at="sm12")
    check(s, profile=profile, rules=["SA-04", "SA-05", "CLR-02", "CLR-03", "CLR-05"])


@both_profiles
def test_sm7_in_clear_is_refused(profile: str) -> None:
    s = Scenario()
    s.register(sm7={"on": None}, sm12={"on": None, "status": 403})
    check(s, profile=profile, rules=["CLR-02", "CLR-03", "CLR-05"])


@both_profiles
@pytest.mark.parametrize("status", [200, 403, 503])
def test_the_answer_to_a_protected_request_in_clear(status: int, profile: str) -> None:
    """An error is allowed in clear (CLR-03), but not to a protected request."""
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first, status=status, answer={"on": None})
    s.expect("CLR-05", "violation", actor="P-CSCF", at="resp")
    if status < 300:
        s.expect("CLR-03", "violation", actor="P-CSCF", at="resp", cause="CLR-05")
    check(s, profile=profile)


@both_profiles
@both_transports
def test_the_refusal_of_sm7_after_a_clear_sm1(transport: str, profile: str) -> None:
    """R4: SA-17 alone judges it."""
    s = Scenario(transport=transport)
    s.register(sm12={"on": None, "status": 403})
    s.expect("SA-17", "probable", actor="P-CSCF", at="sm12")
    check(s, profile=profile, rules=["SA-17", "CLR-02", "CLR-03", "CLR-05"])


@both_profiles
def test_a_second_challenge_in_clear(profile: str) -> None:
    """Case E allows it on the new set and on the old one."""
    s = Scenario()
    procedure = s.sm1(over=s.register())
    s.sm6(procedure)
    s.sm7(procedure)
    s.sm12(procedure, status=401, on=None)
    s.expect("CLR-05", "violation", actor="P-CSCF", at="sm12.2")
    check(s, profile=profile)


@both_profiles
@pytest.mark.parametrize("who", ["ue", "pcscf"])
def test_a_protected_call_goes_on_in_clear(who: str, profile: str) -> None:
    """After its TCP connection was lost, say."""
    s = Scenario(transport="tcp")
    first = s.register()
    call = s.invite("ue", on=first)
    s.answer(call, 200)
    s.ack(call)
    s.rst("ue", on=first, role="uc>ps")
    if who == "ue":
        s.bye(call, "ue", on=None)
    else:
        s.bye(call, "pcscf", on=None)
    own, actor = ("CLR-02", "UE") if who == "ue" else ("CLR-03", "P-CSCF")
    s.expect(own, "violation", actor=actor, at="invite.bye")
    s.expect("CLR-05", "violation", actor=actor, at="invite.bye", cause=own)
    if who == "pcscf":
        s.expect("CLR-02", "probable", actor="UE", at="invite.bye.resp", cause="CLR-03")
    else:
        s.expect("CLR-04", "violation", actor="P-CSCF", at="invite.bye.resp")
    check(s, profile=profile)


@both_profiles
def test_the_answer_to_a_deregistration_in_clear(profile: str) -> None:
    """LIFE-17 is the cause where it is in force."""
    s = Scenario()
    first = s.register()
    s.deregister(on=first, sm12={"on": None})
    cause = None
    if profile != "sa3-29":
        s.expect("LIFE-17", "violation", actor="P-CSCF", at="dereg.200")
        cause = "LIFE-17"
    s.expect("CLR-03", "violation", actor="P-CSCF", at="dereg.200", cause=cause)
    s.expect("CLR-05", "violation", actor="P-CSCF", at="dereg.200", cause=cause)
    check(s, profile=profile)


@both_profiles
@both_transports
def test_everything_after_sm7_is_protected(transport: str, profile: str) -> None:
    """SM1 and SM6 of clear registrations are not."""
    s = Scenario(transport=transport)
    first = s.register()
    s.call("ue", on=first)
    s.wait(5)
    second = s.register()
    s.request("pcscf", "NOTIFY", on=second)
    s.deregister(on=second)
    check(s, profile=profile)
    passes(s, "CLR-05", at_least=5, profile=profile)


def test_another_call_in_clear_is_no_protected_dialog() -> None:
    """That it is in clear at all is CLR-02's matter alone."""
    s = Scenario()
    first = s.register()
    s.call("ue", on=first)
    s.request("ue", "MESSAGE", answered=False)
    s.expect("CLR-02", "violation", actor="UE", at="req")
    check(s)


# --- FP28: several UEs behind one address -----------------------------------------------------------------------------


@both_transports
def test_another_ue_behind_the_address_whose_registration_was_not_captured(transport: str) -> None:
    """It may be one without IPsec: nobody is accused for it."""
    s = Scenario(transport=transport)
    other = s.ue(2, address=s.register().ue.address)
    s.request("ue", "MESSAGE", ue=other, sport=40000)
    s.expect("CLR-02", "probable", actor="UE", at="req")
    s.expect("CLR-04", "probable", actor="P-CSCF", at="resp")
    s.request("pcscf", "MESSAGE", ue=other, dport=40000, answered=False, label="down")
    s.expect("CLR-03", "probable", actor="P-CSCF", at="down")
    check(s)


@pytest.mark.parametrize("header", ["From", "P-Preferred-Identity"])
def test_an_identity_of_the_ue_itself_in_any_form(header: str) -> None:
    """P-Associated-URI has names with commas in them, and the UE its number in another form."""
    s = Scenario()
    listed = '"Doe, Jane" <sip:jane@ims.example.org>, "<tel:>" <tel:+49-30-1234>'
    s.register(sm12={"headers": {"P-Associated-URI": listed}})
    for claim in ("<sip:JANE@ims.example.org>", "<sip:+49301234@ims.example.org;user=phone>"):
        s.request("ue", "MESSAGE", answered=False, headers={header: claim})
    s.expect("CLR-02", "violation", actor="UE", at="req", count=2)
    check(s)


def test_what_names_nobody_may_be_anybody() -> None:
    """An anonymous call, an OPTIONS to the registered contact: they are held against the UE that is known."""
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", answered=False, headers={"From": "<sip:anonymous@anonymous.invalid>;tag=1"})
    s.expect("CLR-02", "violation", actor="UE", at="req")
    contact = first.ue.uri(first.ue.clear_port, "udp")
    ping: Edits = {"To": f"<{contact}>", "P-Called-Party-ID": None}
    s.request("pcscf", "OPTIONS", answered=False, label="ping", headers=ping)
    s.expect("CLR-03", "violation", actor="P-CSCF", at="ping")
    check(s)
