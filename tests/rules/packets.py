"""What the tests of the ESP rules share: findings of one rule, and key files that hold less than all keys."""

from __future__ import annotations

from analyzer.finding import Finding
from tests.scenario import SaSet, Scenario, audited


def findings(scenario: Scenario, rule: str, keys: str | None = None) -> list[Finding]:
    return [each for each in audited(scenario, keys=keys).findings if each.rule == rule]


def keys_of(s: Scenario, *wanted: SaSet) -> str:
    """A key file with the vectors of these sets only."""
    return "".join(
        f'[[aka]]\nrand = "{made.vector.rand.hex()}"\nck = "{made.vector.ck.hex()}"\nik = "{made.vector.ik.hex()}"\n'
        for made in wanted
    )
