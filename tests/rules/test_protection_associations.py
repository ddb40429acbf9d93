"""SA-21 and LIFE-20: four associations that work, and an address that stays."""

from __future__ import annotations

import pytest

from tests.rules.protection import both_profiles, both_transports
from tests.scenario import SaSet, Scenario, audited, check, passes
from tests.scenario.state import Who


def knocks(s: Scenario, who: Who, on: SaSet, times: int = 3, *, busy: bool = True) -> None:
    """A SYN that nobody answers, with its repetitions; meanwhile the UE's requests have answers."""
    s.syn(who, on=on, answered=False, label="try")
    for pause in (1, 2, 4)[:times]:
        s.wait(pause)
        if busy:
            s.request("ue", "MESSAGE", on=on, transport="udp" if who == "ue" else "tcp")
        s.retransmit("try.syn")


@both_profiles
def test_the_second_pair_does_not_work(profile: str) -> None:
    s = Scenario(transport="tcp", vantage="ue")
    first = s.register()
    knocks(s, "pcscf", first)
    s.expect("SA-21", "violation", actor="UE", at="try.syn")
    check(s, profile=profile, rules=["SA-21"])


def test_the_pcscf_does_not_answer_on_its_server_port() -> None:
    s = Scenario(vantage="pcscf")
    first = s.register()
    knocks(s, "ue", first)
    s.expect("SA-21", "violation", actor="P-CSCF", at="try.syn")
    check(s, rules=["SA-21"])


@both_profiles
def test_all_four_work(profile: str) -> None:
    s = Scenario(transport="tcp")
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    s.request("pcscf", "MESSAGE", on=first)
    check(s, profile=profile)
    passes(s, "SA-21", at_least=2, profile=profile)


@pytest.mark.parametrize(("vantage", "busy"), [("middle", True), ("pcscf", True), ("ue", False)])
def test_the_receiver_may_be_gone(vantage: str, busy: bool) -> None:
    """FP26, radio loss."""
    s = Scenario(transport="tcp", vantage=vantage)
    first = s.register()
    knocks(s, "pcscf", first, busy=busy)
    s.expect("SA-21", "probable", actor="UE", at="try.syn")
    check(s, rules=["SA-21"])


def test_a_packet_is_missing() -> None:
    """FP4: it may have been the answer."""
    s = Scenario(transport="tcp", vantage="ue")
    first = s.register()
    s.request("ue", "MESSAGE", on=first, label="lost")
    knocks(s, "pcscf", first)
    s.lose("lost")
    s.expect("SA-21", "probable", actor="UE", at="try.syn")
    check(s, rules=["SA-21"])


def test_two_repetitions_are_not_enough() -> None:
    s = Scenario(transport="tcp", vantage="ue")
    first = s.register()
    knocks(s, "pcscf", first, 2)
    check(s, rules=["SA-21"])


def test_a_ue_that_does_not_listen() -> None:
    """It has its associations, as its RST shows."""
    s = Scenario(transport="tcp", vantage="ue")
    first = s.register()
    s.syn("pcscf", on=first, answered=False, label="try")
    s.rst("ue", on=first, role="us>pc")
    check(s, rules=["SA-21"])
    notes = [(each.verdict, each.actor) for each in audited(s).findings if each.rule == "SA-21"]
    assert notes == [("note", "UE")]


def test_a_set_that_is_over_or_not_there_yet() -> None:
    """LIFE-07 and SA-07 speak of the P-CSCF's packets there."""
    for seconds, procedure_ends in ((0, False), (700, True)):
        s = Scenario(transport="tcp", vantage="ue", expires=600)
        procedure = s.sm1()
        s.sm6(procedure)
        s.sm7(procedure)
        if procedure_ends:
            s.sm12(procedure)
        assert procedure.set
        s.wait(seconds)
        knocks(s, "pcscf", procedure.set)
        check(s, rules=["SA-21"])


# --- LIFE-20 ----------------------------------------------------------------------------------------------------------

ELSEWHERE = "10.20.0.77"


@both_profiles
@both_transports
def test_the_ue_uses_its_set_from_another_address(transport: str, profile: str) -> None:
    s = Scenario(transport=transport)
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    s.wait(5)
    for label in ("one", "two"):
        s.request("ue", "MESSAGE", on=first, src=ELSEWHERE, answered=False, label=label, transport="udp")
    s.expect("LIFE-20", "violation", actor="UE", at="one")
    check(s, profile=profile, rules=["LIFE-20", "PORT-07", "ESP-01", "ESP-02"])


@both_profiles
def test_a_protected_sm1_from_another_address(profile: str) -> None:
    s = Scenario()
    first = s.register()
    s.wait(5)
    s.sm1(over=first, src=ELSEWHERE)
    s.wait(2)
    s.again("sm1.2", src=ELSEWHERE)
    s.expect("LIFE-20", "violation", actor="UE", at="sm1.2")
    check(s, profile=profile, rules=["LIFE-20"])
    fault = next(each for each in audited(s, profile=profile).findings if each.rule == "LIFE-20")
    assert fault.fault == "register"


@both_profiles
def test_the_ue_registers_anew_in_clear(profile: str) -> None:
    s = Scenario()
    s.register()
    s.wait(5)
    s.register(ue=s.ue(1, address=ELSEWHERE))
    check(s, profile=profile)
    passes(s, "LIFE-20", profile=profile)


def test_another_device_of_the_subscriber_has_an_address_of_its_own() -> None:
    """FP9: nobody has moved."""
    s = Scenario()
    s.register()
    s.register(ue=s.ue(1, address=ELSEWHERE, instance="urn:x:2"))
    check(s)
    assert next(each for each in audited(s).rules if each.id == "LIFE-20").passed == 0


def test_one_packet_alone() -> None:
    """FP5, FP12."""
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first, src=ELSEWHERE, answered=False)
    s.expect("LIFE-20", "probable", actor="UE", at="req")
    check(s, rules=["LIFE-20"])


def test_both_addresses_by_turns() -> None:
    """FP5: two taps, before and behind a NAT, one of which loses packets."""
    s = Scenario()
    first = s.register()
    for label in ("one", "two", "three"):
        s.request("ue", "MESSAGE", on=first, src=ELSEWHERE, answered=False, label=label)
        s.request("ue", "MESSAGE", on=first, label=f"own-{label}")
    s.expect("LIFE-20", "probable", actor="UE", at="three")
    check(s, rules=["LIFE-20"])


def test_the_same_packet_at_two_points_of_its_way() -> None:
    """FP5: byte for byte the same ESP packet, with the address of a NAT."""
    s = Scenario()
    first = s.register()
    for label in ("one", "two"):
        s.request("ue", "MESSAGE", on=first, label=label)
        count = first.sent["uc>ps"]
        s.again(label, src=ELSEWHERE, esp={"seq": count, "iv": first.last_iv["uc>ps"]})
    check(s, rules=["LIFE-20"])


def test_a_nat_may_bind_another_address() -> None:
    """FP12: UDP encapsulation."""
    s = Scenario(mod="UDP-enc-tun")
    ue = s.ue(2, address="192.168.1.5", nat="10.20.0.99")
    first = s.register(ue=ue)
    s.request("ue", "MESSAGE", on=first)
    ue.nat = ELSEWHERE
    for label in ("one", "two"):
        s.request("ue", "MESSAGE", on=first, answered=False, label=label)
    check(s, rules=["LIFE-20"])
