"""TRN-06 and CLR-01: what closes a connection goes in clear once its associations are gone, or may be."""

from __future__ import annotations

import pytest

from tests.scenario import Scenario, check
from tests.scenario.state import Who

SIDES = pytest.mark.parametrize("who", ["ue", "pcscf"])


def reset(s: Scenario, who: Who) -> None:
    """One side resets the connection of the UE beside its associations."""
    s.rst(who, on=s.sets[-1], role="uc>ps" if who == "ue" else "ps>uc", clear=True)


@SIDES
def test_the_network_has_ended_the_registration(who: Who) -> None:
    """Case J: after the NOTIFY both sides delete the sets."""
    s = Scenario(transport="tcp")
    first = s.register()
    s.request("ue", "SUBSCRIBE", on=first)
    s.notify_terminated(on=first)
    s.wait(1)
    reset(s, who)
    s.wait(5)
    s.register()
    check(s)


@SIDES
@pytest.mark.parametrize(("elapsed", "over"), [(600, False), (632, True)])
def test_the_set_has_just_expired(elapsed: float, over: bool, who: Who) -> None:
    """FP14: by its own clock it has, or may have, 630 s after SM12; ten seconds before nobody's clock says so."""
    s = Scenario(transport="tcp", expires=600)
    s.register()
    s.wait(elapsed)
    reset(s, who)
    if not over:
        actor = "UE" if who == "ue" else "P-CSCF"
        s.expect("CLR-01", "violation", actor=actor, at="rst")
        s.expect("TRN-06", "violation", actor=actor, at="rst", cause="CLR-01")
    check(s, rules=["CLR-01", "TRN-06"])


@SIDES
@pytest.mark.parametrize(("elapsed", "over"), [(20, False), (140, True)])
def test_sm7_had_no_answer(elapsed: float, over: bool, who: Who) -> None:
    """Timer F and reg-await-auth end a temporary set at either side, whatever comes then."""
    s = Scenario(transport="tcp")
    procedure = s.sm1()
    s.sm6(procedure)
    s.sm7(procedure)
    s.wait(elapsed)
    reset(s, who)
    if not over:
        actor = "UE" if who == "ue" else "P-CSCF"
        s.expect("CLR-01", "violation", actor=actor, at="rst")
        s.expect("TRN-06", "violation", actor=actor, at="rst", cause="CLR-01")
    check(s, rules=["CLR-01", "TRN-06"])


def test_a_connection_of_the_p_cscf_is_left_over_from_the_old_set() -> None:
    """It has port_us in common with the new set, but is none of its connections."""
    s = Scenario(transport="tcp")
    first = s.register()
    s.request("pcscf", "MESSAGE", on=first)
    second = s.register(over=first)
    s.request("ue", "MESSAGE", on=second)
    s.request("pcscf", "MESSAGE", on=second)
    s.wait(1)
    s.rst("ue", on=first, role="us>pc", clear=True)
    s.rst("pcscf", on=second, role="pc>us", clear=True, label="living")
    s.expect("CLR-01", "violation", actor="P-CSCF", at="living")
    s.expect("TRN-06", "violation", actor="P-CSCF", at="living", cause="CLR-01")
    check(s)
