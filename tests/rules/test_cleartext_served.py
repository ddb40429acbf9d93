"""CLR-04: clear requests that the P-CSCF serves."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.scenario import Scenario, audited, check, passes
from tests.scenario.sip_text import Edits
from tests.scenario.state import Sent


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


def in_clear(s: Scenario, label: str = "req") -> Sent:
    return s.request("ue", "MESSAGE", on=None, answered=False, label=label)


@pytest.mark.parametrize("ipv6", [False, True])
def test_a_clear_request_is_forwarded(ipv6: bool) -> None:
    s = Scenario(ipv6=ipv6)
    s.register()
    s.core_forward(in_clear(s), label="forwarded")
    s.expect("CLR-04", "violation", actor="P-CSCF", at="forwarded")
    check(s, rules=["CLR-04"])


def test_it_is_forwarded_once_however_often_it_is_sent() -> None:
    s = Scenario()
    s.register()
    request = in_clear(s)
    s.core_forward(request, label="forwarded")
    s.wait(2)
    s.again("req")
    s.again("forwarded")
    s.expect("CLR-04", "violation", actor="P-CSCF", at="forwarded")
    check(s, rules=["CLR-04"])


def test_a_clear_request_is_refused_and_others_are_forwarded() -> None:
    s = Scenario()
    first = s.register()
    s.answer(in_clear(s), 403, label="refused")
    s.core_forward(s.request("ue", "MESSAGE", on=first))
    check(s, rules=["CLR-04"])
    passes(s, "CLR-04")


@pytest.mark.parametrize("other", [lambda old: old.replace("=z9hG4bK", "=z9hG4bKother"), lambda old: f"{old}1"])
def test_a_request_of_somebody_else_in_the_same_call(other: Callable[[str], str]) -> None:
    """It has not the Via of the UE: another server may have made it. Its branch may begin as that of the UE does."""
    s = Scenario()
    s.register()
    request = in_clear(s)
    s.core_forward(request, headers={"Via": other})
    check(s, rules=["CLR-04"])


def test_what_is_forwarded_without_any_set_is_no_matter() -> None:
    """FP11."""
    s = Scenario()
    s.core_forward(in_clear(s))
    check(s)


def test_an_emergency_call_is_forwarded() -> None:
    """FP10."""
    s = Scenario()
    s.register()
    s.core_forward(s.invite("ue", on=None, uri="urn:service:sos"))
    check(s, rules=["CLR-04"])


@pytest.mark.parametrize("protected_first", [False, True])
def test_of_a_request_that_came_in_both_ways_nobody_knows_which_was_forwarded(protected_first: bool) -> None:
    s = Scenario()
    first = s.register()
    request = s.request("ue", "MESSAGE", on=first if protected_first else None, answered=False)
    s.wait(2)
    if protected_first:
        s.again("req", on=None, sport=5060, dport=5060)
    else:
        s.again("req", on=first, role="uc>ps")
    s.core_forward(request)
    check(s, rules=["CLR-04"])


def test_requests_that_are_looked_for_are_bounded_and_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analyzer.ims.messages.clear_requests.REQUESTS", 3)
    s = Scenario()
    s.register()
    requests = [in_clear(s, label=f"r{number}") for number in range(6)]
    for request in requests:
        s.core_forward(request)
    report = audited(s)
    assert [each.count for each in report.findings if each.rule == "CLR-04"] == [3]
    assert "3 forgotten: requests in clear that may be seen behind the P-CSCF: too many" in report.notices


def test_another_ue_behind_the_address_registers_without_ipsec() -> None:
    """FP28: neither its REGISTER nor its calls are those of the first one, which is held to its set as before."""
    s = Scenario()
    first = s.register()
    other = s.ue(2, address=first.ue.address)
    plain: Edits = {
        "Security-Client": None,
        "Require": None,
        "Proxy-Require": None,
        "Authorization": None,
        "Contact": lambda text: text.partition(";")[0],
    }
    s.sm12(s.sm1(ue=other, sport=45060, headers=plain))
    s.request("ue", "MESSAGE", ue=other, sport=45060)
    s.request("pcscf", "MESSAGE", ue=other, dport=45060)
    check(s)
    s.request("ue", "MESSAGE", label="own", status=403)
    s.expect("CLR-02", "violation", actor="UE", at="own")
    check(s)
    passes(s, "CLR-04")


def test_one_device_is_one_subject_whatever_identity_it_registers() -> None:
    """R16: the instance tells who it is, also without credentials."""
    s = Scenario()
    s.register()
    other = "<sip:another@ims.example.org>"
    s.sm1(headers={"Authorization": None, "To": other, "From": f"{other};tag=x"})
    assert len(audited(s).subjects) == 1
