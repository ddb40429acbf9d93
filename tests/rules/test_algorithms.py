"""CRY-01 to CRY-05: which algorithms may protect a set."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from analyzer.profile import PROFILES
from tests.rules.digest import in_force
from tests.rules.packets import findings
from tests.rules.ports import tally
from tests.scenario import Scenario, audited, check, passes
from tests.scenario.registration import Sm1, Sm6

SHA1_CBC, SHA1, MD5 = ("hmac-sha-1-96", "aes-cbc"), ("hmac-sha-1-96", "null"), ("hmac-md5-96", "null")
GCM, GMAC, MD5_3DES = ("null", "aes-gcm"), ("aes-gmac", "null"), ("hmac-md5-96", "des-ede3-cbc")
VENDOR = ("hmac-sha-256-128", "aes-cbc")
CRY = {"CRY-01", "CRY-02", "CRY-03", "CRY-04", "CRY-05", "CRY-06", "CRY-07"}

Pair = tuple[str, str]


def lists(mine: list[Pair], theirs: list[Pair], use: Pair) -> tuple[Sm1, Sm6]:
    """Options of SM1 and SM6 for these lists, and what the set really uses."""
    return {"offers": mine}, {"offers": theirs, "use": use}


def registered(pair: Pair) -> Scenario:
    s = Scenario(alg=pair[0], ealg=pair[1])
    s.register()
    return s


# --- CRY-01: names of the release -------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", ["rel-6", "rel-11"])
@pytest.mark.parametrize("pair", [GCM, GMAC])
def test_an_algorithm_of_a_later_release(pair: Pair, profile: str) -> None:
    s = registered(pair)
    s.expect("CRY-01", "violation", actor="UE", at="sm7")
    check(s, profile=profile)


@pytest.mark.parametrize("profile", ["rel-14", "rel-17"])
@pytest.mark.parametrize("pair", [GCM, GMAC, SHA1, SHA1_CBC])
def test_an_algorithm_of_the_release(pair: Pair, profile: str) -> None:
    s = registered(pair)
    check(s, profile=profile)
    passes(s, "CRY-01", profile=profile)
    assert tally(s, "CRY-01", profile).note == 0
    assert not in_force(s, "CRY-01", "sa3-29")


def test_a_name_that_is_only_offered_is_noted_once_a_side() -> None:
    s = Scenario()
    sm1, sm6 = lists([VENDOR, SHA1_CBC], [SHA1_CBC, VENDOR], SHA1_CBC)
    s.register(sm1=sm1, sm6=sm6)
    check(s)
    passes(s, "CRY-01")
    assert {(each.verdict, each.actor) for each in findings(s, "CRY-01")} == {("note", "UE"), ("note", "P-CSCF")}


def test_another_spelling() -> None:
    """FP20."""
    s = Scenario()

    def spelt(text: str) -> str:
        return text.replace("hmac-sha-1-96", "HMAC-SHA1-96")

    headers = {"Security-Client": spelt}
    both = {"Security-Client": spelt, "Security-Verify": spelt}
    s.register(sm1={"headers": headers}, sm6={"headers": {"Security-Server": spelt}}, sm7={"headers": both})
    assert not findings(s, "CRY-01")
    passes(s, "CRY-01")


def test_nothing_but_an_unknown_algorithm_was_agreed() -> None:
    """FP18: nobody can open it, but packets go both ways."""
    s = Scenario()
    sm1, sm6 = lists([VENDOR], [VENDOR], SHA1_CBC)
    first = s.register(sm1=sm1, sm6=sm6)
    s.request("ue", "MESSAGE", on=first)
    found = [each for each in audited(s, keys="").findings if each.rule == "CRY-01" and each.verdict != "note"]
    assert [(each.verdict, each.actor, each.traps) for each in found] == [("probable", "unknown", ("FP18",))]


def test_an_unknown_algorithm_beside_a_known_one_without_a_key() -> None:
    s = Scenario()
    sm1, sm6 = lists([VENDOR, SHA1_CBC], [VENDOR, SHA1_CBC], SHA1_CBC)
    s.register(sm1=sm1, sm6=sm6)
    assert {each.verdict for each in audited(s, keys="").findings if each.rule == "CRY-01"} == {"note"}


# --- CRY-02: MD5 and 3DES are gone ------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", ["rel-14", "rel-17"])
@pytest.mark.parametrize("pair", [MD5, MD5_3DES, ("hmac-sha-1-96", "des-ede3-cbc")])
def test_a_removed_algorithm(pair: Pair, profile: str) -> None:
    s = registered(pair)
    s.expect("CRY-02", "violation", actor="UE", at="sm7")
    s.expect("CRY-02", "warning", actor="UE", at="sm1")
    s.expect("CRY-02", "warning", actor="P-CSCF", at="sm6")
    check(s, profile=profile)


@pytest.mark.parametrize("profile", ["rel-6", "rel-11"])
@pytest.mark.parametrize("pair", [MD5, MD5_3DES])
def test_before_it_was_removed(pair: Pair, profile: str) -> None:
    s = registered(pair)
    check(s, profile=profile)
    passes(s, "CRY-02", profile=profile)


def test_the_pcscf_takes_it_although_the_ue_has_better() -> None:
    s = Scenario()
    sm1, sm6 = lists([SHA1, MD5], [MD5], MD5)
    s.register(sm1=sm1, sm6=sm6)
    s.expect("CRY-02", "violation", actor="P-CSCF", at="sm7")
    s.expect("CRY-02", "warning", actor="UE", at="sm1")
    s.expect("CRY-02", "warning", actor="P-CSCF", at="sm6")
    check(s)


@pytest.mark.parametrize("pair", [MD5, MD5_3DES])
def test_nothing_but_a_removed_algorithm_was_agreed(pair: Pair) -> None:
    """FP18: without a key the lists alone tell it."""
    s = registered(pair)
    found = [each for each in audited(s, keys="").findings if each.rule == "CRY-02" and each.verdict != "warning"]
    assert [(each.verdict, each.actor, each.traps) for each in found] == [("probable", "unknown", ("FP18",))]


def test_a_removed_algorithm_beside_another_without_a_key() -> None:
    s = Scenario()
    sm1, sm6 = lists([SHA1, MD5], [SHA1, MD5], SHA1)
    s.register(sm1=sm1, sm6=sm6)
    assert {each.verdict for each in audited(s, keys="").findings if each.rule == "CRY-02"} == {"warning"}


def test_a_removed_algorithm_is_only_offered() -> None:
    """For old networks."""
    s = Scenario()
    sm1, sm6 = lists([SHA1_CBC, MD5_3DES], [SHA1_CBC], SHA1_CBC)
    s.register(sm1=sm1, sm6=sm6)
    s.expect("CRY-02", "warning", actor="UE", at="sm1")
    check(s)
    assert tally(s, "CRY-02").passed == 1


# --- CRY-03: SHA-1 and CBC are discouraged ----------------------------------------------------------------------------


@pytest.mark.parametrize(("profile", "notes"), [("rel-14", 0), ("rel-17", 1)])
def test_the_older_pair_is_preferred_to_gcm(profile: str, notes: int) -> None:
    s = Scenario()
    sm1, sm6 = lists([GCM, SHA1_CBC], [SHA1_CBC, GCM], SHA1_CBC)
    s.register(sm1=sm1, sm6=sm6)
    s.expect("CRY-06", "warning", actor="P-CSCF", at="sm7")
    check(s, profile=profile, rules=CRY)
    assert tally(s, "CRY-03", profile).note == notes


@pytest.mark.parametrize("pair", [SHA1_CBC, GCM, GMAC])
def test_nothing_better_was_common(pair: Pair) -> None:
    s = registered(pair)
    check(s)
    passes(s, "CRY-03")
    assert not tally(s, "CRY-03", "rel-14").exercised


def test_gcm_is_taken() -> None:
    s = Scenario()
    sm1, sm6 = lists([SHA1_CBC, GCM], [GCM, SHA1_CBC], GCM)
    s.register(sm1=sm1, sm6=sm6)
    check(s)
    passes(s, "CRY-03")
    assert tally(s, "CRY-03").note == 0


# --- CRY-04: which go together ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("pair", [("null", "null"), ("null", "aes-cbc")])
def test_no_integrity_at_all(pair: Pair) -> None:
    s = registered(pair)
    s.expect("CRY-04", "violation", actor="UE", at="sm7")
    s.expect("CRY-04", "warning", actor="UE", at="sm1")
    s.expect("CRY-04", "warning", actor="P-CSCF", at="sm6")
    check(s, rules=CRY)


@pytest.mark.parametrize("pair", [("hmac-sha-1-96", "aes-gcm"), ("aes-gmac", "aes-cbc"), ("null", "null")])
def test_a_forbidden_combination_is_only_offered(pair: Pair) -> None:
    s = Scenario()
    sm1, sm6 = lists([SHA1_CBC, pair], [SHA1_CBC], SHA1_CBC)
    s.register(sm1=sm1, sm6=sm6)
    s.expect("CRY-04", "warning", actor="UE", at="sm1")
    check(s)


@pytest.mark.parametrize("pair", [GCM, GMAC, SHA1, SHA1_CBC])
def test_what_goes_together(pair: Pair) -> None:
    s = registered(pair)
    check(s)
    passes(s, "CRY-04")


def test_null_encryption_without_a_key_has_an_icv_all_the_same() -> None:
    """FP18: it cannot be checked, but is there."""
    s = registered(SHA1)
    assert not [each for each in audited(s, keys="").findings if each.rule == "CRY-04"]


# --- CRY-05: the operator's policy ------------------------------------------------------------------------------------


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch) -> str:
    """A profile whose operator requires encryption (R14)."""
    made = replace(PROFILES["rel-17"], name="strict", policy={"encryption": "required"})
    monkeypatch.setitem(PROFILES, "strict", made)
    return "strict"


@pytest.mark.parametrize("pair", [SHA1, GMAC])
def test_null_encryption_against_the_policy(pair: Pair, strict: str) -> None:
    s = registered(pair)
    s.expect("CRY-05", "violation", actor="P-CSCF", at="sm7")
    check(s, profile=strict)
    check(s, rules=CRY - {"CRY-05"})


def test_it_is_seen_without_a_key_too(strict: str) -> None:
    s = registered(SHA1)
    found = [each for each in audited(s, profile=strict, keys="").findings if each.rule == "CRY-05"]
    assert [(each.verdict, each.actor) for each in found] == [("violation", "P-CSCF")]


def test_the_ue_passes_over_what_the_pcscf_preferred(strict: str) -> None:
    s = Scenario()
    sm1, sm6 = lists([SHA1, SHA1_CBC], [SHA1_CBC, SHA1], SHA1)
    s.register(sm1=sm1, sm6=sm6)
    s.expect("CRY-05", "violation", actor="UE", at="sm7")
    check(s, profile=strict, rules={"CRY-05"})


@pytest.mark.parametrize("pair", [SHA1_CBC, GCM])
def test_encryption_as_the_policy_wants_it(pair: Pair, strict: str) -> None:
    s = registered(pair)
    check(s, profile=strict)
    passes(s, "CRY-05", profile=strict)


@pytest.mark.parametrize("profile", ["rel-6", "rel-17"])
def test_without_a_policy_nothing_is_judged(profile: str) -> None:
    s = registered(SHA1)
    check(s, profile=profile)
    assert not tally(s, "CRY-05", profile).exercised
