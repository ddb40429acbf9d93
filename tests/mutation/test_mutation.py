"""Each mutation gives the findings that the catalogue asks for, and no other; each rule is broken by one."""

from __future__ import annotations

import pytest

from analyzer.rule import collect

from .families import FAMILIES, MUTATIONS
from .model import Mutation
from .papers import DIFFERENT
from .verdict import run

EXCUSED = {
    "CRY-05": "needs the operator's policy file (R14); tests/rules/test_algorithms.py",
}
"""Rules that no mutation of a capture can break, and why."""


@pytest.mark.parametrize(
    "mutation",
    MUTATIONS,
    ids=[f"{family}: {each.name}" for family, mutations in FAMILIES.items() for each in mutations],
)
def test_a_mutation(mutation: Mutation) -> None:
    outcome = run(mutation)
    assert outcome.good, "\n".join([mutation.why, *outcome.missed, "but:", *outcome.false, outcome.crashed])


def test_every_rule_is_broken_by_a_mutation() -> None:
    """A rule of INFO level alone has its finding in a note."""
    broken = {each.rule for mutation in MUTATIONS for each in mutation.expected if each.verdict != "inconclusive"}
    assert {each.id for each in collect()} - broken == EXCUSED.keys()


def test_what_the_papers_say_otherwise_is_of_a_mutation() -> None:
    today = {each.name for each in MUTATIONS if each.profile == "rel-17"}
    assert DIFFERENT.keys() <= today


def test_there_are_enough_of_them() -> None:
    assert len(MUTATIONS) >= 180
    assert sum(each.harmless for each in MUTATIONS) >= 40
    assert len({each.name for each in MUTATIONS}) == len(MUTATIONS)
    assert all(each.why for each in MUTATIONS)
