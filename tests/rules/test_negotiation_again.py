"""NEG-11 and NEG-12: what a protected SM1 offers anew and what it repeats."""

from __future__ import annotations

import pytest

from analyzer.finding import Finding
from tests.scenario import Scenario, audited, check, passes
from tests.scenario.sip_text import Edits

PROFILES = ("rel-17", "sa3-29")
PAIRS = [("hmac-sha-1-96", "aes-cbc"), ("hmac-sha-1-96", "null")]


def found(s: Scenario, rule: str) -> list[Finding]:
    return [each for each in audited(s).findings if each.rule == rule]


# --- NEG-11: a protected SM1 offers new values ------------------------------------------------------------------------


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("name", ["spi_c", "spi_s"])
def test_a_re_registration_repeats_an_spi(name: str, profile: str) -> None:
    """NEG-10 sees the same from the set's side."""
    s = Scenario()
    first = s.register()
    old = first.spi_uc if name == "spi_c" else first.spi_us
    s.register(over=first, sm1={"client": {"spi_c": old} if name == "spi_c" else {"spi_s": old}})
    s.expect("NEG-11", "violation", actor="UE", at="sm1.2")
    if profile == "rel-17":
        s.expect("NEG-10", "violation", actor="UE", at="sm6.2", cause="NEG-11")
    check(s, profile=profile)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_refresh_that_nobody_challenges_is_judged_too(profile: str) -> None:
    """R32."""
    s = Scenario()
    first = s.register()
    s.refresh(on=first, sm1={"client": {"port_c": first.port_uc, "spi_c": first.spi_us}})
    s.expect("NEG-11", "violation", actor="UE", at="sm1.2")
    check(s, profile=profile)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_protected_register_without_an_offer(profile: str) -> None:
    s = Scenario()
    s.refresh(on=s.register(), sm1={"headers": {"Security-Client": None}})
    s.expect("NEG-11", "violation", actor="UE", at="sm1.2")
    check(s, profile=profile, rules=["NEG-11"])


def test_a_deregistration_is_of_low_severity() -> None:
    s = Scenario()
    first = s.register()
    s.deregister(on=first, sm1={"client": {"spi_c": first.spi_uc, "spi_s": first.spi_us, "port_c": first.port_uc}})
    s.expect("NEG-11", "violation", actor="UE", at="dereg")
    check(s)
    assert [each.severity for each in found(s, "NEG-11")] == ["low"]


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_new_values_each_time(transport: str, profile: str) -> None:
    s = Scenario(transport=transport)
    first = s.register()
    s.refresh(on=first)
    second = s.register(over=first)
    s.deregister(on=second)
    check(s, profile=profile)
    passes(s, "NEG-11", at_least=3, profile=profile)


def test_an_offer_that_was_never_used_may_come_again() -> None:
    """FP16, and FP1 for the repetition."""
    s = Scenario()
    first = s.register()
    p = s.refresh(on=first)
    s.wait(30)
    s.refresh(on=first, sm1={"client": p.client})
    s.wait(2)
    s.again("sm1.3")
    check(s)
    passes(s, "NEG-11", at_least=2)


def test_a_second_entry_with_new_values_is_enough() -> None:
    s = Scenario()
    first = s.register()
    old = f"ipsec-3gpp;alg=hmac-sha-1-96;ealg=null;spi-c={first.spi_uc};spi-s={first.spi_us};port-c={first.port_uc}"
    headers: Edits = {"Security-Client": lambda text: f"{old};port-s={first.port_us}, {text}"}
    s.refresh(on=first, sm1={"headers": headers})
    s.expect("NEG-03", "warning", actor="UE", at="sm1.2")
    check(s)
    passes(s, "NEG-11")


def test_sm12_may_be_lost() -> None:
    """FP4: then it is not certain that the UE used the set at all."""
    s = Scenario()
    first = s.register()
    s.refresh(on=first, sm1={"client": {"spi_c": first.spi_uc}})
    s.lose("sm12")
    s.expect("NEG-11", "probable", actor="UE", at="sm1.2")
    check(s, rules=["NEG-11"])


def test_in_the_papers_a_failure_report_offers_nothing_new() -> None:
    """V16; today it has to."""
    s = Scenario()
    first = s.register()
    p = s.sm1(over=first)
    s.sm6(p, bad_mac=True)
    s.reject(p, "mac", client={"spi_c": first.spi_uc})
    check(s, profile="sa3-29", rules=["NEG-11"])
    s.expect("NEG-11", "violation", actor="UE", at="reject.2")
    check(s, rules=["NEG-11"])


# --- NEG-12: a protected SM1 repeats the last Security-Server ---------------------------------------------------------


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_security_verify_is_missing_in_a_re_registration(transport: str) -> None:
    s = Scenario(transport=transport)
    s.register(over=s.register(), sm1={"headers": {"Security-Verify": None}})
    check(s, profile="sa3-29")
    s.expect("NEG-12", "violation", actor="UE", at="sm1.2")
    check(s)


def test_security_verify_repeats_the_last_success() -> None:
    s = Scenario()
    second = s.register(over=s.register())
    s.refresh(on=second)
    s.deregister(on=second)
    check(s)
    passes(s, "NEG-12", at_least=3)


def test_security_verify_repeats_an_older_success() -> None:
    s = Scenario()
    first = s.register()
    second = s.register(over=first)
    s.request("ue", "MESSAGE", on=second)
    s.refresh(on=second, sm1={"headers": {"Security-Verify": first.server_text}})
    s.expect("NEG-12", "violation", actor="UE", at="sm1.3")
    check(s)
    assert found(s, "NEG-12")[0].fault == "other-challenge"


def test_security_verify_repeats_a_challenge_that_failed() -> None:
    s = Scenario()
    first = s.register()
    p = s.sm1(over=first)
    s.sm6(p)
    assert p.set
    failed = p.set.server_text
    s.sm7(p, res_wrong=True)
    s.sm12(p, status=403)
    s.wait(5)
    s.refresh(on=first, sm1={"headers": {"Security-Verify": failed}})
    s.expect("NEG-12", "violation", actor="UE", at="sm1.3")
    check(s, rules=["NEG-12"])


def test_security_verify_differs() -> None:
    s = Scenario()
    s.refresh(on=s.register(), sm1={"headers": {"Security-Verify": lambda text: text.replace("aes-cbc", "null")}})
    s.expect("NEG-12", "violation", actor="UE", at="sm1.2")
    check(s)


def test_security_verify_in_another_order_is_a_warning() -> None:
    s = Scenario()
    first = s.register(sm1={"offers": PAIRS}, sm6={"offers": PAIRS})
    one, two = first.server_text.split(", ")
    s.refresh(on=first, sm1={"headers": {"Security-Verify": f"{two}, {one}"}})
    s.expect("NEG-12", "warning", actor="UE", at="sm1.2")
    check(s)


def test_security_verify_in_another_spelling() -> None:
    """FP20, R12."""
    s = Scenario(ealg="null")
    first = s.register()
    s.refresh(on=first, sm1={"headers": {"Security-Verify": lambda text: text.upper().replace(";", " ; ")}})
    s.refresh(on=first, sm1={"headers": {"Security-Verify": lambda text: text.replace(";ealg=null", "")}})
    check(s)
    assert [(each.verdict, each.fault) for each in found(s, "NEG-12")] == [("note", "default-spelt-out")]


def test_the_ue_may_not_have_had_the_newest_sm12() -> None:
    """FP2: it goes on with the old set, and what that had agreed."""
    s = Scenario()
    first = s.register()
    s.register(over=first)
    s.refresh(on=first, sm1={"headers": {"Security-Verify": first.server_text}})
    s.expect("NEG-12", "probable", actor="UE", at="sm1.3")
    check(s, rules=["NEG-12"])


def test_the_challenge_of_the_set_in_use_was_not_captured() -> None:
    """FP3: what it should repeat is not known, but it should repeat something."""
    for headers, verdict in ({}, "inconclusive"), ({"Security-Verify": None}, "violation"):
        s = Scenario()
        s.refresh(on=s.register(), sm1={"headers": headers})
        s.start_at("sm7")
        s.expect("NEG-12", verdict, actor="UE", at="sm1.2")
        check(s, rules=["NEG-12"])


def test_a_set_whose_sm7_was_refused_is_not_in_use() -> None:
    """Its SM12 is not missing: that the UE goes on with it is the matter of LIFE-16 and SA-11."""
    s = Scenario()
    p = s.sm1()
    s.sm6(p)
    s.sm7(p)
    s.sm12(p, status=503)
    s.wait(5)
    s.sm7(p, label="again")
    s.sm12(p, label="accepted")
    check(s, rules=["NEG-11", "NEG-12"])
    assert not [each for each in audited(s).rules if each.id == "NEG-11" and each.exercised]
