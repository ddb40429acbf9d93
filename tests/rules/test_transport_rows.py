"""TRN-02 to TRN-04 and TRN-06 to TRN-11: connections, Via, size, and repetitions."""

from __future__ import annotations

from typing import Literal

import pytest

from tests.scenario import Scenario, audited, check, passes
from tests.scenario.state import Role

Who = Literal["ue", "pcscf"]
CONNECTIONS = ["TRN-02", "TRN-03", "TRN-04", "TRN-06", "TRN-09"]
COPIES = ["TRN-10", "TRN-11", "CLR-06"]


def verdicts(s: Scenario, rule: str, profile: str = "rel-17") -> list[tuple[str, str]]:
    found = audited(s, profile=profile).findings
    return [(each.verdict, each.fault) for each in found if each.rule == rule]


def tcp() -> Scenario:
    return Scenario(transport="tcp")


# --- TRN-02, TRN-03: from where connections are opened --------------------------------------------------------------


def test_calls_in_both_directions_meet_what_is_asked_of_connections() -> None:
    s = tcp()
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    s.request("pcscf", "MESSAGE", on=first)
    check(s)
    for rule in ("TRN-02", "TRN-03", "TRN-06", "TRN-07"):
        passes(s, rule)


def test_a_syn_of_the_ue_from_another_port_on_the_right_association() -> None:
    s = tcp()
    first = s.register()
    s.syn("ue", on=first, sport=45000, label="odd")
    s.expect("TRN-02", "violation", actor="UE", at="odd.syn", cause="PORT-07")
    check(s, rules=["TRN-02"])


def test_a_syn_of_the_ue_from_its_server_port() -> None:
    s = tcp()
    first = s.register()
    s.syn("ue", on=first, role="us>pc", answered=False, label="odd")
    s.expect("TRN-02", "violation", actor="UE", at="odd.syn")
    check(s, rules=["TRN-02"])
    assert verdicts(s, "TRN-02") == [("violation", "from-port-us")]


def test_a_clear_syn_to_port_ps_may_come_of_a_restart() -> None:
    """FP15."""
    s = tcp()
    first = s.register()
    s.syn("ue", on=first, clear=True, sport=45000, answered=False, label="odd")
    s.expect("TRN-02", "probable", actor="UE", at="odd.syn", cause="CLR-01")
    check(s, rules=["TRN-02"])


def test_a_clear_syn_before_sm12_is_not_judged() -> None:
    s = tcp()
    p = s.sm1()
    s.sm6(p)
    assert p.set is not None
    s.syn("ue", on=p.set, clear=True, sport=45000, answered=False, label="odd")
    check(s, rules=["TRN-02"])


@pytest.mark.parametrize(("sport", "fault"), [(5060, "from-5060"), (45000, "other-port")])
def test_a_clear_syn_of_the_p_cscf_to_a_protected_port(sport: int, fault: str) -> None:
    s = tcp()
    first = s.register()
    s.syn("pcscf", on=first, clear=True, sport=sport, answered=False, label="odd")
    s.expect("TRN-03", "violation", actor="P-CSCF", at="odd.syn", cause="CLR-01")
    check(s, rules=["TRN-03"])
    assert verdicts(s, "TRN-03") == [("violation", fault)]


def test_the_p_cscf_opens_from_its_server_port() -> None:
    s = tcp()
    first = s.register()
    s.syn("pcscf", on=first, role="ps>uc", answered=False, label="odd")
    s.expect("TRN-03", "violation", actor="P-CSCF", at="odd.syn")
    check(s, rules=["TRN-03"])


def test_a_request_of_the_p_cscf_on_the_connection_of_the_ue_opens_none() -> None:
    """FP30, R27."""
    s = tcp()
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    s.request("pcscf", "OPTIONS", on=first, role="ps>uc")
    check(s, rules=["TRN-03"])


def test_the_via_of_the_p_cscf_leads_the_ue_to_port_pc() -> None:
    """R23."""
    s = tcp()
    first = s.register()
    odd = {"Via": lambda old: old.replace(f":{first.port_ps}", f":{first.port_pc}", 1)}
    s.request("pcscf", "MESSAGE", on=first, label="m", answered=False, headers=odd)
    s.fin("pcscf", on=first, role="pc>us")
    s.syn("ue", on=first, role="us>pc", label="c")
    s.answer("m", 200, role="us>pc")
    s.expect("PORT-13", "violation", actor="P-CSCF", at="m")
    s.expect("TRN-02", "probable", actor="UE", at="c.syn", cause="PORT-13")
    check(s)


def test_the_contact_of_the_ue_leads_the_p_cscf_to_port_uc() -> None:
    """R23."""
    s = tcp()
    p = s.sm1()
    s.sm6(p)
    first = p.set
    assert first is not None
    s.sm7(p, headers={"Contact": lambda old: old.replace(f":{first.port_us}", f":{first.port_uc}")})
    s.sm12(p)
    s.syn("pcscf", on=first, role="ps>uc", sport=first.port_pc, answered=False, label="odd")
    s.expect("PORT-11", "violation", actor="UE", at="sm7")
    s.expect("TRN-03", "probable", actor="P-CSCF", at="odd.syn", cause="PORT-11")
    check(s, rules=["PORT-11", "TRN-03"])


# --- TRN-04 ---------------------------------------------------------------------------------------------------------


def after_loss(on_via: bool = True, clear: bool = False) -> Scenario:
    s = tcp()
    first = s.register()
    request = s.request("ue", "MESSAGE", on=first, answered=False)
    s.fin("ue", on=first, role="uc>ps")
    if clear:
        s.answer(request, 200, on=None, sport=5060, dport=first.port_us, label="late")
    else:
        s.answer(request, 200, on=first, role="pc>us" if on_via else "ps>uc", label="late")
    return s


def test_on_a_new_connection_to_the_address_of_the_via() -> None:
    s = after_loss()
    check(s, rules=["TRN-04", "TRN-01"])
    passes(s, "TRN-04")


def test_in_clear() -> None:
    s = after_loss(clear=True)
    s.expect("TRN-04", "warning", actor="P-CSCF", at="late", cause="CLR-05")
    check(s, rules=["TRN-04"])


def test_a_via_that_names_no_protected_port_leads_nowhere() -> None:
    """A REGISTER over TCP has no rule for its Via: the answer goes where an association leads."""
    s = tcp()
    first = s.register()
    p = s.sm1(over=first, headers={"Via": lambda old: old.replace(f":{first.port_us}", "")})
    s.rst("ue", on=first, role="uc>ps")
    s.sm12(p, role="pc>us")
    check(s)


def test_the_connection_of_a_later_copy() -> None:
    """The UE sent its request again on a new connection with the same ports."""
    s = tcp()
    first = s.register()
    s.request("ue", "MESSAGE", on=first, answered=False)
    s.rst("ue", on=first, role="uc>ps")
    s.syn("ue", on=first)
    s.again("req")
    s.answer("req", 200, label="late")
    check(s)


@pytest.mark.parametrize(("who", "role", "back"), [("ue", "uc>ps", "pc>us"), ("pcscf", "pc>us", "uc>ps")])
def test_a_connection_that_the_asker_has_closed_half(who: Who, role: Role, back: Role) -> None:
    """Most stacks give it up: the answer may come on a new one (TRN-04)."""
    s = tcp()
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    s.request(who, "MESSAGE", on=first, label="m", answered=False)
    s.segment(who, "FA", on=first, role=role)
    s.answer("m", 200, role=back)
    check(s)
    passes(s, "TRN-04")


# --- TRN-06 ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["ue", "pcscf"])
def test_a_clear_rst_between_the_ports_of_an_association(who: Who) -> None:
    s = tcp()
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    s.rst(who, on=first, role="uc>ps" if who == "ue" else "ps>uc", clear=True, label="rst")
    s.expect("TRN-06", "violation", actor="UE" if who == "ue" else "P-CSCF", at="rst", cause="CLR-01")
    check(s, rules=CONNECTIONS)
    assert verdicts(s, "TRN-06") == [("violation", "rst")]


def test_a_clear_segment_when_the_set_is_gone_is_left_to_the_life_rules() -> None:
    s = Scenario(transport="tcp", expires=600)
    first = s.register()
    s.wait(800)
    s.rst("ue", on=first, role="uc>ps", clear=True, label="rst")
    check(s, rules=CONNECTIONS)


# --- TRN-07, TRN-08 -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("transport", "token"), [("udp", "TCP"), ("tcp", "UDP")])
@pytest.mark.parametrize("who", ["ue", "pcscf"])
def test_a_via_of_the_other_transport(transport: str, token: str, who: Who) -> None:
    s = Scenario(transport=transport)
    first = s.register()
    other = f"SIP/2.0/{token}"
    s.request(who, "MESSAGE", on=first, headers={"Via": lambda old: old.replace(f"SIP/2.0/{transport.upper()}", other)})
    s.expect("TRN-07", "violation", actor="UE" if who == "ue" else "P-CSCF", at="req")
    check(s, rules=["TRN-07"])


def test_a_large_request_over_udp_is_one_warning_for_each_side() -> None:
    s = Scenario()
    first = s.register()
    for _ in range(3):
        s.request("ue", "MESSAGE", on=first, body=b"x" * 1400)
    s.request("pcscf", "MESSAGE", on=first, body=b"x" * 1400, label="down")
    s.expect("TRN-08", "warning", actor="UE", at="req", count=3)
    s.expect("TRN-08", "warning", actor="P-CSCF", at="down")
    check(s, rules=["TRN-08"])


def test_a_large_request_over_tcp_meets_it() -> None:
    s = tcp()
    s.request("ue", "MESSAGE", on=s.register(), body=b"x" * 1400)
    check(s, rules=["TRN-08"])
    passes(s, "TRN-08")


def test_who_has_tried_tcp_may_use_udp() -> None:
    s = Scenario()
    first = s.register()
    s.syn("ue", on=first, answered=False, label="try")
    s.request("ue", "MESSAGE", on=first, body=b"x" * 1400)
    check(s, rules=["TRN-08"])


# --- TRN-09 ---------------------------------------------------------------------------------------------------------


def test_a_new_request_on_the_old_connection() -> None:
    s = tcp()
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    second = s.register(over=first)
    s.request("ue", "MESSAGE", on=second)
    s.wait(5)
    s.request("ue", "MESSAGE", on=first, label="late")
    s.expect("TRN-09", "violation", actor="UE", at="late", cause="SA-12")
    check(s, rules=["TRN-09"])


def test_new_requests_on_the_new_connection_meet_it() -> None:
    s = tcp()
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    s.request("ue", "MESSAGE", on=s.register(over=first))
    check(s, rules=["TRN-09"])
    passes(s, "TRN-09")


def test_a_request_that_was_on_its_way_is_probable() -> None:
    """FP2."""
    s = Scenario(transport="tcp", vantage="pcscf")
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    s.register(over=first)
    s.request("ue", "MESSAGE", on=first, label="late")
    assert "violation" not in {verdict for verdict, _ in verdicts(s, "TRN-09")}


# --- TRN-10, CLR-06 -------------------------------------------------------------------------------------------------


def test_a_repetition_like_the_first_copy_meets_all_three() -> None:
    s = Scenario()
    first = s.register()
    request = s.request("ue", "MESSAGE", on=first, answered=False)
    s.wait(2)
    s.again("req")
    s.answer(request, 200)
    check(s)
    for rule in COPIES:
        passes(s, rule)


def test_a_repetition_on_another_set() -> None:
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first, answered=False)
    second = s.register(over=first)
    s.wait(2)
    s.again("req", on=second)
    s.expect("TRN-10", "violation", actor="UE", at="req.again")
    check(s, rules=COPIES)
    assert verdicts(s, "TRN-10", "sa3-29") == [("probable", "other-set")]


def test_a_repetition_over_tcp() -> None:
    s = tcp()
    first = s.register()
    s.request("ue", "MESSAGE", on=first, answered=False)
    s.wait(2)
    s.again("req")
    s.expect("TRN-10", "violation", actor="UE", at="req.again")
    check(s, rules=COPIES)


def test_a_segment_that_tcp_repeats_is_no_repeated_request() -> None:
    """FP5, and what TCP does for itself."""
    s = tcp()
    first = s.register()
    request = s.request("ue", "MESSAGE", on=first, answered=False)
    s.wait(2)
    s.retransmit("req")
    s.answer(request, 200)
    check(s, rules=COPIES)


@pytest.mark.parametrize("who", ["ue", "pcscf"])
def test_one_request_protected_and_in_clear(who: Who) -> None:
    s = Scenario()
    first = s.register()
    s.request(who, "MESSAGE", on=first, answered=False)
    s.wait(4)
    s.again("req", on=None)
    actor = "UE" if who == "ue" else "P-CSCF"
    s.expect("CLR-06", "violation", actor=actor, at="req.again")
    s.expect("TRN-10", "violation", actor=actor, at="req.again", cause="CLR-06")
    check(s, rules=COPIES)


def test_a_decrypted_copy_a_moment_later_is_probable() -> None:
    """FP5: other octets (a Via that somebody completed), the same request."""
    s = Scenario()
    first = s.register()
    s.request("pcscf", "MESSAGE", on=first, answered=False)
    s.again("req", on=None)
    assert verdicts(s, "CLR-06") in ([], [("probable", "both")])


@pytest.mark.parametrize(("named", "verdict"), [("10.20.0.11", "violation"), ("192.168.1.2", "probable")])
def test_a_clear_register_once_more_from_another_port(named: str, verdict: str) -> None:
    """FP12: a NAT may forget its binding between two copies."""
    s = Scenario()
    via = {"Via": lambda old: old.replace("10.20.0.11", named)}
    s.sm1(headers=via)
    s.wait(2)
    s.again("sm1", sport=40077)
    s.expect("TRN-10", verdict, actor="UE", at="sm1.again")
    check(s, rules=COPIES)


def test_sm1_may_be_repeated_in_another_way() -> None:
    """FP1."""
    s = Scenario()
    p = s.sm1()
    s.wait(2)
    s.again("sm1")
    s.sm6(p)
    s.sm7(p)
    s.sm12(p)
    check(s)


# --- TRN-11 ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("waited", "expected"),
    [
        (2.0, []),
        (1.6, []),
        (0.5, [("note", "rfc-3261-timers")]),
        (0.3, [("probable", "too-soon")]),
        (126, []),
        (140, [("warning", "after-64-t1")]),
        (600, [("probable", "after-64-t1")]),
    ],
)
def test_when_a_request_is_repeated(waited: float, expected: list[tuple[str, str]]) -> None:
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first, answered=False)
    s.wait(waited)
    s.again("req")
    assert verdicts(s, "TRN-11") == expected
    if not expected:
        passes(s, "TRN-11")
