"""ESP-05, ESP-12 and ESP-13: what the first packet of an association shows of its algorithms."""

from __future__ import annotations

import pytest

from tests.scenario import Scenario, audited, check, passes


def faults(s: Scenario, *rules: str) -> list[str]:
    return [each.fault for each in audited(s).findings if each.rule in rules and each.verdict == "violation"]


PAIRS = [("hmac-sha-1-96", "aes-cbc"), ("hmac-md5-96", "null"), ("null", "aes-gcm"), ("aes-gmac", "null")]


@pytest.mark.parametrize(("alg", "ealg"), PAIRS)
def test_the_algorithms_of_a_good_set_meet_all_three(alg: str, ealg: str) -> None:
    s = Scenario(alg=alg, ealg=ealg)
    first = s.register()
    s.call("ue", on=first)
    for rule in ("ESP-05", "ESP-12", "ESP-13"):
        passes(s, rule, at_least=2)


@pytest.mark.parametrize(
    ("alg", "ealg", "icv", "fault"),
    [
        ("hmac-sha-1-96", "aes-cbc", 20, "longer"),
        ("hmac-sha-1-96", "null", 16, "longer"),
        ("hmac-md5-96", "des-ede3-cbc", 16, "longer"),
        ("null", "aes-gcm", 8, "shorter"),
        ("null", "aes-gcm", 12, "shorter"),
        ("aes-gmac", "null", 12, "shorter"),
    ],
)
def test_an_icv_of_another_length_is_the_senders_fault(alg: str, ealg: str, icv: int, fault: str) -> None:
    s = Scenario(alg=alg, ealg=ealg)
    s.register(sm7={"esp": {"icv": icv}})
    s.expect("ESP-05", "violation", actor="UE", at="sm7")
    check(s, rules=["ESP-05", "ESP-04"])
    assert faults(s, "ESP-05") == [fault]


def test_the_p_cscf_may_be_the_one_whose_icv_is_too_long() -> None:
    s = Scenario()
    s.register(sm12={"esp": {"icv": 20}})
    s.expect("ESP-05", "violation", actor="P-CSCF", at="sm12")
    check(s)


def test_with_other_keys_nobody_can_tell_how_long_the_icv_is() -> None:
    """FP18: the keys at hand are not those of the set."""
    s = Scenario()
    p = s.sm1()
    s.sm6(p)
    s.sm7(p, esp={"icv": 20, "auth_key": bytes(20)})
    assert {each.verdict for each in audited(s).findings if each.rule == "ESP-05"} <= {"inconclusive"}


def test_plain_sip_where_encryption_was_agreed() -> None:
    s = Scenario(alg="hmac-sha-1-96", ealg="aes-cbc")
    s.register(sm7={"esp": {"ealg": "null"}})
    s.expect("ESP-12", "violation", actor="UE", at="sm7")
    check(s, rules=["ESP-12"])
    assert faults(s, "ESP-12") == ["unencrypted"]


def test_encryption_where_none_was_agreed() -> None:
    s = Scenario(alg="hmac-sha-1-96", ealg="null")
    s.register(sm12={"esp": {"ealg": "aes-cbc"}})
    s.expect("ESP-12", "violation", actor="P-CSCF", at="sm12")
    check(s, rules=["ESP-12"])
    assert faults(s, "ESP-12") == ["not-negotiated"]


def test_two_common_pairs_and_each_side_takes_another() -> None:
    both = [("hmac-sha-1-96", "aes-cbc"), ("hmac-sha-1-96", "null")]
    s = Scenario()
    s.register(
        sm1={"offers": both},
        sm6={"offers": both},
        sm7={"esp": {"ealg": "aes-cbc"}},
        sm12={"esp": {"ealg": "null"}},
    )
    s.expect("ESP-12", "violation", actor="P-CSCF", at="sm12")
    check(s, rules=["ESP-12"])
    assert faults(s, "ESP-12") == ["pairs-differ"]


def test_an_extended_sequence_number_under_the_icv() -> None:
    s = Scenario()
    s.register(sm7={"esp": {"esn": 0}})
    s.expect("ESP-13", "violation", actor="UE", at="sm7")
    check(s, rules=["ESP-13", "ESP-05"])
    assert faults(s, "ESP-13", "ESP-05") == ["esn"]
