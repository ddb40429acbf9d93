"""ESP-01 and ESP-02: known SPIs, and sequence numbers that are used once."""

from __future__ import annotations

import pytest

from tests.rules.packets import findings, keys_of, keys_towards
from tests.rules.ports import PROFILES, tally
from tests.scenario import SaSet, Scenario, Sent, audited, check, passes
from tests.scenario.state import Params, Who


def stranger(s: Scenario, who: Who, first: SaSet, spi: int, label: str = "stray") -> Sent:
    """One request in ESP with this SPI, which its sender's own numbers do not count."""
    return s.request(who, "MESSAGE", on=first, esp={"spi": spi, "seq": 1}, answered=False, label=label)


# --- ESP-01: SPIs -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(("who", "actor"), [("ue", "UE"), ("pcscf", "P-CSCF")])
def test_an_spi_that_the_sender_announced_itself(who: Who, actor: str, profile: str) -> None:
    s = Scenario()
    first = s.register()
    stranger(s, who, first, first.spi_us if who == "ue" else first.spi_ps)
    s.expect("ESP-01", "violation", actor=actor, at="stray")
    check(s, profile=profile)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(("who", "actor"), [("ue", "UE"), ("pcscf", "P-CSCF")])
def test_an_spi_that_nobody_announced_may_belong_to_something_else(who: Who, actor: str, profile: str) -> None:
    """FP9, FP10, or another service between the two."""
    s = Scenario()
    first = s.register()
    stranger(s, who, first, 0x12345678)
    s.expect("ESP-01", "probable", actor=actor, at="stray")
    check(s, profile=profile)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("spi", [0, 1, 255])
def test_a_reserved_spi_is_sent(spi: int, profile: str) -> None:
    s = Scenario()
    first = s.register()
    stranger(s, "ue", first, spi)
    s.expect("ESP-01", "violation", actor="UE", at="stray")
    check(s, profile=profile)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("spi", [1, 255])
def test_a_reserved_spi_is_the_fault_of_who_announces_it(spi: int, profile: str) -> None:
    s = Scenario()
    first = s.register(sm1={"client": {"spi_s": spi}})
    s.request("pcscf", "OPTIONS", on=first)
    s.expect("ESP-01", "violation", actor="UE", at="sm1")
    check(s, profile=profile)
    s = Scenario()
    first = s.register(sm6={"server": {"spi_s": spi}})
    s.request("ue", "MESSAGE", on=first)
    s.expect("ESP-01", "violation", actor="P-CSCF", at="sm6")
    check(s, profile=profile)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_spis_are_those_of_the_receiver(transport: str, profile: str) -> None:
    s = Scenario(transport=transport)
    new = s.register(over=s.register(sm1={"client": {"spi_c": 256}}))
    s.call("ue", on=new)
    s.call("pcscf", on=new)
    check(s, profile=profile)
    passes(s, "ESP-01", at_least=17, profile=profile)


@pytest.mark.parametrize("begin", ["sm6", "sm7", "sm12", "req"])
def test_the_negotiation_was_not_captured(begin: str) -> None:
    """FP3."""
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    s.request("pcscf", "OPTIONS", on=first)
    s.start_at(begin)
    check(s)


def test_a_later_registration_proves_nothing_about_older_spis() -> None:
    """FP3: the old registration still runs when the capture begins."""
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    second = s.register(over=first)
    s.request("ue", "MESSAGE", on=second)
    third = s.register()
    s.request("ue", "MESSAGE", on=third)
    s.start_at("req.2")
    check(s)


def test_a_negotiation_of_which_the_challenge_is_missing() -> None:
    """FP4."""
    s = Scenario()
    first = s.register()
    second = s.register(over=first)
    s.request("ue", "MESSAGE", on=second)
    s.lose("sm6.2")
    s.expect("ESP-01", "inconclusive", actor="UE", at="sm7.2", count=2)
    s.expect("ESP-01", "inconclusive", actor="P-CSCF", at="sm12.2", count=2)
    check(s)


def test_a_packet_is_missing_that_may_have_been_a_negotiation() -> None:
    """FP4: the numbers of the old set have a gap where SM1 was."""
    s = Scenario()
    first = s.register()
    p = s.sm1(over=first)
    s.sm6(p)
    s.request("ue", "MESSAGE", on=first)
    s.sm7(p)
    s.sm12(p)
    s.lose("sm1.2")
    s.expect("ESP-01", "inconclusive", actor="UE", at="sm7.2")
    s.expect("ESP-01", "inconclusive", actor="P-CSCF", at="sm12.2")
    check(s)


def test_a_clear_challenge_that_is_missing() -> None:
    """FP4: nobody can say what it announced."""
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    s.register()
    s.lose("sm6.2")
    assert {each.verdict for each in findings(s, "ESP-01")} == {"inconclusive"}


def test_what_is_said_on_a_set_without_key_may_be_a_negotiation() -> None:
    """FP18."""
    s = Scenario()
    first = s.register()
    second = s.register(over=first)
    s.request("ue", "MESSAGE", on=second)
    assert {each.verdict for each in findings(s, "ESP-01", keys_of(s, second))} == {"inconclusive"}


def test_every_contact_has_its_own_spis() -> None:
    """FP9 and FP10."""
    s = Scenario()
    sets = [s.register()]
    sets.append(s.register(ue=s.ue(1, reg_id=2, instance="urn:uuid:2")))
    sets.append(s.register(ue=s.ue(1, sos=True)))
    for each in sets:
        s.request("ue", "MESSAGE", on=each)
        s.request("pcscf", "OPTIONS", on=each)
    check(s)
    passes(s, "ESP-01", at_least=18)


def test_two_ues_may_choose_the_same_spis() -> None:
    """FP25."""
    s = Scenario()
    one = s.register()
    same: Params = {"spi_c": one.spi_uc, "spi_s": one.spi_us}
    two = s.register(ue=s.ue(2), sm1={"client": same}, sm6={"server": {"spi_c": one.spi_pc, "spi_s": one.spi_ps}})
    for each in (one, two):
        s.request("ue", "MESSAGE", on=each)
        s.request("pcscf", "OPTIONS", on=each)
    check(s)
    passes(s, "ESP-01", at_least=12)


def test_an_spi_that_the_sender_announced_to_somebody_else() -> None:
    """FP25, FP9: values of many UEs are alike, and another contact of this UE may have been missed."""
    s = Scenario()
    other, elsewhere = s.ue(2), s.ue(1, pcscf="10.20.0.2", reg_id=2)
    s.register()
    second, third = s.register(ue=other), s.register(ue=elsewhere)
    strays: list[tuple[Who, int]] = [("pcscf", second.spi_ps), ("ue", third.spi_us)]
    for who, spi in strays:
        s.packet(who, 50, spi.to_bytes(4, "big") + (7).to_bytes(4, "big") + bytes(80), label=f"{who}.stray")
    s.expect("ESP-01", "probable", actor="P-CSCF", at="pcscf.stray")
    s.expect("ESP-01", "probable", actor="UE", at="ue.stray")
    check(s)


@pytest.mark.parametrize("profile", PROFILES)
def test_spis_may_come_back_when_their_set_is_gone(profile: str) -> None:
    """FP29 and R29: their numbers begin at 1 again, under another key."""
    s = Scenario()
    first = s.register()
    s.deregister(on=first)
    s.wait(300)
    again = s.register(
        sm1={"client": {"spi_c": first.spi_uc, "spi_s": first.spi_us}},
        sm6={"server": {"spi_c": first.spi_pc, "spi_s": first.spi_ps}},
    )
    s.request("ue", "MESSAGE", on=again)
    s.request("pcscf", "OPTIONS", on=again)
    check(s, profile=profile)
    for rule in ("ESP-01", "ESP-02", "ESP-04"):
        passes(s, rule, at_least=10, profile=profile)


# --- ESP-02: sequence numbers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_number_is_used_twice(transport: str, profile: str) -> None:
    s = Scenario(transport=transport)
    first = s.register()
    s.request("ue", "MESSAGE", on=first, esp={"seq": 1}, answered=False)
    s.expect("ESP-02", "violation", actor="UE", at="req")
    check(s, profile=profile)


def test_the_p_cscf_goes_back_to_numbers_that_it_used() -> None:
    s = Scenario()
    first = s.register()
    for _ in range(3):
        s.request("pcscf", "OPTIONS", on=first)
    for number in (2, 3):
        s.request("pcscf", "OPTIONS", on=first, esp={"seq": number}, label="back")
    s.expect("ESP-02", "violation", actor="P-CSCF", at="back", count=2)
    check(s)


@pytest.mark.parametrize("profile", PROFILES)
def test_the_number_zero(profile: str) -> None:
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first, esp={"seq": 0})
    s.expect("ESP-02", "violation", actor="UE", at="req")
    check(s, profile=profile)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_numbers_go_up_by_one(transport: str, profile: str) -> None:
    """FP1: whatever SIP or TCP repeats gets a number of its own."""
    s = Scenario(transport=transport)
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    s.wait(2)
    if transport == "udp":
        s.again("req")
    else:
        s.retransmit("req")
    s.call("pcscf", on=first)
    check(s, profile=profile)
    passes(s, "ESP-02", at_least=12, profile=profile)


@pytest.mark.parametrize("delay", [0.001, 0.15, 3.0])
def test_the_same_packet_twice_is_one(delay: float) -> None:
    """FP5: two taps, or somebody who replays it; its number was not used for anything else."""
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    s.duplicate("req", delay)
    s.duplicate("resp", delay)
    if delay > 1:
        s.expect("ESP-03", "inconclusive", actor="P-CSCF", at="req.dup")
    check(s)
    passes(s, "ESP-02")


def test_the_network_may_change_the_order() -> None:
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first, answered=False)
    s.request("ue", "OPTIONS", on=first, answered=False)
    s.swap("req", "req.2")
    check(s)
    passes(s, "ESP-02")


def test_gaps_and_jumps_are_no_repetition() -> None:
    """FP4, and a cluster that goes on elsewhere."""
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first, esp={"seq": 5000}, answered=False)
    s.request("ue", "MESSAGE", on=first, answered=False)
    s.request("ue", "MESSAGE", on=first, answered=False)
    s.lose("req.2")
    check(s)
    passes(s, "ESP-02")


@pytest.mark.parametrize("begin", ["sm7", "req"])
def test_a_capture_that_begins_later_does_not_begin_at_one(begin: str) -> None:
    """FP3."""
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    s.start_at(begin)
    check(s)


@pytest.mark.parametrize("profile", PROFILES)
def test_new_keys_on_the_same_spi_begin_at_one(profile: str) -> None:
    """R29: case E, the UE keeps its offer."""
    s = Scenario()
    p = s.sm1()
    s.sm6(p)
    s.sm7(p)
    s.sm12(p, status=401)
    s.sm7(p, label="sm7b")
    s.sm12(p, label="sm12b")
    assert p.set
    s.request("pcscf", "OPTIONS", on=p.set)
    check(s, profile=profile)
    passes(s, "ESP-02", at_least=6, profile=profile)


def test_the_rules_of_esp_are_not_exercised_without_esp() -> None:
    s = Scenario()
    s.sm12(s.sm1(), status=403)
    for rule in ("ESP-01", "ESP-02", "ESP-04"):
        assert not tally(s, rule).exercised


def test_the_spi_of_a_set_that_is_forgotten() -> None:
    """It was announced, twelve sets ago: nobody can say more of it."""
    s = Scenario()
    first = newest = s.register()
    for _ in range(12):
        s.wait(60)
        newest = s.register(over=newest)
        s.request("ue", "MESSAGE", on=newest)
        s.request("pcscf", "MESSAGE", on=newest)
    s.request("ue", "MESSAGE", on=first, answered=False, label="old")
    s.expect("ESP-01", "inconclusive", actor="UE", at="old")
    check(s)


@pytest.mark.parametrize(("alg", "ealg"), [("hmac-sha-1-96", "aes-cbc"), ("null", "aes-gcm")])
def test_an_old_packet_comes_again(alg: str, ealg: str) -> None:
    """So many packets later that nobody remembers its content: whoever sent it again, it is no new message of the UE,
    which has gone over to another set since, nor a second use of an IV.
    """
    s = Scenario(alg=alg, ealg=ealg)
    first = s.register()
    s.request("ue", "MESSAGE", on=first, label="old")
    for _ in range(140):
        s.request("ue", "MESSAGE", on=first)
    s.wait(200)
    second = s.register(over=first)
    s.request("ue", "MESSAGE", on=second)
    s.duplicate("old", 300)
    s.wait(400)
    s.request("ue", "MESSAGE", on=second)
    s.expect("ESP-02", "inconclusive", actor="UE", at="old.dup")
    check(s)


def test_two_counters_under_one_spi() -> None:
    """The UE announced one SPI for both of its ports (NEG-10): what the P-CSCF counts anew is read all the same."""
    s = Scenario(transport="tcp")
    first = s.register(sm1={"client": {"spi_c": 4_000_000_001, "spi_s": 4_000_000_001}})
    for _ in range(70):
        s.request("ue", "MESSAGE", on=first)
    s.request("pcscf", "MESSAGE", on=first)
    s.expect("NEG-10", "violation", actor="UE", at="sm6")
    check(s)


def test_keys_of_one_direction() -> None:
    """FP18: that the P-CSCF answered is not to be read, so that nobody is accused for want of an answer."""
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    s.wait(60)
    second = s.register(over=first)
    s.request("ue", "MESSAGE", on=second)
    report = audited(s, keys=keys_towards(first.ue.pcscf, first, second))
    assert {each.verdict for each in report.findings} == {"inconclusive"}
