"""NEG-13, PORT-11 and PORT-12: agreement, Contact and Route of the requests that the UE begins with."""

from __future__ import annotations

from typing import Any

import pytest

from analyzer.finding import Finding
from tests.rules.ports import PROFILES, busy, tally
from tests.scenario import SaSet, Scenario, audited, check, passes
from tests.scenario.sip_text import Edits

OPENED = ("NEG-13", "PORT-11", "PORT-12")


def found(s: Scenario, rule: str) -> list[Finding]:
    return [each for each in audited(s).findings if each.rule == rule]


def contact(port: int | None, more: str = "", host: str = "10.20.0.1") -> Edits:
    """A Contact with another port, or none."""
    return {"Contact": f"<sip:x@{host}{'' if port is None else f':{port}'}{more}>"}


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("ipv6", [False, True])
def test_requests_as_they_should_be(transport: str, ipv6: bool) -> None:
    s = Scenario(transport=transport, ipv6=ipv6)
    new = busy(s)
    s.request("ue", "SUBSCRIBE", on=new)
    s.request("ue", "MESSAGE", on=new)
    check(s)
    for rule in OPENED:
        passes(s, rule, at_least=3)


# --- NEG-13: the agreement is carried along ---------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["MESSAGE", "SUBSCRIBE", "OPTIONS"])
@pytest.mark.parametrize("name", ["Security-Verify", "Require", "Proxy-Require"])
def test_a_request_leaves_a_part_of_the_agreement_out(name: str, method: str) -> None:
    """Of the RFC alone, hence a warning; nothing of the papers."""
    s = Scenario()
    s.request("ue", method, on=s.register(), headers={name: None})
    check(s, profile="sa3-29")
    s.expect("NEG-13", "warning", actor="UE", at="req")
    check(s)
    assert found(s, "NEG-13")[0].fault == name.lower()


def test_each_call_counts_once() -> None:
    """The INVITE, and neither its repetition nor the other requests of the call."""
    s = Scenario()
    first = s.register()
    gone: Edits = {"Security-Verify": None}
    call = s.invite("ue", on=first, headers=gone)
    s.wait(2)
    s.again("invite")
    s.answer(call, 200)
    s.ack(call)
    s.bye(call, headers=gone)
    s.request("ue", "MESSAGE", on=first, headers=gone)
    s.expect("NEG-13", "warning", actor="UE", at="invite", count=2)
    check(s)


def test_another_list_than_that_of_the_p_cscf() -> None:
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first, headers={"Security-Verify": lambda text: text.replace("aes-cbc", "null")})
    s.expect("NEG-13", "warning", actor="UE", at="req")
    check(s)
    assert found(s, "NEG-13")[0].fault == "security-verify-different"


def test_the_same_in_another_spelling() -> None:
    """FP20."""
    s = Scenario()
    first = s.register()
    headers: Edits = {
        "Security-Verify": lambda text: text.upper().replace(";", " ; "),
        "Require": "precondition, SEC-AGREE",
        "Proxy-Require": ["gruu", "sec-agree"],
    }
    s.request("ue", "MESSAGE", on=first, headers=headers)
    check(s)
    passes(s, "NEG-13")


def test_around_a_re_registration_either_list_will_do() -> None:
    s = Scenario()
    first = s.register()
    s.register(over=first)
    s.request("ue", "MESSAGE", on=first)
    s.request("ue", "MESSAGE", on=first, headers={"Security-Verify": first.server_text})
    check(s, rules=OPENED)
    passes(s, "NEG-13", at_least=2)


def test_a_challenge_that_was_not_captured() -> None:
    """FP3: what is missing is missing, what is there cannot be compared."""
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first, headers={"Security-Verify": "ipsec-3gpp;alg=any"})
    s.start_at("sm7")
    check(s)
    passes(s, "NEG-13")
    s.request("ue", "MESSAGE", on=first, headers={"Security-Verify": None})
    s.expect("NEG-13", "warning", actor="UE", at="req.2")
    check(s)


# --- PORT-11: Contact names us ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("named", [None, 5060, 40000])
@pytest.mark.parametrize("method", ["SUBSCRIBE", "OPTIONS"])
def test_the_contact_of_a_request_names_another_port(method: str, named: int | None) -> None:
    s = Scenario()
    s.request("ue", method, on=s.register(), headers=contact(named))
    check(s, profile="sa3-29")
    s.expect("PORT-11", "violation", actor="UE", at="req")
    check(s)


@pytest.mark.parametrize("odd", [False, True])
@pytest.mark.parametrize("method", ["MESSAGE", "PUBLISH", "INFO", "PRACK", "BYE"])
@pytest.mark.parametrize("named", [None, 5060])
def test_a_contact_without_a_meaning_is_not_judged_whatever_else_is_odd(
    method: str, named: int | None, odd: bool
) -> None:
    s = Scenario()
    first = s.register()
    headers: dict[str, Any] = {**contact(named), **({"Proxy-Require": None} if odd else {})}
    s.request("ue", method, on=first, headers=headers)
    assert found(s, "PORT-11") == []
    assert bool(found(s, "NEG-13")) == odd
    s.request("ue", "SUBSCRIBE", on=first, headers=headers)
    assert len(found(s, "PORT-11")) == 1


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("step", ["sm7", "sm1.2"])
def test_the_contact_of_a_protected_register_names_another_port(step: str, transport: str) -> None:
    s = Scenario(transport=transport)
    first = s.register(sm7={"headers": contact(5060)} if step == "sm7" else None)
    s.refresh(on=first, sm1={"headers": contact(None)} if step == "sm1.2" else None)
    s.expect("PORT-11", "violation", actor="UE", at=step)
    check(s, rules=OPENED)


def test_the_contact_names_the_client_port() -> None:
    s = Scenario()
    first = s.register()
    call = s.invite("ue", on=first, headers=contact(first.port_uc))
    s.answer(call, 486)
    s.ack(call)
    s.expect("PORT-11", "violation", actor="UE", at="invite")
    check(s)


GRUU, OB = ";gr=urn:uuid:1", ";ob"


@pytest.mark.parametrize(("port", "more"), [(None, GRUU), (None, OB), (5060, GRUU)])
def test_a_gruu_and_a_flow_need_no_port(port: int | None, more: str) -> None:
    """FP9."""
    s = Scenario()
    s.request("ue", "SUBSCRIBE", on=s.register(), headers=contact(port, more))
    check(s)
    assert found(s, "PORT-11") == []


def test_a_name_instead_of_the_address_does_not_matter() -> None:
    """FP21: the port still does."""
    s = Scenario()
    first = s.register()
    s.request("ue", "SUBSCRIBE", on=first, headers=contact(first.port_us, host="ue.example.org"))
    check(s)
    s.request("ue", "SUBSCRIBE", on=first, headers=contact(None, host="ue.example.org"))
    s.expect("PORT-11", "violation", actor="UE", at="req.2")
    check(s)


def test_one_of_several_contacts_is_enough() -> None:
    s = Scenario()
    first = s.register()
    both = f"<sip:x@10.20.0.1:5060>, <sip:x@10.20.0.1:{first.port_us}>"
    s.refresh(on=first, sm1={"headers": {"Contact": both}})
    check(s, rules=OPENED)
    passes(s, "PORT-11", at_least=2)


@pytest.mark.parametrize("value", ["*", None, "<tel:+4912345>"])
def test_a_register_without_an_address(value: str | None) -> None:
    s = Scenario()
    first = s.register()
    s.refresh(on=first, sm1={"headers": {"Contact": value, "Expires": "0" if value == "*" else "600"}})
    check(s, rules=OPENED)


def test_a_deregistration_may_name_an_old_contact() -> None:
    s = Scenario()
    s.deregister(on=s.register(), sm1={"headers": contact(5060)})
    check(s, rules=OPENED)


def test_behind_a_nat_the_contact_is_a_public_one() -> None:
    """FP12."""
    s = Scenario(mod="UDP-enc-tun")
    first = s.register(ue=s.ue(2, nat="192.0.2.7"))
    s.request("ue", "SUBSCRIBE", on=first, headers=contact(40000, host="192.0.2.7"))
    check(s, rules=["PORT-11"])


# --- PORT-12: the first Route -----------------------------------------------------------------------------------------


def routes(first: SaSet, top: str) -> Edits:
    return {"Route": [top, "<sip:orig@10.30.0.2:5060;lr>"]}


@pytest.mark.parametrize("named", ["", ":5060", ":40000"])
@pytest.mark.parametrize("method", ["MESSAGE", "SUBSCRIBE"])
def test_the_first_route_names_another_port(method: str, named: str) -> None:
    s = Scenario()
    first = s.register()
    s.request("ue", method, on=first, headers=routes(first, f"<sip:{first.ue.pcscf}{named};lr>"))
    check(s, profile="sa3-29")
    s.expect("PORT-12", "violation", actor="UE", at="req")
    check(s)


def test_there_is_no_route() -> None:
    s = Scenario()
    s.request("ue", "MESSAGE", on=s.register(), headers={"Route": None})
    s.expect("PORT-12", "violation", actor="UE", at="req")
    check(s)
    assert found(s, "PORT-12")[0].fault == "no-route"


@pytest.mark.parametrize("top", ["<sip:orig@scscf.example.org;lr>", "<sip:pcscf.example.org;lr>", "<sip:10.9.9.9;lr>"])
def test_another_host_may_be_the_p_cscf_s(top: str) -> None:
    """FP21, FP25; one with a user part may be a flow token (FP9)."""
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first, headers=routes(first, top))
    if "orig@" not in top:
        s.expect("PORT-12", "probable", actor="UE", at="req")
    check(s)


def test_what_is_not_judged_is_no_pass() -> None:
    """A request of a dialog is not preloaded, and behind a NAT no Contact is compared."""
    s = Scenario(mod="UDP-enc-tun")
    first = s.register(ue=s.ue(2, nat="192.0.2.7"))
    s.request("ue", "SUBSCRIBE", on=first)
    s.request("ue", "MESSAGE", on=first)
    assert (tally(s, "PORT-11").passed, tally(s, "PORT-12").passed) == (0, 2)
    s = Scenario()
    first = s.register()
    for _ in range(2):
        call = s.invite("ue", on=first)
        s.answer(call, 180)
        s.request("ue", "UPDATE", on=first, within=call)
        s.answer(call, 200)
        s.ack(call)
        s.bye(call)
    s.lose(*(name for name in s.sent if name.startswith("invite") and ".bye" not in name))
    assert (tally(s, "PORT-11").passed, tally(s, "PORT-12").passed) == (3, 0)
    check(s, rules=OPENED)


def test_a_flow_whose_contact_names_the_port_is_a_pass_in_any_spelling() -> None:
    for more in ("", " "):
        s = Scenario()
        first = s.register()
        s.request("ue", "SUBSCRIBE", on=first, headers={"Contact": f"{more}<sip:x@10.20.0.11:{first.port_us};ob>"})
        check(s)
        passes(s, "PORT-11", at_least=2)


def test_a_contact_with_the_port_that_the_same_register_offers() -> None:
    s = Scenario()
    first = s.register()
    s.sm6(s.sm1(over=first, client={"port_s": 31999}, headers=contact(31999)))
    s.expect("PORT-11", "violation", actor="UE", at="sm1.2", cause="PORT-01")
    check(s, rules=OPENED)


def test_routes_that_are_right_in_another_spelling() -> None:
    """FP21: a name with ps is right; FP20."""
    s = Scenario()
    first = s.register()
    for top in (
        "<sip:pcscf.example.org:{};lr>",
        '"P" <SIP:10.20.0.1:{};transport=udp;lr>',
        "<sip:token@10.20.0.1:{};lr;ob>",
    ):
        s.request("ue", "MESSAGE", on=first, headers=routes(first, top.format(first.port_ps)))
    one_line: Edits = {"Route": f"<sip:{first.ue.pcscf}:{first.port_ps};lr>, <sip:orig@10.30.0.2;lr>"}
    s.request("ue", "MESSAGE", on=first, headers=one_line)
    check(s)
    passes(s, "PORT-12", at_least=4)


def test_inside_a_dialog_the_route_is_that_of_record_route() -> None:
    """The call of the P-CSCF, and one of which the capture has only the rest."""
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    call = s.invite("ue", on=first)
    s.answer(call, 200)
    s.ack(call)
    s.bye(call, headers={"Route": None})
    s.lose("invite", "invite.100")
    check(s, rules=["PORT-12"])
    other = s.invite("pcscf", on=first)
    s.answer(other, 200)
    s.ack(other)
    s.bye(other, "ue", headers={"Route": None})
    check(s, rules=["PORT-12"])


def test_an_emergency_call_is_left_alone() -> None:
    """FP10."""
    s = Scenario()
    call = s.invite("ue", uri="urn:service:sos", on=s.register(), headers={"Route": None})
    s.answer(call, 486)
    s.ack(call)
    check(s, rules=["PORT-12"])


@pytest.mark.parametrize("profile", PROFILES)
def test_requests_in_clear_are_not_judged(profile: str) -> None:
    s = Scenario()
    s.request("ue", "MESSAGE", headers={"Route": None})
    assert all(not tally(s, rule).exercised for rule in OPENED)
    check(s, profile=profile, rules=OPENED)


def test_a_request_to_the_p_cscf_itself_needs_no_route() -> None:
    s = Scenario()
    first = s.register()
    s.request("ue", "OPTIONS", on=first, uri=f"sip:{first.ue.pcscf}:{first.port_ps}", headers={"Route": None})
    check(s, rules=["PORT-12"])
