"""Null encryption is read where there is no key, and what nobody could verify is said."""

from __future__ import annotations

import pytest

from tests.scenario import Scenario, audited, check

BY_ICV = {
    *("ESP-04", "ESP-05", "ESP-06", "ESP-07", "ESP-10", "ESP-12", "ESP-13", "ESP-14", "NEG-15", "NEG-16", "NEG-17"),
    *("CRY-01", "CRY-02", "CRY-04", "CRY-06", "CRY-07"),
}
"""Rows that only an ICV which is right can pass."""


def life(alg: str, transport: str = "udp") -> Scenario:
    s = Scenario(transport=transport, alg=alg, ealg="null")
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    second = s.register(over=first)
    s.request("ue", "MESSAGE", on=second)
    s.wait(3)
    s.request("pcscf", "NOTIFY", on=second)
    s.deregister(on=second)
    return s


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("alg", ["hmac-md5-96", "hmac-sha-1-96"])
def test_a_conformant_life_is_judged_without_a_key(alg: str, transport: str) -> None:
    s = life(alg, transport)
    keyed, bare = audited(s, profile="rel-11"), audited(s, profile="rel-11", keys="")
    assert bare.esp.packets == bare.esp.no_key == bare.esp.unchecked == keyed.esp.packets
    assert bare.esp.verified == bare.esp.bad_icv == 0
    assert bare.sip == keyed.sip
    assert [each.keyed for each in bare.sa_sets] == [False, False]
    assert [each.alg for each in bare.sa_sets] == [alg, alg]
    assert {(each.rule, each.verdict) for each in bare.findings if each.verdict != "note"} == {
        ("ESP-04", "inconclusive")
    }
    assert any("ICVs unchecked" in notice for notice in bare.notices)
    passes = {each.id: each.passed for each in keyed.rules}
    assert {each.id: each.passed for each in bare.rules if each.id not in BY_ICV} == {
        rule: passed for rule, passed in passes.items() if rule not in BY_ICV
    }
    assert {each.passed for each in bare.rules if each.id in BY_ICV} == {0}


def test_a_fault_is_found_without_a_key() -> None:
    s = Scenario(alg="hmac-sha-1-96", ealg="null")
    first = s.register()
    s.register(over=first, sm1={"client": {"port_c": first.port_uc}})
    s.expect("PORT-03", "violation", actor="UE", at="sm6.2")
    check(s, rules=["PORT-03"], keys="")


def test_what_is_encrypted_is_not_read_by_chance() -> None:
    s = Scenario(ealg="aes-cbc")
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    made = audited(s, keys="")
    assert made.sip.protected == 0
    assert made.esp.no_key == made.esp.packets > 0
    assert made.esp.unchecked == 0


def test_a_clear_request_beside_a_set_that_nobody_can_read() -> None:
    s = Scenario(ealg="aes-cbc")
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    s.wait(3)
    s.request("pcscf", "OPTIONS", on=None, label="ping", answered=False)
    s.expect("CLR-03", "violation", actor="P-CSCF", at="ping")
    check(s, rules=["CLR-02", "CLR-03"], keys="")
