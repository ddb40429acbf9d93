"""SA-20: a set serves the identities that are bound to it."""

from __future__ import annotations

import pytest

from tests.rules.protection import both_profiles, both_transports
from tests.scenario import Scenario, audited, check, passes
from tests.scenario.sip_text import Edits

STRANGER = "sip:somebody@ims.example.org"
FOREIGN: Edits = {"P-Preferred-Identity": f"<{STRANGER}>"}


def other_impi(authorization: str) -> str:
    return authorization.replace('username="00101', 'username="99999')


def inconclusive(s: Scenario) -> int:
    return next(each for each in audited(s).rules if each.id == "SA-20").inconclusive


@both_profiles
@both_transports
@pytest.mark.parametrize("status", [200, 401])
def test_a_register_with_another_private_identity(status: int, transport: str, profile: str) -> None:
    s = Scenario(transport=transport)
    first = s.register()
    s.sm12(s.sm1(over=first, headers={"Authorization": other_impi}), status=status)
    s.expect("SA-20", "violation", actor="P-CSCF", at="sm12.2")
    check(s, profile=profile, rules=["SA-20"])


@both_profiles
def test_it_is_refused(profile: str) -> None:
    s = Scenario()
    first = s.register()
    s.sm12(s.sm1(over=first, headers={"Authorization": other_impi}), status=403)
    check(s, profile=profile, rules=["SA-20"])
    passes(s, "SA-20", profile=profile)


def test_it_is_forwarded() -> None:
    s = Scenario()
    first = s.register()
    procedure = s.sm1(over=first, headers={"Authorization": other_impi})
    s.core_register(procedure)
    s.expect("SA-20", "violation", actor="P-CSCF", at="sm2.2")
    check(s, rules=["SA-20"])


@both_profiles
def test_the_pcscf_asserts_a_foreign_identity(profile: str) -> None:
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first, headers=FOREIGN, answered=False)
    s.core_forward("req", headers={"P-Asserted-Identity": f"<{STRANGER}>"})
    s.answer("req")
    s.expect("SA-20", "violation", actor="P-CSCF", at="core.req")
    check(s, profile=profile, rules=["SA-20"])


@both_profiles
def test_the_pcscf_asserts_one_that_is_bound(profile: str) -> None:
    """TS 24.229 5.2.6.3: it puts the default identity in its place."""
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first, headers=FOREIGN, answered=False)
    s.core_forward("req")
    s.answer("req")
    check(s, profile=profile, rules=["SA-20"])
    passes(s, "SA-20", profile=profile)


def test_what_it_asserted_is_not_captured() -> None:
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first, headers=FOREIGN)
    s.expect("SA-20", "inconclusive", actor="P-CSCF", at="resp")
    check(s, rules=["SA-20"])


def test_a_foreign_identity_is_refused() -> None:
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first, headers=FOREIGN, status=403)
    check(s, rules=["SA-20"])
    passes(s, "SA-20")


def test_from_counts_where_nothing_else_claims_an_identity() -> None:
    s = Scenario()
    first = s.register()
    headers: Edits = {"P-Preferred-Identity": None, "From": f"<{STRANGER}>;tag=1"}
    s.request("ue", "MESSAGE", on=first, headers=headers, answered=False)
    s.core_forward("req", headers={"P-Asserted-Identity": f"<{STRANGER}>"})
    s.expect("SA-20", "violation", actor="P-CSCF", at="core.req")
    check(s, rules=["SA-20"])


@pytest.mark.parametrize(
    "headers",
    [
        {"P-Preferred-Identity": None, "From": '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1'},
        {"P-Preferred-Identity": "<tel:+1000000001>"},
        {"P-Preferred-Identity": "<sip:+1000000001@other.example.org;user=phone>"},
        {"P-Preferred-Identity": "<tel:+1-000-000-001>"},
        {"P-Preferred-Identity": "<SIP:001010000000001@IMS.example.org;transport=tcp>"},
        {"From": f"<{STRANGER}>;tag=1"},
    ],
)
def test_identities_that_are_bound_or_claim_nothing(headers: Edits) -> None:
    """FP8: any identity of P-Associated-URI, in any form of its number."""
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first, headers=headers)
    check(s, rules=["SA-20"])
    assert inconclusive(s) == 0


@pytest.mark.parametrize("listed", [None, "<sip:001010000000001@ims.example.org>, <sip:some!.*!@ims.example.org>"])
def test_what_is_bound_is_not_known(listed: str | None) -> None:
    """FP3, and a wildcard."""
    s = Scenario()
    first = s.register(sm12={"headers": {"P-Associated-URI": listed}})
    s.request("ue", "MESSAGE", on=first, headers=FOREIGN)
    check(s, rules=["SA-20"])
    assert inconclusive(s) == 0


def test_inside_a_dialog_from_tells_who_was_called() -> None:
    s = Scenario()
    first = s.register()
    call = s.invite("pcscf", on=first, headers={"To": f"<{STRANGER}>"})
    s.answer(call, 200)
    s.ack(call)
    s.bye(call, "ue", headers={"P-Preferred-Identity": None, "From": f"<{STRANGER}>;tag=1"})
    check(s, rules=["SA-20"])
    assert inconclusive(s) == 0
