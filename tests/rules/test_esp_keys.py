"""ESP-14: keys that follow from CK and IK by a mistake are named, and wrong keys in a file accuse nobody."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from tests.scenario import Scenario, aka, audited, check, crypto, passes
from tests.scenario.reading import whole
from tests.scenario.state import SIDE, Esp, Role, SaSet, Who
from tests.test_scenario import PAIRS

Derive = Callable[[str, bytes, bytes], bytes]


def swapped(derive: Derive) -> Derive:
    return lambda name, ck, ik: derive(name, ik, ck)


def k3_zero(derive: Derive) -> Derive:
    return lambda name, ck, ik: ck + bytes(8) if name == "des-ede3-cbc" else derive(name, ck, ik)


def reversed_salt(derive: Derive) -> Derive:
    def mistaken(name: str, ck: bytes, ik: bytes) -> bytes:
        key = derive(name, ck, ik)
        return key[:16] + key[16:][::-1] if name in ("aes-gcm", "aes-gmac") else key

    return mistaken


Mistake = Callable[[Derive], Derive]
NAMES: dict[Mistake, str] = {swapped: "ck-ik-swapped", k3_zero: "k3-zero", reversed_salt: "salt-reversed"}
MISTAKES: list[tuple[Mistake, str, str]] = [
    *((swapped, *pair) for pair in PAIRS),
    (k3_zero, "hmac-sha-1-96", "des-ede3-cbc"),
    (k3_zero, "hmac-md5-96", "des-ede3-cbc"),
    (reversed_salt, "aes-gmac", "null"),
    (reversed_salt, "null", "aes-gcm"),
]


def mistake(monkeypatch: pytest.MonkeyPatch, wrong: Mistake, who: tuple[Who, ...]) -> None:
    """From now on these sides derive their keys so."""
    right = crypto.protect
    keys = {"cipher_key": aka.cipher_key, "integrity_key": aka.integrity_key}

    def protect(plain: Any, sa_set: SaSet, role: Role, esp: Esp, rng: random.Random, outer: tuple[str, str]) -> Any:
        for name, derive in keys.items():
            monkeypatch.setattr(crypto, name, wrong(derive) if SIDE[role] in who else derive)
        return right(plain, sa_set, role, esp, rng, outer)

    monkeypatch.setattr(crypto, "protect", protect)


def fault(s: Scenario, keys: str | None = None) -> set[str]:
    return {each.fault for each in audited(s, keys=keys).findings if each.rule == "ESP-14"}


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize(("wrong", "alg", "ealg"), MISTAKES)
def test_both_sides_make_the_same_mistake(
    monkeypatch: pytest.MonkeyPatch, wrong: Mistake, alg: str, ealg: str, transport: str
) -> None:
    """What they say to each other is read all the same."""
    mistake(monkeypatch, wrong, ("ue", "pcscf"))
    s = Scenario(transport=transport, alg=alg, ealg=ealg)
    whole(s)
    for actor, at in (("UE", "sm7" if transport == "udp" else "sm7.syn"), ("P-CSCF", "sm12")):
        count = 2 if transport == "udp" else 4
        s.expect("ESP-14", "violation", actor=actor, at=at if actor == "UE" else _first(s), count=count)
    check(s, rules=["ESP-04", "ESP-14", "PORT-07", "SA-02"], keys=s.subscriber_toml())
    report = audited(s, keys=s.subscriber_toml())
    assert report.esp.verified == report.esp.packets
    assert [(each.alg, each.ealg, each.keyed) for each in report.sa_sets] == [(alg, ealg, True)] * 2
    assert fault(s, s.subscriber_toml()) == {NAMES[wrong]}


def _first(s: Scenario) -> str:
    """The first protected packet of the P-CSCF."""
    labels = [record.label for record in s.records]
    return "sm7.synack" if "sm7.synack" in labels else "sm12"


@pytest.mark.parametrize(("wrong", "alg", "ealg"), MISTAKES)
@pytest.mark.parametrize("who", ["ue", "pcscf"])
def test_one_side_makes_it(monkeypatch: pytest.MonkeyPatch, who: Who, wrong: Mistake, alg: str, ealg: str) -> None:
    mistake(monkeypatch, wrong, (who,))
    s = Scenario(alg=alg, ealg=ealg)
    s.register()
    s.expect("ESP-14", "violation", actor="UE" if who == "ue" else "P-CSCF", at="sm7" if who == "ue" else "sm12")
    check(s, rules=["ESP-04", "ESP-14"], keys=s.subscriber_toml())


@pytest.mark.parametrize("source", ["core leg", "[[aka]]"])
def test_ck_and_ik_may_be_exchanged_in_the_key_file(monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    """FP18: what the core leg says in its 401 is not of the user's making."""
    mistake(monkeypatch, swapped, ("ue", "pcscf"))
    s = Scenario()
    s.register(core=True)
    if source == "[[aka]]":
        s.lose("sm5")
    verdict = "probable" if source == "[[aka]]" else "violation"
    s.expect("ESP-14", verdict, actor="UE", at="sm7")
    s.expect("ESP-14", verdict, actor="P-CSCF", at="sm12")
    check(s, rules=["ESP-04", "ESP-14"], keys=s.keys_toml() if source == "[[aka]]" else "")


@pytest.mark.parametrize(("wrong", "alg", "ealg"), [each for each in MISTAKES if each[0] is not swapped])
def test_no_key_file_makes_the_other_mistakes(
    monkeypatch: pytest.MonkeyPatch, wrong: Mistake, alg: str, ealg: str
) -> None:
    mistake(monkeypatch, wrong, ("ue",))
    s = Scenario(alg=alg, ealg=ealg)
    s.register()
    s.expect("ESP-14", "violation", actor="UE", at="sm7")
    check(s, rules=["ESP-04", "ESP-14"])


@pytest.mark.parametrize(("alg", "ealg"), PAIRS)
def test_met(alg: str, ealg: str) -> None:
    s = Scenario(alg=alg, ealg=ealg)
    whole(s)
    passes(s, "ESP-14", at_least=4)


def test_an_unpadded_sha1_key_is_the_same_key() -> None:
    """R2."""
    s = Scenario()
    p = s.sm1()
    s.sm6(p)
    assert p.set is not None
    s.sm7(p, esp={"auth_key": p.set.vector.ik})
    s.sm12(p)
    check(s)
    passes(s, "ESP-14", at_least=2)


def test_wrong_keys_are_nobodys_fault() -> None:
    """FP18: nothing is found, and what needs the content says that the key is missing."""
    s = Scenario()
    whole(s)
    other = Scenario(seed="other")
    whole(other)
    keys = s.keys_toml().splitlines()
    strange = other.keys_toml().splitlines()
    mixed = [new if old[:4] in ("ck =", "ik =") else old for old, new in zip(keys, strange, strict=True)]
    report = audited(s, keys="\n".join(mixed))
    assert {each.verdict for each in report.findings if each.rule == "ESP-14"} <= {"inconclusive"}
    assert report.esp.verified == 0


def test_explicit_keys_say_nothing_of_their_derivation() -> None:
    s = Scenario()
    first = s.register()
    ck, ik = first.vector.ck, first.vector.ik
    keys = "".join(
        f'[[sa]]\ndst = "{dst}"\nspi = {spi}\nalg = "hmac-sha-1-96"\nauth_key = "{ik.hex()}"\n'
        f'ealg = "aes-cbc"\nenc_key = "{ck.hex()}"\n'
        for dst, spi in ((s.ues[0].pcscf, first.spi_ps), (s.ues[0].address, first.spi_us))
    )
    report = audited(s, keys=keys)
    assert report.esp.verified == 2
    assert not fault(s, keys)
    assert [each.passed for each in report.rules if each.id == "ESP-14"] == [0]


def test_a_pair_that_nobody_announced_is_found_by_its_packets() -> None:
    """NEG-16 needs it: both sides use another pair than their headers name."""
    s = Scenario()
    first = s.register(sm6={"use": ("hmac-md5-96", "null")})
    s.request("ue", "MESSAGE", on=first)
    report = audited(s)
    assert report.esp.verified == report.esp.packets == 4
    assert [(each.alg, each.ealg) for each in report.sa_sets] == [("hmac-md5-96", "null")]
    passes(s, "ESP-14", at_least=2)


@pytest.mark.parametrize("before", [1, 3])
def test_a_damaged_packet_before_does_not_hide_it(monkeypatch: pytest.MonkeyPatch, before: int) -> None:
    mistake(monkeypatch, k3_zero, ("ue", "pcscf"))
    s = Scenario(ealg="des-ede3-cbc")
    p = s.sm1()
    s.sm6(p)
    s.sm7(p)
    s.corrupt("sm7")
    for number in range(1, before):
        s.wait(4)
        s.again("sm7", label=f"sm7.again{number}")
        s.corrupt(f"sm7.again{number}")
    s.wait(4)
    s.again("sm7", label="heard")
    s.sm12(p)
    s.expect("ESP-14", "violation", actor="UE", at="heard")
    s.expect("ESP-14", "violation", actor="P-CSCF", at="sm12")
    check(s, rules=["ESP-14"])
