"""AUTH-02, AUTH-03, AUTH-04 and AUTH-14: what the Authorization of a REGISTER holds."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.rules.digest import NONCE, all_of, in_force, put
from tests.rules.packets import findings
from tests.rules.ports import PROFILES, tally
from tests.rules.procedures import complete
from tests.scenario import Scenario, audited, check, passes
from tests.scenario.sip_text import Edits


def authorization(*changes: Callable[[str], str]) -> Edits:
    return {"Authorization": all_of(*changes)}


# --- AUTH-02: the first REGISTER --------------------------------------------------------------------------------------


def test_the_first_register_has_no_authorization() -> None:
    s = Scenario()
    s.register(sm1={"headers": {"Authorization": None}})
    s.expect("AUTH-02", "violation", actor="UE", at="sm1")
    check(s)


@pytest.mark.parametrize("name", ["username", "realm", "uri"])
def test_the_first_register_lacks_a_parameter(name: str) -> None:
    s = Scenario()
    s.sm12(s.sm1(headers=authorization(put(name, None))), status=403)
    s.expect("AUTH-02", "violation", actor="UE", at="sm1")
    check(s)


def test_the_first_register_has_a_nonce_that_nobody_gave() -> None:
    s = Scenario()
    s.register(sm1={"headers": authorization(put("nonce", "abcd"))})
    s.expect("AUTH-02", "violation", actor="UE", at="sm1")
    check(s)


def test_the_first_register_has_a_response_to_nothing() -> None:
    s = Scenario()
    s.register(sm1={"headers": authorization(put("response", "00" * 16))})
    s.expect("AUTH-02", "violation", actor="UE", at="sm1")
    check(s)


def test_a_nonce_that_may_be_from_before_the_capture() -> None:
    """FP3, FP15."""
    s = Scenario()
    s.register(sm1={"headers": authorization(put("nonce", NONCE))})
    s.expect("AUTH-02", "probable", actor="UE", at="sm1")
    check(s)
    (found,) = findings(s, "AUTH-02")
    assert found.traps == ("FP3", "FP15")


def test_a_ue_that_lost_its_associations_repeats_old_values() -> None:
    """FP15: a warning, since the capture shows where they are from."""
    s = Scenario()
    first = s.register()
    s.wait(60)
    s.register(sm1={"headers": authorization(put("nonce", first.vector.nonce), put("response", "00" * 16))})
    s.expect("AUTH-02", "warning", actor="UE", at="sm1.2")
    check(s)


def test_the_first_register_is_as_it_should_be() -> None:
    s = Scenario()
    s.register()
    check(s)
    passes(s, "AUTH-02")
    assert not in_force(s, "AUTH-02", "sa3-29")


def test_nonce_and_response_may_be_left_out_instead_of_empty() -> None:
    """FP20."""
    s = Scenario()
    s.register(sm1={"headers": authorization(put("nonce", None), put("response", None))})
    check(s)
    passes(s, "AUTH-02")


def test_a_register_without_an_offer_of_ipsec() -> None:
    """FP11."""
    s = Scenario()
    s.sm12(s.sm1(headers={"Security-Client": None, "Authorization": None}))
    assert not tally(s, "AUTH-02").exercised


def test_a_report_of_a_failure_has_the_nonce_that_it_rejects() -> None:
    s = Scenario()
    p = s.sm1()
    s.sm6(p, bad_mac=True)
    s.reject(p, "mac")
    s.sm6(p, label="sm6b")
    s.sm7(p, label="sm7b")
    s.sm12(p)
    check(s)
    passes(s, "AUTH-02")


# --- AUTH-03: SM7 -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(("name", "value"), [("realm", "elsewhere.org"), ("algorithm", "MD5"), ("algorithm", None)])
def test_sm7_does_not_copy(name: str, value: str | None, profile: str) -> None:
    s = Scenario()
    s.register(sm7={"headers": authorization(put(name, value))})
    s.expect("AUTH-03", "violation", actor="UE", at="sm7")
    check(s, profile=profile)


def test_sm7_has_no_uri() -> None:
    s = Scenario()
    s.register(sm7={"headers": authorization(put("uri", None))})
    s.expect("AUTH-03", "violation", actor="UE", at="sm7")
    check(s)


@pytest.mark.parametrize("profile", PROFILES)
def test_sm7_answers_another_nonce(profile: str) -> None:
    """By its nonce it is an SM1, and as such on the wrong set (SA-02); that it repeats the offer shows what it is."""
    s = Scenario()
    p = s.sm1()
    s.sm6(p)
    s.sm7(p, headers=authorization(put("nonce", NONCE)))
    s.sm12(p, status=403)
    s.expect("AUTH-03", "violation", actor="UE", at="sm7")
    check(s, profile=profile, rules={"AUTH-02", "AUTH-03", "AUTH-09", "AUTH-12", "AUTH-14", "AUTH-15"})


def test_the_wrong_nonce_explains_the_wrong_set() -> None:
    s = Scenario()
    p = s.sm1()
    s.sm6(p)
    s.sm7(p, headers=authorization(put("nonce", NONCE)))
    report = audited(s)
    (cause,) = [each for each in report.findings if each.rule == "AUTH-03"]
    (follows,) = [each for each in report.findings if each.rule == "SA-02"]
    assert follows.cause == cause.fingerprint


def test_sm7_has_an_empty_response() -> None:
    s = Scenario()
    p = s.sm1()
    s.sm6(p)
    s.sm7(p, response="")
    s.sm12(p, status=403)
    s.expect("AUTH-03", "violation", actor="UE", at="sm7")
    check(s, rules={"AUTH-03"})


def test_sm7_has_no_authorization() -> None:
    s = Scenario()
    p = s.sm1()
    s.sm6(p)
    s.sm7(p, headers={"Authorization": None})
    s.sm12(p, status=403)
    s.expect("AUTH-03", "violation", actor="UE", at="sm7")
    check(s, rules={"AUTH-03"})


def test_a_new_registration_on_the_new_set_is_no_sm7() -> None:
    """SA-02 speaks of it: it offers new SPIs."""
    s = Scenario()
    p = s.sm1()
    s.sm6(p)
    s.wait(1)
    assert p.set
    s.sm1(over=p.set)
    assert not findings(s, "AUTH-03")


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_sm7_copies(transport: str, profile: str) -> None:
    s = Scenario(transport=transport)
    s.register(over=s.register())
    check(s, profile=profile)
    passes(s, "AUTH-03", at_least=2, profile=profile)


def test_quotes_and_case_do_not_matter() -> None:
    """FP20."""
    s = Scenario()
    changes = authorization(put("realm", "IMS.example.ORG"), put("algorithm", "akav1-md5"))
    s.register(sm7={"headers": changes})
    check(s)
    passes(s, "AUTH-03")


def test_the_challenge_is_not_in_the_capture() -> None:
    """FP3."""
    s = Scenario()
    s.register(sm7={"headers": authorization(put("nonce", NONCE), put("realm", "elsewhere.org"))})
    s.start_at("sm7")
    assert not findings(s, "AUTH-03")


def test_one_of_two_challenges_is_answered() -> None:
    """The UE takes the one whose algorithm it likes; which of them comes first does not matter."""
    s = Scenario()
    s.register()
    usual = s.sent["sm6"].message["WWW-Authenticate"]
    s = Scenario()
    other = f'Digest realm="other.org", nonce="{NONCE}", algorithm=AKAv2-MD5'
    s.register(sm6={"headers": {"WWW-Authenticate": [other, usual]}})
    check(s)
    passes(s, "AUTH-03")


# --- AUTH-04: Call-ID and CSeq ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", PROFILES)
def test_sm7_has_another_call_id(profile: str) -> None:
    s = Scenario()
    s.register(sm7={"call_id": "another@ue"})
    s.expect("AUTH-04", "violation", actor="UE", at="sm7")
    check(s, profile=profile)


@pytest.mark.parametrize("number", [0, 1])
def test_the_cseq_of_sm7_is_not_greater(number: int) -> None:
    s = Scenario()
    s.register(sm7={"headers": {"CSeq": f"{number} REGISTER"}})
    s.expect("AUTH-04", "violation", actor="UE", at="sm7")
    check(s)


@pytest.mark.parametrize("profile", PROFILES)
def test_call_id_and_cseq_go_on(profile: str) -> None:
    s = Scenario()
    s.register(over=s.register())
    check(s, profile=profile)
    passes(s, "AUTH-04", at_least=2, profile=profile)
    assert tally(s, "AUTH-04", profile).note == 0


def test_a_cseq_that_skips_is_noted() -> None:
    s = Scenario()
    s.register(sm7={"headers": {"CSeq": "7 REGISTER"}})
    check(s)
    assert tally(s, "AUTH-04").note == 1


def test_a_repeated_sm7_counts_once() -> None:
    """FP1."""
    s = Scenario()
    p = s.sm1()
    s.sm6(p)
    s.sm7(p)
    s.wait(2)
    s.again("sm7")
    s.sm12(p)
    check(s)
    assert tally(s, "AUTH-04").passed == 1


# --- AUTH-14: the credentials of a re-REGISTER ------------------------------------------------------------------------


def test_a_reregister_has_another_nonce() -> None:
    s = Scenario()
    s.register(over=s.register(), sm1={"headers": authorization(put("nonce", NONCE))})
    s.expect("AUTH-14", "violation", actor="UE", at="sm1.2")
    check(s)


def test_a_reregister_has_another_response() -> None:
    s = Scenario()
    s.register(over=s.register(), sm1={"headers": authorization(put("response", "ab" * 16))})
    s.expect("AUTH-14", "violation", actor="UE", at="sm1.2")
    check(s)


@pytest.mark.parametrize("names", [("nonce", "response"), ("response",), ("nonce",)])
def test_a_reregister_has_empty_values(names: tuple[str, ...]) -> None:
    """Some stacks send them so: a warning."""
    s = Scenario()
    changes = [put(name, "") for name in names]
    if names == ("response",):
        changes.append(put("nonce", NONCE))
    s.register(over=s.register(), sm1={"headers": authorization(*changes)})
    s.expect("AUTH-14", "warning", actor="UE", at="sm1.2")
    check(s)


def test_a_reregister_without_authorization() -> None:
    s = Scenario()
    s.register(over=s.register(), sm1={"headers": {"Authorization": None}})
    s.expect("AUTH-14", "warning", actor="UE", at="sm1.2")
    check(s)


def test_a_reregister_repeats_its_credentials() -> None:
    s = Scenario()
    first = s.register()
    s.wait(60)
    s.refresh(on=first)
    s.wait(60)
    s.register(over=first)
    check(s)
    passes(s, "AUTH-14", at_least=2)
    assert not in_force(s, "AUTH-14", "sa3-29")


def test_a_nonce_count_makes_another_response() -> None:
    s = Scenario()
    changes = [put("response", "ab" * 16), put("qop", "auth", quoted=False), put("cnonce", "0b"), put("nc", "00000002")]
    s.register(over=s.register(sm6={"qop": "auth"}), sm1={"headers": authorization(*changes)})
    check(s)
    passes(s, "AUTH-14")


def test_the_network_handed_out_the_next_nonce() -> None:
    s = Scenario()
    first = s.register(sm12={"headers": {"Authentication-Info": f'nextnonce="{NONCE}"'}})
    s.register(over=first, sm1={"headers": authorization(put("nonce", NONCE))})
    check(s)
    passes(s, "AUTH-14")


def test_after_a_refusal_the_values_are_empty() -> None:
    s = Scenario()
    first = s.register()
    s.wait(60)
    p = s.sm1(over=first)
    s.sm6(p)
    s.sm7(p)
    s.sm12(p, status=403)
    s.wait(60)
    complete(s, s.sm1(over=first, headers=authorization(put("nonce", ""), put("response", ""))))
    assert not findings(s, "AUTH-14")
    passes(s, "AUTH-14", at_least=2)


def test_the_nonce_of_a_challenge_that_came_to_nothing() -> None:
    """FP17: the last nonce, but of no success."""
    s = Scenario()
    first = s.register()
    s.wait(60)
    p = s.sm1(over=first)
    s.sm6(p)
    s.sm7(p)
    s.sm12(p, status=403)
    assert p.set
    s.wait(60)
    complete(s, s.sm1(over=first, headers=authorization(put("nonce", p.set.vector.nonce))))
    (found,) = findings(s, "AUTH-14")
    assert (found.verdict, found.actor, found.traps) == ("probable", "UE", ("FP17",))


def test_a_capture_that_begins_with_the_reregister() -> None:
    """FP3."""
    s = Scenario()
    first = s.register()
    s.wait(60)
    s.register(over=first, sm1={"headers": authorization(put("nonce", NONCE))})
    s.start_at("sm1.2")
    assert not findings(s, "AUTH-14")


def test_a_deregistration_is_left_out() -> None:
    s = Scenario()
    s.deregister(on=s.register(), sm1={"headers": authorization(put("nonce", ""), put("response", ""))})
    check(s)
    assert not tally(s, "AUTH-14").exercised


def test_another_call_id_in_a_registration_without_ipsec() -> None:
    """FP11: the rules of SM7 are those of the set that it takes into use."""
    s = Scenario()
    plain: Edits = {"Security-Client": None, "Require": None, "Proxy-Require": None}
    s.sm1(headers={**plain, "Authorization": None})
    digest = 'Digest realm="ims.example.org", nonce="abc", algorithm=MD5'
    s.answer("sm1", 401, headers={"WWW-Authenticate": digest})
    answer = 'Digest username="me", realm="ims.example.org", nonce="abc", uri="sip:ims.example.org", response="1"'
    s.sm12(s.sm1(headers={**plain, "Authorization": answer}))
    check(s)
