"""ESP in tunnel mode: behind a NAT as the IMS agreed it, and around Gm where a UE comes over Wi-Fi."""

from __future__ import annotations

from typing import Any

import pytest
from scapy.layers.inet import IP, UDP, Ether
from scapy.layers.inet6 import IPv6
from scapy.layers.ipsec import ESP
from scapy.layers.ipsec import SecurityAssociation as Encryptor
from scapy.packet import Raw

from analyzer.frame import Frame
from analyzer.report.model import Report
from analyzer.run import audit_frames
from tests.scenario import Scenario
from tests.scenario.crypto import ethernet
from tests.scenario.reading import packet, whole
from tests.scenario.state import Params
from tests.scenario.verify import audited, check, passes

NAT, OTHER_NAT = "198.51.100.7", "198.51.100.8"


def behind_nat(nat: str = NAT, **how: Any) -> Scenario:
    s = Scenario(mod="UDP-enc-tun", **how)
    s.ues[0].nat = nat
    return s


def everything_opened(s: Scenario, keys: str | None = None) -> None:
    report = audited(s, keys=keys)
    assert report.esp.packets == report.esp.verified > 0
    assert report.sip.protected == sum(sent.on is not None for sent in s.sent.values())
    assert len({each.subject for each in report.sa_sets}) == 1
    check(s, keys=keys)


# --- TS 33.203 Annex M ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("alg", "ealg"), [("hmac-sha-1-96", "aes-cbc"), ("null", "aes-gcm"), ("aes-gmac", "null")])
@pytest.mark.parametrize("nat", [NAT, "10.20.0.11"], ids=["NAT", "no NAT"])
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_udp_encapsulated_tunnel(transport: str, nat: str, alg: str, ealg: str) -> None:
    s = behind_nat(nat, transport=transport, alg=alg, ealg=ealg)
    whole(s)
    outer = packet(s, "sm7")
    assert (outer.src, outer[UDP].dport) == (nat, 4500)
    everything_opened(s)
    passes(s, "PORT-07", at_least=20)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_ipv6(transport: str) -> None:
    s = behind_nat("fd00:99::7", transport=transport, ipv6=True)
    whole(s)
    everything_opened(s)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_capture_in_front_of_the_nat(transport: str) -> None:
    s = Scenario(mod="UDP-enc-tun", transport=transport, vantage="ue")
    whole(s)
    everything_opened(s)


def test_the_nat_gives_out_another_port() -> None:
    """FP12: port_Uenc is the NAT's business, and no new subject."""
    s = behind_nat()
    first = s.register(sm7={"esp": {"udp": 61000}}, sm12={"esp": {"udp": 61000}})
    for port in (61000, 61001, 1025):
        s.wait(30)
        request = s.request("ue", "MESSAGE", on=first, answered=False, esp={"udp": port})
        s.answer(request, 200, esp={"udp": port})
    everything_opened(s)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_the_nat_has_another_address_for_esp(transport: str) -> None:
    """FP12: SM1 came from one address of a pool, the tunnel's packets come from another; answers go there."""
    s = behind_nat(transport=transport)
    p = s.sm1()
    s.sm6(p)
    s.ues[0].nat = OTHER_NAT
    s.sm7(p)
    s.sm12(p)
    assert p.set is not None
    s.request("ue", "SUBSCRIBE", on=p.set)
    s.request("pcscf", "NOTIFY", on=p.set)
    s.ues[0].nat = "198.51.100.9"
    s.request("ue", "MESSAGE", on=p.set)
    s.request("pcscf", "OPTIONS", on=p.set)
    assert packet(s, "req.4").dst == "198.51.100.9"
    everything_opened(s)


def test_two_ues_behind_one_nat() -> None:
    """The same SPIs at one address: the ICV tells whose they are."""
    s = behind_nat()
    second = s.ue(2, nat=NAT)
    same: Params = {"spi_c": 4711, "spi_s": 4712}
    sets = [s.register(ue=ue, sm1={"client": same}) for ue in (s.ues[0], second)]
    for each in (*sets, *sets):
        s.request("pcscf", "OPTIONS", on=each)
        s.request("ue", "MESSAGE", on=each)
    report = audited(s)
    assert report.esp.packets == report.esp.verified
    assert [each.subject.partition("@")[0] for each in report.sa_sets] == [ue.user for ue in s.ues]
    check(s)


def test_keep_alives_and_ike_are_plain_datagrams() -> None:
    """RFC 3948 2.2 and 2.3: one octet of ones; four zero octets before IKE."""
    s = behind_nat()
    first = s.register()
    for octets in (b"\xff", bytes(4) + bytes(range(28)), b""):
        for ends in (((NAT, 61000), (s.ues[0].pcscf, 4500)), ((s.ues[0].pcscf, 4500), (NAT, 61000))):
            s.wait(1)
            datagram = IP(src=ends[0][0], dst=ends[1][0]) / UDP(sport=ends[0][1], dport=ends[1][1]) / Raw(octets)
            s.record("extra", ethernet(datagram, ends[1][1] == 4500), ends[1][1] == 4500)
    s.request("ue", "MESSAGE", on=first)
    everything_opened(s)


@pytest.mark.parametrize("who", ["ue", "pcscf"])
def test_the_selectors_are_those_of_the_inner_packet(who: Any) -> None:
    s = behind_nat()
    first = s.register()
    s.request(who, "MESSAGE", on=first, sport=40000, answered=False)
    s.expect("PORT-07", "violation", actor="UE" if who == "ue" else "P-CSCF", at="req")
    check(s, rules=["PORT-07"])


def test_the_inner_address_stays_the_same() -> None:
    s = behind_nat()
    first = s.register()
    s.request("ue", "MESSAGE", on=first, src="10.20.0.12", answered=False)
    s.expect("PORT-07", "probable", actor="UE", at="req")
    check(s, rules=["PORT-07"])


def test_fragments_in_and_around_the_tunnel() -> None:
    s = behind_nat()
    whole(s)
    for label in ("sm7", "sm12", "req.2"):
        s.fragment(label, 400)
    everything_opened(s)


# --- the tunnel to an ePDG ------------------------------------------------------------------------------------------

WIFI, EPDG = "192.0.2.50", "203.0.113.9"
OUTER = {True: (0xC0FFEE01, bytes(range(20))), False: (0xC0FFEE02, bytes(range(100, 120)))}
"""SPI and key with salt of the tunnel, from the UE and to it."""

TABLES = "".join(
    f'[[sa]]\nsrc = "{src}"\ndst = "{dst}"\nspi = {OUTER[uplink][0]}\nalg = "null"\nealg = "aes-gcm"\n'
    f'enc_key = "{OUTER[uplink][1].hex()}"\nmode = "tunnel"\n'
    for uplink, src, dst in ((True, WIFI, EPDG), (False, EPDG, WIFI))
)


def over_wifi(s: Scenario, *, nat_t: bool = True, layers: int = 1) -> list[Frame]:
    """The frames as a tap in the Wi-Fi sees them: everything inside the tunnel to the ePDG (SWu, TS 33.402)."""
    found = []
    for frame, record in zip(s.frames(), s.records, strict=True):
        inner = Ether(frame.data).payload
        for layer in range(layers):
            inner = _sealed(inner, bool(record.uplink), frame.number * layers + layer, nat_t)
        data = ethernet(inner, record.uplink)
        found.append(frame._replace(data=data, length=len(data)))
    return found


def _sealed(inner: Any, uplink: bool, number: int, nat_t: bool) -> Any:
    spi, key = OUTER[uplink]
    src, dst = (WIFI, EPDG) if uplink else (EPDG, WIFI)
    tunnel = Encryptor(
        ESP,
        spi=spi,
        seq_num=number,
        crypt_algo="AES-GCM",
        crypt_key=key,
        tunnel_header=IP(src=src, dst=dst),
        nat_t_header=UDP(sport=4500, dport=4500) if nat_t else None,
    )
    return IP(bytes(tunnel.encrypt(inner, iv=number.to_bytes(8))))


def read(s: Scenario, frames: list[Frame], keys: str) -> Report:
    return audit_frames(frames, keys_text=keys + s.keys_toml())


@pytest.mark.parametrize("nat_t", [True, False], ids=["UDP 4500", "native"])
@pytest.mark.parametrize("ipv6", [False, True], ids=["IPv4", "IPv6"])
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_esp_in_esp(transport: str, ipv6: bool, nat_t: bool) -> None:
    """The outer association comes from the key file, the inner one from SM1 and SM6, which are in clear inside."""
    s = Scenario(transport=transport, ipv6=ipv6)
    whole(s)
    bare, wrapped = audited(s), read(s, over_wifi(s, nat_t=nat_t), TABLES)
    assert wrapped.sip == bare.sip
    assert wrapped.sa_sets == bare.sa_sets
    assert wrapped.esp.verified == wrapped.esp.packets == bare.esp.verified + len(s.frames())
    assert [each.verdict for each in wrapped.findings] == [each.verdict for each in bare.findings] == []
    assert not [each for each in wrapped.notices if "not used" in each]


def test_what_the_tunnel_to_the_epdg_carries_in_clear_is_not_protected() -> None:
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=None, answered=False, ue=first.ue)
    bare, wrapped = audited(s), read(s, over_wifi(s), TABLES)
    assert [(each.rule, each.frame) for each in wrapped.findings] == [(each.rule, each.frame) for each in bare.findings]
    assert wrapped.findings


def test_the_same_packets_outside_the_tunnel_too() -> None:
    """A capture on the ePDG, before and behind the tunnel's end: copies count once (FP5)."""
    s = Scenario()
    whole(s)
    both: list[Frame] = []
    for outside, inside in zip(over_wifi(s), s.frames(), strict=True):
        later = inside.time + 50_000
        both += [outside._replace(number=len(both) + 1), inside._replace(number=len(both) + 2, time=later)]
    report = read(s, both, TABLES)
    assert report.sip == audited(s).sip
    assert report.findings == []


def test_without_the_outer_keys_nothing_is_seen() -> None:
    s = Scenario()
    whole(s)
    report = read(s, over_wifi(s), "")
    assert report.esp.no_key == report.esp.packets == len(s.frames())
    assert report.sip.messages == 0


@pytest.mark.parametrize(("layers", "opened"), [(3, True), (8, False)])
def test_tunnels_in_tunnels_end_somewhere(layers: int, opened: bool) -> None:
    s = Scenario()
    s.register()
    report = read(s, over_wifi(s, layers=layers), TABLES)
    assert (report.sip.messages == 4) == opened
    assert report.esp.packets <= 6 * len(s.frames())


def test_gm_in_tunnel_mode_without_its_negotiation() -> None:
    """An [[sa]] of UDP-enc-tun alone: its messages are protected ones, and nobody is accused of sending in clear."""
    s = behind_nat()
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    s.start_at("sm7")
    keys = "".join(
        f'[[sa]]\ndst = "{dst}"\nspi = {spi}\nalg = "hmac-sha-1-96"\nauth_key = "{first.vector.ik.hex()}"\n'
        f'ealg = "aes-cbc"\nenc_key = "{first.vector.ck.hex()}"\nmode = "tunnel"\n'
        for dst, spi in ((s.ues[0].pcscf, first.spi_ps), (NAT, first.spi_us))
    )
    report = audit_frames(s.frames(), keys_text=keys)
    assert (report.esp.verified, report.esp.packets) == (4, 4)
    assert (report.sip.protected, report.sip.clear) == (4, 0)
    assert report.findings == []
    assert not [each for each in report.notices if "not used" in each]


def test_an_ipv6_tunnel_inside_an_ipv4_one_is_read_as_far_as_it_goes() -> None:
    """The inner packet says IPv6 and is cut: it is counted as unreadable, and nothing breaks."""
    broken = Raw(bytes(IPv6(src="fd00::1", dst="fd00::2") / UDP(sport=1, dport=2))[:30])
    spi, key = OUTER[True]
    inner = IP(src=WIFI, dst=EPDG, proto=41) / broken
    sealed = Encryptor(ESP, spi=spi, seq_num=1, crypt_algo="AES-GCM", crypt_key=key).encrypt(IP(bytes(inner)))
    data = ethernet(IP(bytes(sealed)), True)
    report = audit_frames([Frame(0, 1, 1, 1, data, len(data))], keys_text=TABLES)
    assert (report.esp.packets, report.esp.verified, report.sip.messages) == (1, 1, 0)
