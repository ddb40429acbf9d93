"""CLR-04: clear requests that the P-CSCF serves."""

from __future__ import annotations

import pytest

from tests.scenario import Scenario, check, passes


@pytest.mark.parametrize("status", [180, 200])
def test_a_clear_request_is_served(status: int) -> None:
    s = Scenario()
    s.register()
    request = s.request("ue", "MESSAGE", on=None, answered=False)
    s.answer(request, status, label="served")
    s.expect("CLR-04", "violation", actor="P-CSCF", at="served")
    check(s, rules=["CLR-04"])


def test_a_clear_request_is_refused() -> None:
    s = Scenario()
    s.register()
    request = s.request("ue", "MESSAGE", on=None, answered=False)
    s.answer(request, 100, label="trying")
    s.answer(request, 403, label="refused")
    check(s, rules=["CLR-04"])
    passes(s, "CLR-04")


def test_without_any_set_clear_requests_are_no_matter() -> None:
    """FP11."""
    s = Scenario()
    s.request("ue", "MESSAGE", on=None, status=200)
    check(s)


def test_emergency_calls_come_in_clear() -> None:
    """FP10."""
    s = Scenario()
    s.register()
    call = s.invite("ue", on=None, uri="urn:service:sos")
    s.answer(call, 200)
    check(s, rules=["CLR-04"])
