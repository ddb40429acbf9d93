"""Each trap of section 2 keeps a rule from accusing; its twin shows that the rule speaks where there is no trap."""

from __future__ import annotations

import pytest

from tests.scenario import audited

from .families import MUTATIONS
from .traps import TRAPS, Trap
from .verdict import run

NAMED = {each.name: each for each in MUTATIONS}
ACCUSING = ("violation", "warning")


def test_the_table_is_complete() -> None:
    assert {each.code for each in TRAPS} == {f"FP{number}" for number in range(1, 31)}


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: f"{trap.code}-{trap.rule}")
def test_a_trap_and_its_twin(trap: Trap) -> None:
    mutation = NAMED[trap.harmless]
    made = mutation.build()
    report = audited(made, profile=mutation.profile, keys=mutation.keys(made))
    spoken = [found for found in report.findings if found.rule == trap.rule and found.verdict != "note"]
    assert not [found.message for found in spoken if found.verdict in ACCUSING]
    assert not spoken or any(trap.code in found.traps for found in spoken), spoken
    twin = NAMED[trap.twin]
    assert any(each.rule == trap.rule and each.verdict in ACCUSING for each in twin.expected)
    outcome = run(twin)
    assert outcome.good, outcome
