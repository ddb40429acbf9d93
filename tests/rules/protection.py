"""What the tests of the SA, TRN and CLR rows share: the variants, and the first steps of their scenarios."""

from __future__ import annotations

import pytest

from tests.scenario import SaSet, Scenario
from tests.scenario.state import Procedure

both_profiles = pytest.mark.parametrize("profile", ["rel-17", "sa3-29"])
both_transports = pytest.mark.parametrize("transport", ["udp", "tcp"])
all_vantages = pytest.mark.parametrize("vantage", ["ue", "middle", "pcscf"])


def challenged(s: Scenario, over: SaSet | None = None) -> tuple[Procedure, SaSet]:
    """SM1 and SM6, and the temporary set."""
    procedure = s.sm1(over=over)
    s.sm6(procedure)
    assert procedure.set
    return procedure, procedure.set


def completed(s: Scenario, procedure: Procedure) -> None:
    """SM7 and SM12."""
    s.sm7(procedure)
    s.sm12(procedure)


def replaced(s: Scenario) -> tuple[SaSet, SaSet]:
    """A set and the one that replaces it, a minute later."""
    first = s.register()
    s.wait(60)
    return first, s.register(over=first)
