"""Scapy builds the same layers from its own knowledge of them; what is found is what it has put in."""

from __future__ import annotations

from typing import Any

import pytest
from scapy.contrib.erspan import ERSPAN_I, ERSPAN_II, ERSPAN_III, ERSPAN_PlatformSpecific
from scapy.contrib.geneve import GENEVE
from scapy.contrib.gtp import GTP_U_Header, GTPPDUSessionContainer
from scapy.contrib.mpls import MPLS
from scapy.layers.inet import GRE, IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.ipsec import AH
from scapy.layers.l2 import CookedLinux, CookedLinuxV2, Dot1AD, Dot1Q, Ether, Loopback
from scapy.layers.ppp import HDLC, PPP, PPPoE
from scapy.layers.vxlan import VXLAN

from analyzer.frame import Frame
from analyzer.network.packets import PacketReader
from analyzer.sources.triage import Triage

INNER = IP(src="10.1.1.1", dst="10.1.1.2") / UDP(sport=5060, dport=5060) / b"OPTIONS sip:a SIP/2.0\r\n\r\n"
INNER6 = IPv6(src="fd00::1", dst="fd00::2") / UDP(sport=5060, dport=5060) / b"OPTIONS sip:a SIP/2.0\r\n\r\n"
ETHER = Ether() / INNER
OUTER = Ether() / IP(src="1.1.1.1", dst="1.1.1.2")
OUTER6 = Ether() / IPv6(src="fd01::1", dst="fd01::2")

FRAMES: dict[str, tuple[int, Any]] = {
    "gre": (1, OUTER / GRE() / INNER),
    "gre with all fields": (1, OUTER / GRE(chksum_present=1, key_present=1, seqnum_present=1) / INNER6),
    "gre with ethernet": (1, OUTER6 / GRE(key_present=1) / ETHER),
    "erspan i": (1, OUTER / GRE() / ERSPAN_I() / ETHER),
    "erspan ii": (1, OUTER / GRE(seqnum_present=1) / ERSPAN_II() / ETHER),
    "erspan iii": (1, OUTER / GRE(seqnum_present=1) / ERSPAN_III() / ETHER),
    "erspan iii with platform": (
        1,
        OUTER / GRE(seqnum_present=1) / ERSPAN_III(o=1) / ERSPAN_PlatformSpecific() / ETHER,
    ),
    "vxlan": (1, OUTER / UDP() / VXLAN(vni=7) / ETHER),
    "vxlan of linux": (1, OUTER6 / UDP(sport=1, dport=8472) / VXLAN(vni=7) / ETHER),
    "geneve": (1, OUTER / UDP(sport=1, dport=6081) / GENEVE(vni=7) / ETHER),
    "gtp-u": (1, OUTER / UDP(sport=2152, dport=2152) / GTP_U_Header(teid=7) / INNER),
    "gtp-u with sequence number": (1, OUTER / UDP(sport=2152, dport=2152) / GTP_U_Header(teid=7, S=1, seq=9) / INNER6),
    "gtp-u with pdu session": (
        1,
        OUTER
        / UDP(sport=2152, dport=2152)
        / GTP_U_Header(teid=7, E=1, next_ex=0x85)
        / GTPPDUSessionContainer()
        / INNER,
    ),
    "tags": (1, Ether() / Dot1AD(vlan=1) / Dot1Q(vlan=2) / INNER6),
    "pppoe": (1, Ether() / Dot1Q(vlan=2) / PPPoE(sessionid=1) / PPP() / INNER6),
    "mpls": (1, Ether() / MPLS(label=1, s=0) / MPLS(label=2, s=1) / INNER),
    "ppp": (9, PPP() / INNER),
    "hdlc": (50, HDLC() / PPP() / INNER6),
    "cooked": (113, CookedLinux() / INNER),
    "cooked 2": (276, CookedLinuxV2() / INNER6),
    "loopback": (0, Loopback(type=2) / INNER),
    "ah": (
        1,
        Ether() / IP(src="10.1.1.1", dst="10.1.1.2") / AH(nh=17, payloadlen=4, spi=7, icv=bytes(12)) / INNER[UDP],
    ),
    "6in4": (1, OUTER / INNER6),
    "4in6": (1, OUTER6 / INNER),
}


@pytest.mark.parametrize(("link", "layers"), FRAMES.values(), ids=FRAMES)
def test_what_scapy_builds(link: int, layers: Any) -> None:
    octets = bytes(layers)
    (datagram,) = PacketReader().read(Frame(0, 1, 1, link, octets, len(octets)))
    inside = INNER6 if len(datagram.source) == 16 else INNER
    text = bytes(inside[UDP])
    assert bytes(inside)[-len(text) :] == text
    assert datagram.payload[8:] == text[8:]
    assert datagram.source == bytes(inside)[8:24] if inside is INNER6 else bytes(inside)[12:16]
    assert Triage().keeps(link, octets)
