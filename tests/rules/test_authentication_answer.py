"""AUTH-12 and AUTH-13: what the network makes of an answer, and what it hears of the protection."""

from __future__ import annotations

import re

import pytest

from tests.rules.digest import NONCE, all_of, in_force, put
from tests.rules.packets import findings
from tests.rules.ports import tally
from tests.scenario import Scenario, audited, check, passes
from tests.scenario.aka import digest
from tests.scenario.sip_text import Edits

# --- AUTH-12: a wrong answer is refused -------------------------------------------------------------------------------


def test_a_wrong_answer_is_accepted() -> None:
    s = Scenario()
    s.register(sm7={"res_wrong": True})
    s.expect("AUTH-12", "violation", actor="network", at="sm12")
    check(s, keys=s.subscriber_toml())
    check(s, keys=s.subscriber_toml() + s.keys_toml())
    assert not in_force(s, "AUTH-12", "sa3-29")


@pytest.mark.parametrize("why", ["mac", "sqn"])
def test_a_report_of_a_failure_is_accepted(why: str) -> None:
    s = Scenario()
    p = s.sm1()
    s.sm6(p, bad_mac=why == "mac")
    s.reject(p, why)
    s.sm12(p)
    s.expect("AUTH-12", "violation", actor="network", at="sm12")
    check(s, rules={"AUTH-06", "AUTH-12"})


@pytest.mark.parametrize("status", [401, 403])
def test_a_wrong_answer_is_refused_or_challenged_again(status: int) -> None:
    s = Scenario()
    p = s.sm1()
    s.sm6(p)
    s.sm7(p, res_wrong=True)
    s.sm12(p, status=status)
    check(s, keys=s.subscriber_toml())
    passes(s, "AUTH-12", keys=s.subscriber_toml())


def test_nobody_knows_res() -> None:
    s = Scenario()
    s.register(sm7={"res_wrong": True})
    check(s)
    assert not tally(s, "AUTH-12").exercised


@pytest.mark.parametrize("qop", ["", "auth"])
def test_a_right_answer_is_none_of_auth_12(qop: str) -> None:
    s = Scenario()
    s.register(sm6={"qop": qop})
    check(s, keys=s.subscriber_toml())
    report = audited(s, keys=s.subscriber_toml())
    assert not next(each for each in report.rules if each.id == "AUTH-12").exercised


def test_res_as_text_is_res_all_the_same() -> None:
    """A variant of the digest: the UE had RES, so its answer is none that should have been refused."""
    s = Scenario()
    p = s.sm1()
    s.sm6(p)
    assert p.set
    ue, made = p.ue, p.set.vector
    answer = digest(ue.impi, ue.domain, made.res.hex().encode(), "REGISTER", f"sip:{ue.domain}", made.nonce)
    s.sm7(p, response=answer)
    s.sm12(p)
    check(s, keys=s.subscriber_toml())


def test_the_k_of_the_key_file_is_another() -> None:
    """FP18: nothing opens the set, and the response of SM7 in clear (a network without IPsec) fits no RES."""
    s = Scenario()
    headers = {"Security-Server": None}
    p = s.sm1()
    s.sm6(p, headers=headers)
    s.sm7(p, on=None)
    s.sm12(p)
    wrong = re.sub('k = "..', 'k = "00', s.subscriber_toml())
    report = audited(s, keys=wrong)
    (found,) = [each for each in report.findings if each.rule == "AUTH-12"]
    assert (found.verdict, found.traps) == ("inconclusive", ("FP18",))


AKAV2: Edits = {"Authorization": put("algorithm", "AKAv2-MD5")}


def test_akav2_is_not_computed() -> None:
    """R22."""
    s = Scenario()
    s.register(sm6={"headers": {"WWW-Authenticate": put("algorithm", "AKAv2-MD5")}}, sm7={"headers": AKAV2})
    report = audited(s, keys=s.subscriber_toml())
    (found,) = [each for each in report.findings if each.rule == "AUTH-12"]
    assert (found.verdict, found.traps) == ("inconclusive", ("R22",))


# --- AUTH-13: what the P-CSCF says of the protection ------------------------------------------------------------------


def told(value: str | None) -> Edits:
    return {"Authorization": put("integrity-protected", value)}


@pytest.mark.parametrize(("where", "label"), [("sm1", "sm2"), ("sm1.2", "sm2.2"), ("sm7", "sm8")])
def test_the_network_hears_the_contrary(where: str, label: str) -> None:
    s = Scenario()
    p = s.sm1()
    s.core_register(p, headers=told("yes") if where == "sm1" else {})
    s.core_401(p)
    s.sm6(p)
    s.sm7(p)
    s.core_register(p, headers=told("no") if where == "sm7" else {})
    s.core_200(p)
    s.sm12(p)
    assert p.set
    s.wait(60)
    p = s.sm1(over=p.set)
    s.core_register(p, headers=told("no") if where == "sm1.2" else {})
    s.core_401(p)
    s.sm6(p)
    s.sm7(p)
    s.core_register(p)
    s.core_200(p)
    s.sm12(p)
    s.expect("AUTH-13", "violation", actor="P-CSCF", at=label)
    check(s)
    assert not in_force(s, "AUTH-13", "sa3-29")


def test_the_network_hears_nothing_of_a_protected_register() -> None:
    s = Scenario()
    p = s.sm1()
    s.core_register(p, headers=told(None))  # absent may mean no
    s.core_401(p)
    s.sm6(p)
    s.sm7(p)
    s.core_register(p, headers=told(None))
    s.core_200(p)
    s.sm12(p)
    s.expect("AUTH-13", "violation", actor="P-CSCF", at="sm8")
    check(s)
    assert tally(s, "AUTH-13").passed == 1


def test_the_network_hears_the_truth() -> None:
    s = Scenario()
    s.register(over=s.register(core=True), core=True)
    check(s)
    passes(s, "AUTH-13", at_least=4)


@pytest.mark.parametrize("value", ["tls-yes", "ip-assoc-yes", "auth-done"])
def test_other_mechanisms_have_other_values(value: str) -> None:
    """FP11."""
    s = Scenario()
    s.core_register(s.sm1(), headers=told(value))
    check(s)
    assert not tally(s, "AUTH-13").exercised


def test_an_answer_to_another_challenge() -> None:
    """It is on the new set, and AUTH-03 speaks of its nonce; what the P-CSCF makes of it is not judged."""
    s = Scenario()
    p = s.sm1()
    s.sm6(p)
    s.sm7(p, headers={"Authorization": put("nonce", NONCE)})
    s.core_register(p, headers=told("yes"))
    assert not findings(s, "AUTH-13")


def test_a_register_that_was_not_seen_on_gm() -> None:
    s = Scenario()
    s.core_register(s.sm1(), headers={"Call-ID": "another", **told("yes")})
    check(s)
    assert not tally(s, "AUTH-13").exercised


def test_the_ue_claims_it_itself() -> None:
    s = Scenario()
    s.register(sm7={"headers": told("yes")})
    s.expect("AUTH-13", "violation", actor="UE", at="sm7")
    check(s)
    (found,) = findings(s, "AUTH-13")
    assert found.severity == "low"


# --- A challenge that was answered is rejected no more ----------------------------------------------------------------


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("lost", [["sm12"], ["sm7", "sm12"]])
def test_empty_credentials_after_an_sm12_that_the_capture_has_not(lost: list[str], transport: str) -> None:
    """A stack that repeats the last nonce with an empty response reports no failure, and a 2xx accepts none."""
    s = Scenario(transport=transport)
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    s.refresh(on=first, sm1={"headers": {"Authorization": put("response", "")}})
    s.lose(*lost)
    report = audited(s)
    assert [each.rule for each in report.findings if each.verdict in ("violation", "warning")] == []
    assert not tally(s, "AUTH-12").exercised
    assert [each for each in report.findings if each.rule in ("AUTH-08", "AUTH-12", "SA-19")] == []


@pytest.mark.parametrize("taken", ["AKAv1-MD5", "AKAv2-SHA-256"])
def test_one_of_two_challenges_with_one_nonce_is_answered(taken: str) -> None:
    """RFC 4169 3: AKAv1 and AKAv2 in one 401; the algorithm tells which one is answered."""
    s = Scenario()
    p = s.sm1()
    made = s.next_vector(p.ue)
    both = [
        f'Digest realm="ims.example.org", nonce="{made.nonce}", algorithm={name}'
        for name in ("AKAv2-SHA-256", "AKAv1-MD5")
    ]
    s.sm6(p, vector=made, headers={"WWW-Authenticate": both})
    s.sm7(p, headers={"Authorization": put("algorithm", taken, quoted=False)})
    s.sm12(p)
    check(s)
    passes(s, "AUTH-03")
    told = [
        (each.verdict, each.traps) for each in audited(s, keys=s.subscriber_toml()).findings if each.rule == "AUTH-12"
    ]
    assert told == ([("inconclusive", ("R22",))] if taken != "AKAv1-MD5" else [])


def test_the_first_register_for_another_identity_has_no_credentials_yet() -> None:
    """TS 24.229 5.1.1.2.2 a: on the set that is there, and with empty values; the next one repeats those of the set."""
    s = Scenario()
    first = s.register()
    other = "<sip:other@ims.example.org>"
    empty = all_of(put("nonce", ""), put("response", ""))
    headers: Edits = {"To": other, "From": f"{other};tag=1", "Authorization": empty}
    s.refresh(on=first, sm1={"headers": headers})
    check(s)
    passes(s, "AUTH-14")
    s.refresh(on=first, sm1={"headers": headers})
    s.expect("AUTH-14", "warning", actor="UE", at="sm1.3")
    check(s)


def test_a_response_whose_sum_leaves_the_body_out_knows_res_all_the_same() -> None:
    """auth-int as if it were auth: wrong, but not by guessing."""
    s = Scenario()
    s.register(sm6={"qop": "auth-int"})
    check(s, keys=s.subscriber_toml())
    assert not [each for each in audited(s, keys=s.subscriber_toml()).findings if each.rule == "AUTH-12"]
