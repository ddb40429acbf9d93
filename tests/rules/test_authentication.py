"""AUTH-05: CK and IK never appear on Gm."""

from __future__ import annotations

import pytest

from tests.rules.packets import findings
from tests.rules.ports import PROFILES, tally
from tests.scenario import Scenario, audited, check, passes


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_the_challenge_shows_the_keys(transport: str, profile: str) -> None:
    s = Scenario(transport=transport)
    s.register(sm6={"leak": True})
    s.expect("AUTH-05", "violation", actor="P-CSCF", at="sm6")
    check(s, profile=profile)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_protected_challenge_shows_the_keys(profile: str) -> None:
    """Whoever has the old keys gets the new ones with it."""
    s = Scenario()
    s.register(over=s.register(), sm6={"leak": True})
    s.expect("AUTH-05", "violation", actor="P-CSCF", at="sm6.2")
    check(s, profile=profile)


@pytest.mark.parametrize("name", ["ck", "ik"])
def test_one_of_the_two_is_enough(name: str) -> None:
    s = Scenario()
    s.register(sm6={"headers": {"WWW-Authenticate": lambda text: f'{text}, {name.upper()}="{"ab" * 16}"'}})
    s.expect("AUTH-05", "violation", actor="P-CSCF", at="sm6")
    check(s)


def test_a_second_challenge_shows_the_keys() -> None:
    """Case E."""
    s = Scenario()
    p = s.sm1()
    s.sm6(p)
    s.sm7(p)
    s.sm12(p, status=401, challenge={"leak": True})
    s.expect("AUTH-05", "violation", actor="P-CSCF", at="sm12")
    check(s)


def test_a_repeated_challenge_counts_once() -> None:
    """FP1."""
    s = Scenario()
    p = s.sm1()
    s.sm6(p, leak=True)
    s.wait(2)
    s.again("sm1")
    s.again("sm6")
    s.expect("AUTH-05", "violation", actor="P-CSCF", at="sm6")
    check(s)


def test_the_report_never_shows_them() -> None:
    s = Scenario()
    first = s.register(sm6={"leak": True})
    (found,) = findings(s, "AUTH-05")
    shown = repr(found) + repr(audited(s))
    assert found.severity == "critical"
    assert first.vector.ck.hex() not in shown
    assert first.vector.ik.hex() not in shown


def test_the_keys_of_a_leaking_challenge_open_the_capture() -> None:
    """It proves that they are the keys: no key file is needed."""
    s = Scenario()
    s.request("ue", "MESSAGE", on=s.register(sm6={"leak": True}))
    s.expect("AUTH-05", "violation", actor="P-CSCF", at="sm6")
    check(s, keys="")
    passes(s, "ESP-04", at_least=4, keys="")


@pytest.mark.parametrize("profile", PROFILES)
def test_the_challenge_shows_no_keys(profile: str) -> None:
    s = Scenario()
    s.register(over=s.register())
    check(s, profile=profile)
    passes(s, "AUTH-05", at_least=2, profile=profile)


def test_between_the_servers_they_belong_into_the_challenge() -> None:
    """FP13: a tap that sees both legs."""
    s = Scenario()
    s.register(over=s.register(core=True), core=True)
    assert "ck=" in s.sent["sm5"].message["WWW-Authenticate"]
    check(s)
    passes(s, "AUTH-05", at_least=2)


def test_a_tap_that_sees_only_the_servers() -> None:
    """FP13: nothing is on Gm."""
    s = Scenario()
    s.register(core=True)
    s.lose("sm1", "sm6", "sm7", "sm12")
    check(s)
    assert not tally(s, "AUTH-05").exercised


def test_a_plain_digest_challenge_has_no_keys_to_show() -> None:
    """FP11."""
    s = Scenario()
    digest = 'Digest realm="ims.example.org", nonce="abcd", algorithm=MD5'
    s.sm6(s.sm1(), headers={"WWW-Authenticate": digest, "Security-Server": None})
    check(s)
    assert not tally(s, "AUTH-05").exercised


@pytest.mark.parametrize("name", ["ck", "ik"])
def test_a_parameter_that_was_only_emptied(name: str) -> None:
    """It has to be removed, but reveals nothing."""
    s = Scenario()
    s.sm6(s.sm1(), headers={"WWW-Authenticate": lambda text: f'{text}, {name}=""'})
    s.expect("AUTH-05", "violation", actor="P-CSCF", at="sm6")
    check(s)
    (found,) = findings(s, "AUTH-05")
    assert (found.severity, found.fault) == ("low", "empty")


def test_the_keys_stand_in_another_of_several_challenges() -> None:
    s = Scenario()
    p = s.sm1()
    made = s.next_vector(p.ue)
    first = f'Digest realm="ims.example.org", nonce="{made.nonce}", algorithm=AKAv1-MD5'
    keys = f'ck="{made.ck.hex()}", ik="{made.ik.hex()}"'
    s.sm6(p, vector=made, headers={"WWW-Authenticate": [first, f"{first.replace('v1', 'v2')}, {keys}"]})
    s.expect("AUTH-05", "violation", actor="P-CSCF", at="sm6")
    check(s)
    assert findings(s, "AUTH-05")[0].severity == "critical"
