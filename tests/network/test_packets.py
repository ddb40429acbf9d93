from __future__ import annotations

import struct
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.frame import Frame, FrameRef
from analyzer.layers import link, tunnels
from analyzer.network import fragments, ip, packets
from analyzer.network.packets import Datagram, PacketReader
from tests.network.build import (
    MILLISECOND,
    PCSCF,
    PCSCF6,
    UE,
    UE6,
    Timeline,
    esp,
    ethernet,
    extension,
    fragment_header,
    gtp,
    ipv4,
    ipv6,
    tcp,
    udp,
)

ENB = bytes((172, 24, 0, 46))
SGW = bytes((127, 0, 0, 3))
PGW = bytes((10, 4, 128, 21))

LINKS = (0, 1, 12, 14, 101, 105, 108, 113, 228, 229, 276)


class Bench:
    def __init__(self) -> None:
        self.told: list[str] = []
        self.reader = PacketReader(self.told.append)
        self.line = Timeline()

    def read(
        self, data: bytes, *, link: int = 1, after: int = MILLISECOND, length: int | None = None
    ) -> Sequence[Datagram]:
        return self.reader.read(self.line.frame(data, link=link, after=after, length=length))

    def one(self, data: bytes, *, link: int = 1, length: int | None = None) -> Datagram:
        (datagram,) = self.read(data, link=link, length=length)
        return datagram


def sll(packet: bytes, kind: int = 4) -> bytes:
    ethertype = 0x86DD if packet[0] >> 4 == 6 else 0x0800
    return struct.pack(">HHH8sH", kind, 1, 6, bytes(8), ethertype) + packet


def pieces(packet: bytes, size: int, ident: int) -> list[bytes]:
    """Fragment an IPv4 packet without options."""
    payload = packet[20:]
    return [
        ipv4(
            packet[9],
            payload[first : first + size],
            source=packet[12:16],
            destination=packet[16:20],
            ident=ident,
            offset=first,
            more=first + size < len(payload),
        )
        for first in range(0, len(payload), size)
    ]


@pytest.mark.parametrize(
    ("protocol", "payload"), [(50, esp()), (17, udp(b"REGISTER")), (6, tcp(b"REGISTER")), (132, bytes(40)), (51, b"ah")]
)
def test_whole_packets_with_every_field(protocol: int, payload: bytes) -> None:
    bench = Bench()
    frame = bench.line.frame(ethernet(ipv4(protocol, payload, ttl=63)))
    assert list(bench.reader.read(frame)) == [
        (frame.ref, (frame.ref,), UE, PCSCF, protocol, payload, 63, None, 0, False, 0, None)
    ]
    datagram = bench.one(sll(ipv6(protocol, payload, ttl=255)), link=113)
    at = FrameRef(0, 2, bench.line.time)
    assert datagram == (at, (at,), UE6, PCSCF6, protocol, payload, 255, True, 0, False, 0, None)
    assert not bench.reader.skipped


@pytest.mark.parametrize("packet", [ipv4(50, esp()), ipv6(50, esp())])
def test_the_same_packet_on_every_link_layer(packet: bytes) -> None:
    family = 2 if packet[0] >> 4 == 4 else 10
    sll2 = struct.pack(">HHIHBB8s", 0x0800 if family == 2 else 0x86DD, 0, 3, 1, 0, 6, bytes(8))
    frames = [
        (1, ethernet(packet)),
        (1, ethernet(packet, (0x8100,))),
        (1, ethernet(packet, (0x88A8, 0x8100))),
        (113, sll(packet)),
        (276, sll2 + packet),
        (101, packet),
        (12, packet),
        (0, struct.pack("<I", family) + packet),
        (108, struct.pack(">I", family) + packet),
    ]
    for kind, data in frames:
        datagram = Bench().one(data, link=kind)
        assert (datagram.protocol, datagram.payload, datagram.depth, datagram.cut) == (50, esp(), 0, False)


def test_padding_never_becomes_payload() -> None:
    bench = Bench()
    assert bench.one(ethernet(ipv4(6, tcp())) + bytes(6)).payload == tcp()
    assert bench.one(ethernet(ipv4(17, udp(b"\r\n"))) + bytes(18)).payload == udp(b"\r\n")
    assert bench.one(ethernet(ipv6(17, udp(b"\r\n\r\n"))) + bytes(8)).payload == udp(b"\r\n\r\n")


def test_length_zero_of_segmentation_offload() -> None:
    bench = Bench()
    assert bench.one(ethernet(ipv4(6, tcp(b"x" * 3000), total=0))).payload == tcp(b"x" * 3000)
    assert bench.one(ethernet(ipv6(6, tcp(b"x" * 3000), total=0))).payload == tcp(b"x" * 3000)
    frame = ethernet(ipv4(6, tcp(b"y" * 3000), total=0))
    assert bench.one(frame[:1500], length=len(frame)).cut


def test_cut_packets_are_handed_on_as_such() -> None:
    for packet, header in ((ipv4(50, esp(body=b"x" * 900)), 20), (ipv6(50, esp(body=b"x" * 900)), 40)):
        frame = ethernet(packet)
        datagram = Bench().one(frame[:96], length=len(frame))
        assert datagram.cut
        assert datagram.payload == esp(body=b"x" * 900)[: 96 - 14 - header]


def test_options_and_extension_headers() -> None:
    bench = Bench()
    assert bench.one(ethernet(ipv4(50, esp(), options=bytes(8)))).payload == esp()
    datagram = bench.one(ethernet(ipv6(0, extension(60) + extension(50, 1) + esp(number=2))))
    assert (datagram.protocol, datagram.payload) == (50, esp(number=2))


def test_tunnels_are_unwrapped() -> None:
    bench = Bench()
    inner = ipv4(50, esp())
    inner6 = ipv6(17, udp(b"OPTIONS"))
    for number, (outer, depth) in enumerate(
        (
            (ipv4(4, inner, source=ENB, destination=SGW), 1),
            (ipv6(4, inner), 1),
            (ipv4(17, gtp(inner), source=ENB, destination=SGW), 1),
            (ipv6(17, gtp(inner)), 1),
            (ipv4(17, gtp(ipv4(4, inner, source=SGW)), source=ENB, destination=SGW), 2),
        )
    ):
        bench = Bench()
        datagram = bench.one(ethernet(outer, (0x8100,) if number % 2 else ()))
        assert (datagram.source, datagram.destination, datagram.protocol) == (UE, PCSCF, 50)
        assert (datagram.payload, datagram.depth) == (esp(), depth)
    datagram = bench.one(ethernet(ipv4(41, inner6, source=ENB, destination=SGW)))
    assert (datagram.source, datagram.payload, datagram.depth) == (UE6, udp(b"OPTIONS"), 1)


def test_tunnels_are_opened_to_a_fixed_depth() -> None:
    bench = Bench()
    packet = ipv4(17, udp(b"deep"))
    for _ in range(tunnels.DEPTH):
        packet = ipv4(4, packet, source=ENB)
    assert bench.one(ethernet(packet)).depth == tunnels.DEPTH
    assert bench.read(ethernet(ipv4(4, packet))) == ()
    assert bench.reader.skipped == {packets.NESTED: 1}


def test_gtp_that_is_cut_tells_it_of_the_inner_packet() -> None:
    bench = Bench()
    frame = ethernet(ipv4(17, gtp(ipv4(50, esp(body=b"x" * 600))), source=ENB))
    datagram = bench.one(frame[:200], length=len(frame))
    assert (datagram.protocol, datagram.cut, datagram.depth) == (50, True, 1)


def test_gtp_without_a_user_packet_stays_udp() -> None:
    bench = Bench()
    datagram = bench.one(ethernet(ipv4(17, gtp(b"\x0e\x00", kind=1))))
    assert (datagram.protocol, datagram.depth) == (17, 0)


def test_esp_behind_a_nat_keeps_its_addresses() -> None:
    bench = Bench()
    datagram = bench.one(ethernet(ipv4(17, udp(esp(), 4500, 4500))))
    assert (datagram.protocol, datagram.payload, datagram.source) == (50, esp(), UE)
    assert bench.one(ethernet(ipv4(17, udp(b"\xff", 4500, 4500))) + bytes(17)).protocol == 17
    assert bench.one(ethernet(ipv4(17, udp(bytes(40), 4500, 4500)))).protocol == 17


def test_a_user_packet_in_three_copies() -> None:
    bench = Bench()
    bare = ipv4(50, esp(), ident=0x3DCE)
    first = ipv4(17, gtp(bare, flags=0x32, between=bytes(4)), source=ENB, destination=PGW, ident=0)
    second = ipv4(17, gtp(bare), source=PGW, destination=SGW, ident=0x13F7)
    routed = ipv4(50, esp(), ident=0x3DCE, ttl=63)
    assert bench.one(sll(first, 0), link=113).depth == 1
    assert bench.read(sll(second, 0), link=113) == ()
    assert bench.read(sll(routed, 4), link=113) == ()
    assert bench.reader.copies == 2
    assert len(bench.read(sll(ipv4(50, esp(number=2))), link=113)) == 1


def test_a_replay_with_a_header_of_its_own_is_no_copy() -> None:
    bench = Bench()
    assert bench.read(ethernet(ipv4(50, esp(), ident=1)))
    assert bench.read(ethernet(ipv4(50, esp(), ident=2)))
    assert not bench.read(ethernet(ipv4(50, esp(), ident=1)))


@pytest.mark.parametrize("protocol", [6, 17])
def test_offloaded_checksums_do_not_hide_a_copy(protocol: int) -> None:
    bench = Bench()
    make = tcp if protocol == 6 else udp
    assert bench.read(ethernet(ipv4(protocol, make(b"x" * 400, checksum=0xBEEF))))
    assert not bench.read(ethernet(ipv4(protocol, make(b"x" * 400, checksum=0x1234)), (0x8100,)))
    assert bench.read(ethernet(ipv4(protocol, make(b"x" * 399 + b"y"))))


def test_short_and_long_way_know_one_another() -> None:
    for protocol, payload in ((50, esp()), (17, udp(b"x" * 300)), (6, tcp(b"x" * 300)), (6, tcp())):
        for make in (ipv4, ipv6):
            bench = Bench()
            plain = make(protocol, payload)
            assert bench.read(ethernet(plain))
            assert not bench.read(ethernet(ipv4(4, plain, source=ENB)))
            bench = Bench()
            assert bench.read(ethernet(ipv4(4, plain, source=ENB)))
            assert not bench.read(ethernet(plain))


def test_fragments_of_ipv4_in_any_order() -> None:
    bench = Bench()
    parts = pieces(ipv4(50, esp(body=bytes(range(200)))), 64, 77)
    for part in (*parts[1:], *parts[1:2]):
        assert bench.read(ethernet(part) + bytes(4)) == ()
    assert bench.reader.pending_fragments == 1
    datagram = bench.one(ethernet(parts[0]))
    assert datagram.payload == esp(body=bytes(range(200)))
    assert [frame.number for frame in datagram.frames] == [1, 2, 3, 5]
    assert datagram.at == datagram.frames[-1]
    assert bench.reader.pending_fragments == 0
    assert bench.reader.copies == 1


def test_fragments_of_ipv6_with_extension_headers_inside() -> None:
    bench = Bench()
    payload = extension(17) + udp(b"INVITE" * 40)
    parts = [
        ipv6(0, extension(44) + fragment_header(60, first, first + 96 < len(payload), 5) + payload[first : first + 96])
        for first in range(0, len(payload), 96)
    ]
    for part in parts[:-1]:
        assert bench.read(ethernet(part)) == ()
    datagram = bench.one(ethernet(parts[-1]))
    assert (datagram.protocol, datagram.payload) == (17, udp(b"INVITE" * 40))
    assert len(datagram.frames) == len(parts)


def test_fragments_outside_and_inside_a_tunnel() -> None:
    bench = Bench()
    bare = ipv4(17, udp(b"NOTIFY" * 60))
    inner = pieces(bare, 128, 9)
    read: list[Datagram] = []
    for number, part in enumerate(inner):
        for outer in pieces(ipv4(17, gtp(part), source=ENB, destination=SGW), 96, 500 + number):
            read.extend(bench.read(ethernet(outer)))
    assert [(datagram.payload, datagram.depth) for datagram in read] == [(bare[20:], 1)]
    assert [frame.number for frame in read[0].frames] == list(range(1, bench.line.number + 1))
    assert bench.reader.pending_fragments == 0


def test_copies_of_fragments_in_and_out_of_a_tunnel() -> None:
    bench = Bench()
    bare = ipv4(17, udp(b"NOTIFY" * 60))
    parts = pieces(bare, 256, 9)
    read: list[Datagram] = []
    for part in parts:
        read.extend(bench.read(sll(ipv4(17, gtp(part), source=ENB, destination=SGW, ident=0)), link=113))
        read.extend(bench.read(sll(ipv4(17, gtp(part), source=SGW, destination=PGW, ident=0)), link=113))
        read.extend(bench.read(sll(part), link=113))
    assert [datagram.payload for datagram in read] == [bare[20:]]
    assert bench.reader.copies == 2 * len(parts)
    assert bench.reader.pending_fragments == 0
    assert not bench.reader.skipped


def test_cut_fragments_are_never_put_together() -> None:
    bench = Bench()
    first, last = pieces(ipv4(17, udp(b"INVITE" * 40)), 200, 9)
    datagram = bench.one(ethernet(first)[:100], length=234)
    assert datagram.cut
    assert datagram.payload == udp(b"INVITE" * 40)[:66]
    assert bench.read(ethernet(last)[:60], length=len(last) + 14) == ()
    assert bench.reader.skipped == {packets.CUT_FRAGMENT: 1}
    assert bench.reader.pending_fragments == 0


def test_what_is_skipped_is_counted_by_reason() -> None:
    bench = Bench()
    for data in (
        bytes(12) + b"\x08\x06" + bytes(46),
        bytes(12) + b"\x08\x06" + bytes(46),
        bytes(5),
        ethernet(ipv4(17, b"")[:10]),
        ethernet(ipv6(60, extension(60) * 20)),
        ethernet(ipv4(4, b"no packet")),
    ):
        assert bench.read(data) == ()
    assert bench.read(ipv4(17, udp(b"")), link=105) == ()
    assert bench.reader.skipped == {
        link.NOT_IP: 2,
        link.SHORT: 1,
        ip.MALFORMED: 2,
        ip.LONG_CHAIN: 1,
        link.NOT_SUPPORTED: 1,
    }


def test_broken_headers_inside_fragments_are_counted() -> None:
    bench = Bench()
    inside = fragment_header(17, 8, False, 6) + bytes(8)
    bench.read(ethernet(ipv6(44, fragment_header(44, 0, True, 5) + inside[:8])))
    bench.read(ethernet(ipv6(44, fragment_header(44, 8, False, 5) + inside[8:])))
    assert bench.reader.skipped == {ip.MALFORMED: 2}


def test_evictions_are_told() -> None:
    bench = Bench()
    bench.read(ethernet(pieces(ipv4(17, udp(bytes(400))), 200, 9)[0]))
    bench.read(ethernet(pieces(ipv4(17, udp(bytes(400))), 200, 10)[0]), after=fragments.TIMEOUT + 1)
    assert bench.told == [fragments.INCOMPLETE]
    assert bench.reader.skipped == {fragments.INCOMPLETE: 1}
    bench.read(ethernet(pieces(ipv4(17, udp(bytes(400))), 200, 10)[1]))
    assert bench.reader.forgotten == 0


def test_a_reader_without_listener_evicts_all_the_same() -> None:
    reader, line = PacketReader(), Timeline()
    for ident in (9, 10):
        part = pieces(ipv4(17, udp(bytes(400))), 200, ident)[0]
        assert reader.read(line.frame(ethernet(part), after=fragments.TIMEOUT + 1)) == ()
    assert reader.pending_fragments == 1


def test_packets_from_inside_a_decrypted_tunnel() -> None:
    bench = Bench()
    outer = bench.one(sll(ipv4(50, esp())), link=113)
    (inside,) = bench.reader.read_inside(outer, ipv6(50, esp(number=9)) + b"\x01\x02\x03")
    assert (inside.at, inside.frames, inside.outbound) == (outer.at, outer.frames, True)
    assert (inside.source, inside.payload, inside.depth) == (UE6, esp(number=9), 1)
    assert bench.reader.read_inside(outer, b"no packet") == ()
    # The host that decrypted it may show it once more.
    assert bench.read(sll(ipv6(50, esp(number=9))), link=113) == ()
    assert bench.reader.copies == 1


def check(datagrams: Sequence[Datagram], frame: Frame) -> None:
    for datagram in datagrams:
        assert datagram.at == datagram.frames[-1] == frame.ref
        assert len(datagram.source) == len(datagram.destination) in (4, 16)
        assert 0 <= datagram.protocol <= 255
        assert 0 <= datagram.depth <= tunnels.DEPTH


@settings(max_examples=300)
@given(st.lists(st.tuples(st.sampled_from(LINKS), st.binary(max_size=120), st.integers(0, 200)), max_size=8))
def test_any_bytes_of_any_link_type(frames: list[tuple[int, bytes, int]]) -> None:
    bench = Bench()
    for kind, data, missing in frames:
        frame = bench.line.frame(data, link=kind, length=len(data) + missing)
        check(bench.reader.read(frame), frame)


@settings(max_examples=300)
@given(st.data())
def test_any_damage_to_real_packets(data: st.DataObject) -> None:
    bench = Bench()
    inner = ipv4(17, udp(b"SIP/2.0 200 OK" * 9))
    good = [
        *pieces(inner, 64, 3),
        ipv4(17, gtp(inner, flags=0x34, between=b"\x00\x00\x00\x85\x01\x10\x05\x00")),
        ipv6(0, extension(44) + fragment_header(60, 0, True, 4) + extension(17) + bytes(16)),
        ipv6(44, fragment_header(60, 24, False, 4) + bytes(16)),
        ipv4(4, ipv6(41, ipv6(50, esp()))),
        ipv4(17, udp(esp(), 4500, 4500)),
    ]
    for packet in data.draw(st.lists(st.sampled_from(good), max_size=12)):
        broken = bytearray(ethernet(packet))
        for place, value in data.draw(st.lists(st.tuples(st.integers(12, 79), st.integers(0, 255)), max_size=4)):
            if place < len(broken):
                broken[place] = value
        keep = data.draw(st.integers(0, len(broken)) | st.just(len(broken)))
        frame = bench.line.frame(bytes(broken[:keep]), length=len(broken))
        check(bench.reader.read(frame), frame)
