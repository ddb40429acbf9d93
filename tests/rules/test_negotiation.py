"""NEG-02, NEG-05, NEG-18 and NEG-20: what SM1 and SM6 announce, and what the P-CSCF keeps from the core."""

from __future__ import annotations

import re

import pytest

from analyzer.finding import Tally
from tests.scenario import Scenario, audited, check, passes

PROFILES = ("rel-17", "sa3-29")
FIVE = ("alg", "spi-c", "spi-s", "port-c", "port-s")
MEDIA = "sdes-srtp;mediasec"


def without(parameter: str, text: str) -> str:
    """Every entry of a Security-* header without that parameter."""
    return re.sub(f";{parameter}=[^;, ]*", "", text)


def respelt(text: str) -> str:
    """The same entry: parameters in another order, upper case, blanks, leading zeros."""
    name, *parameters = text.replace("spi-c=", "spi-c=0").split(";")
    return " ; ".join([name.upper(), *(each.upper() for each in reversed(parameters))])


def tally(scenario: Scenario, rule: str, profile: str = "rel-17") -> Tally:
    return next(each for each in audited(scenario, profile=profile).rules if each.id == rule)


# --- NEG-02: SM1 announces both pairs of ports and SPIs ---------------------------------------------------------------


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("parameter", FIVE)
def test_sm1_lacks_a_parameter(parameter: str, profile: str) -> None:
    s = Scenario()
    s.sm12(s.sm1(headers={"Security-Client": lambda text: without(parameter, text)}), status=400)
    s.expect("NEG-02", "violation", actor="UE", at="sm1")
    check(s, profile=profile)


@pytest.mark.parametrize("profile", PROFILES)
def test_sm1_has_the_form_from_before_the_pairs(profile: str) -> None:
    s = Scenario()
    s.sm12(s.sm1(headers={"Security-Client": "ipsec-3gpp;alg=hmac-sha-1-96;spi=300;port1=31001"}), status=400)
    s.expect("NEG-02", "violation", actor="UE", at="sm1")
    check(s, profile=profile)


def test_only_the_second_entry_of_sm1_lacks_a_parameter() -> None:
    s = Scenario()
    offers = [("hmac-sha-1-96", "aes-cbc"), ("hmac-sha-1-96", "null")]
    bad = {"Security-Client": lambda text: text.rpartition(";port-s=")[0]}
    s.register(sm1={"offers": offers, "headers": bad}, sm7={"headers": bad})
    s.expect("NEG-02", "violation", actor="UE", at="sm1")
    check(s)


def test_a_protected_sm1_lacks_a_parameter_once_however_often_it_is_sent() -> None:
    s = Scenario()
    first = s.register()
    p = s.sm1(over=first, headers={"Security-Client": lambda text: without("port-c", text)})
    s.wait(2)
    s.again("sm1.2")
    s.sm12(p, status=400)
    s.expect("NEG-02", "violation", actor="UE", at="sm1.2")
    check(s)


@pytest.mark.parametrize("profile", PROFILES)
def test_sm1_announces_everything(profile: str) -> None:
    s = Scenario()
    first = s.register()
    s.register(over=first)
    passes(s, "NEG-02", at_least=2, profile=profile)


def test_the_spelling_of_sm1_does_not_matter() -> None:
    """FP20, and several entries that repeat the same ports, in one line or in several."""
    s = Scenario()
    offers = [("hmac-sha-1-96", "aes-cbc"), ("hmac-sha-1-96", "null")]
    lines = {"Security-Client": lambda text: ",\t".join(respelt(entry) for entry in text.split(", "))}
    s.register(sm1={"offers": offers, "headers": lines}, sm7={"headers": lines})
    check(s)
    passes(s, "NEG-02")


def test_media_security_in_sm1_needs_no_ports() -> None:
    s = Scenario()
    media = {"Security-Client": lambda text: f"{MEDIA}, {text}"}
    s.register(sm1={"headers": media}, sm7={"headers": media})
    check(s)
    passes(s, "NEG-02")


def test_an_offer_without_ipsec_is_none_of_neg_02() -> None:
    """FP11."""
    s = Scenario()
    s.sm12(s.sm1(headers={"Security-Client": "tls"}))
    assert not tally(s, "NEG-02").exercised


# --- NEG-05: SM6 has the ports, SPIs and algorithms of the P-CSCF -----------------------------------------------------


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("parameter", FIVE)
def test_sm6_lacks_a_parameter(parameter: str, profile: str) -> None:
    s = Scenario()
    s.sm6(s.sm1(), headers={"Security-Server": lambda text: without(parameter, text)})
    s.expect("NEG-05", "violation", actor="P-CSCF", at="sm6")
    check(s, profile=profile)


@pytest.mark.parametrize("profile", PROFILES)
def test_sm6_has_no_security_server(profile: str) -> None:
    s = Scenario()
    s.sm6(s.sm1(), headers={"Security-Server": None})
    s.expect("NEG-05", "violation", actor="P-CSCF", at="sm6")
    check(s, profile=profile)


def test_sm6_has_only_media_security() -> None:
    s = Scenario()
    s.sm6(s.sm1(), headers={"Security-Server": MEDIA})
    s.expect("NEG-05", "violation", actor="P-CSCF", at="sm6")
    check(s)


def test_a_protected_sm6_lacks_a_parameter() -> None:
    s = Scenario()
    first = s.register()
    s.sm6(s.sm1(over=first), headers={"Security-Server": lambda text: without("spi-c", text)})
    s.expect("NEG-05", "violation", actor="P-CSCF", at="sm6.2")
    check(s)


@pytest.mark.parametrize("profile", PROFILES)
def test_sm6_announces_everything(profile: str) -> None:
    s = Scenario()
    s.register(over=s.register())
    passes(s, "NEG-05", at_least=2, profile=profile)


def test_the_spelling_of_sm6_does_not_matter_and_media_security_may_stand_beside_it() -> None:
    s = Scenario()
    s.register(sm6={"headers": {"Security-Server": lambda text: f"{respelt(text)}, {MEDIA}"}})
    check(s)
    passes(s, "NEG-05")


@pytest.mark.parametrize(
    "answer",
    [
        {"Security-Server": "tls"},
        {"Security-Server": None, "WWW-Authenticate": 'Digest realm="ims.example.org", nonce="abcd", algorithm=MD5'},
    ],
    ids=["tls", "plain-digest"],
)
def test_another_mechanism_or_no_aka_is_none_of_neg_05(answer: dict[str, str | None]) -> None:
    """FP11."""
    s = Scenario()
    s.sm6(s.sm1(), headers=answer)
    check(s)
    assert not tally(s, "NEG-05").exercised


def test_a_ue_that_did_not_offer_ipsec_gets_no_security_server() -> None:
    """FP11."""
    s = Scenario()
    s.sm6(s.sm1(headers={"Security-Client": "tls"}), headers={"Security-Server": None})
    assert not tally(s, "NEG-05").exercised


def test_a_challenge_whose_sm1_was_not_captured() -> None:
    """FP3: what was offered is not known."""
    s = Scenario()
    s.sm6(s.sm1(), headers={"Security-Server": None})
    s.start_at("sm6")
    check(s)


def test_what_is_said_in_clear_is_judged_without_any_key() -> None:
    s = Scenario()
    broken = {"Security-Client": lambda text: without("spi-s", text)}
    s.sm6(s.sm1(headers=broken), headers={"Security-Server": lambda text: without("spi-c", text)})
    s.expect("NEG-02", "violation", actor="UE", at="sm1")
    s.expect("NEG-05", "violation", actor="P-CSCF", at="sm6")
    check(s, keys="")


# --- NEG-18: the agreement does not reach the core --------------------------------------------------------------------

LEAKS: dict[str, dict[str, str | list[str]]] = {
    "Security-Client": {"Security-Client": "ipsec-3gpp;alg=hmac-sha-1-96;spi-c=1000;spi-s=1001;port-c=1;port-s=2"},
    "Security-Verify": {"Security-Verify": "ipsec-3gpp;alg=hmac-sha-1-96;spi-c=1000;spi-s=1001;port-c=1;port-s=2"},
    "Require": {"Require": "path, sec-agree"},
    "Proxy-Require": {"Proxy-Require": "sec-agree"},
}


@pytest.mark.parametrize("name", LEAKS)
def test_the_p_cscf_lets_the_agreement_through(name: str) -> None:
    s = Scenario()
    p = s.sm1()
    s.core_register(p, headers=LEAKS[name])
    s.expect("NEG-18", "violation", actor="P-CSCF", at="sm2")
    check(s)


def test_the_agreement_leaks_in_both_registers() -> None:
    s = Scenario()
    p = s.sm1()
    s.core_register(p, headers=LEAKS["Require"])
    s.core_401(p)
    s.sm6(p)
    s.sm7(p)
    s.core_register(p, headers=LEAKS["Require"])
    s.core_200(p)
    s.sm12(p)
    s.expect("NEG-18", "violation", actor="P-CSCF", at="sm2", count=2)
    check(s)


def test_a_leaking_register_that_is_repeated_counts_once() -> None:
    """FP1."""
    s = Scenario()
    p = s.sm1()
    s.core_register(p, headers=LEAKS["Security-Client"])
    s.wait(0.5)
    s.again("sm2")
    s.expect("NEG-18", "violation", actor="P-CSCF", at="sm2")
    check(s)


def test_a_p_cscf_that_consumes_the_agreement() -> None:
    s = Scenario()
    s.register(over=s.register(core=True), core=True)
    check(s)
    passes(s, "NEG-18", at_least=4)


def test_a_leak_seen_without_gm_may_be_from_before_the_p_cscf() -> None:
    """FP13: nothing shows that the sender of that REGISTER is the P-CSCF."""
    s = Scenario()
    p = s.sm1()
    s.core_register(p, headers=LEAKS["Security-Client"])
    s.start_at("sm2")
    s.expect("NEG-18", "probable", actor="P-CSCF", at="sm2")
    check(s)


def test_servers_further_on_only_pass_on_what_they_got() -> None:
    s = Scenario()
    p = s.sm1()
    via = "SIP/2.0/UDP 10.30.0.9:5060;branch=z9hG4bKicscf"
    s.core_register(p, headers={**LEAKS["Require"], "Record-Route": None, "Via": lambda text: f"{via}, {text}"})
    assert s.sent["sm2"].message["Via"].startswith(via)
    check(s)
    assert not tally(s, "NEG-18").exercised


def test_neg_18_is_no_matter_of_the_papers() -> None:
    s = Scenario()
    s.core_register(s.sm1(), headers=LEAKS["Require"])
    check(s, profile="sa3-29")


# --- NEG-20: a re-authentication offers new values --------------------------------------------------------------------


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(("new", "old"), [("spi_c", "spi_pc"), ("spi_s", "spi_ps"), ("spi_c", "spi_ps")])
def test_sm6_repeats_an_spi(new: str, old: str, profile: str) -> None:
    s = Scenario()
    first = s.register()
    value: int = getattr(first, old)
    s.register(over=first, sm6={"server": {"spi_c": value} if new == "spi_c" else {"spi_s": value}})
    s.expect("NEG-20", "violation", actor="P-CSCF", at="sm6.2")
    if profile == "rel-17":
        s.expect("NEG-10", "violation", actor="P-CSCF", at="sm6.2", cause="NEG-20")
    check(s, profile=profile)


@pytest.mark.parametrize("profile", PROFILES)
def test_sm6_repeats_the_client_port(profile: str) -> None:
    s = Scenario()
    first = s.register()
    s.register(over=first, sm6={"server": {"port_c": first.port_pc}})
    s.expect("PORT-04", "violation", actor="P-CSCF", at="sm6.2")
    s.expect("NEG-20", "violation", actor="P-CSCF", at="sm6.2", cause="PORT-04")
    check(s, profile=profile)


@pytest.mark.parametrize("profile", PROFILES)
def test_sm6_changes_the_server_port(profile: str) -> None:
    s = Scenario()
    first = s.register()
    s.register(over=first, sm6={"server": {"port_s": first.port_ps + 50}})
    s.expect("PORT-02", "violation", actor="P-CSCF", at="sm6.2")
    s.expect("NEG-20", "violation", actor="P-CSCF", at="sm6.2", cause="PORT-02")
    check(s, profile=profile)


@pytest.mark.parametrize("profile", PROFILES)
def test_sm6_offers_new_values(profile: str) -> None:
    s = Scenario()
    s.register(over=s.register())
    passes(s, "NEG-20", profile=profile)


def test_after_a_clear_sm1_the_server_port_may_be_new() -> None:
    """FP15."""
    s = Scenario()
    first = s.register()
    s.register(sm6={"server": {"port_s": first.port_ps + 50}})
    check(s)
    assert not tally(s, "NEG-20").exercised


def test_a_refresh_offers_nothing_new() -> None:
    """FP16."""
    s = Scenario()
    s.refresh(on=s.register())
    check(s)
    assert not tally(s, "NEG-20").exercised


@pytest.mark.parametrize("profile", PROFILES)
def test_two_client_ports_and_spis_in_turn_are_fine(profile: str) -> None:
    """FP29: what is repeated is of the set before the last, which is gone."""
    s = Scenario()
    first = s.register()
    second = s.register(over=first)
    s.request("ue", "MESSAGE", on=second)
    s.wait(4)
    s.request("pcscf", "OPTIONS", on=second)
    s.wait(300)
    s.register(over=second, sm6={"server": {"port_c": first.port_pc, "spi_c": first.spi_pc, "spi_s": first.spi_ps}})
    check(s, profile=profile)
    passes(s, "NEG-20", at_least=2, profile=profile)
