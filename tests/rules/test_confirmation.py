"""NEG-07, NEG-08 and NEG-09: SM7 repeats what SM1 and SM6 said, and the P-CSCF looks whether it does."""

from __future__ import annotations

import re

import pytest

from analyzer.finding import Finding, Tally
from tests.scenario import SaSet, Scenario, audited, check, passes
from tests.scenario.sip_text import Edit

PROFILES = ("rel-17", "sa3-29")
TWO = [("hmac-sha-1-96", "aes-cbc"), ("hmac-sha-1-96", "null")]
MEDIA = "sdes-srtp;mediasec"
HEADERS = {"NEG-07": "Security-Client", "NEG-08": "Security-Verify"}


def another_port(text: str) -> str:
    return re.sub(r"port-c=\d+", "port-c=40001", text)


def only_the_first(text: str) -> str:
    return text.split(", ")[0]


def one_more(text: str) -> str:
    return f"{text}, {only_the_first(text).replace('aes-cbc', 'des-ede3-cbc')}"


def turned_round(text: str) -> str:
    return ", ".join(reversed(text.split(", ")))


def weaker(text: str) -> str:
    return text.replace("ealg=aes-cbc", "ealg=null")


CHANGES: dict[str, Edit] = {
    "other-port": another_port,
    "reduced": only_the_first,
    "added": one_more,
    "weaker": weaker,
    "missing": None,
}

SPELLINGS: dict[str, Edit] = {
    "upper-case": str.upper,
    "blanks": lambda text: text.replace(";", " ; ").replace("=", " = "),
    "quotes": lambda text: text.replace("alg=hmac-sha-1-96", 'alg="hmac-sha-1-96"'),
    "order-of-parameters": lambda text: text.replace(";prot=esp;mod=trans", ";mod=trans;prot=esp"),
    "leading-zeros": lambda text: text.replace("port-s=", "port-s=0"),
    "folded": lambda text: text.replace(", ", ",\r\n "),
}

DEFAULTS: dict[str, Edit] = {
    "prot": lambda text: text.replace(";prot=esp", ""),
    "mod": lambda text: text.replace(";mod=trans", ""),
    "ealg": lambda text: text.replace(";ealg=null", ""),
}


def registered(header: str, change: Edit, over: SaSet | None = None, scenario: Scenario | None = None) -> Scenario:
    """A registration with two entries on both sides that succeeds although SM7 has this header changed."""
    s = scenario or Scenario()
    s.register(over=over, sm1={"offers": TWO}, sm6={"offers": TWO}, sm7={"headers": {header: change}})
    return s


def refused(header: str, change: Edit, over: SaSet | None = None, scenario: Scenario | None = None) -> Scenario:
    """The same registration, refused."""
    s = scenario or Scenario()
    s.register(
        over=over, sm1={"offers": TWO}, sm6={"offers": TWO}, sm7={"headers": {header: change}}, sm12={"status": 400}
    )
    return s


def long_over_udp(scenario: Scenario) -> None:
    """What was added may make SM7 longer than UDP should carry (TRN-08)."""
    if len(scenario.sent["sm7"].raw) > 1300:
        scenario.expect("TRN-08", "warning", actor="UE", at="sm7")


def tally(scenario: Scenario, rule: str) -> Tally:
    return next(each for each in audited(scenario).rules if each.id == rule)


def findings(scenario: Scenario, rule: str) -> list[Finding]:
    return [each for each in audited(scenario).findings if each.rule == rule]


# --- NEG-07 and NEG-08: SM7 repeats -----------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("rule", HEADERS)
def test_sm7_does_not_repeat_what_was_agreed(rule: str, change: str, profile: str) -> None:
    s = refused(HEADERS[rule], CHANGES[change])
    long_over_udp(s)
    s.expect(rule, "violation", actor="UE", at="sm7")
    check(s, profile=profile)
    passes(s, "NEG-09", profile=profile)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("rule", HEADERS)
def test_the_same_in_a_re_registration(rule: str, profile: str) -> None:
    s = Scenario()
    refused(HEADERS[rule], another_port, over=s.register(), scenario=s)
    s.expect(rule, "violation", actor="UE", at="sm7.2")
    check(s, profile=profile)


@pytest.mark.parametrize("rule", HEADERS)
def test_how_much_is_missing_decides_how_bad_it_is(rule: str) -> None:
    """8.4: another value is of high severity, a part of the list of medium."""
    (different,) = findings(refused(HEADERS[rule], another_port), rule)
    (reduced,) = findings(refused(HEADERS[rule], only_the_first), rule)
    assert (different.severity, reduced.severity) == ("high", "medium")
    assert "tampering" in different.message


@pytest.mark.parametrize("rule", HEADERS)
def test_another_order_of_the_entries_is_a_warning(rule: str) -> None:
    s = registered(HEADERS[rule], turned_round)
    s.expect(rule, "warning", actor="UE", at="sm7")
    check(s)


@pytest.mark.parametrize("change", ["0.9", None])
def test_a_changed_preference_is_a_change(change: str | None) -> None:
    s = Scenario()
    p = s.sm1(offers=TWO)
    s.sm6(p, offers=TWO, q=["0.5", "0.2"])
    s.sm7(p, headers={"Security-Verify": lambda text: text.replace("q=0.5;", f"q={change};" if change else "")})
    s.sm12(p, status=400)
    s.expect("NEG-08", "violation", actor="UE", at="sm7")
    check(s)


@pytest.mark.parametrize("rule", HEADERS)
def test_what_differs_is_shown_and_nothing_else(rule: str) -> None:
    s = registered(HEADERS[rule], lambda text: re.sub(r"spi-s=\d+", "spi-s=77", text))
    (found,) = [each for each in audited(s).findings if each.rule == rule]
    assert re.fullmatch(r"spi-s=(\d+); spi-s=\1", found.expected)
    assert found.observed == "spi-s=77; spi-s=77"


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("rule", HEADERS)
def test_sm7_repeats_everything(rule: str, profile: str) -> None:
    s = Scenario()
    s.register(over=s.register())
    passes(s, rule, at_least=2, profile=profile)


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("rule", HEADERS)
def test_the_spelling_does_not_matter(rule: str, spelling: str) -> None:
    """FP20; neither does the P-CSCF do wrong if it accepts it."""
    s = registered(HEADERS[rule], SPELLINGS[spelling])
    long_over_udp(s)
    check(s)
    passes(s, rule)
    assert not findings(s, rule)
    assert not tally(s, "NEG-09").exercised


@pytest.mark.parametrize("rule", HEADERS)
def test_one_line_for_each_entry_is_the_same_header(rule: str) -> None:
    """FP20."""
    s = Scenario()
    p = s.sm1(offers=TWO)
    s.sm6(p, offers=TWO)
    texts = {"Security-Client": p.client_text("trans"), "Security-Verify": s.sent["sm6"].message["Security-Server"]}
    s.sm7(p, headers={HEADERS[rule]: texts[HEADERS[rule]].split(", ")})
    s.sm12(p)
    check(s)
    passes(s, rule)


@pytest.mark.parametrize("parameter", DEFAULTS)
@pytest.mark.parametrize("rule", HEADERS)
def test_a_default_left_out_is_worth_a_note(rule: str, parameter: str) -> None:
    """R12."""
    s = registered(HEADERS[rule], DEFAULTS[parameter])
    check(s)
    passes(s, rule)
    assert [each.verdict for each in findings(s, rule)] == ["note"]
    assert not tally(s, "NEG-09").exercised


def test_of_one_entry_nothing_can_be_left_out() -> None:
    s = Scenario()
    s.register(sm7={"headers": {"Security-Verify": only_the_first}})
    check(s)
    passes(s, "NEG-08")


def test_media_security_is_compared_apart() -> None:
    s = Scenario()
    p = s.sm1(headers={"Security-Client": lambda text: f"{text}, {MEDIA}"})
    s.sm6(p, headers={"Security-Server": lambda text: f"{MEDIA}, {text}"})
    s.sm7(p)
    s.sm12(p)
    check(s)
    passes(s, "NEG-07")
    passes(s, "NEG-08")


@pytest.mark.parametrize("rule", HEADERS)
def test_a_repeated_sm7_counts_once(rule: str) -> None:
    """FP1."""
    s = Scenario()
    p = s.sm1()
    s.sm6(p)
    s.sm7(p, headers={HEADERS[rule]: another_port})
    s.wait(2)
    s.again("sm7")
    s.wait(4)
    s.again("sm7")
    s.sm12(p, status=400)
    s.expect(rule, "violation", actor="UE", at="sm7")
    check(s)


@pytest.mark.parametrize("why", ["mac", "sqn"])
def test_the_reference_is_the_register_that_was_challenged(why: str) -> None:
    """FP17: the REGISTER that reports a failure makes a new offer."""
    s = Scenario()
    first = s.register()
    p = s.sm1(over=first)
    s.sm6(p, bad_mac=why == "mac")
    s.reject(p, why)
    s.sm6(p, label="sm6b")
    s.sm7(p, label="sm7b")
    s.sm12(p, label="sm12b")
    check(s)
    passes(s, "NEG-07", at_least=2)
    passes(s, "NEG-08", at_least=2)


def test_an_offer_from_before_a_restart_is_not_the_reference() -> None:
    """FP17: 423, then SM1 once more with other values."""
    s = Scenario()
    p = s.sm1(expires=60)
    s.sm12(p, status=423, headers={"Min-Expires": "600"})
    again = s.sm1(call_id=p.ue.call_id)
    s.sm6(again)
    s.sm7(again)
    s.sm12(again)
    check(s)
    passes(s, "NEG-07")


def test_a_second_sm7_repeats_the_offer_and_the_newest_challenge() -> None:
    """R11 and case E."""
    s = Scenario()
    p = s.sm1()
    s.sm6(p)
    s.sm7(p)
    s.sm12(p, status=401)
    s.sm7(p, label="sm7b")
    s.sm12(p, label="sm12b")
    check(s)
    passes(s, "NEG-07", at_least=2)
    passes(s, "NEG-08", at_least=2)


def test_a_second_sm7_that_verifies_the_first_challenge() -> None:
    s = Scenario()
    p = s.sm1()
    sm6 = s.sm6(p)
    s.sm7(p)
    s.sm12(p, status=401)
    s.sm7(p, label="sm7b", headers={"Security-Verify": sm6.message["Security-Server"]})
    s.sm12(p, label="sm12b", status=400)
    s.expect("NEG-08", "violation", actor="UE", at="sm7b")
    check(s)


@pytest.mark.parametrize("rule", HEADERS)
@pytest.mark.parametrize("begin", ["sm6", "sm7"])
def test_what_sm7_repeats_was_not_captured(rule: str, begin: str) -> None:
    """FP3."""
    s = refused(HEADERS[rule], another_port)
    s.start_at(begin)
    assert not findings(s, rule)


def test_nothing_was_offered_so_nothing_is_repeated() -> None:
    """NEG-07 has no reference where SM1 had no Security-Client, NEG-08 none where SM6 had no Security-Server."""
    s = Scenario()
    p = s.sm1(headers={"Security-Client": None})
    s.sm6(p, headers={"Security-Server": None})
    s.sm7(p, on=None, headers={"Security-Client": None, "Security-Verify": None})
    s.sm12(p, on=None)
    for rule in ("NEG-07", "NEG-08", "NEG-09"):
        assert not tally(s, rule).exercised


def test_without_keys_nobody_can_say_what_sm7_repeats() -> None:
    s = refused("Security-Verify", None)
    report = audited(s, keys="")
    assert {each.verdict for each in report.findings} == {"inconclusive"}
    assert {"NEG-07", "NEG-08", "NEG-09"} <= {each.rule for each in report.findings}


# --- NEG-09: the P-CSCF does not accept what differs ------------------------------------------------------------------


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("rule", HEADERS)
def test_the_p_cscf_accepts_what_differs(rule: str, change: str, profile: str) -> None:
    s = registered(HEADERS[rule], CHANGES[change])
    long_over_udp(s)
    s.expect(rule, "violation", actor="UE", at="sm7")
    s.expect("NEG-09", "violation", actor="P-CSCF", at="sm12")
    check(s, profile=profile)


def test_it_accepts_two_headers_that_differ_in_a_re_registration() -> None:
    s = Scenario()
    wrong: dict[str, Edit] = {"Security-Client": another_port, "Security-Verify": None}
    second = s.register(over=s.register(), sm7={"headers": wrong})
    s.request("ue", "MESSAGE", on=second)
    s.expect("NEG-07", "violation", actor="UE", at="sm7.2")
    s.expect("NEG-08", "violation", actor="UE", at="sm7.2")
    s.expect("NEG-09", "violation", actor="P-CSCF", at="sm12.2")
    check(s)


def test_it_may_accept_another_order() -> None:
    """FP20: nothing was changed but the preference."""
    s = registered("Security-Verify", turned_round)
    s.expect("NEG-08", "warning", actor="UE", at="sm7")
    check(s)
    assert not tally(s, "NEG-09").exercised


def test_a_repeated_answer_counts_once() -> None:
    """FP1."""
    s = registered("Security-Verify", None)
    s.wait(2)
    s.again("sm7")
    s.again("sm12")
    s.expect("NEG-08", "violation", actor="UE", at="sm7")
    s.expect("NEG-09", "violation", actor="P-CSCF", at="sm12")
    check(s)


def test_another_challenge_is_no_acceptance() -> None:
    s = Scenario()
    p = s.sm1()
    s.sm6(p)
    s.sm7(p, headers={"Security-Verify": None})
    s.sm12(p, status=401)
    s.expect("NEG-08", "violation", actor="UE", at="sm7")
    check(s)
    assert not tally(s, "NEG-09").exercised


def test_entries_for_media_alone_are_called_so() -> None:
    s = Scenario()
    p = s.sm1()
    s.sm6(p)
    s.sm7(p, headers={"Security-Verify": MEDIA})
    (found,) = [each for each in audited(s).findings if each.rule == "NEG-08"]
    assert (found.verdict, found.fault, found.observed) == ("violation", "missing", "mediasec entries alone")
