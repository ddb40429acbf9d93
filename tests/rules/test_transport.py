"""TRN-01 and TRN-05: answers and TCP connections."""

from __future__ import annotations

import pytest

from analyzer.network import tcp
from tests.rules.protection import all_vantages, both_profiles
from tests.scenario import SaSet, Scenario, check, passes
from tests.scenario.state import Role, Who

# --- TRN-01: an answer comes back on the connection of its request --------------------------------------------------


@both_profiles
@all_vantages
@pytest.mark.parametrize(("who", "peer", "role"), [("ue", "P-CSCF", "pc>us"), ("pcscf", "UE", "uc>ps")])
def test_the_answer_comes_on_a_connection_of_its_own(
    who: Who, peer: str, role: Role, vantage: str, profile: str
) -> None:
    s = Scenario(transport="tcp", vantage=vantage)
    first = s.register()
    s.request(who, "MESSAGE", on=first, answer={"role": role})
    s.expect("TRN-01", "violation", actor=peer, at="resp")
    check(s, profile=profile)


@both_profiles
def test_the_answer_comes_over_udp(profile: str) -> None:
    s = Scenario(transport="tcp")
    first = s.register()
    s.request("ue", "MESSAGE", on=first, answer={"transport": "udp"})
    s.expect("TRN-01", "violation", actor="P-CSCF", at="resp")
    check(s, profile=profile, rules=["TRN-01", "SA-16"])


@both_profiles
@all_vantages
def test_answers_on_the_connections_of_their_requests(vantage: str, profile: str) -> None:
    """Both ways, after the switch too, and where the P-CSCF uses the UE's connection (R27)."""
    s = Scenario(transport="tcp", vantage=vantage)
    first = s.register()
    s.call("ue", on=first)
    s.call("pcscf", on=first)
    s.request("pcscf", "NOTIFY", on=first, role="ps>uc")
    ringing = s.invite("ue", on=first)
    s.answer(ringing, 180)
    s.register(over=first)
    s.wait(3)
    s.answer(ringing, 200)
    check(s, profile=profile)
    passes(s, "TRN-01", at_least=12, profile=profile)


@pytest.mark.parametrize("limit", ["FEW", "CONNECTIONS"])
def test_an_answer_after_so_long_that_its_connection_was_forgotten(monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    """What comes on the same ports looks like another connection then, and nobody knows whether it is one."""
    monkeypatch.setattr(tcp, limit, 2)
    s = Scenario(transport="tcp")
    first = s.register()
    ringing = s.invite("ue", on=first)
    s.answer(ringing, 180)
    for number in range(2, 9):
        s.wait(301)
        s.register(ue=s.ue(number))
    s.answer(ringing, 200)
    s.ack(ringing)
    check(s, rules=["TRN-01", "TRN-04"])


@both_profiles
@pytest.mark.parametrize("end", ["fin", "rst"])
def test_the_connection_of_the_request_is_gone(end: str, profile: str) -> None:
    """TRN-04 takes over: the answer goes to the Via, on a connection of its own."""
    s = Scenario(transport="tcp")
    first = s.register()
    s.request("ue", "MESSAGE", on=first, answered=False)
    if end == "fin":
        s.fin("ue", on=first, role="uc>ps")
    else:
        s.rst("ue", on=first, role="uc>ps")
    s.wait(1)
    s.answer("req", 200, role="pc>us")
    check(s, profile=profile)


def test_the_responder_has_closed_its_side() -> None:
    """It can send nothing on that connection any more."""
    s = Scenario(transport="tcp")
    first = s.register()
    s.request("ue", "MESSAGE", on=first, answered=False)
    s.segment("pcscf", "FA", on=first, role="ps>uc", label="fin")
    s.answer("req", 200, role="pc>us")
    check(s)


def test_the_end_of_the_connection_may_be_missing() -> None:
    """FP4: a packet on the UE's association is missing, which may have been its RST."""
    s = Scenario(transport="tcp")
    first = s.register()
    s.request("ue", "MESSAGE", on=first, answered=False)
    s.rst("ue", on=first, role="uc>ps")
    s.request("ue", "MESSAGE", on=first)
    s.answer("req", 200, role="pc>us")
    s.lose("rst")
    s.expect("TRN-01", "probable", actor="P-CSCF", at="req.200")
    check(s)


@both_profiles
def test_the_refusal_of_sm7_may_come_on_the_old_set(profile: str) -> None:
    """FP27, R37."""
    s = Scenario(transport="tcp")
    first = s.register()
    s.register(over=first, sm7={"res_wrong": True}, sm12={"status": 403, "on": first})
    check(s, profile=profile)


@both_profiles
def test_the_request_went_over_to_udp(profile: str) -> None:
    """RFC 3261 18.1.1: a request that TCP did not carry is sent again over UDP, and answered there."""
    s = Scenario(transport="tcp")
    first = s.register()
    asked = s.request("ue", "MESSAGE", on=first, answered=False, ack=False)
    s.wait(3)
    again = asked.message.edit({"Via": asked.message["Via"].replace("TCP", "UDP")})
    s.send("ue", again, on=first, transport="udp", role="uc>ps", label="over-udp")
    s.answer("over-udp", 200)
    check(s, profile=profile)


def test_over_udp_there_is_no_connection() -> None:
    s = Scenario()
    first = s.register()
    s.call("ue", on=first)
    check(s, rules=["TRN-01", "TRN-05"])


# --- TRN-05: connections of the old set stay while they are needed ---------------------------------------------------


def ringing(s: Scenario, caller: Who) -> tuple[SaSet, SaSet]:
    """A call that rings on a connection of the old set while the new one comes into use."""
    first = s.register()
    call = s.invite(caller, on=first)
    s.answer(call, 180)
    second = s.register(over=first)
    s.wait(3)
    s.request("ue", "MESSAGE", on=second)
    return first, second


@both_profiles
@all_vantages
@pytest.mark.parametrize("end", ["fin", "rst"])
@pytest.mark.parametrize(("who", "actor"), [("ue", "UE"), ("pcscf", "P-CSCF")])
@pytest.mark.parametrize(("caller", "roles"), [("ue", ("uc>ps", "ps>uc")), ("pcscf", ("us>pc", "pc>us"))])
def test_a_connection_is_closed_while_a_call_rings(
    caller: Who, roles: tuple[Role, Role], who: Who, actor: str, end: str, vantage: str, profile: str
) -> None:
    """The answer to a FIN is no second fault."""
    s = Scenario(transport="tcp", vantage=vantage)
    first, _ = ringing(s, caller)
    role = roles[0] if who == "ue" else roles[1]
    if end == "fin":
        s.fin(who, on=first, role=role)
    else:
        s.rst(who, on=first, role=role)
    s.expect("TRN-05", "violation", actor=actor, at=end)
    check(s, profile=profile)


@both_profiles
@all_vantages
def test_connections_are_closed_when_they_are_idle(vantage: str, profile: str) -> None:
    s = Scenario(transport="tcp", vantage=vantage)
    first = s.register()
    call = s.invite("ue", on=first)
    s.answer(call, 180)
    second = s.register(over=first)
    s.wait(3)
    s.request("ue", "MESSAGE", on=second)
    s.answer(call, 200)
    s.wait(1)
    s.fin("ue", on=first, role="uc>ps")
    check(s, profile=profile)
    passes(s, "TRN-05", profile=profile)


@both_profiles
def test_another_connection_of_the_old_set_is_closed(profile: str) -> None:
    """The call rings on the UE's; the P-CSCF's own is idle."""
    s = Scenario(transport="tcp")
    first = s.register()
    s.request("pcscf", "NOTIFY", on=first)
    call = s.invite("ue", on=first)
    s.answer(call, 180)
    s.register(over=first)
    s.wait(3)
    s.fin("pcscf", on=first, role="pc>us")
    s.answer(call, 200)
    check(s, profile=profile)
    passes(s, "TRN-05", profile=profile)


def test_the_final_answer_is_missing() -> None:
    """FP4: the P-CSCF's FIN has a gap before it."""
    s = Scenario(transport="tcp")
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    s.register(over=first)
    s.wait(3)
    s.fin("pcscf", on=first, role="ps>uc")
    s.lose("resp")
    s.expect("TRN-05", "probable", actor="P-CSCF", at="fin")
    check(s)


def test_the_final_answer_is_missing_and_only_tcp_tells() -> None:
    """FP4: the UE's acknowledgement covers octets that the capture has not; no ESP number of the P-CSCF follows."""
    s = Scenario(transport="tcp")
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    procedure = s.sm1(over=first)
    s.sm6(procedure)
    s.sm7(procedure)
    s.sm12(procedure)
    s.request("ue", "MESSAGE", on=first, label="late")
    s.wait(1)
    s.rst("ue", on=first, role="uc>ps")
    s.lose("late.resp")
    s.expect("SA-12", "probable", actor="UE", at="late")
    s.expect("TRN-09", "probable", actor="UE", at="late", cause="SA-12")
    s.expect("TRN-05", "probable", actor="UE", at="rst")
    check(s)


@both_profiles
def test_a_server_closes_after_the_timeout(profile: str) -> None:
    """Nothing is open after 64*T1, though there was no answer."""
    s = Scenario(transport="tcp")
    first = s.register()
    s.request("ue", "MESSAGE", on=first, answered=False)
    s.wait(120)
    s.register(over=first)
    s.wait(10)
    s.fin("pcscf", on=first, role="ps>uc")
    check(s, profile=profile)
    passes(s, "TRN-05", profile=profile)


def test_the_p_cscf_has_to_give_the_old_set_up() -> None:
    """V5: today after 64*T1, whatever rings; then its connections go with it. The papers let the call go on."""
    s = Scenario(transport="tcp")
    first, _ = ringing(s, "ue")
    s.wait(129)
    s.rst("pcscf", on=first, role="ps>uc")
    check(s)
    s.expect("TRN-05", "violation", actor="P-CSCF", at="rst")
    check(s, profile="sa3-29")


def test_after_the_end_of_a_set_its_connections_go() -> None:
    """A clear registration, a deregistration: nothing of the set is left to be kept."""
    s = Scenario(transport="tcp")
    first = s.register()
    call = s.invite("ue", on=first)
    s.answer(call, 180)
    s.wait(200)
    second = s.register()
    s.rst("pcscf", on=first, role="ps>uc")
    s.invite("pcscf", on=second, label="pending")
    s.deregister(on=second)
    s.rst("ue", on=second, role="uc>ps")
    s.rst("pcscf", on=second, role="pc>us", label="rst.3")
    check(s, rules=["TRN-05"])
