from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.layers import link, told, tunnels
from analyzer.network import packets
from analyzer.network.packets import MADE_UP, TOLD, WIRE
from tests.layers.build import (
    ENB,
    LAYERS,
    MACS,
    SGW,
    TUNNELS,
    ah,
    exported,
    gre,
    hep,
    labels,
    outer,
    pktap,
    scat,
    vxlan,
)
from tests.network.build import PCSCF, UE, UE6, esp, ethernet, extension, gtp, ipv4, ipv6, tcp, udp
from tests.network.test_packets import Bench, check, pieces

Wrap = Callable[[bytes], bytes]

SIP = b"OPTIONS sip:a@b SIP/2.0\r\nCall-ID: 1\r\n\r\n"
PACKETS = {
    "esp": ipv4(50, esp()),
    "esp6": ipv6(50, esp()),
    "sip": ipv4(17, udp(SIP)),
    "sip6": ipv6(17, udp(SIP)),
    "syn": ipv4(6, tcp(flags=2)),
}


@pytest.mark.parametrize("packet", PACKETS.values(), ids=PACKETS)
@pytest.mark.parametrize(("kind", "wrap"), LAYERS.values(), ids=LAYERS)
def test_every_layer_below_ip(kind: int, wrap: Wrap, packet: bytes) -> None:
    bench = Bench()
    datagram = bench.one(wrap(packet), link=kind)
    version6 = packet[0] >> 4 == 6
    assert (datagram.source, datagram.depth, datagram.cut) == (UE6 if version6 else UE, 0, False)
    assert datagram.protocol == packet[6 if version6 else 9]
    if kind != told.EXPORTED:
        assert (datagram.payload, datagram.origin) == (packet[40 if version6 else 20 :], WIRE)


@pytest.mark.parametrize("packet", PACKETS.values(), ids=PACKETS)
@pytest.mark.parametrize("wrap", TUNNELS.values(), ids=TUNNELS)
def test_every_tunnel(wrap: Wrap, packet: bytes) -> None:
    bench = Bench()
    datagram = bench.one(ethernet(wrap(packet)))
    version6 = packet[0] >> 4 == 6
    assert (datagram.source, datagram.depth, datagram.origin) == (UE6 if version6 else UE, 1, WIRE)
    assert datagram.payload == packet[40 if version6 else 20 :]
    # The same once more without the tunnel, as a host or a mirror shows it, is a copy.
    assert bench.read(ethernet(packet)) == ()
    assert bench.reader.copies == 1


@pytest.mark.parametrize("wrap", TUNNELS.values(), ids=TUNNELS)
def test_every_tunnel_in_any_tunnel_up_to_one_depth(wrap: Wrap) -> None:
    for other in TUNNELS.values():
        packet = PACKETS["esp"]
        for number in range(tunnels.DEPTH):
            packet = (wrap, other)[number % 2](packet)
        bench = Bench()
        assert bench.one(ethernet(packet)).depth == tunnels.DEPTH
        assert bench.read(ethernet(wrap(packet))) == ()
        assert bench.reader.skipped == {packets.NESTED: 1}


def test_the_depth_counts_decrypted_tunnels_too() -> None:
    bench = Bench()
    packet = PACKETS["esp6"]
    for _ in range(tunnels.DEPTH - 1):
        packet = outer(4, packet)
    whole = bench.one(ethernet(packet))
    (inside,) = bench.reader.read_inside(whole, PACKETS["sip"])
    assert inside.depth == tunnels.DEPTH
    assert bench.reader.read_inside(inside, PACKETS["sip6"]) == ()
    assert bench.reader.skipped == {packets.NESTED: 1}


def test_ah_hides_nothing() -> None:
    bench = Bench()
    for number, packet in enumerate(
        (
            ipv4(51, ah(50, esp(number=1))),
            ipv6(51, ah(50, esp(number=2), icv=16)),
            ipv6(0, extension(51) + ah(60, extension(50) + esp(number=3))),
            ipv4(51, ah(17, gtp(ipv4(50, esp(number=4))))),
            ipv4(51, ah(4, ipv4(50, esp(number=5)))),
        ),
        1,
    ):
        datagram = bench.one(ethernet(packet))
        assert (datagram.protocol, datagram.payload) == (50, esp(number=number))
    whole = pieces(ipv4(51, ah(50, esp(number=6, body=bytes(90)))), 48, 3)
    read = [datagram for part in whole for datagram in bench.read(ethernet(part))]
    assert [(datagram.protocol, datagram.payload) for datagram in read] == [(50, esp(number=6, body=bytes(90)))]


@pytest.mark.parametrize("payload", [ah(50, esp())[:20], ah(51, ah(50, esp())), b"\x32\x00" + bytes(40), b""])
@pytest.mark.parametrize("make", [ipv4, ipv6])
def test_ah_that_leads_nowhere_stays_ah(make: Callable[[int, bytes], bytes], payload: bytes) -> None:
    assert Bench().one(ethernet(make(51, payload)) + bytes(8)).protocol == 51


def test_what_is_no_tunnel_stays_a_datagram() -> None:
    bench = Bench()
    arp = MACS + b"\x08\x06" + bytes(28)
    for packet in (
        outer(17, vxlan(arp)),
        outer(17, udp(b"\x00" * 8 + ethernet(PACKETS["sip"]), 50000, 4789)),
        outer(47, gre(0x6558, arp)),
        outer(47, gre(0x0800, PACKETS["sip"], flags=0x4000)),
        outer(47, gre(0x880B, PACKETS["sip"], flags=0x2001)),
        outer(137, labels(1) + arp),
        outer(17, scat(PACKETS["sip"] + b"\0")),
        outer(17, scat(b"\x80" + PACKETS["sip"][1:])),
        outer(17, udp(b"HEP3 but no message", 50000, 9060)),
    ):
        datagram = bench.one(ethernet(packet))
        assert (datagram.source, datagram.destination, datagram.depth, datagram.origin) == (ENB, SGW, 0, WIRE)


class TestWhatToolsTell:
    def test_hep_gives_the_ends_and_the_message(self) -> None:
        bench = Bench()
        for source, destination in ((UE, PCSCF), (UE6, UE6[::-1])):
            message = hep(SIP, source=source, destination=destination)
            datagram = bench.one(ethernet(outer(17, udp(message, 40000, 9060))))
            assert datagram[2:7] == (source, destination, 17, udp(SIP, 5060, 5061), 0)
            assert datagram.origin == TOLD

    def test_exported_pdus(self) -> None:
        bench = Bench()
        datagram = bench.one(exported(SIP, src4=UE, dst4=PCSCF, kind=2, sport=5060, dport=5061, frame=3), link=252)
        assert datagram[2:7] == (UE, PCSCF, 6, udp(SIP, 5060, 5061), 0)
        assert datagram.origin == TOLD
        nobody = bench.one(exported(SIP), link=252)
        assert (nobody.source, nobody.payload, nobody.origin) == (bytes(4), udp(SIP, 0, 0), MADE_UP)
        assert bench.read(exported(SIP, b"http"), link=252) == ()
        assert bench.read(b"\0\x0c\0\4sip", link=252) == ()
        assert bench.reader.skipped == {told.FOREIGN: 1, told.MALFORMED: 1}

    def test_an_exported_packet_may_have_been_decrypted_but_esp_in_it_is_esp(self) -> None:
        bench = Bench()
        assert bench.one(exported(PACKETS["sip"], b"ip"), link=252).origin == TOLD
        assert bench.one(exported(ipv4(50, esp()), b"ip"), link=252).origin == WIRE
        stream = bench.one(exported(ipv4(6, tcp(SIP, options=bytes(4))), b"ip"), link=252)
        assert stream.origin == TOLD
        assert stream.payload == tcp()[:4] + bytes(4) + SIP
        assert bench.one(exported(ipv4(6, b"short"), b"ip"), link=252).payload == b"shor" + bytes(4)
        assert bench.read(exported(b"", b"ip"), link=252) == ()
        assert bench.reader.skipped == {link.SHORT: 1}

    @pytest.mark.parametrize("up", [True, False])
    def test_scat_makes_up_what_the_baseband_did_not_say(self, up: bool) -> None:
        ends = (bytes((10, 0, 0, 2)), bytes((10, 0, 0, 1)))[:: 1 if up else -1]
        ports = (50600, 5060)[:: 1 if up else -1]
        bench = Bench()
        sip = ipv4(17, udp(SIP, *ports), source=ends[0], destination=ends[1])
        assert bench.one(ethernet(outer(17, scat(sip)))).origin == MADE_UP
        real = ipv4(17, udp(SIP, 50601, 5060), source=ends[0], destination=ends[1])
        assert bench.one(ethernet(outer(17, scat(real)))).origin == WIRE
        # These very ports and addresses are nothing special where SCAT has not been.
        assert bench.one(ethernet(ipv4(17, udp(SIP + SIP, *ports), source=ends[0], destination=ends[1]))).origin == WIRE

    def test_what_was_told_hides_nothing_that_was_on_the_wire(self) -> None:
        bench = Bench()
        message = ethernet(outer(17, udp(hep(SIP, source=UE, destination=PCSCF), 40000, 9060)))
        assert bench.one(message).origin == TOLD
        assert bench.read(message) == ()
        assert bench.one(ethernet(ipv4(17, udp(SIP, 5060, 5061)))).origin == WIRE
        assert bench.reader.copies == 1

    def test_a_cut_message_is_marked(self) -> None:
        pdu = exported(SIP, src4=UE, dst4=PCSCF, sport=5060, dport=5061)
        assert Bench().one(pdu[:-5], link=252, length=len(pdu)).cut


class TestHostile:
    def test_a_thousand_labels(self) -> None:
        bench = Bench()
        assert bench.read(MACS + b"\x88\x47" + labels(1000) + PACKETS["sip"]) == ()
        assert bench.read(MACS + b"\x88\x47" + labels(16000, bottom=False)) == ()
        assert bench.reader.skipped == {link.LABELLED: 2}
        assert bench.one(MACS + b"\x88\x47" + labels(link.LABELS) + PACKETS["sip"]).depth == 0

    def test_pseudowires_in_pseudowires(self) -> None:
        bench = Bench()
        frame = ethernet(PACKETS["sip"])
        for _ in range(1000):
            frame = MACS + b"\x88\x47" + labels(1) + bytes(4) + frame
        assert bench.read(frame) == ()
        assert bench.reader.skipped == {link.WIRED: 1}

    def test_pktap_in_pktap(self) -> None:
        bench = Bench()
        assert bench.read(pktap(pktap(PACKETS["sip"], 12), 258), link=258) == ()
        assert bench.reader.skipped == {link.NOT_SUPPORTED: 1}

    def test_tunnels_without_end(self) -> None:
        bench = Bench()
        for name in ("ip in ipv4", "gtp-u over ipv6"):
            packet = PACKETS["sip"]
            while len(packet) < 65_000:
                packet = TUNNELS[name](packet)
            assert bench.read(ethernet(packet)) == ()
        assert bench.reader.skipped == {packets.NESTED: 2}


KINDS = st.sampled_from([0, 1, 9, 12, 14, 50, 51, 101, 105, 108, 113, 149, 228, 229, 252, 253, 258, 276])


@settings(max_examples=400)
@given(st.data())
def test_any_damage_gives_datagrams_or_a_reason(data: st.DataObject) -> None:
    bench = Bench()
    packet = data.draw(st.sampled_from(sorted(PACKETS.values())))
    for wrap in data.draw(st.lists(st.sampled_from(list(TUNNELS.values())), max_size=3)):
        packet = wrap(packet)
    kind, layer = data.draw(st.sampled_from(list(LAYERS.values())))
    octets = bytearray(layer(packet))
    for place, value in data.draw(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=5)):
        if place < len(octets):
            octets[place] = value
    keep = data.draw(st.just(len(octets)) | st.integers(0, len(octets)))
    frame = bench.line.frame(bytes(octets[:keep]), link=kind, length=len(octets))
    datagrams = bench.reader.read(frame)
    check(datagrams, frame)
    assert datagrams or bench.reader.skipped or bench.reader.pending_fragments


@settings(max_examples=300)
@given(KINDS, st.binary(max_size=160))
def test_any_bytes_under_every_link_type_give_datagrams_or_a_reason(kind: int, octets: bytes) -> None:
    bench = Bench()
    frame = bench.line.frame(octets, link=kind)
    datagrams = bench.reader.read(frame)
    check(datagrams, frame)
    assert datagrams or bench.reader.skipped or bench.reader.pending_fragments
