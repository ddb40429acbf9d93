"""Legal but unusual: a network that takes a repeated SM1 for another one."""

from __future__ import annotations

import pytest

from tests.scenario import Scenario, check, passes

from .protection import all_vantages, both_profiles


@both_profiles
@all_vantages
@pytest.mark.parametrize("protected", [False, True])
@pytest.mark.parametrize("first", [False, True])
def test_two_challenges_to_one_sm1(first: bool, protected: bool, vantage: str, profile: str) -> None:
    """The UE answers that which it had first, which may be the second, as messages get lost. Both announced a set."""
    s = Scenario(vantage=vantage)
    old = s.register() if protected else None
    procedure = s.sm1(over=old, label="begin")
    s.sm6(procedure)
    one = procedure.set
    s.wait(2)
    s.again("begin")
    s.sm6(procedure, label="other")
    if first:
        procedure.set = one
    s.sm7(procedure)
    s.sm12(procedure)
    assert procedure.set
    s.wait(3)
    s.request("ue", "MESSAGE", on=procedure.set)
    s.request("pcscf", "MESSAGE", on=procedure.set)
    s.wait(200)
    s.register(over=procedure.set)
    check(s, profile=profile)
    passes(s, "SA-04", at_least=2, profile=profile)
    passes(s, "SA-05", at_least=2, profile=profile)


def test_the_same_challenge_again_is_one() -> None:
    s = Scenario()
    procedure = s.sm1()
    s.sm6(procedure)
    s.wait(2)
    s.again("sm1")
    s.again("sm6")
    s.sm7(procedure)
    s.sm12(procedure)
    check(s)
