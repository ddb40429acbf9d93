"""What networks and taps do to a scenario, and ESP packets that are not as they should be."""

from __future__ import annotations

from typing import Any

import pytest
from scapy.layers import ipsec
from scapy.layers.inet import IP, TCP, UDP, Ether, defragment
from scapy.layers.inet6 import IPv6, defragment6
from scapy.packet import Raw

from .reading import associations, opened, packet, plain, way
from .scenario import Scenario
from .state import Esp, SaSet


def test_a_retransmission_has_the_same_octets_and_the_next_number() -> None:
    scenario = Scenario()
    first = scenario.register()
    scenario.request("ue", "MESSAGE", on=first)
    scenario.wait(2)
    scenario.again("req")
    assert plain(scenario, "req.again") == plain(scenario, "req")
    assert packet(scenario, "req.again")[ipsec.ESP].seq == packet(scenario, "req")[ipsec.ESP].seq + 1


def test_tcp_retransmits_a_segment_in_a_new_esp_packet() -> None:
    scenario = Scenario(transport="tcp")
    first = scenario.register()
    scenario.request("ue", "MESSAGE", on=first)
    scenario.retransmit("req")
    found = {label: inner for label, inner, _ in opened(scenario)}
    assert bytes(found["req.retransmitted"][TCP]) == bytes(found["req"][TCP])
    assert packet(scenario, "req.retransmitted")[ipsec.ESP].seq > packet(scenario, "req")[ipsec.ESP].seq


def test_losses_duplicates_swaps_and_cuts() -> None:
    scenario = Scenario()
    first = scenario.register()
    scenario.request("ue", "MESSAGE", on=first)
    scenario.request("ue", "MESSAGE", on=first, label="late")
    scenario.duplicate("req", delay=0.5)
    scenario.lose("resp")
    scenario.swap("late", "late.resp")
    scenario.cut("sm6", 60)
    frames = scenario.frames()
    assert frames[scenario.frame("req") - 1].data == frames[scenario.frame("req.dup") - 1].data
    assert scenario.frame("late.resp") < scenario.frame("late") < scenario.frame("req.dup")
    assert packet(scenario, "late")[ipsec.ESP].seq == packet(scenario, "req")[ipsec.ESP].seq + 1
    with pytest.raises(KeyError):
        scenario.frame("resp")
    assert len(frames[scenario.frame("sm6") - 1].data) == 60 < frames[scenario.frame("sm6") - 1].length
    scenario.start_at("sm7")
    assert scenario.frame("sm7") == 1
    scenario.only("ue")
    assert all(Ether(frame.data).payload.src == first.ue.address for frame in scenario.frames())


def test_a_corrupted_packet_does_not_verify() -> None:
    scenario = Scenario()
    first = scenario.register()
    scenario.request("ue", "MESSAGE", on=first)
    scenario.corrupt("req")
    with pytest.raises(ipsec.IPSecIntegrityError):
        opened(scenario)


@pytest.mark.parametrize("ipv6", [False, True])
def test_fragments_can_be_put_together_again(ipv6: bool) -> None:
    whole_scenario, cut_scenario = Scenario(ipv6=ipv6), Scenario(ipv6=ipv6)
    whole_scenario.register()
    cut_scenario.register()
    cut_scenario.fragment("sm7")
    parts = [Ether(r.data).payload for r in cut_scenario.records if r.label == "sm7"]
    assert len(parts) == 2
    assert cut_scenario.frame("sm7") == whole_scenario.frame("sm7") + 1
    before = packet(whole_scenario, "sm7")
    if ipv6:
        assert bytes(IPv6(bytes(defragment6(parts)))[IPv6].payload) == bytes(before.payload)
    else:
        assert bytes(defragment(parts)[0].payload) == bytes(before.payload)


def test_gtp_copies_hold_the_same_packet() -> None:
    scenario = Scenario(copies="gtp")
    scenario.register()
    frames = scenario.frames()
    assert len(frames) == 8
    for label, tunnelled in (("sm7", "sm7"), ("sm12", "sm12.copy")):
        bare = frames[scenario.frame(f"{label}.copy" if tunnelled == label else label) - 1].data
        outer = Ether(frames[scenario.frame(tunnelled) - 1].data)
        assert outer[UDP].dport == 2152
        assert bytes(outer[UDP].payload)[8:] == bare[14:]


def test_the_vantage_decides_ttl_and_delays() -> None:
    gaps, ttls = {}, {}
    for vantage in ("ue", "middle", "pcscf"):
        scenario = Scenario(vantage=vantage, rtt=0.1)
        scenario.register()
        frames = scenario.frames()
        gaps[vantage] = (frames[1].time - frames[0].time, frames[2].time - frames[1].time)
        ttls[vantage] = (packet(scenario, "sm1").ttl, packet(scenario, "sm6").ttl)
    assert gaps == {
        "ue": (103_000_000, 3_000_000),
        "middle": (53_000_000, 53_000_000),
        "pcscf": (3_000_000, 103_000_000),
    }
    assert ttls == {"ue": (64, 57), "middle": (61, 60), "pcscf": (57, 64)}


def knob(**esp: Any) -> tuple[Scenario, SaSet, Any]:
    """A scenario whose request travels in such a packet."""
    scenario = Scenario()
    first = scenario.register()
    knobs: Esp = esp  # type: ignore[assignment]
    scenario.request("ue", "MESSAGE", on=first, esp=knobs)
    return scenario, first, packet(scenario, "req")


def test_spi_and_sequence_number_can_be_chosen() -> None:
    assert knob(spi=0x1234)[2][ipsec.ESP].spi == 0x1234
    scenario, first, jumped = knob(seq=500)
    assert jumped[ipsec.ESP].seq == 500
    scenario.request("ue", "MESSAGE", on=first, label="next")
    assert packet(scenario, "next")[ipsec.ESP].seq == 501
    scenario.request("ue", "MESSAGE", on=first, label="back", esp={"seq": 1})
    scenario.request("ue", "MESSAGE", on=first, label="on")
    assert packet(scenario, "back")[ipsec.ESP].seq == 1
    assert packet(scenario, "on")[ipsec.ESP].seq == 502


def test_the_iv_can_be_chosen_and_chained() -> None:
    scenario, first, sealed = knob(iv=bytes(16))
    assert sealed[ipsec.ESP].data[:16] == bytes(16)
    chained = scenario.tail("req")
    scenario.request("ue", "MESSAGE", on=first, label="chained", esp={"iv": chained})
    assert packet(scenario, "chained")[ipsec.ESP].data[:16] == chained == sealed[ipsec.ESP].data[-28:-12]


def decrypted(scenario: Scenario, sealed: Any) -> Any:
    """The ESP packet's inside with padding, by scapy's cipher alone."""
    _, _, association = associations(scenario)[sealed[ipsec.ESP].spi]
    association.auth_algo.verify(sealed[ipsec.ESP], association.auth_key)
    return association.crypt_algo.decrypt(association, sealed[ipsec.ESP], association.crypt_key, 12)


def test_padding_and_next_header_can_be_wrong() -> None:
    scenario, _, usual = knob()
    inside = decrypted(scenario, usual)
    octets = len(inside.padding)
    assert inside.padding == bytes(range(1, octets + 1))
    scenario, _, sealed = knob(pad=b"\xee" * octets)
    assert decrypted(scenario, sealed).padding == b"\xee" * octets
    scenario, _, sealed = knob(next_header=59)
    assert decrypted(scenario, sealed).nh == 59


def test_icv_length_esn_and_keys_can_be_wrong() -> None:
    usual, longer = knob()[2], knob(icv=20)[2]
    assert len(longer[ipsec.ESP].data) == len(usual[ipsec.ESP].data) + 8
    assert longer[ipsec.ESP].data[: len(usual[ipsec.ESP].data)] == usual[ipsec.ESP].data
    other: list[dict[str, Any]] = [{"esn": 1}, {"ik": bytes(16)}, {"auth_key": bytes(20)}, {"alg": "hmac-md5-96"}]
    for esp in other:
        scenario, _, sealed = knob(**esp)
        with pytest.raises(ipsec.IPSecIntegrityError):
            decrypted(scenario, sealed)


def test_tunnel_mode_and_udp_encapsulation() -> None:
    scenario, _, sealed = knob(tunnel=True)
    inner = IP(bytes(decrypted(scenario, sealed).data))
    assert inner.haslayer(UDP)
    scenario = Scenario(mod="UDP-enc-tun", vantage="pcscf")
    scenario.ues[0].nat = "192.0.2.7"
    first = scenario.register()
    scenario.request("ue", "MESSAGE", on=first, esp={"udp": 34567, "marker": True})
    assert packet(scenario, "sm1").src == packet(scenario, "sm7").src == "192.0.2.7"
    assert packet(scenario, "sm12").dst == "192.0.2.7"
    assert (packet(scenario, "sm7")[UDP].sport, packet(scenario, "sm7")[UDP].dport) == (4500, 4500)
    carrier = packet(scenario, "sm7")[ipsec.ESP]
    _, _, association = associations(scenario)[carrier.spi]
    inside = association.crypt_algo.decrypt(association, carrier, association.crypt_key, 12)
    assert IP(bytes(inside.data)).src == first.ue.address
    marked = packet(scenario, "req")[UDP]
    assert marked.sport == 34567
    assert bytes(marked.payload)[:4] == bytes(4)


def test_any_packet_can_be_put_beside_the_signalling() -> None:
    scenario = Scenario()
    scenario.packet("ue", 51, bytes(24), label="ah")
    scenario.send("ue", b"\r\n\r\n", label="ping")
    assert packet(scenario, "ah").proto == 51
    assert bytes(packet(scenario, "ping")[Raw].load) == b"\r\n\r\n"


def test_a_connection_can_be_tried_in_vain_and_from_elsewhere() -> None:
    scenario = Scenario(transport="tcp")
    first = scenario.register()
    scenario.syn("pcscf", on=first, answered=False, label="try")
    scenario.retransmit("try.syn")
    found = {label: inner for label, inner, _ in opened(scenario)}
    assert bytes(found["try.syn"][TCP]) == bytes(found["try.syn.retransmitted"][TCP])
    assert "try.synack" not in found
    scenario.request("ue", "MESSAGE", on=first, src="10.20.0.99")
    assert packet(scenario, "req.syn").src == packet(scenario, "req").src == "10.20.0.99"
    scenario.request("pcscf", "NOTIFY", on=first, role="ps>uc", label="reuse")
    assert way(scenario, "reuse.resp") == (1, "uc>ps")
    assert packet(scenario, "req.synack").dst == "10.20.0.99"
    with pytest.raises(ValueError, match="ue cannot send"):
        scenario.send("ue", b"", on=first, role="pc>us")
