"""AUTH-07 to AUTH-10 and AUTH-15: challenges that are rejected, answers that never come, offers that nobody needs."""

from __future__ import annotations

import base64

import pytest

from tests.rules.digest import NONCE, in_force, put
from tests.rules.packets import findings
from tests.rules.ports import PROFILES, tally
from tests.rules.procedures import complete, unanswered
from tests.scenario import Scenario, audited, check, passes
from tests.scenario.sip_text import Edits
from tests.scenario.state import Procedure


def challenged(s: Scenario, *, bad_mac: bool = False) -> Procedure:
    procedure = s.sm1()
    s.sm6(procedure, bad_mac=bad_mac)
    return procedure


def auts(octets: bytes | str) -> Edits:
    text = octets if isinstance(octets, str) else base64.b64encode(octets).decode()
    return {"Authorization": put("auts", text)}


# --- AUTH-07: an offer without a challenge is for nothing -------------------------------------------------------------


@pytest.mark.parametrize("profile", PROFILES)
def test_the_offer_of_an_unchallenged_register_is_used(profile: str) -> None:
    s = Scenario()
    first = s.register()
    s.wait(60)
    p = s.refresh(on=first)
    s.wait(60)
    s.request("pcscf", "NOTIFY", on=first, esp={"spi": p.client["spi_s"]}, answered=False)
    report = audited(s, profile=profile)
    (found,) = [each for each in report.findings if each.rule == "AUTH-07"]
    assert (found.verdict, found.actor, found.frame) == ("note", "P-CSCF", s.frame("req"))
    assert found.related == (s.frame("sm12.2"),)


@pytest.mark.parametrize("profile", PROFILES)
def test_the_offer_of_an_unchallenged_register_is_forgotten(profile: str) -> None:
    """FP16."""
    s = Scenario()
    first = s.register()
    s.wait(60)
    s.refresh(on=first)
    s.wait(60)
    s.request("pcscf", "NOTIFY", on=first)
    check(s, profile=profile)
    passes(s, "AUTH-07", profile=profile)
    assert tally(s, "AUTH-07", profile).note == 0


def test_the_same_offer_is_challenged_later() -> None:
    """FP16: then it is no longer in vain."""
    s = Scenario()
    first = s.register()
    s.wait(60)
    p = s.refresh(on=first)
    s.wait(60)
    second = s.register(over=first, sm1={"client": p.client})
    s.request("ue", "MESSAGE", on=second)
    s.request("pcscf", "NOTIFY", on=second)
    check(s)
    assert not findings(s, "AUTH-07")


# --- AUTH-08: a wrong MAC ---------------------------------------------------------------------------------------------


def test_the_ue_answers_a_forged_challenge() -> None:
    s = Scenario()
    s.register(sm6={"bad_mac": True})
    s.expect("AUTH-08", "violation", actor="UE", at="sm7")
    check(s, keys=s.subscriber_toml())
    (found,) = findings(s, "AUTH-08", keys=s.subscriber_toml())
    assert found.severity == "critical"
    assert not in_force(s, "AUTH-08", "sa3-29")


def test_the_ue_sends_auts_for_a_forged_challenge() -> None:
    s = Scenario()
    p = challenged(s, bad_mac=True)
    s.reject(p, "sqn")
    s.sm6(p, label="sm6b")
    s.sm7(p, label="sm7b")
    s.sm12(p)
    s.expect("AUTH-08", "violation", actor="UE", at="reject")
    check(s, keys=s.subscriber_toml())


@pytest.mark.parametrize("keys", [True, False])
def test_the_ue_rejects_a_forged_challenge(keys: bool) -> None:
    """Without K the form of the report is what counts."""
    s = Scenario()
    p = challenged(s, bad_mac=True)
    s.reject(p, "mac")
    s.sm6(p, label="sm6b")
    s.sm7(p, label="sm7b")
    s.sm12(p)
    check(s, keys=s.subscriber_toml() if keys else None)
    passes(s, "AUTH-08", keys=s.subscriber_toml() if keys else None)


def test_without_k_a_forged_challenge_looks_like_any_other() -> None:
    s = Scenario()
    s.register(sm6={"bad_mac": True})
    check(s)
    assert not tally(s, "AUTH-08").exercised


@pytest.mark.parametrize("why", ["", "sqn"])
def test_the_k_of_the_key_file_is_not_the_ues(why: str) -> None:
    """FP18: every challenge looks forged then."""
    s = Scenario()
    p = challenged(s)
    if why:
        s.reject(p, why)
        s.sm6(p, label="sm6b")
    s.sm7(p)
    s.sm12(p)
    wrong = s.subscriber_toml().replace('opc = "cd', 'opc = "00')
    report = audited(s, keys=wrong + s.keys_toml())
    found = [each for each in report.findings if each.rule == "AUTH-08"]
    assert found
    assert {(each.verdict, each.traps) for each in found} == {("inconclusive", ("FP18",))}


def test_a_report_in_clear_with_a_response() -> None:
    """It may as well be an SM7 that went astray: without K nobody can tell."""
    s = Scenario()
    p = challenged(s)
    assert p.set
    new = s._client(p.ue, None, {})
    text = s.sent["sm1"].message["Security-Client"]
    for name in ("spi_c", "spi_s", "port_c"):
        key = name.replace("_", "-")
        text = text.replace(f"{key}={p.client[name]}", f"{key}={new[name]}")
    s.sm7(p, on=None, headers={"Security-Client": text, "Security-Verify": None})
    s.sm12(p, status=403)
    s.expect("AUTH-08", "probable", actor="UE", at="sm7", cause="SA-04")
    check(s, rules={"AUTH-08"})


def test_an_sm7_in_clear_is_no_report() -> None:
    """SA-04 alone speaks of it."""
    s = Scenario()
    p = challenged(s)
    s.sm7(p, on=None)
    s.sm12(p)
    assert not findings(s, "AUTH-08")


# --- AUTH-09: a wrong SQN ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("octets", [bytes(13), bytes(15), b"\0", "no base64"])
def test_auts_is_malformed(octets: bytes | str) -> None:
    s = Scenario()
    p = challenged(s)
    s.reject(p, "sqn", headers=auts(octets))
    s.sm6(p, label="sm6b")
    s.sm7(p, label="sm7b")
    s.sm12(p)
    s.expect("AUTH-09", "violation", actor="UE", at="reject")
    check(s)
    assert not in_force(s, "AUTH-09", "sa3-29")


def test_auts_without_a_nonce() -> None:
    s = Scenario()
    p = challenged(s)
    s.reject(p, "sqn", headers={"Authorization": put("nonce", "")})
    s.sm12(p, status=403)
    s.expect("AUTH-09", "violation", actor="UE", at="reject")
    check(s, rules={"AUTH-02", "AUTH-09"})


def test_auts_for_a_challenge_that_is_not_in_the_capture() -> None:
    """FP4."""
    s = Scenario()
    p = challenged(s)
    s.reject(p, "sqn", headers={"Authorization": put("nonce", NONCE)})
    s.sm12(p, status=403)
    s.expect("AUTH-09", "probable", actor="UE", at="reject")
    check(s, rules={"AUTH-02", "AUTH-09"})


def test_auts_for_an_older_challenge() -> None:
    """FP2, FP17: it may have crossed the newer one."""
    s = Scenario()
    p = challenged(s)
    assert p.set
    older = p.set.vector.nonce
    s.reject(p, "sqn")
    s.sm6(p, label="sm6b")
    s.reject(p, "sqn", label="rejectb", headers={"Authorization": put("nonce", older)})
    s.sm12(p, status=403)
    (found,) = findings(s, "AUTH-09")
    assert (found.verdict, found.frame, found.traps) == ("probable", s.frame("rejectb"), ("FP2", "FP17"))


@pytest.mark.parametrize("response", ["", "ab" * 16])
def test_auts_is_there(response: str) -> None:
    """A response beside it is allowed."""
    s = Scenario()
    p = challenged(s)
    s.reject(p, "sqn", headers={"Authorization": put("response", response)})
    s.sm6(p, label="sm6b")
    s.sm7(p, label="sm7b")
    s.sm12(p)
    check(s)
    check(s, keys=s.subscriber_toml())
    passes(s, "AUTH-09")
    passes(s, "AUTH-09", keys=s.subscriber_toml())


def test_a_genuine_challenge_is_rejected_without_auts() -> None:
    """FP18: the UE may have another K than the key file, until it has shown its own."""
    s = Scenario()
    p = challenged(s)
    s.reject(p, "mac")
    s.sm6(p, label="sm6b")
    s.sm7(p, label="sm7b")
    s.sm12(p)
    s.expect("AUTH-09", "probable", actor="UE", at="reject")
    check(s, keys=s.subscriber_toml())


def test_a_genuine_challenge_is_rejected_without_auts_by_a_ue_whose_k_is_known() -> None:
    s = Scenario()
    first = s.register()
    s.wait(60)
    p = s.sm1(over=first)
    s.sm6(p)
    s.reject(p, "mac")
    s.sm6(p, label="sm6b")
    s.sm7(p, label="sm7b")
    s.sm12(p)
    s.expect("AUTH-09", "violation", actor="UE", at="reject.2")
    check(s, keys=s.subscriber_toml())


# --- AUTH-10: two reports at most -------------------------------------------------------------------------------------


@pytest.mark.parametrize("whys", [("mac", "mac", "mac"), ("sqn", "sqn", "sqn"), ("mac", "sqn", "mac")])
def test_a_third_report(whys: tuple[str, ...]) -> None:
    s = Scenario()
    p = challenged(s)
    for number, why in enumerate(whys):
        s.reject(p, why, label=f"reject{number}")
        s.sm6(p, label=f"sm6.{number}b")
    s.sm7(p)
    s.sm12(p)
    s.expect("AUTH-10", "violation", actor="UE", at="reject2")
    check(s)
    assert not in_force(s, "AUTH-10", "sa3-29")


def test_two_reports() -> None:
    s = Scenario()
    p = challenged(s)
    for number in range(2):
        s.reject(p, "mac", label=f"reject{number}")
        s.sm6(p, label=f"sm6.{number}b")
    s.sm7(p)
    s.sm12(p)
    check(s)
    passes(s, "AUTH-10", at_least=2)


def test_a_valid_challenge_between_reports() -> None:
    s = Scenario()
    p = challenged(s)
    for number in range(2):
        s.reject(p, "mac", label=f"reject{number}")
        s.sm6(p, label=f"sm6.{number}b")
    s.sm7(p)
    s.sm12(p, status=401)
    s.reject(p, "mac", label="reject2")
    s.sm6(p, label="sm6.2b")
    s.sm7(p, label="sm7b")
    s.sm12(p, label="sm12b")
    assert not findings(s, "AUTH-10")


def test_one_report_sent_three_times() -> None:
    """FP1."""
    s = Scenario()
    p = challenged(s)
    s.reject(p, "mac")
    unanswered(s, "reject")
    s.sm6(p, label="sm6b")
    s.sm7(p)
    s.sm12(p)
    check(s)
    assert tally(s, "AUTH-10").passed == 1


def test_the_user_tries_again() -> None:
    """A registration that begins anew may be the user's wish."""
    s = Scenario()
    for _ in range(3):
        p = s.sm1()
        s.sm6(p)
        s.reject(p, "mac")
        s.sm12(p, status=403)
        s.wait(30)
    check(s)
    passes(s, "AUTH-10", at_least=3)


# --- AUTH-15: an SM7 without an answer --------------------------------------------------------------------------------


def silent(s: Scenario, over: bool) -> Procedure:
    """An SM7 that is repeated and never answered, until after Timer F."""
    first = s.register() if over else None
    if over:
        s.wait(600)
    p = s.sm1(over=first)
    s.sm6(p)
    label = s.sm7(p).label
    unanswered(s, label)
    s.wait(150)
    return p


def test_the_temporary_set_is_used_again() -> None:
    s = Scenario()
    p = silent(s, over=True)
    assert p.set
    s.sm1(over=p.set)
    s.expect("AUTH-15", "warning", actor="UE", at="sm1.3")
    check(s, rules={"AUTH-15"})
    assert not in_force(s, "AUTH-15", "sa3-29")


def test_the_answer_may_be_missing_from_the_capture() -> None:
    """FP4: the UE did not repeat SM7, so it had an answer."""
    s = Scenario()
    first = s.register()
    s.wait(600)
    second = s.register(over=first)
    s.lose("sm12.2")
    s.wait(150)
    s.sm1(over=second)
    s.expect("AUTH-15", "probable", actor="UE", at="sm1.3")
    check(s, rules={"AUTH-15"})


def test_the_older_set_is_used() -> None:
    s = Scenario()
    p = silent(s, over=True)
    assert p.over
    complete(s, s.sm1(over=p.over))
    assert not findings(s, "AUTH-15")
    passes(s, "AUTH-15")


def test_a_registration_in_clear_without_an_older_set() -> None:
    s = Scenario()
    silent(s, over=False)
    complete(s, s.sm1())
    check(s)
    passes(s, "AUTH-15")


def test_a_registration_in_clear_although_there_is_an_older_set() -> None:
    """FP30: noted, no more."""
    s = Scenario()
    silent(s, over=True)
    complete(s, s.sm1())
    (found,) = findings(s, "AUTH-15")
    assert (found.verdict, found.actor, found.frame) == ("note", "UE", s.frame("sm1.3"))


def test_before_timer_f_it_is_another_rows_matter() -> None:
    s = Scenario()
    p = s.sm1()
    s.sm6(p)
    s.sm7(p)
    unanswered(s, "sm7")
    s.wait(60)
    s.sm1()
    assert not tally(s, "AUTH-15").exercised
