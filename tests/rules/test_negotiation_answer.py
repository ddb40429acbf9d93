"""NEG-06, NEG-14, NEG-19 and NEG-21: challenges, refusals and answers, and the form of what they announce."""

from __future__ import annotations

import re

import pytest

from analyzer.finding import Finding, Tally
from tests.scenario import Scenario, audited, check, passes
from tests.scenario.sip_text import Edits
from tests.scenario.state import Procedure

PROFILES = ("rel-17", "sa3-29")
NO_TAG: Edits = {"Require": None, "Proxy-Require": None}


def tally(s: Scenario, rule: str, profile: str = "rel-17") -> Tally:
    return next(each for each in audited(s, profile=profile).rules if each.id == rule)


def found(s: Scenario, rule: str, profile: str = "rel-17") -> list[Finding]:
    return [each for each in audited(s, profile=profile).findings if each.rule == rule]


# --- NEG-06: a challenge that nobody can go on with -------------------------------------------------------------------


def unusable(s: Scenario, server: str | None = None) -> Procedure:
    """SM1, and SM6 without Security-Server (or with this one); NEG-05 says so."""
    p = s.sm1()
    s.sm6(p, headers={"Security-Server": server})
    s.expect("NEG-05", "violation", actor="P-CSCF", at="sm6")
    s.wait(1)
    return p


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_the_ue_answers_a_challenge_without_security_server(transport: str) -> None:
    s = Scenario(transport=transport)
    s.sm7(unusable(s), on=None)
    s.expect("NEG-06", "violation", actor="UE", at="sm7")
    check(s, rules=["NEG-05", "NEG-06"])


def test_the_ue_answers_a_challenge_that_lacks_a_parameter() -> None:
    s = Scenario()
    server = "ipsec-3gpp;alg=hmac-sha-1-96;ealg=aes-cbc;spi-c=1000000001;spi-s=1000000002;port-s=6100"
    s.sm7(unusable(s, server), on=None)
    s.expect("NEG-06", "violation", actor="UE", at="sm7")
    check(s, rules=["NEG-05", "NEG-06"])


def test_the_ue_begins_again_in_the_same_call_id() -> None:
    s = Scenario()
    p = unusable(s)
    s.sm1(call_id=p.ue.call_id)
    s.expect("NEG-06", "violation", actor="UE", at="sm1.2")
    check(s, rules=["NEG-05", "NEG-06"])


def test_the_ue_begins_again_in_another_call_id() -> None:
    s = Scenario()
    unusable(s)
    s.register()
    check(s)
    passes(s, "NEG-06")


def test_a_re_registration_is_given_up_alike() -> None:
    s = Scenario()
    first = s.register()
    p = s.sm1(over=first)
    s.sm6(p, headers={"Security-Server": None})
    s.wait(1)
    s.refresh(on=first)
    s.expect("NEG-05", "violation", actor="P-CSCF", at="sm6.2")
    s.expect("NEG-06", "violation", actor="UE", at="sm1.3")
    check(s, rules=["NEG-05", "NEG-06"])
    s = Scenario()
    first = s.register()
    p = s.sm1(over=first)
    s.sm6(p, headers={"Security-Server": None})
    s.wait(1)
    s.refresh(on=first, sm1={"call_id": "another@ue"})
    passes(s, "NEG-06")


def test_the_ue_may_never_have_had_the_challenge() -> None:
    """FP17: after timer F it begins anew, and may do so in the same Call-ID."""
    s = Scenario()
    p = unusable(s)
    s.wait(130)
    s.sm1(call_id=p.ue.call_id)
    s.expect("NEG-06", "probable", actor="UE", at="sm1.2")
    check(s, rules=["NEG-05", "NEG-06"])


def test_the_ue_asks_again_after_the_challenge() -> None:
    """FP17: it had none, or it would not repeat SM1."""
    s = Scenario()
    p = unusable(s)
    s.wait(1)
    s.again("sm1")
    s.wait(20)
    s.sm1(call_id=p.ue.call_id)
    s.expect("NEG-06", "probable", actor="UE", at="sm1.2")
    check(s, rules=["NEG-05", "NEG-06"])


def test_a_ue_that_gives_up_and_one_that_deregisters() -> None:
    s = Scenario()
    p = unusable(s)
    check(s)
    assert not tally(s, "NEG-06").exercised
    s.sm1(expires=0, call_id=p.ue.call_id)
    check(s, rules=["NEG-05", "NEG-06"])


def test_a_failure_report_keeps_the_call_id() -> None:
    s = Scenario()
    p = unusable(s)
    s.reject(p, "mac")
    check(s, rules=["NEG-05", "NEG-06"])


def test_tls_was_chosen_or_one_entry_is_whole() -> None:
    """FP11."""
    s = Scenario()
    p = s.sm1()
    s.sm6(p, headers={"Security-Server": "tls"})
    s.sm7(p, on=None)
    check(s, rules=["NEG-05", "NEG-06"])
    s = Scenario()
    p = s.sm1()
    s.sm6(p, headers={"Security-Server": lambda text: f"ipsec-3gpp;alg=hmac-sha-1-96;ealg=null, {text}"})
    s.sm7(p)
    s.expect("NEG-05", "violation", actor="P-CSCF", at="sm6")
    check(s, rules=["NEG-05", "NEG-06"])


# --- NEG-14: a REGISTER without sec-agree -----------------------------------------------------------------------------

SERVER = "ipsec-3gpp;alg=hmac-sha-1-96;ealg=aes-cbc"


def refused(status: int, answer: Edits, request: Edits | None = None) -> Scenario:
    s = Scenario()
    s.sm12(s.sm1(headers=request or {}), status=status, headers=answer)
    return s


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("status", [421, 494])
def test_a_refusal_without_security_server(status: int, profile: str) -> None:
    s = refused(status, {"Require": "sec-agree"})
    s.expect("NEG-14", "violation", actor="P-CSCF", at="sm12")
    check(s, profile=profile)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_refusal_without_require(profile: str) -> None:
    s = refused(494, {"Security-Server": SERVER})
    s.expect("NEG-14", "violation", actor="P-CSCF", at="sm12")
    check(s, profile=profile)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("status", [421, 494])
def test_a_refusal_as_the_rfc_wants_it(status: int, profile: str) -> None:
    s = refused(status, {"Require": "sec-agree", "Security-Server": SERVER})
    check(s, profile=profile)
    passes(s, "NEG-14", profile=profile)


def test_an_empty_mechanism_is_a_note() -> None:
    s = refused(494, {"Require": "sec-agree", "Security-Server": " "})
    check(s)
    assert [(each.verdict, each.fault) for each in found(s, "NEG-14")] == [("note", "empty-entry")]


@pytest.mark.parametrize("answer", [{"Require": "gruu"}, {}])
def test_a_421_that_is_not_about_the_agreement(answer: Edits) -> None:
    """It names another extension; or none, and the REGISTER requires the agreement already."""
    s = refused(421, answer)
    check(s)
    assert not tally(s, "NEG-14").exercised


def test_a_421_that_names_nothing_to_a_register_without_the_tag() -> None:
    s = refused(421, {}, NO_TAG)
    s.expect("NEG-04", "violation", actor="UE", at="sm1")
    s.expect("NEG-14", "violation", actor="P-CSCF", at="sm12")
    check(s)


def test_other_refusals() -> None:
    s = refused(403, {}, NO_TAG)
    s.expect("NEG-04", "violation", actor="UE", at="sm1")
    check(s)
    passes(s, "NEG-14")


@pytest.mark.parametrize("profile", PROFILES)
def test_ipsec_with_a_register_that_does_not_require_it(profile: str) -> None:
    s = Scenario()
    s.register(sm1={"headers": NO_TAG}, sm7={"headers": NO_TAG})
    s.expect("NEG-04", "violation", actor="UE", at="sm1", count=2)
    s.expect("NEG-14", "violation", actor="P-CSCF", at="sm12", cause="NEG-04")
    check(s, profile=profile)


def test_without_ipsec_there_is_nothing_to_refuse() -> None:
    """FP11."""
    s = Scenario()
    p = s.sm1(headers={**NO_TAG, "Security-Client": "tls"})
    s.sm6(p, headers={"Security-Server": "tls"})
    s.sm7(p, on=None, headers={**NO_TAG, "Security-Client": "tls", "Security-Verify": "tls"})
    s.sm12(p)
    assert not tally(s, "NEG-14").exercised


# --- NEG-19: SM12 sets nothing up -------------------------------------------------------------------------------------


def test_another_security_server_in_sm12_is_a_note() -> None:
    s = Scenario()
    s.register(sm12={"headers": {"Security-Server": f"{SERVER};spi-c=1;spi-s=2;port-c=3;port-s=4"}})
    check(s)
    assert [(each.verdict, each.frame) for each in found(s, "NEG-19")] == [("note", s.frame("sm12"))]
    assert found(s, "NEG-19", "sa3-29") == []


@pytest.mark.parametrize("media", [True, False])
def test_media_entries_and_the_same_list_are_none(media: bool) -> None:
    """FP20 too: the list of SM6 in another spelling."""
    s = Scenario()
    p = s.sm1()
    s.sm6(p)
    s.sm7(p)
    assert p.set
    text = "sdes-srtp;mediasec" if media else p.set.server_text.upper()
    s.sm12(p, headers={"Security-Server": text})
    s.register(over=p.set)
    passes(s, "NEG-19", at_least=2)
    assert found(s, "NEG-19") == []


# --- NEG-21: the form of an entry -------------------------------------------------------------------------------------

WRONG = [
    ("spi-c", "4294967296", "spi-c"),
    ("spi-s", "0x1234", "spi-s"),
    ("spi-c", "-5", "spi-c"),
    ("port-c", "0", "port-c"),
    ("port-s", "65536", "port-s"),
    ("port-c", "5o61", "port-c"),
    ("q", "1.5", "q"),
    ("alg", "hmac sha", "alg"),
]


def altered(name: str, value: str) -> Edits:
    """One value of each entry, or one more parameter."""

    def edit(text: str) -> str:
        changed = re.sub(f"(?<=;){name}=[^;, ]*", f"{name}={value}", text)
        return changed if changed != text else f"{text};{name}={value}"

    return {"Security-Client": edit, "Security-Server": edit}


def announced(s: Scenario, step: str, name: str, value: str) -> None:
    """SM1 and SM6, one of them with that value."""
    edit = altered(name, value)
    p = s.sm1(headers={"Security-Client": edit["Security-Client"]} if step == "sm1" else {})
    s.sm6(p, headers={"Security-Server": edit["Security-Server"]} if step == "sm6" else {})


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(("step", "actor"), [("sm1", "UE"), ("sm6", "P-CSCF")])
@pytest.mark.parametrize(("name", "value", "fault"), WRONG)
def test_a_value_is_none(name: str, value: str, fault: str, step: str, actor: str, profile: str) -> None:
    """And neither NEG-02 nor NEG-05 calls it missing."""
    s = Scenario()
    announced(s, step, name, value)
    s.expect("NEG-21", "violation", actor=actor, at=step)
    check(s, profile=profile)
    assert [each.fault for each in found(s, "NEG-21", profile) if each.verdict == "violation"] == [fault]


@pytest.mark.parametrize(("name", "value"), [("prot", "ah"), ("mod", "tun")])
def test_protocols_and_modes_that_the_papers_had(name: str, value: str) -> None:
    """R17: RFC 3329 knows both."""
    s = Scenario()
    announced(s, "sm6", name, value)
    check(s, profile="sa3-29", rules=["NEG-21"])
    s.expect("NEG-21", "violation", actor="P-CSCF", at="sm6")
    check(s, rules=["NEG-21"])


@pytest.mark.parametrize("profile", PROFILES)
def test_an_unknown_protocol_is_wrong_everywhere(profile: str) -> None:
    s = Scenario()
    announced(s, "sm1", "prot", "gre")
    s.expect("NEG-21", "violation", actor="UE", at="sm1")
    check(s, profile=profile, rules=["NEG-21"])


@pytest.mark.parametrize("profile", PROFILES)
def test_what_keeps_to_the_grammar(profile: str) -> None:
    """FP20, unknown parameters, media entries and the mode behind a NAT."""
    edit: Edits = {
        "Security-Client": lambda text: (
            text.upper().replace("PORT-C=", "PORT-C = 0").replace("MOD=TRANS", "MOD=udp-enc-TUN")
            + ";new;x=y, sdes-srtp;mediasec;port-c=0, tls;q=0.1"
        )
    }
    s = Scenario()
    s.sm12(s.sm1(headers=edit), status=403)
    check(s, profile=profile)
    passes(s, "NEG-21", profile=profile)
    assert found(s, "NEG-21", profile) == []


def test_few_digits_are_a_note() -> None:
    s = Scenario()
    p = s.sm1(client={"spi_c": 12345, "spi_s": 4294967295})
    s.sm6(p, server={"spi_c": 300, "spi_s": 301})
    check(s)
    told = [(each.verdict, each.actor, each.fault) for each in found(s, "NEG-21")]
    assert told == [("note", "UE", "short-spi"), ("note", "P-CSCF", "short-spi")]


@pytest.mark.parametrize("name", ["ealg", "prot", "mod"])
def test_a_parameter_that_has_no_value(name: str) -> None:
    s = Scenario()
    s.sm12(s.sm1(headers={"Security-Client": lambda text: re.sub(rf";{name}=[^;]+", f";{name}", text)}), status=403)
    s.expect("NEG-21", "violation", actor="UE", at="sm1")
    check(s)
    assert found(s, "NEG-21")[0].fault == name
