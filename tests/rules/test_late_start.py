"""Captures that begin after SM6: SM7 says all of its set, so that what follows can be judged."""

from __future__ import annotations

import pytest

from tests.scenario import Scenario, audited, check


def late(transport: str, **how: object) -> Scenario:
    s = Scenario(transport=transport)
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    s.request("pcscf", "NOTIFY", on=first)
    second = s.register(over=first)
    s.request("ue", "MESSAGE", on=second)
    s.wait(3)
    s.request("pcscf", "NOTIFY", on=second)
    s.deregister(on=second)
    s.start_at("sm7" if transport == "udp" else "sm7.syn")
    return s


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("profile", ["rel-17", "sa3-29"])
def test_the_set_of_the_first_sm7_is_taken_up(transport: str, profile: str) -> None:
    s = late(transport)
    made = audited(s, profile=profile)
    assert [(each.generation, each.keyed) for each in made.sa_sets] == [(1, True), (2, True)]
    first = made.sa_sets[0]
    assert (first.sm1, first.sm6, first.sm7, first.sm12) == (None, None, s.frame("sm7"), s.frame("sm12"))
    assert made.esp.verified == made.esp.packets
    if profile == "rel-17":
        s.expect("NEG-12", "inconclusive", actor="UE", at="sm1.2")
    check(s, profile=profile)
    passed = {each.id: each.passed for each in made.rules}
    assert passed["SA-05"] == 2
    assert passed["NEG-07"] == 1


def test_a_fault_after_a_late_start_is_found() -> None:
    s = Scenario()
    first = s.register()
    s.register(over=first, sm6={"server": {"port_s": 6999}})
    s.start_at("sm7")
    s.expect("PORT-02", "violation", actor="P-CSCF", at="sm6.2")
    check(s, rules=["PORT-02", "PORT-01", "SA-02", "SA-03"])


def test_a_refused_sm7_says_nothing_of_its_sm1() -> None:
    s = Scenario()
    p = s.sm1()
    s.sm6(p)
    s.sm7(p, res_wrong=True)
    s.sm12(p, status=403, on=None, sport=5060, dport=5060)
    s.start_at("sm7")
    check(s, rules=["SA-17", "SA-18"])


def test_another_transaction_of_the_same_sm7_has_nothing_to_be_compared_with() -> None:
    s = Scenario()
    first = s.sm1()
    s.sm6(first)
    s.sm7(first)
    s.wait(1)
    s.sm7(first, label="again")
    s.sm12(first)
    s.start_at("sm7")
    made = audited(s)
    assert [(each.keyed, each.sm12) for each in made.sa_sets] == [(True, s.frame("sm12"))]
    check(s)


def test_a_copy_of_the_sm7_that_the_capture_begins_with() -> None:
    """FP5, FP3: seen again at the other end, when its set was taken up already."""
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    s.start_at("sm7")
    s.duplicate("sm7", 0.4)
    check(s, rules=["ESP-02"])
