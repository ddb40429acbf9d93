"""SA-16: answers stay on the set of their requests."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from analyzer.audit.audit import Audit, Options
from analyzer.finding import Finding
from analyzer.keys.keyring import Keyring
from analyzer.profile import PROFILES as DEFINED
from tests.rules.protection import both_profiles, both_transports, replaced
from tests.scenario import Scenario, audited, check, passes
from tests.scenario.sip_text import Edits


def flagged(s: Scenario, profile: str, flag: str) -> list[tuple[str, str]]:
    """Rules and verdicts of all findings under a profile with a flag."""
    keyring = Keyring()
    keyring.add_text(s.keys_toml(), "keys")
    audit = Audit(Options(profile=replace(DEFINED[profile], flags=frozenset({flag}))), keyring)
    for frame in s.frames():
        audit.engine.receive(frame)
    return [(finding.rule, finding.verdict) for finding in audit.finish().findings]


def notes(s: Scenario, rule: str) -> list[Finding]:
    return [found for found in audited(s).findings if found.rule == rule and found.verdict == "note"]


@pytest.mark.parametrize(
    ("transport", "profile", "verdict"),
    [
        ("udp", "sa3-29", "violation"),
        ("udp", "rel-17", "warning"),
        ("tcp", "sa3-29", "violation"),
        ("tcp", "rel-17", "violation"),
    ],
)
def test_the_ue_answers_on_the_new_set(transport: str, profile: str, verdict: str) -> None:
    """V3. Over TCP it is another connection, too."""
    s = Scenario(transport=transport)
    first, second = replaced(s)
    s.wait(3)
    s.request("pcscf", "NOTIFY", on=first, answer={"on": second})
    s.expect("SA-16", verdict, actor="UE", at="resp")
    if transport == "tcp":
        s.expect("TRN-01", "violation", actor="UE", at="resp")
        s.expect("TRN-02", "violation", actor="UE", at="resp.syn")
    check(s, profile=profile)


@both_profiles
@both_transports
def test_the_p_cscf_answers_on_the_new_set(transport: str, profile: str) -> None:
    """R38: over UDP today it may, which is worth a note."""
    s = Scenario(transport=transport)
    first = s.register()
    call = s.invite("ue", on=first)
    second = s.register(over=first)
    s.wait(3)
    s.answer(call, 486, on=second)
    s.wait(2)
    s.again("invite.486")
    if profile == "sa3-29" or transport == "tcp":
        s.expect("SA-16", "violation", actor="P-CSCF", at="invite.486", count=2)
    else:
        assert [found.frame for found in notes(s, "SA-16")] == [s.frame("invite.486")]
    check(s, profile=profile, rules=["SA-16"])


@both_profiles
def test_the_p_cscf_answers_on_the_old_set(profile: str) -> None:
    """It may still have that set today (R9)."""
    s = Scenario()
    first, second = replaced(s)
    s.wait(3)
    s.request("ue", "MESSAGE", on=second, label="trigger")
    s.request("ue", "MESSAGE", on=second, answer={"on": first})
    if profile == "sa3-29":
        s.expect("SA-16", "violation", actor="P-CSCF", at="resp")
    s.expect("LIFE-13", "violation" if profile == "sa3-29" else "probable", actor="P-CSCF", at="resp")
    check(s, profile=profile)


@both_profiles
@both_transports
def test_answers_on_the_set_of_their_requests(transport: str, profile: str) -> None:
    """Provisional and late ones too."""
    s = Scenario(transport=transport)
    first = s.register()
    mine = s.invite("ue", on=first, label="mine")
    theirs = s.invite("pcscf", on=first, label="theirs")
    s.register(over=first)
    s.wait(3)
    for call in (mine, theirs):
        s.answer(call, 180)
        s.answer(call, 200)
    check(s, profile=profile)
    passes(s, "SA-16", at_least=6, profile=profile)


def test_an_answer_whose_request_is_missing() -> None:
    """FP3."""
    s = Scenario()
    first, second = replaced(s)
    s.wait(3)
    s.request("pcscf", "NOTIFY", on=first, answer={"on": second})
    s.lose("req")
    check(s, profile="sa3-29", rules=["SA-16", "TRN-01"])


def test_the_second_solution_of_the_papers() -> None:
    """V10: over TCP an answer may go over to a connection of the new set; then the old one may be closed."""
    s = Scenario(transport="tcp")
    first = s.register()
    call = s.invite("ue", on=first)
    second = s.register(over=first)
    s.wait(3)
    s.answer(call, 200, on=second)
    assert {("SA-16", "violation"), ("TRN-01", "violation")} <= set(flagged(s, "sa3-29", "seed-solution-1"))
    assert not {rule for rule, _ in flagged(s, "sa3-29", "seed-solution-2")} & {"SA-16", "TRN-01", "TRN-05"}


@both_transports
@both_profiles
def test_a_ue_that_gives_all_its_requests_the_same_branch(transport: str, profile: str) -> None:
    """It breaks RFC 3261 8.1.1.7, but what has another Call-ID is another request, answered where it came."""
    s = Scenario(transport=transport)
    first = s.register()
    via: Edits = {"Via": f"SIP/2.0/{transport.upper()} 10.20.0.11:{first.port_us};branch=z9hG4bKsame"}
    s.request("ue", "MESSAGE", on=first, headers=via)
    second = s.register(over=first)
    s.wait(3)
    s.request("ue", "MESSAGE", on=second, headers=via)
    s.wait(200)
    s.request("ue", "MESSAGE", on=second, headers=via)
    check(s, profile=profile)
    passes(s, "SA-16", at_least=3, profile=profile)


@both_profiles
def test_a_request_that_came_on_both_sets(profile: str) -> None:
    """The UE repeats it on the wrong set (TRN-10), and is answered there: nobody knows which copy the answer is for."""
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first, answered=False)
    second = s.register(over=first)
    s.wait(2)
    s.again("req", on=second)
    s.answer("req", 200, on=second)
    check(s, profile=profile, rules=["SA-16", "TRN-01"])
