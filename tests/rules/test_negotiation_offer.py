"""NEG-01, NEG-03 and NEG-04: what a REGISTER offers, and how it insists on it."""

from __future__ import annotations

import re

import pytest

from analyzer.finding import Finding, Tally
from tests.scenario import Scenario, audited, check, passes
from tests.scenario.sip_text import Edits

PROFILES = ("rel-17", "sa3-29")
BARE: Edits = {"Security-Client": None, "Require": None, "Proxy-Require": None}
"""A REGISTER without any agreement."""
TLS: Edits = {"Security-Client": "tls;q=0.5", "Require": "sec-agree", "Proxy-Require": "sec-agree"}


def tally(s: Scenario, rule: str, profile: str = "rel-17") -> Tally:
    return next(each for each in audited(s, profile=profile).rules if each.id == rule)


def found(s: Scenario, rule: str) -> list[Finding]:
    return [each for each in audited(s).findings if each.rule == rule]


# --- NEG-01: an IMS-AKA UE offers ipsec-3gpp --------------------------------------------------------------------------


def without_ipsec(s: Scenario, authorization: str | None = None, **challenge: str | None) -> None:
    """A whole registration in clear."""
    sm1: Edits = {**BARE, **({"Authorization": authorization} if authorization else {})}
    p = s.sm1(headers=sm1)
    s.sm6(p, headers={"Security-Server": None, **challenge})
    s.sm7(p, on=None, headers={**BARE, "Security-Verify": None})
    s.sm12(p)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_aka_without_an_offer_of_ipsec(transport: str, profile: str) -> None:
    """The challenge shows that it is AKA."""
    s = Scenario(transport=transport)
    without_ipsec(s)
    s.expect("NEG-01", "violation", actor="UE", at="sm6")
    check(s, profile=profile)


@pytest.mark.parametrize("profile", PROFILES)
def test_the_register_itself_names_aka(profile: str) -> None:
    s = Scenario()
    name = 'Digest username="x@ims", realm="ims", uri="sip:ims", nonce="", response="", algorithm=AKAv1-MD5'
    s.sm12(s.sm1(headers={**BARE, "Authorization": name}), status=403)
    s.expect("NEG-01", "violation", actor="UE", at="sm1")
    check(s, profile=profile, rules=["NEG-01"])


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_an_offer_of_ipsec_is_what_is_asked_for(transport: str, profile: str) -> None:
    s = Scenario(transport=transport)
    s.register()
    passes(s, "NEG-01", profile=profile)


@pytest.mark.parametrize(
    "challenge",
    ['Digest realm="ims", nonce="abc", algorithm=MD5', 'Digest realm="ims", nonce="abc", algorithm=AKAv2-SHA-256'],
)
def test_sip_digest_and_aka_over_tls_are_no_ipsec(challenge: str) -> None:
    """FP11."""
    s = Scenario()
    p = s.sm1(headers=BARE)
    s.sm6(p, headers={"Security-Server": None, "WWW-Authenticate": challenge})
    check(s, rules=["NEG-01"])
    assert not tally(s, "NEG-01").exercised


def test_no_authorization_at_all_is_giba() -> None:
    """FP11."""
    s = Scenario()
    s.sm12(s.sm1(headers={**BARE, "Authorization": None}))
    check(s, rules=["NEG-01"])
    assert not tally(s, "NEG-01").exercised


def test_an_offer_of_tls_and_a_trusted_node() -> None:
    """FP11, and the twin without either."""
    trusted = 'Digest username="x@ims", realm="ims", nonce="", response="", integrity-protected="auth-done"'
    for headers in (TLS, {**BARE, "Authorization": trusted}):
        s = Scenario()
        p = s.sm1(headers=headers)
        s.sm6(p, headers={"Security-Server": None})
        check(s, rules=["NEG-01"])
    s = Scenario()
    p = s.sm1(headers={**BARE, "Security-Client": "digest;d-alg=md5"})
    s.sm6(p, headers={"Security-Server": None})
    s.expect("NEG-01", "violation", actor="UE", at="sm6")
    check(s, rules=["NEG-01"])
    assert found(s, "NEG-01")[0].fault == "other-mechanisms"


def test_an_emergency_registration_without_ipsec_is_probable() -> None:
    """FP10."""
    s = Scenario()
    p = s.sm1(ue=s.ue(1, sos=True), headers=BARE)
    s.sm6(p, headers={"Security-Server": None})
    label = next(each for each in s.sent if each.endswith("sm6"))
    s.expect("NEG-01", "probable", actor="UE", at=label)
    check(s, rules=["NEG-01"])


def test_the_deregistration_of_a_contact_without_ipsec() -> None:
    s = Scenario()
    p = s.sm1(expires=0, headers=BARE)
    s.sm12(p)
    check(s, rules=["NEG-01"])


def test_a_challenge_whose_register_is_missing() -> None:
    """FP3: what SM1 offered is not known; SM7 names AKA itself, and offers nothing either."""
    s = Scenario()
    without_ipsec(s)
    s.lose("sm1", "sm7")
    check(s, rules=["NEG-01"])
    s = Scenario()
    without_ipsec(s)
    s.lose("sm1")
    s.expect("NEG-01", "violation", actor="UE", at="sm7")
    check(s, rules=["NEG-01"])


# --- NEG-03: one Security-Client, one set of values -------------------------------------------------------------------

PAIRS = [("hmac-sha-1-96", "aes-cbc"), ("hmac-sha-1-96", "null")]


def second_entry(change: str, value: str) -> Edits:
    """Another value of one parameter in the second entry of Security-Client."""

    def edit(text: str) -> str:
        first, _, second = text.partition(", ")
        return f"{first}, {re.sub(f'{change}=[0-9]+', f'{change}={value}', second)}"

    return {"Security-Client": edit}


@pytest.mark.parametrize("name", ["spi-c", "spi-s", "port-c", "port-s"])
def test_the_entries_have_different_values(name: str) -> None:
    s = Scenario()
    headers = second_entry(name, "4321")
    s.register(sm1={"offers": PAIRS, "headers": headers}, sm7={"headers": headers})
    s.expect("NEG-03", "warning", actor="UE", at="sm1")
    check(s)
    assert [each.fault for each in found(s, "NEG-03")] == [name]
    check(Scenario(), profile="sa3-29")


def test_the_entries_have_the_same_values() -> None:
    s = Scenario()
    s.register(sm1={"offers": PAIRS})
    check(s)
    passes(s, "NEG-03")


def test_one_entry_and_media_entries_have_nothing_to_differ_in() -> None:
    s = Scenario()
    headers: Edits = {"Security-Client": lambda text: f"{text}, sdes-srtp;mediasec;spi-c=1"}
    s.register(sm1={"headers": headers}, sm7={"headers": headers})
    check(s)
    assert not tally(s, "NEG-03").exercised


def test_another_spelling_of_a_number_is_no_difference() -> None:
    """FP20."""
    s = Scenario()
    headers: Edits = {"Security-Client": lambda text: text.replace("spi-c=", "spi-c=0", 1)}
    s.register(sm1={"offers": PAIRS, "headers": headers}, sm7={"headers": headers})
    check(s)
    passes(s, "NEG-03")


# --- NEG-04: sec-agree is required ------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("step", ["sm1", "sm7"])
@pytest.mark.parametrize("name", ["Require", "Proxy-Require"])
def test_the_option_tag_is_missing(name: str, step: str, profile: str) -> None:
    s = Scenario()
    s.register(**{step: {"headers": {name: None}}})  # type: ignore[arg-type]
    s.expect("NEG-04", "violation", actor="UE", at=step)
    check(s, profile=profile)


@pytest.mark.parametrize("profile", PROFILES)
def test_only_supported_is_a_fault_of_its_own(profile: str) -> None:
    s = Scenario()
    headers: Edits = {"Require": None, "Proxy-Require": None, "Supported": "path, sec-agree"}
    s.register(sm1={"headers": headers})
    s.expect("NEG-04", "violation", actor="UE", at="sm1")
    check(s, profile=profile)
    [made] = found(s, "NEG-04")
    assert (made.fault, made.severity) == ("supported-only", "low")


def test_the_failure_report_and_the_re_registration_are_judged_too() -> None:
    s = Scenario()
    p = s.sm1()
    s.sm6(p, bad_mac=True)
    s.reject(p, "mac", headers={"Require": None})
    s.expect("NEG-04", "violation", actor="UE", at="reject", count=1)
    check(s, rules=["NEG-04"])
    s = Scenario()
    s.refresh(on=s.register(), sm1={"headers": {"Proxy-Require": "gruu"}})
    s.expect("NEG-04", "violation", actor="UE", at="sm1.2")
    check(s)


@pytest.mark.parametrize("profile", PROFILES)
def test_the_option_tag_in_any_form(profile: str) -> None:
    """FP20."""
    s = Scenario()
    headers: Edits = {"Require": ["gruu, Sec-Agree"], "Proxy-Require": ["path", "sec-agree"]}
    s.register(sm1={"headers": headers}, sm7={"headers": headers})
    check(s, profile=profile)
    passes(s, "NEG-04", at_least=2, profile=profile)


def test_nothing_offered_nothing_required() -> None:
    s = Scenario()
    s.sm12(s.sm1(headers=BARE), status=403)
    assert not tally(s, "NEG-04").exercised
    s = Scenario()
    headers: Edits = {**BARE, "Security-Client": "sdes-srtp;mediasec"}
    s.sm12(s.sm1(headers=headers), status=403)
    assert not tally(s, "NEG-04").exercised
