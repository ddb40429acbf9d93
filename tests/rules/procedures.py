"""Registration procedures step by step, for the tests of rules."""

from __future__ import annotations

from tests.scenario import Scenario
from tests.scenario.state import Procedure


def unanswered(s: Scenario, label: str, times: int = 3) -> None:
    """The UE repeats a REGISTER that nobody answers: at 2, 6 and 14 s (timer E)."""
    for pause in (2, 4, 8)[:times]:
        s.wait(pause)
        s.again(label)


def interrupted(s: Scenario) -> tuple[Procedure, Procedure]:
    """Case H: SM1 and SM6, then another SM1 in clear, a second after the first challenge."""
    first = s.sm1()
    s.sm6(first)
    s.wait(1)
    second = s.sm1()
    return first, second


def complete(s: Scenario, procedure: Procedure) -> None:
    """SM6 and what follows, after the SM1 of a procedure."""
    s.sm6(procedure)
    s.sm7(procedure)
    s.sm12(procedure)
