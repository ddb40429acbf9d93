"""ESP-10, ESP-11 and ESP-13: modes, the UDP around ESP, and AH."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from scapy.layers.inet import IP, UDP
from scapy.packet import Raw

from analyzer.frame import SECOND
from analyzer.network.ip import behind_options
from analyzer.run import Options, audit
from tests.scenario import Scenario, audited, check, passes
from tests.scenario.crypto import ethernet
from tests.scenario.reading import packet
from tests.scenario.state import Esp
from tests.sources.build import pcap

NAT = "198.51.100.7"
SHELLS = ["ESP-10", "ESP-11", "ESP-13"]


def behind_nat() -> Scenario:
    s = Scenario(mod="UDP-enc-tun")
    s.ues[0].nat = NAT
    return s


def faults(s: Scenario, rule: str) -> list[str]:
    return [each.fault for each in audited(s).findings if each.rule == rule and each.verdict == "violation"]


# --- ESP-10 ---------------------------------------------------------------------------------------------------------


def test_both_modes_are_fine_where_they_were_agreed() -> None:
    for s in (Scenario(), behind_nat()):
        s.request("ue", "MESSAGE", on=s.register())
        check(s, rules=SHELLS)
        passes(s, "ESP-10", at_least=2)


def test_tunnel_mode_without_agreement() -> None:
    s = Scenario()
    s.register(sm7={"esp": {"tunnel": True}})
    s.expect("ESP-10", "violation", actor="UE", at="sm7")
    check(s, rules=SHELLS)
    assert faults(s, "ESP-10") == ["tunnelled"]


def test_esp_in_udp_without_agreement() -> None:
    s = Scenario()
    s.register(sm7={"esp": {"udp": 61000}})
    s.expect("ESP-10", "violation", actor="UE", at="sm7")
    check(s, rules=SHELLS)
    assert faults(s, "ESP-10") == ["encapsulated"]


def test_either_mode_where_both_were_agreed() -> None:
    """Lists with an entry for each mode, as of a P-CSCF that serves UEs with and without a NAT."""

    def both(header: str) -> str:
        return header.replace("mod=trans", "mod=UDP-enc-tun") + ", " + header

    s = Scenario()
    s.register(
        sm1={"headers": {"Security-Client": both}},
        sm6={"headers": {"Security-Server": both}},
        sm7={"headers": {"Security-Client": both, "Security-Verify": both}},
    )
    check(s)


def test_transport_mode_although_the_tunnel_was_agreed() -> None:
    def agree(header: str) -> str:
        return header.replace("mod=trans", "mod=UDP-enc-tun")

    s = Scenario()
    s.register(
        sm1={"headers": {"Security-Client": agree}},
        sm6={"headers": {"Security-Server": agree}},
        sm7={"headers": {"Security-Client": agree, "Security-Verify": agree}},
    )
    s.expect("ESP-10", "violation", actor="UE", at="sm7")
    s.expect("ESP-10", "violation", actor="P-CSCF", at="sm12")
    check(s, rules=SHELLS)
    assert faults(s, "ESP-10") == ["not-encapsulated"] * 2


# --- ESP-11 ---------------------------------------------------------------------------------------------------------


def test_the_nat_may_give_out_another_port() -> None:
    """FP12."""
    s = behind_nat()
    first = s.register()
    request = s.request("ue", "MESSAGE", on=first, answered=False, esp={"udp": 61001})
    s.answer(request, 200, esp={"udp": 61001})
    check(s, rules=SHELLS)
    passes(s, "ESP-11", at_least=2)


def test_a_port_from_which_the_ue_never_sent() -> None:
    s = behind_nat()
    first = s.register()
    s.request("pcscf", "OPTIONS", on=first, answered=False, esp={"udp": 7777})
    s.expect("ESP-11", "violation", actor="P-CSCF", at="req")
    check(s, rules=SHELLS)
    assert faults(s, "ESP-11") == ["unknown-port"]


def test_an_answer_before_the_first_packet_of_the_ue_was_captured_in_the_wrong_order() -> None:
    """FP13."""
    s = behind_nat()
    p = s.sm1()
    s.sm6(p)
    s.sm7(p)
    s.sm12(p)
    s.swap("sm7", "sm12")
    s.expect("ESP-11", "probable", actor="P-CSCF", at="sm12")
    check(s, rules=SHELLS)


def test_if_a_packet_of_the_ue_is_missing_the_port_may_be_its() -> None:
    """FP4."""
    s = behind_nat()
    first = s.register()
    s.request("ue", "MESSAGE", on=first, answered=False, esp={"udp": 7777}, label="lost")
    s.request("pcscf", "OPTIONS", on=first, answered=False, esp={"udp": 7777})
    s.request("ue", "MESSAGE", on=first, esp={"udp": 61000})
    s.lose("lost")
    s.request("pcscf", "OPTIONS", on=first, answered=False, esp={"udp": 7777}, label="after")
    found = [each for each in audited(s).findings if each.rule == "ESP-11"]
    assert [each.verdict for each in found if each.frame == s.frame("after")] == ["probable"]


def test_a_marker_before_the_spi() -> None:
    s = behind_nat()
    first = s.register()
    s.request("ue", "MESSAGE", on=first, answered=False, esp={"udp": 61000, "marker": True})
    s.expect("ESP-11", "violation", actor="UE", at="req")
    check(s, rules=SHELLS)
    assert faults(s, "ESP-11") == ["marker"]


def test_ike_and_keep_alives_on_the_same_port_are_none() -> None:
    s = behind_nat()
    first = s.register()
    for octets in (b"\xff", bytes(4) + bytes(range(40))):
        s.wait(1)
        datagram = IP(src=NAT, dst=s.ues[0].pcscf) / UDP(sport=61000, dport=4500) / Raw(octets)
        s.record("extra", ethernet(datagram, True), True)
    s.request("ue", "MESSAGE", on=first)
    check(s, rules=SHELLS)


# --- ESP-13 ---------------------------------------------------------------------------------------------------------


def authenticated(protocol: int, inner: bytes) -> bytes:
    """AH with an ICV of twelve octets before something else (RFC 4302 2)."""
    return struct.pack(">BBHII12s", protocol, 4, 0, 0x1234, 1, bytes(12)) + inner


@pytest.mark.parametrize("ipv6", [False, True])
def test_ah_around_the_esp_of_a_set(ipv6: bool) -> None:
    s = Scenario(ipv6=ipv6)
    first = s.register()
    s.request("ue", "MESSAGE", on=first, answered=False)
    inner = bytes(packet(s, "req").payload)
    s.lose("req")
    s.packet("ue", 51, authenticated(50, inner), label="ah")
    s.expect("ESP-13", "violation", actor="UE", at="ah")
    check(s, rules=SHELLS)


@pytest.mark.parametrize("ipv6", [False, True])
def test_ah_of_another_service_is_not_to_be_told_from_it(ipv6: bool) -> None:
    """FP25: the same two hosts may have more to say to each other."""
    s = Scenario(ipv6=ipv6)
    s.register()
    s.packet("ue", 51, authenticated(17, struct.pack(">HHHH4s", 500, 500, 12, 0, b"data")), label="ah")
    s.expect("ESP-13", "inconclusive", actor="unknown", at="ah")
    check(s, rules=SHELLS)


@pytest.mark.parametrize("ipv6", [False, True])
@pytest.mark.parametrize("octets", [b"", b"ah", bytes(12), authenticated(50, b"")])
def test_what_is_hardly_an_ah_at_all(octets: bytes, ipv6: bool) -> None:
    s = Scenario(ipv6=ipv6)
    s.register()
    s.packet("ue", 51, octets, label="ah")
    assert "violation" not in {each.verdict for each in audited(s).findings}


OPTIONS = 60, bytes.fromhex("0000010400000000")
"""Destination options: only padding."""
ROUTING = 43, bytes.fromhex("0000040000000000")
"""A routing header without a segment left."""


@pytest.mark.parametrize("behind", [None, OPTIONS, ROUTING])
def test_ah_in_ipv6_wherever_it_stands_among_the_extension_headers(
    behind: tuple[int, bytes] | None, tmp_path: Path
) -> None:
    """Also in a file, from which the frames have to be chosen."""
    s = Scenario(ipv6=True)
    first = s.register()
    s.request("ue", "MESSAGE", on=first, answered=False, esp={"before": behind} if behind else {})
    plain = packet(s, "req")
    s.lose("req")
    s.packet("ue", 51, authenticated(plain.nh, bytes(plain.payload)), label="ah")
    s.expect("ESP-13", "violation", actor="UE", at="ah")
    check(s, rules=SHELLS)
    capture, keys = tmp_path / "a.pcap", tmp_path / "keys.toml"
    capture.write_bytes(pcap([each.data for each in s.frames()], step=SECOND // 100))
    keys.write_text(s.keys_toml())
    report = audit([str(capture)], Options(keys=[str(keys)]))
    assert [each.frame for each in report.findings if each.rule == "ESP-13"] == [s.frame("ah")]


def test_ah_in_fragments_of_ipv6() -> None:
    s = Scenario(ipv6=True)
    first = s.register()
    s.request("ue", "MESSAGE", on=first, answered=False)
    inner = bytes(packet(s, "req").payload)
    s.lose("req")
    s.packet("ue", 51, authenticated(50, inner), label="ah")
    s.fragment("ah")
    assert [each.verdict for each in audited(s).findings if each.rule == "ESP-13"] == ["violation"]


# --- IPv6 extension headers (FP23) ----------------------------------------------------------------------------------


@pytest.mark.parametrize("knob", ["before", "within"])
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_destination_options_around_and_in_esp_hide_nothing(knob: str, transport: str) -> None:
    """All packets of a registration have them, and then a fault is found as it would be without."""
    s = Scenario(ipv6=True, transport=transport)
    esp: Esp = {"before": OPTIONS} if knob == "before" else {"within": OPTIONS}
    first = s.register(sm7={"esp": esp}, sm12={"esp": esp})
    s.request("ue", "MESSAGE", on=first, esp=esp, answer={"esp": esp})
    check(s)
    passes(s, "SA-05")
    passes(s, "ESP-07", at_least=2)
    s.request("ue", "SUBSCRIBE", on=first, esp=esp, headers={"Contact": "<sip:x@[2001:db8::1]:5060>"}, label="odd")
    s.expect("PORT-11", "violation", actor="UE", at="odd")
    check(s)


def test_options_that_do_not_end_are_all_that_is_known_of_a_packet() -> None:
    s = Scenario(ipv6=True)
    first = s.register()
    s.request("ue", "MESSAGE", on=first, answered=False, esp={"within": (60, b"\0\xff" + bytes(6))})
    check(s, rules=["ESP-07", "ESP-06"])


@pytest.mark.parametrize(
    ("payload", "found"),
    [
        (bytes([17, 0, 1, 4, 0, 0, 0, 0]) + b"udp", (17, b"udp")),
        (bytes([60, 0, 1, 4, 0, 0, 0, 0, 6, 0, 1, 4, 0, 0, 0, 0]) + b"tcp", (6, b"tcp")),
        (bytes([59, 0, 1, 4, 0, 0, 0, 0]), (59, b"")),
        (bytes([17, 1, 1, 4, 0, 0, 0, 0]), (60, bytes([17, 1, 1, 4, 0, 0, 0, 0]))),
        (b"", (60, b"")),
    ],
)
def test_what_follows_destination_options(payload: bytes, found: tuple[int, bytes]) -> None:
    assert behind_options(payload) == found
