"""SA-19: the REGISTER that rejects a challenge, its association and its offer."""

from __future__ import annotations

import pytest

from tests.rules.protection import both_transports
from tests.scenario import SaSet, Scenario, check, passes
from tests.scenario.state import Procedure


def challenged_badly(s: Scenario, over: SaSet | None = None) -> Procedure:
    procedure = s.sm1(over=over)
    s.sm6(procedure, bad_mac=True)
    return procedure


def finish(s: Scenario, procedure: Procedure) -> None:
    s.sm6(procedure, label="sm6b")
    s.sm7(procedure, label="sm7b")
    s.sm12(procedure, label="sm12b")


@both_transports
@pytest.mark.parametrize("why", ["mac", "sqn"])
@pytest.mark.parametrize("protected", [False, True])
def test_it_goes_where_sm1_went_with_new_values(protected: bool, why: str, transport: str) -> None:
    s = Scenario(transport=transport)
    procedure = s.sm1(over=s.register() if protected else None)
    s.sm6(procedure, bad_mac=why == "mac")
    s.reject(procedure, why)
    finish(s, procedure)
    check(s)
    passes(s, "SA-19")


@both_transports
@pytest.mark.parametrize("protected", [False, True])
def test_it_goes_on_the_rejected_set(protected: bool, transport: str) -> None:
    s = Scenario(transport=transport)
    procedure = challenged_badly(s, s.register() if protected else None)
    s.reject(procedure, "mac", on=procedure.set, label="reject")
    s.expect("SA-19", "violation", actor="UE", at="reject")
    check(s, rules=["SA-19"])


@both_transports
def test_it_goes_in_clear_although_there_is_a_set(transport: str) -> None:
    s = Scenario(transport=transport)
    procedure = challenged_badly(s, s.register())
    s.reject(procedure, "mac", on=None, label="reject")
    s.expect("SA-19", "violation", actor="UE", at="reject")
    check(s, rules=["SA-19"])


def test_the_papers_do_not_have_the_row() -> None:
    """R17."""
    s = Scenario()
    procedure = challenged_badly(s, s.register())
    s.reject(procedure, "mac", on=None)
    check(s, profile="sa3-29", rules=["SA-19"])


def test_after_a_clear_sm1_it_is_in_clear() -> None:
    """FP15, case F: by its clear SM1 the UE gave the old set up."""
    s = Scenario()
    s.register()
    s.wait(60)
    procedure = challenged_badly(s)
    s.reject(procedure, "mac")
    finish(s, procedure)
    check(s)
    passes(s, "SA-19")


def test_the_set_has_expired_meanwhile() -> None:
    s = Scenario(expires=600)
    first = s.register()
    s.wait(610)
    procedure = challenged_badly(s, first)
    s.wait(30)
    s.reject(procedure, "mac", on=None)
    check(s, rules=["SA-19"])


@pytest.mark.parametrize("kept", ["spi_c", "spi_s", "port_c"])
def test_it_offers_a_value_again(kept: str) -> None:
    s = Scenario()
    procedure = challenged_badly(s)
    s.reject(procedure, "mac", client={kept: procedure.client[kept]})  # type: ignore[misc]
    s.expect("SA-19", "violation", actor="UE", at="reject")
    check(s, rules=["SA-19"])


def test_it_offers_nothing() -> None:
    s = Scenario()
    s.reject(challenged_badly(s), "mac", headers={"Security-Client": None})
    s.expect("SA-19", "violation", actor="UE", at="reject")
    check(s, rules=["SA-19"])


def test_the_second_rejection_is_held_against_the_second_offer() -> None:
    s = Scenario()
    procedure = challenged_badly(s)
    first = procedure.client
    s.reject(procedure, "mac")
    s.sm6(procedure, bad_mac=True, label="sm6b")
    s.reject(procedure, "mac", label="reject2", client=first)
    check(s, rules=["SA-19"])


def test_numbers_are_compared_and_not_their_spelling() -> None:
    """FP20: a leading zero makes no new value."""
    s = Scenario()
    procedure = challenged_badly(s)
    value = procedure.client["spi_c"]
    s.reject(
        procedure,
        "mac",
        client={"spi_c": value},
        headers={"Security-Client": lambda old: old.replace(f"spi-c={value}", f"spi-c=0{value}")},
    )
    s.expect("SA-19", "violation", actor="UE", at="reject")
    check(s, rules=["SA-19"])


def test_the_network_has_ended_the_registration_meanwhile() -> None:
    """Then there is no set to go on with."""
    s = Scenario()
    first = s.register()
    procedure = s.sm1(over=first)
    s.sm6(procedure)
    s.notify_terminated(on=first)
    s.reject(procedure, "mac", on=None)
    s.sm12(procedure, status=403)
    check(s, rules=["SA-19"])
