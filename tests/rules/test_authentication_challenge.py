"""AUTH-01, AUTH-06 and AUTH-11: who is challenged, and with what."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

from tests.rules.digest import NONCE, in_force, put
from tests.rules.packets import findings
from tests.rules.ports import PROFILES, tally
from tests.scenario import Scenario, check, passes
from tests.scenario.aka import vector
from tests.scenario.sip_text import Edits

WITHOUT: Edits = {"Security-Client": None, "Require": None, "Proxy-Require": None, "Authorization": None}
AKAV2: Edits = {"Authorization": put("algorithm", "AKAv2-MD5")}


def challenge(change: Callable[[str], str]) -> Edits:
    return {"WWW-Authenticate": change}


# --- AUTH-01: the challenge is one of AKA -----------------------------------------------------------------------------


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("algorithm", ["MD5", None, "SHA-256"])
def test_another_algorithm_beside_ipsec(algorithm: str | None, profile: str) -> None:
    s = Scenario()
    s.sm6(s.sm1(), headers=challenge(put("algorithm", algorithm)))
    s.expect("AUTH-01", "violation", actor="network", at="sm6")
    check(s, profile=profile, rules={"AUTH-01", "AUTH-02", "AUTH-06", "AUTH-11"})


@pytest.mark.parametrize("nonce", ["", "no base64!", base64.b64encode(bytes(31)).decode()])
def test_the_nonce_is_not_rand_and_autn(nonce: str) -> None:
    s = Scenario()
    s.sm6(s.sm1(), headers=challenge(put("nonce", nonce)))
    s.expect("AUTH-01", "violation", actor="network", at="sm6")
    check(s, rules={"AUTH-01", "AUTH-11"})


def test_a_401_with_ipsec_and_without_digest() -> None:
    s = Scenario()
    s.sm6(s.sm1(), headers={"WWW-Authenticate": "NTLM x"})
    s.expect("AUTH-01", "violation", actor="network", at="sm6")
    check(s)


@pytest.mark.parametrize("profile", PROFILES)
def test_the_challenge_is_one_of_aka(profile: str) -> None:
    s = Scenario()
    s.register(over=s.register())
    check(s, profile=profile)
    passes(s, "AUTH-01", at_least=2, profile=profile)
    assert tally(s, "AUTH-01", profile).note == 0


def test_padding_and_data_of_the_server() -> None:
    def unpadded(text: str) -> str:
        return text.replace('=",', '",')

    s = Scenario()
    s.register(sm6={"headers": challenge(unpadded)}, sm7={"headers": {"Authorization": unpadded}})
    assert '=",' not in s.sent["sm6"].message["WWW-Authenticate"]
    check(s)
    passes(s, "AUTH-01")
    s = Scenario()
    s.sm6(s.sm1(), headers=challenge(put("nonce", base64.b64encode(bytes(40)).decode())))
    check(s)
    passes(s, "AUTH-01")


def test_digest_without_ipsec() -> None:
    """FP11."""
    s = Scenario()
    headers = {"WWW-Authenticate": put("algorithm", "MD5"), "Security-Server": None}
    s.sm6(s.sm1(), headers=headers)
    check(s)
    assert not tally(s, "AUTH-01").exercised


@pytest.mark.parametrize("profile", ["sa3-29", "rel-6", "rel-11"])
def test_akav2_before_it_is_known_to_be_right(profile: str) -> None:
    """R22."""
    s = Scenario()
    s.register(sm6={"headers": challenge(put("algorithm", "AKAv2-MD5"))}, sm7={"headers": AKAV2})
    s.expect("AUTH-01", "probable", actor="network", at="sm6")
    check(s, profile=profile, rules={"AUTH-01", "AUTH-03"})


@pytest.mark.parametrize("profile", ["rel-14", "rel-17"])
def test_akav2_is_noted(profile: str) -> None:
    """R22."""
    s = Scenario()
    s.register(sm6={"headers": challenge(put("algorithm", "AKAv2-MD5"))}, sm7={"headers": AKAV2})
    check(s, profile=profile)
    assert (tally(s, "AUTH-01", profile).passed, tally(s, "AUTH-01", profile).note) == (1, 1)


# --- AUTH-06: whoever registers in clear is challenged ----------------------------------------------------------------


@pytest.mark.parametrize("profile", PROFILES)
def test_a_clear_register_is_believed(profile: str) -> None:
    s = Scenario()
    s.register()
    s.wait(60)
    s.sm12(s.sm1())
    s.expect("AUTH-06", "violation", actor="network", at="sm12.2")
    check(s, profile=profile)


def test_cached_credentials_in_clear_are_no_answer() -> None:
    s = Scenario()
    first = s.register()
    s.wait(60)
    answer = s.sent["sm7"].message["Authorization"]
    s.sm12(s.sm1(headers={"Authorization": answer}))
    s.expect("AUTH-02", "warning", actor="UE", at="sm1.2")
    s.expect("AUTH-06", "violation", actor="network", at="sm12.2")
    check(s)
    assert first.vector.nonce in answer


@pytest.mark.parametrize("profile", PROFILES)
def test_a_contact_that_never_had_ipsec(profile: str) -> None:
    """FP11: GIBA and the like answer so; that the UE offers IPsec does not show that the network wants it."""
    s = Scenario()
    s.sm12(s.sm1())
    s.expect("AUTH-06", "probable", actor="network", at="sm12")
    check(s, profile=profile)


def test_a_contact_that_offers_ipsec_no_more() -> None:
    """FP11: deregistered, and back by other means."""
    s = Scenario()
    s.deregister(on=s.register())
    s.wait(60)
    s.sm12(s.sm1(headers=WITHOUT))
    s.expect("AUTH-06", "probable", actor="network", at="sm12.3")
    s.request("ue", "MESSAGE")
    s.request("pcscf", "MESSAGE")
    check(s)


def test_the_challenge_may_be_from_before_the_capture() -> None:
    """FP3, FP4."""
    s = Scenario()
    s.sm12(s.sm1(headers={"Authorization": lambda text: put("response", "ab" * 16)(put("nonce", NONCE)(text))}))
    (found,) = findings(s, "AUTH-06")
    assert (found.verdict, found.traps) == ("probable", ("FP3", "FP4"))


@pytest.mark.parametrize("profile", PROFILES)
def test_a_clear_register_is_challenged(profile: str) -> None:
    s = Scenario()
    s.register()
    check(s, profile=profile)
    passes(s, "AUTH-06", profile=profile)


def test_an_emergency_registration() -> None:
    """FP10."""
    s = Scenario()
    s.register()
    s.sm12(s.sm1(ue=s.ue(1, sos=True)))
    assert not findings(s, "AUTH-06")


def test_a_deregistration_and_a_question_in_clear() -> None:
    s = Scenario()
    s.register()
    s.wait(60)
    s.sm12(s.sm1(expires=0))
    s.sm12(s.sm1(headers={"Contact": None}))
    assert not findings(s, "AUTH-06")


def test_a_protected_refresh_is_no_clear_register() -> None:
    s = Scenario()
    s.refresh(on=s.register())
    check(s)
    assert tally(s, "AUTH-06").passed == 1


# --- AUTH-11: every challenge is fresh --------------------------------------------------------------------------------


def test_a_vector_is_used_twice() -> None:
    s = Scenario()
    first = s.register()
    s.wait(60)
    s.register(over=first, sm6={"vector": first.vector})
    s.expect("AUTH-11", "violation", actor="network", at="sm6.2")
    check(s, rules={"AUTH-11"})
    assert not in_force(s, "AUTH-11", "sa3-29")


def test_a_fixed_rand_with_fresh_sqn() -> None:
    """As laboratories have it."""
    s = Scenario()
    first = s.register()
    s.wait(60)
    ue = first.ue
    again = vector(ue.k, ue.opc, first.vector.rand, ue.sqn + 32)
    s.register(over=first, sm6={"vector": again})
    s.expect("AUTH-11", "probable", actor="network", at="sm6.2")
    check(s, rules={"AUTH-11"})
    (found,) = findings(s, "AUTH-11")
    assert found.traps == ("fixed-RAND",)


def test_the_same_vector_between_other_addresses() -> None:
    """FP13: a border controller between two taps has another Call-ID on each side."""
    s = Scenario()
    first = s.register()
    other = s.ue(1, address="10.20.0.99", pcscf="10.20.0.2")
    s.register(ue=other, sm6={"vector": first.vector})
    s.expect("AUTH-11", "probable", actor="network", at="ue2.sm6")
    check(s, rules={"AUTH-11"})


def test_a_repeated_401_is_one_challenge() -> None:
    """FP1."""
    s = Scenario()
    p = s.sm1()
    s.sm6(p)
    s.wait(2)
    s.again("sm1")
    s.again("sm6")
    s.sm7(p)
    s.sm12(p)
    check(s)
    passes(s, "AUTH-11")


def test_a_challenge_captured_twice() -> None:
    """FP5."""
    s = Scenario(copies="gtp")
    s.register()
    check(s)
    assert tally(s, "AUTH-11").passed == 1


def test_new_keys_under_the_same_spis() -> None:
    """R11."""
    s = Scenario()
    p = s.sm1()
    s.sm6(p)
    s.sm7(p)
    s.sm12(p, status=401)
    s.sm7(p, label="sm7b")
    s.sm12(p, label="sm12b")
    assert not findings(s, "AUTH-11")
    passes(s, "AUTH-11", at_least=2)


def test_two_subscribers_with_the_same_rand() -> None:
    s = Scenario()
    first, two = s.register(), s.ue(2)
    made = vector(two.k, two.opc, first.vector.rand, 99)
    s.vectors.append((two, made))
    s.register(ue=two, sm6={"vector": made})
    check(s)
    passes(s, "AUTH-11", at_least=2)
