"""FP5: decrypted copies beside ESP packets are no clear text; the same packets without ESP are."""

from __future__ import annotations

import pytest

from tests.rules.protection import both_transports
from tests.scenario import Scenario, audited, check
from tests.scenario.state import SaSet, Who
from tests.scenario.taps import decrypted

DELAYS = [0.00002, 0.05, 0.15, -0.00002, -0.001]


def life(transport: str = "udp", *, ipv6: bool = False, segments: int = 1) -> tuple[Scenario, SaSet]:
    """Registration, calls, a re-registration, traffic both ways."""
    s = Scenario(transport=transport, ipv6=ipv6)
    first = s.register()
    s.request("ue", "MESSAGE", on=first, segments=segments)
    s.call("ue", on=first)
    s.call("pcscf", on=first)
    second = s.register(over=first)
    s.wait(3)
    s.request("ue", "MESSAGE", on=second, segments=segments)
    s.wait(3)
    s.request("pcscf", "OPTIONS", on=second)
    s.deregister(on=second)
    return s, second


@both_transports
@pytest.mark.parametrize("ipv6", [False, True])
@pytest.mark.parametrize("who", ["ue", "pcscf", None])
@pytest.mark.parametrize("delay", DELAYS)
def test_shadows_are_no_clear_text(delay: float, who: Who | None, ipv6: bool, transport: str) -> None:
    s, _ = life(transport, ipv6=ipv6)
    plain = audited(s)
    decrypted(s, delay=delay, who=who)
    check(s)
    shown = audited(s)
    assert shown.sip.clear == plain.sip.clear
    assert shown.sip.protected == plain.sip.protected
    assert any("decrypted copy" in notice for notice in shown.notices)


@pytest.mark.parametrize("ipv6", [False, True])
@pytest.mark.parametrize("delay", [0.00002, -0.00002])
def test_merged_segments_are_shadows_too(delay: float, ipv6: bool) -> None:
    """GRO behind the decryption, GSO before the encryption."""
    s, _ = life("tcp", ipv6=ipv6, segments=4)
    decrypted(s, delay=delay, merge=4)
    check(s)
    assert audited(s).sip.clear == audited(life("tcp", ipv6=ipv6, segments=4)[0]).sip.clear


@pytest.mark.parametrize("ipv6", [False, True])
def test_shadows_of_fragmented_packets(ipv6: bool) -> None:
    s, _ = life(ipv6=ipv6)
    decrypted(s)
    s.fragment("invite")
    s.fragment("invite.clear")
    check(s)


@both_transports
@pytest.mark.parametrize("delay", [0.00002, -0.00002])
def test_shadows_without_a_key(delay: float, transport: str) -> None:
    """The ESP packets cannot be read, but each is there, and its size fits."""
    s, _ = life(transport)
    decrypted(s, delay=delay)
    assert {finding.verdict for finding in audited(s, keys="").findings} <= {"inconclusive", "note"}


def test_shadows_in_a_capture_that_was_cut() -> None:
    s, _ = life()
    decrypted(s)
    for record in s.records:
        record.data = record.data[:128]
    assert {finding.verdict for finding in audited(s).findings} <= {"inconclusive", "note"}


@pytest.mark.parametrize("keyed", [True, False])
@pytest.mark.parametrize("before", [True, False])
@both_transports
def test_a_message_that_is_in_clear_beside_shadows(transport: str, before: bool, keyed: bool) -> None:
    """The twin: one message of many has no ESP packet. What nobody can read may be the packet that is missing."""
    s = Scenario(transport=transport)
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    s.wait(1)
    decrypted(s, delay=-0.00002 if before else 0.00002)
    s.request("ue", "OPTIONS", sport=first.port_uc, dport=first.port_ps, answered=False, transport="udp", label="bare")
    s.wait(1)
    s.request("ue", "MESSAGE", on=first)
    verdict = "violation" if keyed else "probable"
    s.expect("CLR-02", verdict, actor="UE", at="bare")
    s.expect("CLR-01", verdict, actor="UE", at="bare", cause="CLR-02")
    check(s, rules=["CLR-01", "CLR-02", "CLR-03", "CLR-05"], keys=None if keyed else "")


def test_a_clear_packet_is_judged_before_what_answers_it() -> None:
    """It waits for an ESP packet, but not when an answer shows that it was sent as it is."""
    s = Scenario(rtt=0.001)
    first = s.register()
    s.request(
        "ue", "MESSAGE", sport=first.port_uc, dport=first.port_ps, answer={"on": first, "role": "pc>us"}, label="bare"
    )
    s.expect("CLR-02", "violation", actor="UE", at="bare")
    s.expect("CLR-01", "violation", actor="UE", at="bare", cause="CLR-02")
    check(s, rules=["CLR-01", "CLR-02", "CLR-03", "CLR-05"])
    assert audited(s).sip.messages == 6


@pytest.mark.parametrize(("lost", "verdict"), [(False, "violation"), (True, "probable")])
def test_a_clear_packet_whose_esp_packet_may_be_missing(lost: bool, verdict: str) -> None:
    """The capture has decrypted copies, and lacks an ESP packet: who knows whether it is that of the clear one."""
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    s.request("ue", "INFO", on=first, answered=False, label="gap")
    decrypted(s)
    if lost:
        s.lose("gap")
    else:
        s.lose("gap.clear")
        s.request("ue", "OPTIONS", sport=first.port_uc, dport=first.port_ps, answered=False, label="gap.clear")
    s.wait(1)
    s.request("ue", "MESSAGE", on=first)
    found = [each for each in audited(s).findings if each.rule == "CLR-01"]
    assert [(each.frame, each.verdict) for each in found] == [(s.frame("gap.clear"), verdict)]
    assert ("FP5" in found[0].traps) == lost


@pytest.mark.parametrize(
    ("transport", "labels"),
    [
        ("udp", ["sm7", "sm12", "req", "invite.200", "sm1.2", "sm6.2", "sm7.2", "sm12.2", "dereg", "dereg.200"]),
        ("tcp", ["sm7.synack", "sm12", "invite.100.tcp", "sm1.2", "sm6.2", "sm12.2", "dereg", "dereg.200"]),
    ],
)
def test_nobody_is_accused_by_a_copy_alone(transport: str, labels: list[str]) -> None:
    """The ESP packet is missing, perhaps the last of its association, and what the host decrypted of it is there."""
    accused = []
    for label in labels:
        s, _ = life(transport)
        decrypted(s)
        s.lose(label)
        wrong = [each for each in audited(s).findings if each.verdict in ("violation", "warning")]
        accused += [f"without {label}: {each.rule} {each.message} ({each.argument})" for each in wrong]
    assert accused == []


@both_transports
@pytest.mark.parametrize("delay", [0.00002, -0.00002])
def test_shadows_of_what_is_tunnelled(delay: float, transport: str) -> None:
    """UDP-enc-tun: the packet that goes into the tunnel, or comes out of it, is a shadow as well."""
    s = Scenario(transport=transport, mod="UDP-enc-tun")
    first = s.register()
    s.call("ue", on=first)
    s.request("ue", "MESSAGE", on=s.register(over=first))
    plain = audited(s).sip
    decrypted(s, delay=delay)
    check(s)
    shown = audited(s)
    assert (shown.sip.clear, shown.sip.protected) == (plain.clear, plain.protected)
    assert any("decrypted copy" in notice for notice in shown.notices)


@pytest.mark.parametrize("delay", [0.00002, -0.00002])
def test_shadows_on_a_set_that_one_side_has_given_up(delay: float) -> None:
    """The UE's last answer ended the old set there; the ACK to it, and what follows a deregistration, still come."""
    s = Scenario()
    first = s.register()
    call = s.invite("pcscf", on=first)
    s.answer(call, 180)
    second = s.register(over=first)
    s.request("ue", "MESSAGE", on=second)
    s.request("pcscf", "MESSAGE", on=second)
    s.answer(call, 486)
    s.ack(call)
    s.deregister(on=second)
    s.notify_terminated(on=second)
    plain = audited(s).sip
    decrypted(s, delay=delay)
    check(s)
    assert audited(s).sip.clear == plain.clear
