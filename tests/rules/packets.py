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


def keys_towards(receiver: str, *wanted: SaSet) -> str:
    """A key file with the associations on which one address receives, as a list of somebody's ``ip xfrm`` would be."""
    return "".join(
        f'[[sa]]\ndst = "{receiver}"\nspi = {spi}\nalg = "{made.alg}"\nauth_key = "{made.vector.ik.hex()}00000000"\n'
        f'ealg = "{made.ealg}"\nenc_key = "{made.vector.ck.hex()}"\n'
        for made in wanted
        for spi in ((made.spi_ps, made.spi_pc) if receiver == made.ue.pcscf else (made.spi_uc, made.spi_us))
    )
