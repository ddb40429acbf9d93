"""SA-17 and SA-18: how refusals are protected."""

from __future__ import annotations

import pytest

from analyzer.finding import Finding
from tests.rules.protection import both_profiles, both_transports
from tests.scenario import SaSet, Scenario, audited, check, passes

ANOTHER_PORT = {"Security-Client": lambda text: text.replace("port-c=3", "port-c=4")}


def notes(scenario: Scenario, rule: str, profile: str) -> list[Finding]:
    report = audited(scenario, profile=profile, keys=scenario.subscriber_toml())
    return [f for f in report.findings if f.rule == rule and f.verdict == "note"]


def wrong_res(s: Scenario, over: SaSet | None, on: SaSet | str | None) -> None:
    """SM7 with a wrong RES, refused on this set; ``new`` is the one that SM6 announced."""
    procedure = s.sm1(over=over)
    s.sm6(procedure)
    s.sm7(procedure, res_wrong=True)
    s.sm12(procedure, status=403, on=procedure.set if isinstance(on, str) else on)


# --- SA-17: after a clear SM1 ------------------------------------------------------------------------------------


@both_profiles
@both_transports
def test_a_wrong_res_is_refused_in_clear(transport: str, profile: str) -> None:
    s = Scenario(transport=transport)
    wrong_res(s, None, None)
    s.expect("SA-17", "violation", actor="P-CSCF", at="sm12")
    check(s, profile=profile, keys=s.subscriber_toml(), rules=["SA-17", "SA-18", "SA-16", "CLR-03", "CLR-05"])


@both_profiles
def test_whether_res_was_wrong_is_not_known(profile: str) -> None:
    """R4: without a vector the refusal may have another reason, and then it may be in clear."""
    s = Scenario()
    wrong_res(s, None, None)
    s.expect("SA-17", "probable", actor="P-CSCF", at="sm12")
    check(s, profile=profile, rules=["SA-17", "SA-18", "SA-16"])


@both_profiles
def test_a_wrong_res_is_refused_on_an_older_set(profile: str) -> None:
    s = Scenario()
    first = s.register()
    s.wait(1)
    wrong_res(s, None, first)
    s.expect("SA-17", "violation", actor="P-CSCF", at="sm12.2")
    check(s, profile=profile, keys=s.subscriber_toml())


@both_profiles
@both_transports
@pytest.mark.parametrize("status", [403, 494, 503])
def test_a_clear_sm1_is_refused_on_a_set(status: int, transport: str, profile: str) -> None:
    s = Scenario(transport=transport)
    first = s.register()
    s.wait(1)
    s.sm12(s.sm1(), status=status, on=first)
    s.expect("SA-17", "violation", actor="P-CSCF", at="sm12.2")
    check(s, profile=profile, rules=["SA-17", "SA-18", "SA-16"])


@both_profiles
@both_transports
def test_refusals_after_a_clear_sm1(transport: str, profile: str) -> None:
    """Case D1: a wrong RES on the new set; case I: an error to SM1 in clear."""
    s = Scenario(transport=transport)
    wrong_res(s, None, "new")
    s.wait(5)
    s.sm12(s.sm1(), status=503)
    check(s, profile=profile, keys=s.subscriber_toml())
    passes(s, "SA-17", at_least=2, profile=profile)


@both_profiles
@pytest.mark.parametrize("reason", ["res-right", "headers-differ"])
@pytest.mark.parametrize("way", ["clear", "new"])
def test_sm7_is_refused_for_another_reason(way: str, reason: str, profile: str) -> None:
    """R4: in clear or on the new set, a note at most."""
    s = Scenario()
    procedure = s.sm1()
    s.sm6(procedure)
    s.sm7(procedure, headers={} if reason == "res-right" else ANOTHER_PORT)
    s.sm12(procedure, status=400, on=procedure.set if way == "new" else None)
    check(s, profile=profile, keys=s.subscriber_toml(), rules=["SA-17", "SA-18", "SA-16"])
    assert len(notes(s, "SA-17", profile)) == (way == "clear")


@both_profiles
def test_a_second_challenge_is_no_refusal(profile: str) -> None:
    """FP17."""
    s = Scenario()
    procedure = s.sm1()
    s.sm6(procedure)
    s.sm7(procedure, res_wrong=True)
    s.sm12(procedure, status=401)
    s.sm7(procedure, label="sm7b")
    s.sm12(procedure, label="sm12b")
    check(s, profile=profile, keys=s.subscriber_toml())


def test_sm7_that_fails_its_icv_has_no_answer() -> None:
    """Case D0: the UE derived another IK."""
    s = Scenario()
    procedure = s.sm1()
    s.sm6(procedure)
    s.sm7(procedure, esp={"ik": bytes(16)})
    s.wait(129)
    s.register()
    for rule in ("SA-17", "SA-18"):
        s.expect(rule, "inconclusive", actor="unknown", at="sm6")
    check(s, rules=["SA-17", "SA-18"])


@both_profiles
@pytest.mark.parametrize("protected", [False, True])
@pytest.mark.parametrize("why", ["mac", "sqn"])
def test_a_failure_register_is_refused_on_the_rejected_set(why: str, protected: bool, profile: str) -> None:
    """R30: case F decides, and LIFE-16 speaks of the set; SA-16 and SA-17 do not look at it."""
    s = Scenario()
    procedure = s.sm1(over=s.register() if protected else None)
    s.sm6(procedure, bad_mac=why == "mac")
    rejected = procedure.set
    s.reject(procedure, why)
    s.wait(1)
    s.sm12(procedure, status=403, on=rejected)
    check(s, profile=profile, rules=["SA-16", "SA-17"])


# --- SA-18: after a protected SM1 --------------------------------------------------------------------------------


@both_profiles
def test_sm7_is_refused_on_the_new_set_over_udp(profile: str) -> None:
    """R19: the clauses of TS 33.203 disagree today."""
    s = Scenario()
    wrong_res(s, s.register(), "new")
    s.expect("SA-18", "violation" if profile == "sa3-29" else "probable", actor="P-CSCF", at="sm12.2")
    check(s, profile=profile)


@both_profiles
@both_transports
def test_sm7_is_refused_in_clear(transport: str, profile: str) -> None:
    s = Scenario(transport=transport)
    wrong_res(s, s.register(), None)
    s.expect("SA-18", "violation", actor="P-CSCF", at="sm12.2")
    s.expect("CLR-05", "violation", actor="P-CSCF", at="sm12.2", cause="SA-18")
    check(s, profile=profile, rules=["SA-16", "SA-17", "SA-18", "CLR-02", "CLR-03", "CLR-05"])


@both_profiles
@both_transports
def test_a_protected_sm1_is_refused_in_clear(transport: str, profile: str) -> None:
    s = Scenario(transport=transport)
    s.sm12(s.sm1(over=s.register()), status=403, on=None)
    s.expect("SA-18", "violation", actor="P-CSCF", at="sm12.2")
    s.expect("CLR-05", "violation", actor="P-CSCF", at="sm12.2", cause="SA-18")
    check(s, profile=profile, rules=["SA-16", "SA-17", "SA-18", "CLR-02", "CLR-03", "CLR-05"])


@both_profiles
def test_a_protected_sm1_is_refused_on_another_set(profile: str) -> None:
    s = Scenario()
    first = s.register()
    second = s.register(over=first)
    s.wait(1)
    s.sm12(s.sm1(over=second), status=403, on=first)
    s.expect("SA-18", "violation", actor="P-CSCF", at="sm12.3")
    check(s, profile=profile, rules=["SA-16", "SA-17", "SA-18"])


@both_profiles
@both_transports
def test_refusals_on_the_old_set(transport: str, profile: str) -> None:
    """Cases D2 and I; over TCP on a connection of the old set (R37)."""
    s = Scenario(transport=transport)
    first = s.register()
    wrong_res(s, first, first)
    s.wait(1)
    s.sm12(s.sm1(over=first), status=503)
    s.wait(1)
    s.request("ue", "MESSAGE", on=first)
    check(s, profile=profile)
    passes(s, "SA-18", at_least=2, profile=profile)


@both_profiles
def test_over_tcp_the_refusal_comes_back_on_the_connection_of_sm7(profile: str) -> None:
    """FP27, R37: a note."""
    s = Scenario(transport="tcp")
    wrong_res(s, s.register(), "new")
    check(s, profile=profile)
    assert [f.frame for f in notes(s, "SA-18", profile)] == [s.frame("sm12.2")]


@both_profiles
@both_transports
def test_a_second_challenge_is_no_refusal_of_a_protected_registration(transport: str, profile: str) -> None:
    """FP17: it stays with SM7's set."""
    s = Scenario(transport=transport)
    procedure = s.sm1(over=s.register())
    s.sm6(procedure)
    s.sm7(procedure)
    s.sm12(procedure, status=401)
    s.sm7(procedure, label="sm7b")
    s.sm12(procedure, label="sm12b")
    check(s, profile=profile)


@both_profiles
def test_the_refusal_again(profile: str) -> None:
    """FP1: counted once."""
    s = Scenario()
    wrong_res(s, s.register(), "new")
    s.wait(2)
    s.again("sm7.2")
    s.again("sm12.2")
    s.expect("SA-18", "violation" if profile == "sa3-29" else "probable", actor="P-CSCF", at="sm12.2")
    check(s, profile=profile)
