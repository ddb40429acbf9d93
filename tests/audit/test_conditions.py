"""Why a rule had nothing to judge, in words."""

from __future__ import annotations

import inspect

import pytest
from msgspec.structs import replace

from analyzer.audit.conditions import NEEDS, PHRASES, condition, phrase, why_not, why_not_in_force
from analyzer.ims import events
from analyzer.profile import PROFILES
from analyzer.rule import Rule, collect
from analyzer.verdict import Level
from tests.scenario import Scenario, audited

RULES = {rule.id: rule for rule in collect()}
EVENTS = [
    value
    for value in vars(events).values()
    if inspect.isclass(value) and value.__module__.startswith("analyzer.ims.events.")
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
def test_every_event_has_words_for_a_reader(event: type) -> None:
    words = phrase(event)
    assert 8 <= len(words) <= 160 and not words.endswith(".")
    assert "tuple" not in words and "told" not in words.split()


def test_words_of_their_own_are_for_events_that_there_are() -> None:
    assert set(PHRASES) <= {event.__name__ for event in EVENTS}
    assert set(NEEDS) <= set(RULES)


def test_a_rule_whose_events_were_never_seen() -> None:
    tallies = {tally.id: tally for tally in audited(registered_over_udp()).rules}
    assert tallies["SA-04"].exercised and tallies["SA-04"].why_not == "" and tallies["SA-04"].seen
    assert tallies["TRN-05"].seen == 0
    assert tallies["TRN-05"].why_not == (
        "never seen: a FIN or RST on a protected connection of a set that is being replaced"
    )


def test_a_rule_whose_events_were_seen_and_were_no_case_for_it() -> None:
    tally = next(each for each in audited(registered_over_udp()).rules if each.id == "TRN-01")
    assert not tally.exercised and tally.seen > 0
    assert tally.why_not.startswith("seen, but never a case for this rule: a protected response (")


def registered_over_udp() -> Scenario:
    s = Scenario()
    s.request("ue", "MESSAGE", on=s.register())
    return s


def test_several_events_are_alternatives() -> None:
    assert "; or " in condition(RULES["LIFE-15"])
    assert why_not(RULES["LIFE-15"], {}) == f"never seen: {condition(RULES['LIFE-15'])}"


def test_how_often_something_was_seen() -> None:
    rule = RULES["TRN-01"]
    assert "(once)" in why_not(rule, {rule.events[0]: 1})
    assert "(1,000 times)" in why_not(rule, {rule.events[0]: 1000})


def test_what_a_rule_needs_besides() -> None:
    assert "[policy]" in why_not(RULES["CRY-05"], {})


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.id)
def test_a_rule_is_in_force_or_it_says_why_not(rule: Rule) -> None:
    for profile in PROFILES.values():
        assert (why_not_in_force(rule, profile) == "") == rule.in_force(profile)


def test_the_user_switched_it_off() -> None:
    profile = replace(PROFILES["rel-17"], levels={"SA-04": None, "SA-05": Level.INFO})
    assert "switched it off" in why_not_in_force(RULES["SA-04"], profile)
    assert why_not_in_force(RULES["SA-05"], profile) == ""


def test_the_report_lists_what_is_not_in_force() -> None:
    report = audited(registered_over_udp(), profile="sa3-29")
    listed = {tally.id for tally in report.rules}
    assert set(report.not_in_force) == set(RULES) - listed and "ESP-08" in report.not_in_force
