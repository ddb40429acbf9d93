"""ESP-06 to ESP-09: padding, payload and IVs of verified packets."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest

from tests.scenario import Scenario, audited, check, passes

FORMS = ["ESP-06", "ESP-07", "ESP-08", "ESP-09"]
CBC = [("hmac-sha-1-96", "aes-cbc"), ("hmac-md5-96", "des-ede3-cbc")]
COMBINED = [("null", "aes-gcm"), ("aes-gmac", "null")]


def faults(s: Scenario, rule: str, profile: str = "rel-17") -> list[str]:
    found = audited(s, profile=profile).findings
    return [each.fault for each in found if each.rule == rule and each.verdict == "violation"]


def talk(s: Scenario, count: int, iv: Callable[[int], bytes] | None = None) -> None:
    first = s.register()
    for number in range(count):
        s.request("ue", "MESSAGE", on=first, esp={"iv": iv(number)} if iv is not None else {})


@pytest.mark.parametrize(("alg", "ealg"), [*CBC, *COMBINED, ("hmac-sha-1-96", "null")])
def test_good_packets_meet_what_applies_to_their_algorithms(alg: str, ealg: str) -> None:
    s = Scenario(alg=alg, ealg=ealg)
    first = s.register()
    for _ in range(9):
        s.request("ue", "MESSAGE", on=first)
    check(s, rules=FORMS)
    for rule in ("ESP-06", "ESP-07"):
        passes(s, rule, at_least=2)
    if (alg, ealg) in COMBINED:
        passes(s, "ESP-09", at_least=1)
    if (alg, ealg) in CBC:
        passes(s, "ESP-08", at_least=1)


# --- ESP-06 ---------------------------------------------------------------------------------------------------------


def test_one_packet_with_zeros_for_padding() -> None:
    s = Scenario(ealg="null")
    first = s.register()
    s.request("ue", "MESSAGE", on=first, esp={"pad": bytes(6)})
    s.expect("ESP-06", "violation", actor="UE", at="req")
    check(s, rules=FORMS)
    assert faults(s, "ESP-06") == ["padding"]


@pytest.mark.parametrize("ealg", ["aes-cbc", "null", "des-ede3-cbc"])
def test_a_sender_that_always_pads_with_zeros_is_read_all_the_same(ealg: str) -> None:
    s = Scenario(ealg=ealg)
    pad = {"aes-cbc": 16, "des-ede3-cbc": 8, "null": 4}[ealg]
    p = s.sm1()
    s.sm6(p)
    s.sm7(p)
    size = len(s.sent["sm7"].raw) + 8 + 2
    s = Scenario(ealg=ealg)
    s.register(sm7={"esp": {"pad": bytes(-size % pad + pad)}})
    s.expect("ESP-06", "violation", actor="UE", at="sm7")
    check(s, rules=[*FORMS, "ESP-04"])
    passes(s, "SA-04")


def test_more_padding_than_needed_is_no_fault() -> None:
    s = Scenario(ealg="null")
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    need = -(len(s.sent["req"].raw) + 8 + 2) % 4
    s = Scenario(ealg="null")
    first = s.register()
    s.request("ue", "MESSAGE", on=first, esp={"pad": bytes(range(1, need + 4 * 50 + 1))})
    check(s)
    passes(s, "ESP-06")


def test_a_trailer_that_does_not_end_on_four_octets() -> None:
    s = Scenario(ealg="null")
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    need = -(len(s.sent["req"].raw) + 8 + 2) % 4
    s = Scenario(ealg="null")
    first = s.register()
    s.request("ue", "MESSAGE", on=first, esp={"pad": bytes(range(1, need + 2))})
    s.expect("ESP-06", "violation", actor="UE", at="req")
    check(s, rules=FORMS)
    assert faults(s, "ESP-06") == ["alignment"]


def test_under_a_wrong_encryption_key_the_padding_says_nothing() -> None:
    """FP18: the ICV is right, the content is noise."""
    s = Scenario()
    s.register(sm7={"esp": {"enc_key": bytes(16)}})
    assert "violation" not in {each.verdict for each in audited(s).findings if each.rule == "ESP-06"}


# --- ESP-07 ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("header", "fault"), [(59, "dummy"), (50, "foreign"), (132, "foreign")])
def test_what_has_no_business_in_esp(header: int, fault: str) -> None:
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first, answered=False, esp={"next_header": header})
    s.expect("ESP-07", "violation", actor="UE", at="req")
    check(s, rules=FORMS)
    assert faults(s, "ESP-07") == [fault]


@pytest.mark.parametrize("header", [1, 60])
def test_icmp_and_destination_options_are_tolerated(header: int) -> None:
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first, answered=False, esp={"next_header": header})
    check(s, rules=FORMS)


def test_dummy_packets_were_allowed_before_release_11() -> None:
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first, answered=False, esp={"next_header": 59})
    assert faults(s, "ESP-07", "rel-6") == []
    assert faults(s, "ESP-07", "rel-11") == ["dummy"]


# --- ESP-08 ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("alg", "ealg"), CBC)
def test_a_constant_iv_is_told_at_its_second_use(alg: str, ealg: str) -> None:
    size = 16 if ealg == "aes-cbc" else 8
    s = Scenario(alg=alg, ealg=ealg)
    talk(s, 3, iv=lambda number: b"\x5a" * size)
    s.expect("ESP-08", "violation", actor="UE", at="req.2")
    check(s, rules=FORMS)
    assert faults(s, "ESP-08") == ["iv-repeated"]


@pytest.mark.parametrize(("alg", "ealg"), CBC)
def test_a_counter_is_told_after_eight_packets(alg: str, ealg: str) -> None:
    size = 16 if ealg == "aes-cbc" else 8
    s = Scenario(alg=alg, ealg=ealg)
    talk(s, 9, iv=lambda number: (1000 + number).to_bytes(size, "big"))
    s.expect("ESP-08", "violation", actor="UE", at="req.8")
    check(s, rules=FORMS)
    assert faults(s, "ESP-08") == ["iv-counted"]


def test_seven_packets_of_a_counter_are_too_few() -> None:
    s = Scenario()
    talk(s, 7, iv=lambda number: (1000 + number).to_bytes(16, "big"))
    check(s, rules=FORMS)


@pytest.mark.parametrize(("ealg", "expected"), [("aes-cbc", ["iv-chained"]), ("des-ede3-cbc", [])])
def test_a_chained_iv_breaks_the_rfc_of_aes_only(ealg: str, expected: list[str]) -> None:
    size = 16 if ealg == "aes-cbc" else 8
    s = Scenario(ealg=ealg)
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    s.request("ue", "MESSAGE", on=first, esp={"iv": s.tail("req")[-size:]})
    assert faults(s, "ESP-08") == expected


def test_a_packet_that_was_captured_twice_repeats_no_iv() -> None:
    """FP5."""
    s = Scenario()
    talk(s, 8)
    s.duplicate("req", 0.5)
    check(s, rules=FORMS)
    passes(s, "ESP-08")


def test_each_side_may_use_the_ivs_of_the_other_in_cbc() -> None:
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first, esp={"iv": b"\x01" * 16})
    s.request("pcscf", "MESSAGE", on=first, esp={"iv": b"\x01" * 16})
    check(s, rules=FORMS)


# --- ESP-09 ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("alg", "ealg"), COMBINED)
def test_one_side_repeats_a_nonce(alg: str, ealg: str) -> None:
    s = Scenario(alg=alg, ealg=ealg)
    first = s.register()
    s.request("ue", "MESSAGE", on=first, esp={"iv": bytes(8)})
    s.request("ue", "MESSAGE", on=first, esp={"iv": bytes(8)})
    s.expect("ESP-09", "violation", actor="UE", at="req.2")
    check(s, rules=FORMS)
    assert faults(s, "ESP-09") == ["one-side"]


@pytest.mark.parametrize(("alg", "ealg"), COMBINED)
def test_two_counters_that_begin_alike_collide_at_once(alg: str, ealg: str) -> None:
    s = Scenario(alg=alg, ealg=ealg)
    one = struct.pack(">Q", 1)
    s.register(sm7={"esp": {"iv": one}}, sm12={"esp": {"iv": one}})
    s.expect("ESP-09", "violation", actor="P-CSCF", at="sm12")
    check(s, rules=FORMS)
    assert faults(s, "ESP-09") == ["both-sides"]


def test_counters_that_begin_apart_are_fine_in_combined_modes() -> None:
    s = Scenario(alg="null", ealg="aes-gcm")
    first = s.register()
    for number in range(9):
        s.request(
            "ue",
            "MESSAGE",
            on=first,
            esp={"iv": struct.pack(">Q", number)},
            answer={"esp": {"iv": struct.pack(">Q", 1 << 63 | number)}},
        )
    check(s, rules=FORMS)
    passes(s, "ESP-09")


def test_the_same_iv_under_new_keys_is_no_repetition() -> None:
    """FP29: what counts is the key."""
    s = Scenario(alg="null", ealg="aes-gcm")
    first = s.register(sm7={"esp": {"iv": bytes(8)}})
    s.register(over=first, sm7={"esp": {"iv": bytes(8)}})
    check(s, rules=FORMS)


def test_a_copy_of_a_packet_repeats_no_nonce() -> None:
    """FP5."""
    s = Scenario(alg="null", ealg="aes-gcm")
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    s.duplicate("req", 0.5)
    check(s, rules=FORMS)
