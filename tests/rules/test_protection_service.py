"""SA-07: before SM12 the P-CSCF gives no service on the new set."""

from __future__ import annotations

import pytest

from tests.rules.protection import both_profiles, both_transports, challenged
from tests.scenario import SaSet, Scenario, check, passes
from tests.scenario.state import Procedure


def sm7_sent(s: Scenario, *, protected: bool = False) -> tuple[Procedure, SaSet]:
    """A registration up to SM7, a second before SM12."""
    procedure, new = challenged(s, s.register() if protected else None)
    s.sm7(procedure)
    s.wait(1)
    return procedure, new


@both_profiles
@both_transports
def test_the_pcscf_asks_before_sm12(transport: str, profile: str) -> None:
    s = Scenario(transport=transport)
    procedure, new = sm7_sent(s)
    s.request("pcscf", "NOTIFY", on=new, answered=False)
    s.sm12(procedure)
    s.expect("SA-07", "violation", actor="P-CSCF", at="req")
    check(s, profile=profile)


@both_profiles
@both_transports
def test_the_pcscf_accepts_what_came_before_sm12(transport: str, profile: str) -> None:
    """After a clear SM1 it is a service without authentication, too (SA-09)."""
    s = Scenario(transport=transport)
    procedure, new = sm7_sent(s)
    s.request("ue", "MESSAGE", on=new)
    s.sm12(procedure)
    s.expect("SA-06", "violation", actor="UE", at="req")
    s.expect("SA-09", "violation", actor="UE", at="req")
    s.expect("SA-07", "violation", actor="P-CSCF", at="resp", cause="SA-06")
    check(s, profile=profile)


@both_profiles
def test_the_pcscf_accepts_it_on_the_old_set(profile: str) -> None:
    s = Scenario()
    procedure, new = challenged(s, first := s.register())
    s.sm7(procedure)
    s.wait(1)
    s.request("ue", "MESSAGE", on=new, answer={"on": first})
    s.sm12(procedure)
    s.expect("SA-07", "violation", actor="P-CSCF", at="resp", cause="SA-06")
    check(s, profile=profile, rules=["SA-07"])


def test_a_refusal_accepts_nothing() -> None:
    s = Scenario()
    procedure, new = sm7_sent(s)
    s.request("ue", "MESSAGE", on=new, status=403)
    s.sm12(procedure)
    s.expect("SA-06", "violation", actor="UE", at="req")
    s.expect("SA-09", "violation", actor="UE", at="req")
    check(s)


@both_profiles
@both_transports
@pytest.mark.parametrize("protected", [False, True])
def test_the_authentication_alone(protected: bool, transport: str, profile: str) -> None:
    """FP19: handshake and keep-alive of a connection are no service."""
    s = Scenario(transport=transport)
    procedure, new = sm7_sent(s, protected=protected)
    if transport == "tcp":
        s.send("pcscf", b"\r\n", on=new, role="ps>uc", label="pong")
        s.syn("pcscf", on=new)
    s.sm12(procedure)
    s.request("pcscf", "NOTIFY", on=new) if not protected else None
    check(s, profile=profile)
    passes(s, "SA-07", at_least=2 if protected else 1, profile=profile)


def test_sm12_overtaken_on_the_way() -> None:
    """FP2: over UDP the numbers of the association tell the order."""
    s = Scenario(vantage="middle")
    first = s.register()
    s.request("pcscf", "NOTIFY", on=first)
    s.swap("sm12", "req")
    check(s, rules=["SA-07"])
    passes(s, "SA-07")


def test_sm12_overtaken_on_another_association() -> None:
    """FP2: over TCP they cannot; 5 ms before SM12 it may have left after it."""
    s = Scenario(transport="tcp", vantage="middle", rtt=0.002)
    procedure, new = challenged(s)
    s.sm7(procedure)
    s.syn("pcscf", on=new)
    s.request("pcscf", "NOTIFY", on=new, answered=False, ack=False)
    s.sm12(procedure)
    s.expect("SA-07", "probable", actor="P-CSCF", at="req")
    check(s)


def test_sm12_had_been_there_before_its_second_copy() -> None:
    """FP4: the first copy is missing in the capture. The gap is seen before the request, so SM12 is inferred."""
    s = Scenario()
    procedure, new = sm7_sent(s)
    s.sm12(procedure)
    s.request("pcscf", "NOTIFY", on=new)
    s.again("sm7")
    s.again("sm12")
    s.lose("sm12")
    check(s, rules=["SA-07"])


def test_the_capture_ends_before_sm12() -> None:
    """FP4."""
    s = Scenario()
    _, new = sm7_sent(s)
    s.request("pcscf", "NOTIFY", on=new, answered=False)
    s.expect("SA-07", "probable", actor="P-CSCF", at="req")
    check(s)


def test_the_registration_is_refused_in_the_end() -> None:
    """Whether there was an SM12 before is not to be seen."""
    s = Scenario()
    procedure, new = sm7_sent(s)
    s.request("pcscf", "NOTIFY", on=new, answered=False)
    s.sm12(procedure, status=403)
    s.expect("SA-07", "probable", actor="P-CSCF", at="req")
    check(s)
