"""CLR-01: nothing in clear on the protected ports of a living set."""

from __future__ import annotations

import pytest
from scapy.layers.inet import Ether

from tests.rules.protection import all_vantages, both_profiles, both_transports, challenged
from tests.scenario import Scenario, audited, check, passes
from tests.scenario.reading import opened


@both_profiles
@all_vantages
def test_a_request_of_the_ue_from_its_server_port(vantage: str, profile: str) -> None:
    s = Scenario(vantage=vantage)
    first = s.register()
    s.request("ue", "MESSAGE", sport=first.port_us, answered=False)
    s.expect("CLR-02", "violation", actor="UE", at="req")
    s.expect("CLR-01", "violation", actor="UE", at="req", cause="CLR-02")
    check(s, profile=profile)


@both_profiles
@all_vantages
def test_a_request_of_the_p_cscf_to_the_server_port(vantage: str, profile: str) -> None:
    s = Scenario(vantage=vantage)
    first = s.register()
    s.request("pcscf", "NOTIFY", dport=first.port_us, answered=False)
    s.expect("CLR-03", "violation", actor="P-CSCF", at="req")
    s.expect("CLR-01", "violation", actor="P-CSCF", at="req", cause="CLR-03")
    check(s, profile=profile)


@both_profiles
def test_an_answer_in_clear_between_protected_ports(profile: str) -> None:
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first, answer={"on": None, "sport": first.port_pc, "dport": first.port_us})
    s.expect("CLR-05", "violation", actor="P-CSCF", at="resp")
    s.expect("CLR-03", "violation", actor="P-CSCF", at="resp", cause="CLR-05")
    s.expect("CLR-01", "violation", actor="P-CSCF", at="resp", cause="CLR-05")
    check(s, profile=profile)


@both_profiles
def test_a_keep_alive_in_clear(profile: str) -> None:
    s = Scenario()
    first = s.register()
    s.send("ue", b"\r\n\r\n", sport=first.port_uc, dport=first.port_ps, label="keepalive")
    s.expect("CLR-01", "violation", actor="UE", at="keepalive")
    check(s, profile=profile)


@both_profiles
def test_segments_beside_the_associations(profile: str) -> None:
    """A whole handshake, and a reset of a connection that is protected."""
    s = Scenario(transport="tcp")
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    s.rst("pcscf", on=first, role="ps>uc", clear=True)
    s.syn("ue", on=first, clear=True)
    s.expect("CLR-01", "violation", actor="P-CSCF", at="rst", count=2)
    s.expect("CLR-01", "violation", actor="UE", at="connect.syn", count=2)
    for label, actor in (
        ("rst", "P-CSCF"),
        ("connect.synack", "P-CSCF"),
        ("connect.syn", "UE"),
        ("connect.established", "UE"),
    ):
        s.expect("TRN-06", "violation", actor=actor, at=label, cause="CLR-01")
    check(s, profile=profile)


@both_profiles
def test_without_any_key(profile: str) -> None:
    """What is in clear can be seen all the same."""
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    s.send("ue", b"\r\n\r\n", sport=first.port_uc, dport=first.port_ps, label="keepalive")
    s.expect("CLR-01", "violation", actor="UE", at="keepalive")
    check(s, profile=profile, rules=["CLR-01", "CLR-02", "CLR-03", "CLR-05"], keys="")


@both_profiles
@both_transports
def test_everything_is_inside_esp(transport: str, profile: str) -> None:
    s = Scenario(transport=transport)
    first = s.register()
    s.call("ue", on=first)
    s.register(over=first)
    check(s, profile=profile)
    passes(s, "CLR-01", at_least=12, profile=profile)


@both_profiles
def test_another_device_may_use_the_port_of_the_p_cscf(profile: str) -> None:
    """FP25: only the port that all UEs share is the set's."""
    s = Scenario()
    first = s.register()
    s.send("ue", b"something else", sport=40000, dport=first.port_ps, label="other")
    s.expect("CLR-01", "probable", actor="UE", at="other")
    check(s, profile=profile)


@both_profiles
def test_a_clear_challenge_goes_where_the_via_points(profile: str) -> None:
    """PORT-15's trap: a UE that announces its protected port in clear; here a set lives on it."""
    s = Scenario()
    first = s.register()
    s.wait(5)
    via = f"SIP/2.0/UDP {first.ue.address}:{first.port_us};branch=z9hG4bK77"
    s.register(sm1={"headers": {"Via": via}}, sm6={"dport": first.port_us})
    check(s, profile=profile, rules=["CLR-01"])


def test_what_comes_before_anybody_used_the_set() -> None:
    """SM6 has announced the ports, and that is all."""
    s = Scenario()
    _, new = challenged(s)
    s.send("pcscf", b"\r\n\r\n", sport=5060, dport=new.port_us, label="early")
    check(s)


def test_sip_quoted_in_an_icmp_error() -> None:
    """R25."""
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    s.packet("pcscf", 1, bytes((3, 3, 0, 0, 0, 0, 0, 0)) + s.sent["req"].raw)
    check(s)


@both_profiles
def test_after_the_end_of_the_set(profile: str) -> None:
    """Deregistered, or expired: the ports are free."""
    s = Scenario(expires=3600)
    first = s.register()
    s.deregister(on=first)
    s.send("ue", b"\r\n\r\n", sport=first.port_us, dport=first.port_ps, label="after")
    second = s.register()
    s.wait(4000)
    s.send("ue", b"\r\n\r\n", sport=second.port_us, dport=second.port_ps, label="later")
    check(s, profile=profile, rules=["CLR-01"])


def test_a_port_that_is_none_of_the_protected_ones() -> None:
    """R7: PORT-05 speaks of an announced port 5060."""
    s = Scenario()
    s.register(sm1={"client": {"port_s": 5060}})
    s.request("ue", "OPTIONS", answered=False)
    s.expect("CLR-02", "violation", actor="UE", at="req")
    check(s, rules=["CLR-01", "CLR-02"])


@both_profiles
def test_the_via_of_the_p_cscf_names_its_client_port(profile: str) -> None:
    """R23: no association leads from port_uc to port_pc, so the answer is in clear; PORT-13 is the cause."""
    s = Scenario()
    first = s.register()
    s.request(
        "pcscf",
        "OPTIONS",
        on=first,
        headers={"Via": lambda text: text.replace(f":{first.port_ps};", f":{first.port_pc};")},
        answer={"on": None, "sport": first.port_uc, "dport": first.port_pc},
    )
    s.expect("PORT-13", "violation", actor="P-CSCF", at="req")
    for rule in ("CLR-01", "CLR-02", "CLR-05"):
        s.expect(rule, "probable", actor="UE", at="resp", cause="PORT-13")
    check(s, profile=profile)


def test_tcp_to_the_client_port_that_the_via_of_the_p_cscf_names() -> None:
    """R23; that the P-CSCF takes the connection in clear is its own fault."""
    s = Scenario(transport="tcp")
    first = s.register()
    odd = {"Via": lambda text: text.replace(f":{first.port_ps};", f":{first.port_pc};")}
    s.request("pcscf", "OPTIONS", on=first, headers=odd, answered=False)
    s.fin("pcscf", on=first, role="pc>us")
    s.answer("req", 200, on=None, sport=first.port_uc, dport=first.port_pc)
    found = {(each.verdict, str(each.actor)) for each in audited(s).findings if each.rule == "CLR-01"}
    assert found == {("probable", "UE"), ("violation", "P-CSCF")}


@both_transports
def test_a_ue_begins_in_clear_from_a_port_of_its_old_set(transport: str) -> None:
    """FP15: after a restart; the P-CSCF only answers (R23)."""
    s = Scenario(transport=transport)
    first = s.register()
    s.wait(60)
    s.register(sm1={"sport": first.port_us}, sm6={"dport": first.port_us})
    found = [(each.verdict, str(each.actor)) for each in audited(s).findings if each.rule == "CLR-01"]
    assert set(found) == {("probable", "UE"), ("probable", "P-CSCF")}


def test_another_ue_behind_the_same_address_has_the_same_ports() -> None:
    """FP28."""
    s = Scenario()
    first = s.register()
    other = s.ue(2, address=first.ue.address)
    s.register(ue=other, sm1={"sport": first.port_us}, sm6={"dport": first.port_us})
    s.expect("CLR-01", "probable", actor="UE", at="ue2.sm1")
    s.expect("CLR-01", "probable", actor="P-CSCF", at="ue2.sm6")
    check(s, rules=["CLR-01"])


@both_profiles
def test_a_clear_request_is_answered_where_it_came(profile: str) -> None:
    """R23: the request was the fault."""
    s = Scenario()
    first = s.register()
    s.request("pcscf", "NOTIFY", sport=first.port_pc, dport=first.port_us)
    s.expect("CLR-03", "violation", actor="P-CSCF", at="req")
    s.expect("CLR-01", "violation", actor="P-CSCF", at="req", cause="CLR-03")
    s.expect("CLR-02", "probable", actor="UE", at="resp", cause="CLR-03")
    s.expect("CLR-01", "probable", actor="UE", at="resp")
    check(s, profile=profile)


@both_transports
@pytest.mark.parametrize("direction", ["inbound", "all"])
def test_decrypted_copies(direction: str, transport: str) -> None:
    """FP5, R25: a host that captures on all interfaces sees again what it has decrypted."""
    s = Scenario(transport=transport)
    first = s.register()
    s.call("ue", on=first)
    s.call("pcscf", on=first)
    s.deregister(on=first)
    records = sorted(s.records, key=lambda record: record.time)
    for record, (_, inner, role) in zip(records, opened(s), strict=True):
        if role is not None and (direction == "all" or record.uplink):
            s.now = record.time + 20_000
            s.record(f"{record.label}.decrypted", bytes(Ether() / inner), record.uplink)
    check(s)
    assert any("decrypted copy" in notice for notice in audited(s).notices)


def test_media_of_a_ue_that_took_a_protected_port_for_it() -> None:
    """UDP is free where SIP runs over TCP, and a border controller has its media on the address of the P-CSCF."""
    s = Scenario(transport="tcp")
    first = s.register()
    media = bytes((0x80, 0)) + bytes(170)
    s.send("ue", media, transport="udp", sport=first.port_us, dport=20000, label="up")
    s.send("pcscf", media, transport="udp", sport=20000, dport=first.port_us, label="down")
    s.expect("CLR-01", "probable", actor="UE", at="up")
    s.expect("CLR-01", "probable", actor="P-CSCF", at="down", cause="CLR-01")
    check(s)


def test_a_keep_alive_in_clear_from_the_port_of_sip_is_no_media() -> None:
    s = Scenario()
    first = s.register()
    s.send("pcscf", b"\r\n\r\n", sport=5060, dport=first.port_us, label="ping")
    s.expect("CLR-01", "violation", actor="P-CSCF", at="ping")
    check(s)
