"""What triage drops, the packet reader would not have handed on: not as it was, and not out of any tunnel."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.frame import Frame
from analyzer.layers.tunnels import DEPTH
from analyzer.network.packets import Datagram, PacketReader
from analyzer.sources.triage import SIGNALLING, SLACK, STARTS, Triage
from tests.layers.build import ENB, LAYERS, MACS, SGW, TUNNELS, ah, exported, hep, labels, outer
from tests.network.build import PCSCF, UE, UE6, esp, ethernet, gtp, ipv4, ipv6, udp
from tests.sources import build
from tests.sources.build import pcap, pcapng, read

Wrap = Callable[[bytes], bytes]

RTP = b"\x80\x60" + bytes(40)
SIP = b"INVITE sip:a@b SIP/2.0\r\n\r\n"
STAMPS = bytes(12)
WATCHED = 31000

QUIET = {
    "rtp": ipv4(17, udp(RTP, 20000, 30000)),
    "rtp6": ipv6(17, udp(RTP, 20000, 30000)),
    "https": ipv4(6, build.tcp(40000, 443, b"\x17\3\3" + bytes(50), STAMPS)),
    "acknowledgement": ipv6(6, build.tcp(40000, 443, flags=0x10)),
    "icmp": ipv4(1, bytes(40)),
    "watched port, other address": ipv4(17, udp(RTP, WATCHED, 30000), source=PCSCF, destination=UE[::-1]),
}
LOUD = {
    "esp": ipv4(50, esp()),
    "esp6": ipv6(50, esp()),
    "esp behind ah": ipv4(51, ah(50, esp())),
    "esp in udp": ipv4(17, udp(esp(), 4500, 4500)),
    "sip port": ipv4(17, udp(RTP, 5060, 30000)),
    "sip on any port": ipv6(17, udp(SIP, 20000, 30000)),
    "sip over tcp": ipv4(6, build.tcp(20000, 30000, SIP, STAMPS)),
    "diameter": ipv4(6, build.tcp(3868, 40000)),
    "sctp": ipv6(132, bytes(40)),
    "fragment": ipv4(17, udp(RTP, 20000, 30000), offset=64),
    "fragment6": ipv6(44, bytes((17, 0, 0, 65, 0, 0, 0, 9)) + bytes(40)),
    "watched": ipv4(17, udp(RTP, WATCHED, 30000)),
    "watched6": ipv6(6, build.tcp(40000, WATCHED, flags=4), source=UE6[::-1], destination=UE6),
}


def triage() -> Triage:
    made = Triage()
    made.watch(UE, WATCHED)
    made.watch(UE6, WATCHED)
    return made


@pytest.mark.parametrize("wrap", TUNNELS.values(), ids=TUNNELS)
def test_an_inner_packet_is_judged_as_any_other(wrap: Wrap) -> None:
    for tags in ((), (0x8100,)):
        for name, packet in QUIET.items():
            assert not triage().keeps(1, ethernet(wrap(packet), tags)), name
        for name, packet in LOUD.items():
            assert triage().keeps(1, ethernet(wrap(packet), tags)), name


@pytest.mark.parametrize(("link", "wrap"), LAYERS.values(), ids=LAYERS)
def test_every_layer_below_ip(link: int, wrap: Wrap) -> None:
    assert triage().shape(link).known
    for name, packet in QUIET.items():
        assert triage().keeps(link, wrap(packet)) is (link == 252), name
        assert triage().keeps(link, wrap(TUNNELS["gtp-u"](packet))) is (link == 252), name
    for name, packet in LOUD.items():
        assert triage().keeps(link, wrap(packet)), name
        assert triage().keeps(link, wrap(TUNNELS["gtp-u with pdu session"](packet))), name


def test_tunnels_that_are_too_deep_are_kept_for_the_reader_to_count() -> None:
    packet = QUIET["rtp"]
    for _ in range(DEPTH):
        packet = TUNNELS["gtp-u"](packet)
    assert not Triage().keeps(1, ethernet(packet))
    for wrap in TUNNELS.values():
        assert Triage().keeps(1, ethernet(wrap(packet)))


def test_too_many_labels_and_wires_are_kept_for_the_reader_to_count() -> None:
    assert Triage().keeps(1, MACS + b"\x88\x47" + labels(100) + QUIET["rtp"])
    wired = MACS + b"\x88\x47" + labels(1) + bytes(4) + MACS + b"\x88\x47" + labels(1) + QUIET["rtp"]
    assert Triage().keeps(1, wired)
    assert not Triage().keeps(1, wired[:26])


def test_a_tunnel_port_that_is_watched_holds_where_there_is_no_tunnel() -> None:
    for payload in gtp(b"", kind=1), udp(RTP, 2152, 2152), udp(RTP, 40000, 4789), udp(RTP, 40000, 9060):
        frame = ethernet(outer(17, payload))
        made = Triage()
        assert not made.keeps(1, frame)
        made.watch(SGW, int.from_bytes(payload[2:4], "big"))
        assert made.keeps(1, frame)
        assert PacketReader().read(Frame(0, 1, 1, 1, frame, len(frame)))[0].source == ENB


def test_a_user_packet_that_is_cut_short_by_its_tunnel() -> None:
    for length in range(60):
        message = bytearray(gtp(LOUD["sip on any port"]))
        message[10:12] = length.to_bytes(2, "big")
        check(1, ethernet(outer(17, bytes(message))))


@pytest.mark.parametrize("write", [pcap, pcapng])
def test_walkers_judge_tunnels_in_the_same_way(write: build.Writer) -> None:
    octets, expected = [], []
    for wrap in TUNNELS.values():
        for packets in (QUIET, LOUD):
            for packet in packets.values():
                octets.append(ethernet(wrap(packet)))
                if packets is LOUD:
                    expected.append(len(octets))
    kept, summary = read(write(octets), triage())
    assert [frame.number for frame in kept] == expected
    assert summary.skipped == {"not signalling": len(octets) - len(expected)}


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("link", "wrap"), LAYERS.values(), ids=LAYERS)
def test_walkers_judge_every_layer_in_the_same_way(link: int, wrap: Wrap, order: str) -> None:
    octets = [wrap(packet) for packets in (QUIET, LOUD) for packet in packets.values()]
    expected = [number for number, frame in enumerate(octets, 1) if triage().keeps(link, frame)]
    for write in pcap, pcapng:
        kept, _ = read(write(octets, order=order, link=link), triage())
        assert [frame.number for frame in kept] == expected


def matters(datagram: Datagram) -> bool:
    """Whether anybody above the reader could make something of it."""
    protocol, payload = datagram.protocol, datagram.payload
    if datagram.origin:
        return True
    if protocol in (50, 132):
        return True
    if protocol not in (6, 17) or len(payload) < 4:
        return False
    ports = int.from_bytes(payload[:2], "big"), int.from_bytes(payload[2:4], "big")
    text = payload[8:] if protocol == 17 else payload[payload[12] >> 2 & 60 :] if len(payload) >= 20 else b""
    if len(text) >= 4 and int.from_bytes(text[:4], "big") in STARTS:
        return True
    ends = zip((datagram.source, datagram.destination), ports, strict=True)
    return bool(SIGNALLING & set(ports)) or any(address in (UE, UE6) and port == WATCHED for address, port in ends)


def check(link: int, octets: bytes) -> None:
    made, reader = triage(), PacketReader()
    datagrams = reader.read(Frame(0, 1, 1, link, octets, len(octets)))
    needed = any(matters(datagram) for datagram in datagrams) or reader.pending_fragments > 0
    kept = made.keeps(link, octets)
    assert kept or not needed
    for behind in bytes(SLACK), b"\xff" * SLACK, b"INVI" * (SLACK // 4):
        shape = made.shape(link)
        kind = {1: octets[12:14], 113: octets[14:16], 276: octets[:2]}.get(link, b"")
        test = shape.tests.get(int.from_bytes(kind, "big"), shape.otherwise)
        if len(octets) >= shape.network:
            assert test(octets + behind, shape.network, len(octets)) is kept


@st.composite
def frames(draw: st.DrawFn) -> tuple[int, bytes]:
    """A frame of any layers and tunnels, whole or with lies in it, cut or with something behind it."""
    packet = draw(st.sampled_from([*QUIET.values(), *LOUD.values()]))
    for wrap in draw(st.lists(st.sampled_from(list(TUNNELS.values())), max_size=3)):
        packet = wrap(packet)
    link, layer = draw(st.sampled_from([*LAYERS.values(), (1, ethernet), (1, ethernet)]))
    octets = bytearray(layer(packet))
    for place, value in draw(st.lists(st.tuples(st.integers(0, 180), st.integers(0, 255)), max_size=4)):
        if place < len(octets):
            octets[place] = value
    cut = draw(st.one_of(st.just(0), st.just(0), st.integers(0, 80)))
    return link, bytes(octets[: len(octets) - cut]) + draw(st.one_of(st.just(b""), st.binary(max_size=40)))


@settings(max_examples=500, deadline=None)
@given(frames())
def test_nothing_is_dropped_that_the_reader_would_hand_on(drawn: tuple[int, bytes]) -> None:
    check(*drawn)


@given(st.sampled_from([0, 1, 9, 50, 51, 101, 108, 113, 149, 252, 258, 276]), st.binary(max_size=160))
def test_nor_of_any_octets(link: int, octets: bytes) -> None:
    check(link, octets)


def test_what_tools_tell_is_kept() -> None:
    assert Triage().keeps(252, exported(SIP))
    assert Triage().keeps(1, ethernet(outer(17, udp(hep(SIP, source=UE, destination=PCSCF), 40000, 9061))))


def test_link_types_that_nobody_reads_are_named() -> None:
    for link, name in ((253, "Netlink 253"), (105, "IEEE 802.11 105"), (147, "number 147")):
        kept, summary = read(pcap([ethernet(LOUD["esp"])], link=link))
        assert not kept
        assert summary.skipped == {f"link type not supported: {name}": 1}
