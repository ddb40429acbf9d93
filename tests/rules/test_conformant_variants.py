"""Everything that a conformant UE and P-CSCF may do, in all variants: no rule finds anything but notes."""

from __future__ import annotations

import pytest

from tests.rules.ports import PROFILES
from tests.scenario import Scenario, audited, check
from tests.scenario.reading import whole
from tests.scenario.state import Who
from tests.test_scenario import PAIRS

TODAY = {"hmac-md5-96": "rel-11", "des-ede3-cbc": "rel-11"}
"""Algorithms that later releases have removed are right under an earlier one."""

TRANSPORTS = ("udp", "tcp")


def nothing_found(s: Scenario, *profiles: str, keys: str | None = None) -> None:
    """No finding but notes, no packet unread, and rules that were exercised."""
    for profile in profiles or PROFILES:
        check(s, profile=profile, keys=keys)
        report = audited(s, profile=profile, keys=keys)
        assert (report.esp.bad_icv, report.esp.no_key, report.sip.malformed) == (0, 0, 0)
        assert sum(each.passed > 0 for each in report.rules) >= 18


@pytest.mark.parametrize("vantage", ["ue", "middle", "pcscf"])
@pytest.mark.parametrize("ipv6", [False, True], ids=["ipv4", "ipv6"])
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_whole_life(transport: str, ipv6: bool, vantage: str) -> None:
    s = Scenario(transport=transport, ipv6=ipv6, vantage=vantage)
    whole(s)
    nothing_found(s)


@pytest.mark.parametrize(("alg", "ealg"), PAIRS)
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_whole_life_with_each_algorithm(transport: str, alg: str, ealg: str) -> None:
    s = Scenario(transport=transport, alg=alg, ealg=ealg)
    whole(s)
    nothing_found(s, TODAY.get(alg) or TODAY.get(ealg) or "rel-17", "sa3-29")


@pytest.mark.parametrize("rtt", [0.002, 0.6, 1.9])
@pytest.mark.parametrize("vantage", ["ue", "middle", "pcscf"])
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_whole_life_on_a_fast_and_on_a_slow_link(transport: str, vantage: str, rtt: float) -> None:
    s = Scenario(transport=transport, vantage=vantage, rtt=rtt)
    whole(s)
    nothing_found(s)


@pytest.mark.parametrize("ipv6", [False, True], ids=["ipv4", "ipv6"])
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_whole_life_with_a_copy_of_every_frame_in_gtp_u(transport: str, ipv6: bool) -> None:
    s = Scenario(transport=transport, ipv6=ipv6, copies="gtp")
    whole(s)
    nothing_found(s)
    assert audited(s).copies * 2 == len(s.frames())


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_whole_life_with_the_core_leg_instead_of_a_key_file(transport: str) -> None:
    s = Scenario(transport=transport)
    first = s.register(core=True)
    s.call("ue", on=first)
    second = s.register(over=first, core=True)
    s.wait(3)
    s.request("ue", "MESSAGE", on=second)
    nothing_found(s, keys="")


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_whole_life_with_the_key_of_the_sim(transport: str) -> None:
    s = Scenario(transport=transport)
    whole(s)
    nothing_found(s, keys=s.subscriber_toml())


@pytest.mark.parametrize("nat", [None, "192.0.2.7"])
@pytest.mark.parametrize("vantage", ["ue", "middle", "pcscf"])
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_whole_life_in_udp_encapsulated_tunnel_mode(transport: str, vantage: str, nat: str | None) -> None:
    """FP12, with and without a NAT; the papers know no such mode (V15)."""
    s = Scenario(transport=transport, mod="UDP-enc-tun", vantage=vantage)
    first = s.register(ue=s.ue(2, nat=nat))
    s.call("ue", on=first)
    s.call("pcscf", on=first)
    second = s.register(over=first)
    s.wait(3)
    s.request("ue", "MESSAGE", on=second)
    s.wait(3)
    s.request("pcscf", "OPTIONS", on=second)
    s.deregister(on=second)
    nothing_found(s, "rel-17")


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_several_ues_contacts_and_an_emergency_registration_at_once(transport: str) -> None:
    """FP8 to FP10."""
    s = Scenario(transport=transport)
    others = (s.ue(2), s.ue(1, reg_id=2, instance="urn:uuid:2"), s.ue(1, sos=True), s.ue(3))
    sets = [s.register(), *(s.register(ue=other) for other in others)]
    for each in sets:
        s.call("ue", on=each)
    renewed = [s.register(over=each) for each in sets]
    s.wait(3)
    for each in renewed:
        s.request("ue", "MESSAGE", on=each)
    s.wait(3)
    for each in renewed:
        s.request("pcscf", "OPTIONS", on=each)
        s.deregister(on=each)
    nothing_found(s)


@pytest.mark.parametrize("why", ["mac", "sqn"])
@pytest.mark.parametrize("protected", [False, True], ids=["clear", "protected"])
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_challenge_that_the_ue_does_not_accept(transport: str, protected: bool, why: str) -> None:
    """Cases F and G."""
    s = Scenario(transport=transport)
    over = s.register() if protected else None
    p = s.sm1(over=over)
    s.sm6(p, bad_mac=why == "mac")
    s.reject(p, why)
    s.sm6(p, label="sm6b")
    s.sm7(p, label="sm7b")
    s.sm12(p, label="sm12b")
    assert p.set
    s.request("ue", "MESSAGE", on=p.set)
    s.wait(3)
    s.request("pcscf", "OPTIONS", on=p.set)
    nothing_found(s)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_two_challenges_that_the_ue_does_not_accept_and_a_refusal(transport: str) -> None:
    """Case F twice, then 403; the old set goes on."""
    s = Scenario(transport=transport)
    first = s.register()
    p = s.sm1(over=first)
    s.sm6(p, bad_mac=True)
    s.reject(p, "mac")
    s.sm6(p, bad_mac=True, label="sm6b")
    s.reject(p, "mac", label="reject2")
    s.sm12(p, status=403)
    s.request("ue", "MESSAGE", on=first)
    s.request("pcscf", "OPTIONS", on=first)
    nothing_found(s)


@pytest.mark.parametrize("protected", [False, True], ids=["clear", "protected"])
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_wrong_answer_to_the_challenge(transport: str, protected: bool) -> None:
    """Cases D1 and D2; with the old set, if there was one, everything goes on."""
    s = Scenario(transport=transport)
    over = s.register() if protected else None
    if over is not None:
        s.request("ue", "MESSAGE", on=over)
    s.register(over=over, sm7={"res_wrong": True}, sm12={"status": 403})
    s.wait(5)
    again = s.register(over=over)
    s.request("ue", "MESSAGE", on=again)
    nothing_found(s, keys=s.subscriber_toml())


@pytest.mark.parametrize("protected", [False, True], ids=["clear", "protected"])
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_second_challenge_in_answer_to_sm7(transport: str, protected: bool) -> None:
    """Case E."""
    s = Scenario(transport=transport)
    p = s.sm1(over=s.register() if protected else None)
    s.sm6(p)
    s.sm7(p)
    s.sm12(p, status=401)
    s.sm7(p, label="sm7b")
    s.sm12(p, label="sm12b")
    assert p.set
    s.request("ue", "MESSAGE", on=p.set)
    nothing_found(s)


@pytest.mark.parametrize("status", [403, 423, 494, 503])
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_an_error_in_answer_to_sm1(transport: str, status: int) -> None:
    """Case I, FP17."""
    s = Scenario(transport=transport)
    extra = {"Security-Server": "ipsec-3gpp;alg=hmac-sha-1-96", "Require": "sec-agree"} if status == 494 else {}
    s.sm12(s.sm1(), status=status, headers=extra)
    s.wait(10)
    first = s.register()
    s.sm12(s.sm1(over=first), status=status, headers=extra)
    s.request("ue", "MESSAGE", on=first)
    second = s.register(over=first)
    s.request("ue", "MESSAGE", on=second)
    nothing_found(s)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_ue_that_lost_its_state_begins_in_clear(transport: str) -> None:
    """Case C, FP15 and FP30."""
    s = Scenario(transport=transport)
    first = s.register()
    s.call("ue", on=first)
    s.wait(30)
    again = s.register(sm1={"client": {"port_s": first.port_us + 9}}, sm6={"server": {"port_s": first.port_ps + 9}})
    s.call("ue", on=again)
    s.call("pcscf", on=again)
    nothing_found(s)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_refreshes_without_challenge(transport: str) -> None:
    """Case B0, FP16: the offers are never used."""
    s = Scenario(transport=transport, expires=600)
    first = s.register()
    for _ in range(6):
        s.wait(290)
        s.refresh(on=first)
        s.request("ue", "MESSAGE", on=first)
        s.request("pcscf", "OPTIONS", on=first)
    s.deregister(on=first)
    nothing_found(s)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_the_network_ends_the_registration(transport: str) -> None:
    """Case J."""
    s = Scenario(transport=transport)
    first = s.register()
    s.request("ue", "SUBSCRIBE", on=first)
    s.notify_terminated(on=first)
    s.wait(5)
    s.request("ue", "MESSAGE", on=s.register())
    nothing_found(s)


def repeat(s: Scenario, label: str) -> None:
    for pause in (2, 4):
        s.wait(pause)
        s.again(label)


def test_messages_over_udp_that_are_repeated() -> None:
    """FP1: every message of a registration three times, requests and answers of both sides twice."""
    s = Scenario()
    p = s.sm1()
    repeat(s, "sm1")
    s.sm6(p)
    repeat(s, "sm6")
    s.sm7(p)
    repeat(s, "sm7")
    s.sm12(p)
    repeat(s, "sm12")
    assert p.set
    senders: tuple[Who, ...] = ("ue", "pcscf")
    for who in senders:
        label = f"from-{who}"
        asked = s.request(who, "MESSAGE", on=p.set, label=label, answered=False)
        s.wait(2)
        s.again(label)
        s.answer(asked, label=f"{label}.200")
        s.wait(4)
        s.again(f"{label}.200")
    nothing_found(s)


def test_segments_that_are_repeated_cut_and_in_fragments() -> None:
    """FP1, FP19 and FP23."""
    s = Scenario(transport="tcp")
    first = s.register(sm7={"segments": 3})
    s.retransmit("sm7")
    s.request("ue", "MESSAGE", on=first, segments=2, body=b"x" * 900)
    s.retransmit("req")
    s.send("ue", b"\r\n\r\n", on=first, label="ping")
    s.send("pcscf", b"\r\n", on=first, role="ps>uc", label="pong")
    s.fragment("req", 200)
    s.call("pcscf", on=first)
    s.fin("ue", on=first)
    s.request("ue", "MESSAGE", on=first)
    nothing_found(s)


@pytest.mark.parametrize("ipv6", [False, True], ids=["ipv4", "ipv6"])
def test_everything_in_fragments(ipv6: bool) -> None:
    """FP23."""
    s = Scenario(ipv6=ipv6)
    first = s.register()
    s.call("ue", on=first)
    for label in ("sm1", "sm6", "sm7", "sm12", "invite", "invite.200"):
        s.fragment(label, 400)
    nothing_found(s)


def test_what_is_no_sip() -> None:
    """FP19 and FP22: keep-alives, STUN, compressed SIP."""
    s = Scenario()
    first = s.register()
    s.send("ue", b"\r\n\r\n", on=first, label="ping")
    s.send("ue", bytes.fromhex("000100002112a442") + bytes(12), on=first, label="stun")
    s.send("ue", b"\xf8\xe1" + bytes(range(200)), on=first, label="sigcomp")
    s.request("ue", "MESSAGE", on=first)
    nothing_found(s)


def test_both_transports_in_one_set() -> None:
    """FP7: the same ports serve UDP and TCP."""
    s = Scenario()
    first = s.register()
    for transport in ("tcp", "udp", "tcp"):
        s.request("ue", "MESSAGE", on=first, transport=transport)
        s.request("pcscf", "OPTIONS", on=first, transport=transport)
    second = s.register(over=first, sm1={"transport": "tcp"}, sm7={"transport": "udp"})
    s.request("ue", "MESSAGE", on=second, transport="tcp")
    nothing_found(s)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_calls_that_outlive_the_change_of_sets(transport: str) -> None:
    """FP6: answers to requests of the old set, on the old set."""
    s = Scenario(transport=transport)
    first = s.register()
    up, down = s.invite("ue", on=first), s.invite("pcscf", on=first, label="down")
    s.answer(up, 180)
    s.answer(down, 180)
    second = s.register(over=first)
    s.answer(up, 200)
    s.answer(down, 200)
    s.wait(3)
    s.ack(up, on=second)
    s.ack(down, on=second)
    s.wait(3)
    s.request("ue", "MESSAGE", on=second)
    s.wait(3)
    s.bye(up, on=second)
    s.bye(down, on=second)
    nothing_found(s)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_an_emergency_call_in_clear_without_registration(transport: str) -> None:
    """FP10."""
    s = Scenario(transport=transport)
    call = s.invite("ue", uri="urn:service:sos")
    s.answer(call, 200)
    s.ack(call)
    s.bye(call)
    check(s)
    s.register()
    check(s)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_registration_without_ipsec(transport: str) -> None:
    """FP11: TLS was chosen; what follows in clear here stands for what a terminated TLS would show."""
    s = Scenario(transport=transport)
    p = s.sm1(headers={"Security-Client": "tls"})
    s.sm12(p)
    s.request("ue", "MESSAGE")
    s.request("pcscf", "OPTIONS")
    check(s)
