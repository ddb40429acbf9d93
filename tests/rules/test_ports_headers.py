"""PORT-10 and PORT-13: which ports the Via of the UE, and Via and Record-Route of the P-CSCF, name."""

from __future__ import annotations

import pytest

from tests.rules.ports import PROFILES, busy, port, tally
from tests.scenario import SaSet, Scenario, check, passes

# --- PORT-10: the Via of the UE names us ------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("named", [None, 5060, 40000])
@pytest.mark.parametrize("method", ["MESSAGE", "SUBSCRIBE", "OPTIONS"])
def test_the_via_of_the_ue_names_another_port(method: str, named: int | None, profile: str) -> None:
    s = Scenario()
    first = s.register()
    s.request("ue", method, on=first, headers={"Via": port(named)})
    s.expect("PORT-10", "violation", actor="UE", at="req")
    check(s, profile=profile)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("step", ["sm7", "sm1.2"])
def test_the_via_of_a_protected_register_names_another_port(step: str, profile: str) -> None:
    s = Scenario()
    first = s.register(sm7={"headers": {"Via": port(5060)}} if step == "sm7" else None)
    s.register(over=first, sm1={"headers": {"Via": port(5060)}} if step == "sm1.2" else None)
    s.expect("PORT-10", "violation", actor="UE", at=step)
    check(s, profile=profile)


def test_a_repeated_request_counts_once() -> None:
    """FP1."""
    s = Scenario()
    first = s.register()
    call = s.invite("ue", on=first, headers={"Via": port(None)})
    s.wait(2)
    s.again("invite")
    s.answer(call, 200)
    s.ack(call)
    s.bye(call)
    s.expect("PORT-10", "violation", actor="UE", at="invite")
    check(s)


@pytest.mark.parametrize("profile", PROFILES)
def test_the_via_of_the_ue_names_its_server_port(profile: str) -> None:
    s = Scenario()
    busy(s)
    passes(s, "PORT-10", at_least=6, profile=profile)


def test_over_tcp_it_must_too_today_but_not_in_the_papers() -> None:
    """V18."""
    s = Scenario(transport="tcp")
    first = s.register()
    s.request("ue", "MESSAGE", on=first, headers={"Via": port(first.port_uc)})
    check(s, profile="sa3-29")
    assert not tally(s, "PORT-10", "sa3-29").exercised
    s.expect("PORT-10", "violation", actor="UE", at="req")
    check(s)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_register_over_tcp_may_name_any_port(profile: str) -> None:
    """FP7."""
    s = Scenario(transport="tcp")
    first = s.register(sm7={"headers": {"Via": port(None)}})
    s.register(over=first, sm1={"headers": {"Via": port(first.port_uc)}})
    check(s, profile=profile)
    assert not tally(s, "PORT-10", profile).exercised


def test_a_cancel_and_the_ack_to_a_refusal_copy_what_is_the_fault_of_their_invite() -> None:
    s = Scenario()
    first = s.register()
    call = s.invite("ue", on=first, headers={"Via": port(None)})
    s.answer(call, 180)
    s.cancel(call)
    s.answer(call, 487)
    s.ack(call)
    s.expect("PORT-10", "violation", actor="UE", at="invite")
    check(s)


def test_a_name_instead_of_the_address_does_not_matter() -> None:
    """FP21: the port still does."""
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first, headers={"Via": f"SIP/2.0/UDP ue.example.org:{first.port_us};branch=z9hG4bK1"})
    check(s)
    s.request("ue", "MESSAGE", on=first, headers={"Via": "SIP/2.0/UDP ue.example.org;branch=z9hG4bK2"})
    s.expect("PORT-10", "violation", actor="UE", at="req.2")
    check(s)


def test_a_clear_request_names_the_unprotected_port() -> None:
    s = Scenario()
    s.sm12(s.sm1(), status=403)
    check(s)
    assert not tally(s, "PORT-10").exercised


# --- PORT-13: Via and Record-Route of the P-CSCF name ps --------------------------------------------------------------


def vias(first: SaSet, number: int | None) -> list[str]:
    """The Via lines of a request to the UE, the P-CSCF's with this port."""
    own = first.ue.pcscf if number is None else f"{first.ue.pcscf}:{number}"
    return [f"SIP/2.0/UDP {own};branch=z9hG4bKp", "SIP/2.0/UDP 10.30.0.2:5060;branch=z9hG4bKs"]


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("named", [None, 5060, 40000])
def test_the_via_of_the_p_cscf_names_another_port(named: int | None, profile: str) -> None:
    s = Scenario()
    first = s.register()
    s.request("pcscf", "OPTIONS", on=first, headers={"Via": vias(first, named)})
    s.expect("PORT-13", "violation", actor="P-CSCF", at="req")
    check(s, profile=profile)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("named", ["", ":5060"])
def test_the_record_route_of_the_p_cscf_names_another_port(named: str, profile: str) -> None:
    s = Scenario()
    first = s.register()
    route = f"<sip:10.20.0.1{named};lr>"
    call = s.invite("pcscf", on=first, headers={"Record-Route": [route, "<sip:10.30.0.2:5060;lr>"]})
    s.answer(call, 486)
    s.ack(call)
    s.expect("PORT-13", "violation", actor="P-CSCF", at="invite")
    check(s, profile=profile)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_via_and_record_route_of_the_p_cscf_name_its_server_port(transport: str, profile: str) -> None:
    s = Scenario(transport=transport)
    new = busy(s)
    routes = [f"<sip:10.20.0.1:{new.port_ps};lr>", "<sip:10.30.0.2:5060;lr>"]
    call = s.invite("pcscf", on=new, headers={"Record-Route": routes})
    s.answer(call, 486)
    s.ack(call)
    check(s, profile=profile)
    passes(s, "PORT-13", at_least=6, profile=profile)


def test_a_request_over_the_connection_of_the_ue_has_the_same_via() -> None:
    """FP7 and R27."""
    s = Scenario(transport="tcp")
    first = s.register()
    s.request("pcscf", "OPTIONS", on=first, role="ps>uc")
    check(s)
    passes(s, "PORT-13")


def test_inside_a_dialog_the_topmost_record_route_may_be_the_next_server_s() -> None:
    s = Scenario()
    first = s.register()
    call = s.invite("pcscf", on=first)
    s.answer(call, 200)
    s.ack(call)
    s.request("pcscf", "UPDATE", on=first, within=call, headers={"Record-Route": "<sip:10.30.0.2:5060;lr>"})
    s.bye(call)
    check(s)
    passes(s, "PORT-13", at_least=3)


def test_a_record_route_with_a_name_instead_of_the_address() -> None:
    """FP21: with ps it is right, without it nobody can say whose it is."""
    s = Scenario()
    first = s.register()
    s.call("pcscf", on=first, headers={"Record-Route": f"<sip:pcscf.example.org:{first.port_ps};lr>"})
    check(s)
    call = s.invite("pcscf", on=first, label="late", headers={"Record-Route": "<sip:pcscf.example.org;lr>"})
    s.answer(call, 486)
    s.ack(call)
    s.expect("PORT-13", "probable", actor="P-CSCF", at="late")
    check(s)


def test_a_repeated_request_of_the_p_cscf_counts_once() -> None:
    """FP1."""
    s = Scenario()
    first = s.register()
    asked = s.request("pcscf", "OPTIONS", on=first, headers={"Via": vias(first, None)}, answered=False)
    s.wait(2)
    s.again("req")
    s.answer(asked)
    s.expect("PORT-13", "violation", actor="P-CSCF", at="req")
    check(s)
