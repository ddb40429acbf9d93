"""Each trap of section 2 keeps a rule from accusing; its twin shows that the rule speaks where there is no trap."""

from __future__ import annotations

import pytest

from .families import MUTATIONS
from .traps import TRAPS, Trap
from .verdict import run

NAMED = {each.name: each for each in MUTATIONS}
ACCUSING = ("violation", "warning")


def test_the_table_is_complete() -> None:
    assert {each.code for each in TRAPS} == {f"FP{number}" for number in range(1, 31)}


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: f"{trap.code}-{trap.rule}")
def test_a_trap_and_its_twin(trap: Trap) -> None:
    told = run(NAMED[trap.harmless]).told
    spoken = [(verdict, traps) for rule, verdict, traps in told if rule == trap.rule and verdict != "note"]
    assert not [verdict for verdict, _ in spoken if verdict in ACCUSING]
    assert not spoken or any(trap.code in traps for _, traps in spoken)
    twin = NAMED[trap.twin]
    assert any(each.rule == trap.rule and each.verdict in ACCUSING for each in twin.expected)
    outcome = run(twin)
    assert outcome.good, outcome
