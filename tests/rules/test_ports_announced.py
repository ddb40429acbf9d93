"""PORT-04 to PORT-06, PORT-14 and PORT-15: the ports that are announced, and where a REGISTER comes from."""

from __future__ import annotations

import pytest

from analyzer.finding import Finding
from tests.rules.ports import PROFILES, busy, port, tally
from tests.scenario import Scenario, audited, check, passes
from tests.scenario.state import Params

ANNOUNCED = ("PORT-05", "PORT-06", "PORT-14", "PORT-15")


def found(s: Scenario, rule: str, profile: str = "rel-17") -> list[Finding]:
    return [each for each in audited(s, profile=profile).findings if each.rule == rule]


# --- PORT-04: a fixed client port of a P-CSCF -------------------------------------------------------------------------


def test_a_fixed_client_port_is_told_once_for_each_p_cscf() -> None:
    """And what it explains names it, whichever UE that was."""
    s = Scenario()
    for ue in (s.ues[0], s.ue(2), s.ue(3, pcscf="10.20.0.2")):
        first = s.register(ue=ue)
        s.register(over=first, sm6={"server": {"port_c": first.port_pc}})
        s.expect("NEG-20", "violation", actor="P-CSCF", at=f"{ue.prefix}sm6.2", cause="PORT-04")
    s.expect("PORT-04", "violation", actor="P-CSCF", at="sm6.2", count=2)
    s.expect("PORT-04", "violation", actor="P-CSCF", at="ue3.sm6.2")
    check(s)


# --- PORT-05: two ports, and not those of clear SIP -------------------------------------------------------------------


@pytest.mark.parametrize(("profile", "verdict"), [("rel-17", "violation"), ("sa3-29", "warning")])
@pytest.mark.parametrize(("step", "actor"), [("sm1", "UE"), ("sm6", "P-CSCF")])
@pytest.mark.parametrize(
    "ports", [{"port_c": 7000, "port_s": 7000}, {"port_c": 5060}, {"port_s": 5061}, {"port_c": 5061, "port_s": 5061}]
)
def test_the_ports_are_equal_or_standard(ports: Params, step: str, actor: str, profile: str, verdict: str) -> None:
    """V19."""
    s = Scenario()
    p = s.sm1(client=ports if step == "sm1" else {})
    s.sm6(p, server=ports if step == "sm6" else {})
    s.expect("PORT-05", verdict, actor=actor, at=step)
    check(s, profile=profile)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_two_ports_of_their_own(transport: str, profile: str) -> None:
    s = Scenario(transport=transport)
    busy(s)
    check(s, profile=profile)
    passes(s, "PORT-05", at_least=4, profile=profile)


def test_ports_that_are_missing_or_none_and_other_mechanisms() -> None:
    s = Scenario()
    headers = {"Security-Client": "ipsec-3gpp;alg=hmac-sha-1-96, tls;port-c=5061, sdes-srtp;mediasec;port-s=5060"}
    s.sm12(s.sm1(headers=headers), status=403)
    check(s, rules=["PORT-05"])
    assert not tally(s, "PORT-05").exercised


# --- PORT-06: a free port ---------------------------------------------------------------------------------------------


def ringing(s: Scenario, seconds: float, status: int = 200) -> None:
    """A new set with the port_uc of the set before the last, on which a call still rings."""
    first = s.register()
    call = s.invite("pcscf", on=first)
    s.answer(call, 180)
    second = s.register(over=first)
    s.request("ue", "MESSAGE", on=second)
    s.wait(3)
    s.request("pcscf", "OPTIONS", on=second)
    s.wait(seconds)
    p = s.sm1(over=second, client={"port_c": first.port_uc})
    s.sm6(p)
    s.sm7(p)
    s.sm12(p, status=status)


def test_the_port_of_a_living_set_is_taken() -> None:
    """The UE chose it, the P-CSCF let it."""
    s = Scenario()
    ringing(s, 3)
    s.expect("PORT-06", "violation", actor="UE", at="sm6.3")
    s.expect("PORT-06", "violation", actor="P-CSCF", at="sm12.3", cause="PORT-06")
    check(s, rules=ANNOUNCED)
    assert {each.actor: each.severity for each in found(s, "PORT-06")} == {"UE": "medium", "P-CSCF": "low"}
    check(s, profile="sa3-29", rules=["PORT-05"])


def test_the_p_cscf_refused() -> None:
    s = Scenario()
    ringing(s, 3, status=403)
    s.expect("PORT-06", "violation", actor="UE", at="sm6.3")
    check(s, rules=ANNOUNCED)


def test_a_set_that_one_reading_calls_gone() -> None:
    """R9: a call that rings for more than 64*T1."""
    s = Scenario()
    ringing(s, 140)
    s.expect("PORT-06", "probable", actor="UE", at="sm6.3")
    s.expect("PORT-06", "probable", actor="P-CSCF", at="sm12.3")
    check(s, rules=ANNOUNCED)


def test_the_port_of_a_set_that_is_gone() -> None:
    """FP29."""
    s = Scenario()
    first = s.register()
    second = s.register(over=first)
    s.request("ue", "MESSAGE", on=second)
    s.wait(3)
    s.request("pcscf", "OPTIONS", on=second)
    s.wait(200)
    s.register(over=second, sm1={"client": {"port_c": first.port_uc}})
    check(s)
    passes(s, "PORT-06", at_least=3)


def test_the_ports_of_a_contact_that_was_deregistered() -> None:
    """A replaced set goes with the one that replaced it (24.229 5.2.5), though 64*T1 are not over."""
    s = Scenario()
    first = s.register()
    second = s.register(over=first)
    s.request("ue", "MESSAGE", on=second)
    s.wait(3)
    s.deregister(on=second)
    s.wait(5)
    s.register(sm1={"client": {"port_c": first.port_uc}})
    check(s)
    passes(s, "PORT-06", at_least=4)


def test_the_port_of_a_replaced_set_after_one_identity_was_deregistered() -> None:
    """The contact is still registered, so the replaced set may live for 64*T1."""
    s = Scenario()
    first = s.register()
    other = {"To": f"<{first.ue.impus[1]}>"}
    s.refresh(on=first, sm1={"headers": other})
    second = s.register(over=first)
    s.request("ue", "MESSAGE", on=second)
    s.wait(3)
    s.deregister(on=second, sm1={"headers": other})
    s.wait(5)
    s.register(sm1={"client": {"port_c": first.port_uc}})
    s.expect("PORT-06", "probable", actor="P-CSCF", at="sm12.5")
    check(s, rules=ANNOUNCED)
    assert found(s, "PORT-06")[0].traps == ("R9", "FP26")


def test_a_registration_that_began_in_clear() -> None:
    """FP15: the UE is not accused; FP26: the P-CSCF may have restarted."""
    s = Scenario()
    first = s.register()
    s.register(sm1={"client": {"port_c": first.port_uc}})
    s.expect("PORT-06", "probable", actor="P-CSCF", at="sm12.2")
    check(s, rules=ANNOUNCED)
    assert found(s, "PORT-06")[0].traps == ("FP26",)


def test_another_contact_at_the_same_address() -> None:
    """FP28: a protected registration of the one with the port of the other."""
    s = Scenario()
    one = s.register()
    two = s.register(ue=s.ue(2, address=one.ue.address))
    p = s.sm1(over=two, client={"port_c": one.port_uc})
    s.sm6(p)
    s.expect("PORT-06", "probable", actor="UE", at="ue2.sm6.2")
    check(s, rules=ANNOUNCED)
    assert found(s, "PORT-06")[0].traps == ("FP28",)


def test_an_offer_that_led_to_no_set() -> None:
    """FP16."""
    s = Scenario()
    first = s.register()
    p = s.refresh(on=first)
    s.register(over=first, sm1={"client": {"port_c": p.client["port_c"]}})
    check(s)
    passes(s, "PORT-06", at_least=2)


# --- PORT-14: the address of Via --------------------------------------------------------------------------------------


def via(first_port: int, host: str) -> str:
    return f"SIP/2.0/UDP {host}:{first_port};branch=z9hG4bKother"


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("step", ["sm7", "refresh"])
def test_a_via_with_another_address_is_accepted(step: str, profile: str) -> None:
    s = Scenario()
    if step == "sm7":
        p = s.sm1()
        s.sm6(p)
        assert p.set
        s.sm7(p, headers={"Via": via(p.set.port_us, "10.20.0.99")})
        s.sm12(p)
        s.expect("PORT-14", "violation", actor="P-CSCF", at="sm12")
    else:
        first = s.register()
        s.refresh(on=first, sm1={"headers": {"Via": via(first.port_us, "10.20.0.99")}})
        s.expect("PORT-14", "violation", actor="P-CSCF", at="sm12.2")
    check(s, profile=profile)


def test_a_via_with_another_address_is_refused() -> None:
    s = Scenario()
    first = s.register()
    p = s.sm1(over=first, headers={"Via": via(first.port_us, "10.20.0.99")})
    s.sm12(p, status=403)
    check(s)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("ipv6", [False, True])
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_the_via_names_the_source(transport: str, ipv6: bool, profile: str) -> None:
    s = Scenario(transport=transport, ipv6=ipv6)
    s.refresh(on=busy(s))
    check(s, profile=profile)
    passes(s, "PORT-14", at_least=3, profile=profile)


def test_a_host_name_cannot_be_compared() -> None:
    """FP21."""
    s = Scenario()
    first = s.register()
    s.refresh(on=first, sm1={"headers": {"Via": via(first.port_us, "ue.example.org")}})
    s.expect("PORT-14", "inconclusive", actor="UE", at="sm12.2")
    check(s)


def test_behind_a_nat_the_addresses_differ() -> None:
    """FP12."""
    s = Scenario(mod="UDP-enc-tun")
    s.register(ue=s.ue(2, nat="192.0.2.7"))
    check(s, rules=ANNOUNCED)
    assert not tally(s, "PORT-14").exercised


def test_a_new_address_is_a_new_context() -> None:
    """FP15."""
    s = Scenario()
    s.register()
    s.register(ue=s.ue(1, address="10.20.0.77"))
    check(s, rules=ANNOUNCED)
    passes(s, "PORT-14", at_least=2)


# --- PORT-15: the ports of a REGISTER in clear ------------------------------------------------------------------------


def test_a_clear_register_goes_to_port_ps() -> None:
    s = Scenario()
    first = s.register()
    s.wait(5)
    s.sm1(dport=first.port_ps)
    s.expect("PORT-15", "warning", actor="UE", at="sm1.2")
    check(s, rules=ANNOUNCED)
    check(Scenario(), profile="sa3-29")


@pytest.mark.parametrize("name", ["port-s", "port-c"])
def test_the_via_of_a_clear_register_names_a_protected_port(name: str) -> None:
    s = Scenario()
    chosen: Params = {"port_s": 7001, "port_c": 7000}
    number = 7001 if name == "port-s" else 7000
    p = s.sm1(client=chosen, headers={"Via": port(number)})
    s.sm6(p, dport=number)
    s.expect("PORT-15", "warning", actor="UE", at="sm1")
    check(s)
    assert [each.fault for each in found(s, "PORT-15")] == [f"via-{name}"]


@pytest.mark.parametrize("name", ["port_us", "port_uc"])
def test_the_via_of_a_clear_register_names_a_port_of_the_set_in_use(name: str) -> None:
    s = Scenario()
    first = s.register()
    s.wait(5)
    number = getattr(first, name)
    p = s.sm1(client={"port_s": 31777}, headers={"Via": port(number)})
    s.sm6(p, dport=number)
    s.expect("PORT-15", "warning", actor="UE", at="sm1.2")
    check(s, rules=[*ANNOUNCED, "CLR-01"])


@pytest.mark.parametrize("how", ["rport", "own", "other", "none"])
def test_a_via_that_does_no_harm(how: str) -> None:
    s = Scenario()
    chosen: Params = {"port_s": 7001, "port_c": 7000}
    if how == "rport":
        s.sm1(client=chosen, headers={"Via": lambda text: text.replace(":5060;", ":7001;rport;")})
    elif how == "own":
        s.sm1(client=chosen, headers={"Via": port(7001)}, sport=7001)
    else:
        s.sm1(client=chosen, headers={"Via": port(6000 if how == "other" else None)})
    check(s)
    passes(s, "PORT-15")


def test_over_tcp_the_answer_comes_on_the_connection() -> None:
    s = Scenario(transport="tcp")
    s.sm1(client={"port_s": 7001}, headers={"Via": port(7001)})
    check(s)
    passes(s, "PORT-15")


def test_port_5060_is_the_matter_of_another_rule() -> None:
    """R7."""
    s = Scenario()
    s.sm1(client={"port_s": 5060}, sport=40000)
    s.expect("PORT-05", "violation", actor="UE", at="sm1")
    check(s)


def test_an_emergency_registration_is_left_alone() -> None:
    """FP10."""
    s = Scenario()
    s.sm1(ue=s.ue(1, sos=True), client={"port_s": 7001}, headers={"Via": port(7001)})
    check(s)
    assert not tally(s, "PORT-15").exercised


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_register_in_clear_as_it_should_be(transport: str) -> None:
    s = Scenario(transport=transport)
    s.register()
    s.wait(900)
    s.register()
    passes(s, "PORT-15", at_least=2)


def test_a_p_cscf_that_announces_the_port_at_which_it_answers_in_clear() -> None:
    """The UE goes where it was answered before; that the port is protected as well is not its fault."""
    s = Scenario()
    p = s.sm1(dport=4060)
    s.sm6(p, sport=4060, dport=5060, server={"port_s": 4060})
    s.sm7(p)
    s.sm12(p)
    s.wait(100)
    s.sm1(dport=4060)
    check(s, rules=["PORT-05", "PORT-15"])
    passes(s, "PORT-15", at_least=2)


def test_a_via_with_the_same_address_in_the_form_of_ipv6() -> None:
    s = Scenario()
    first = s.register()
    s.refresh(on=first, sm1={"headers": {"Via": via(first.port_us, "[::ffff:10.20.0.11]")}})
    check(s)
    passes(s, "PORT-14", at_least=2)
