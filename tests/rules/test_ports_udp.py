"""PORT-08 and PORT-09: who sends UDP from which port to which."""

from __future__ import annotations

import pytest

from analyzer.finding import Finding
from tests.rules.ports import PROFILES, busy, port, tally
from tests.scenario import Scenario, audited, check, passes


def findings(scenario: Scenario, rule: str) -> list[Finding]:
    return [each for each in audited(scenario).findings if each.rule == rule]


# --- PORT-08: the UE sends UDP from uc to ps --------------------------------------------------------------------------


@pytest.mark.parametrize("profile", PROFILES)
def test_the_ue_sends_a_request_over_udp_from_its_server_port(profile: str) -> None:
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first, role="us>pc")
    s.expect("PORT-08", "violation", actor="UE", at="req")
    check(s, profile=profile)


@pytest.mark.parametrize("profile", PROFILES)
def test_the_ue_answers_over_udp_from_its_server_port(profile: str) -> None:
    s = Scenario()
    first = s.register()
    s.request("pcscf", "OPTIONS", on=first, answer={"role": "us>pc"})
    s.expect("PORT-08", "violation", actor="UE", at="resp")
    check(s, profile=profile)


@pytest.mark.parametrize("profile", PROFILES)
def test_the_ue_sends_sm7_from_its_server_port(profile: str) -> None:
    s = Scenario()
    s.register(sm7={"role": "us>pc"})
    s.expect("PORT-08", "violation", actor="UE", at="sm7")
    s.expect("SA-04", "violation", actor="UE", at="sm7")
    check(s, profile=profile)


@pytest.mark.parametrize("profile", PROFILES)
def test_the_ue_answers_where_the_via_of_the_p_cscf_points(profile: str) -> None:
    """R23: the Via names pc, so the fault is the P-CSCF's."""
    s = Scenario()
    first = s.register()
    lines = [f"SIP/2.0/UDP 10.20.0.1:{first.port_pc};branch=z9hG4bKp", "SIP/2.0/UDP 10.30.0.2;branch=z9hG4bKs"]
    s.request("pcscf", "OPTIONS", on=first, headers={"Via": lines}, answer={"role": "us>pc"})
    s.expect("PORT-13", "violation", actor="P-CSCF", at="req")
    s.expect("PORT-08", "probable", actor="UE", at="resp", cause="PORT-13")
    check(s, profile=profile)


@pytest.mark.parametrize("profile", PROFILES)
def test_the_ue_answers_to_the_source_port_as_rport_asks(profile: str) -> None:
    """R20."""
    s = Scenario()
    first = s.register()
    s.request("pcscf", "OPTIONS", on=first, rport=True, answer={"role": "us>pc"})
    s.expect("PORT-08", "probable", actor="UE", at="resp")
    check(s, profile=profile)
    assert findings(s, "PORT-08")[0].traps == ("R20",)


@pytest.mark.parametrize("profile", PROFILES)
def test_the_ue_sends_udp_from_its_client_port(profile: str) -> None:
    s = Scenario()
    busy(s)
    passes(s, "PORT-08", at_least=11, profile=profile)


def test_over_tcp_the_ue_answers_from_its_server_port() -> None:
    """FP7."""
    s = Scenario(transport="tcp")
    busy(s)
    check(s)
    assert not tally(s, "PORT-08").exercised


def test_the_transport_of_the_message_counts_not_that_of_the_ue() -> None:
    """FP7: one request over UDP among others over TCP."""
    s = Scenario(transport="tcp")
    first = s.register()
    s.request("pcscf", "OPTIONS", on=first, transport="udp", answer={"role": "us>pc"})
    s.request("pcscf", "OPTIONS", on=first)
    s.expect("PORT-08", "violation", actor="UE", at="resp")
    check(s)


def test_the_spi_of_the_other_association_alone_is_no_other_port() -> None:
    """V22: PORT-07 has this one."""
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first, esp={"spi": first.spi_pc, "seq": 2}, answered=False)
    s.request("pcscf", "OPTIONS", on=first, esp={"spi": first.spi_uc, "seq": 3}, answered=False)
    s.expect("PORT-07", "violation", actor="UE", at="req")
    s.expect("PORT-07", "violation", actor="P-CSCF", at="req.2")
    check(s)


# --- PORT-09: the P-CSCF sends UDP from pc to us ----------------------------------------------------------------------


@pytest.mark.parametrize("profile", PROFILES)
def test_the_p_cscf_sends_a_request_over_udp_to_the_client_port(profile: str) -> None:
    s = Scenario()
    first = s.register()
    s.request("pcscf", "OPTIONS", on=first, role="ps>uc")
    s.expect("PORT-09", "violation", actor="P-CSCF", at="req")
    check(s, profile=profile)


@pytest.mark.parametrize("profile", PROFILES)
def test_the_p_cscf_answers_over_udp_to_the_source_port(profile: str) -> None:
    """The classic of symmetric UDP."""
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first, answer={"role": "ps>uc"})
    s.expect("PORT-09", "violation", actor="P-CSCF", at="resp")
    check(s, profile=profile)


@pytest.mark.parametrize("profile", PROFILES)
def test_sm12_goes_to_the_source_port(profile: str) -> None:
    s = Scenario()
    s.register(sm12={"role": "ps>uc"})
    s.expect("PORT-09", "violation", actor="P-CSCF", at="sm12")
    check(s, profile=profile)


def test_every_datagram_to_the_client_port_counts() -> None:
    s = Scenario()
    first = s.register()
    call = s.invite("ue", on=first)
    s.answer(call, 180, role="ps>uc")
    s.answer(call, 200, role="ps>uc")
    s.ack(call)
    s.bye(call)
    s.expect("PORT-09", "violation", actor="P-CSCF", at="invite.180", count=2)
    check(s)


@pytest.mark.parametrize("profile", PROFILES)
def test_the_p_cscf_answers_to_the_source_port_as_rport_asks(profile: str) -> None:
    """R20."""
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first, rport=True, answer={"role": "ps>uc"})
    s.expect("PORT-09", "probable", actor="P-CSCF", at="resp")
    check(s, profile=profile)


@pytest.mark.parametrize("profile", PROFILES)
def test_the_p_cscf_answers_where_the_via_of_the_ue_points(profile: str) -> None:
    """R23: the Via names uc, so the fault is the UE's."""
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first, headers={"Via": port(first.port_uc)}, answer={"role": "ps>uc"})
    s.expect("PORT-10", "violation", actor="UE", at="req")
    s.expect("PORT-09", "probable", actor="P-CSCF", at="resp", cause="PORT-10")
    check(s, profile=profile)


def test_an_answer_whose_request_was_not_captured() -> None:
    """FP3, FP4: whether the UE asked for rport is not to be seen."""
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first, answer={"role": "ps>uc"})
    s.lose("req")
    s.expect("PORT-09", "probable", actor="P-CSCF", at="resp")
    check(s)


@pytest.mark.parametrize("profile", PROFILES)
def test_the_p_cscf_sends_udp_to_the_server_port(profile: str) -> None:
    s = Scenario()
    busy(s)
    passes(s, "PORT-09", at_least=11, profile=profile)


def test_rport_in_the_via_need_not_change_anything() -> None:
    """The P-CSCF fills it with us and answers there."""
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first, rport=True)
    check(s)
    passes(s, "PORT-09")
    passes(s, "PORT-10")


def test_over_tcp_the_p_cscf_answers_to_the_client_port() -> None:
    """FP7."""
    s = Scenario(transport="tcp")
    busy(s)
    check(s)
    assert not tally(s, "PORT-09").exercised
