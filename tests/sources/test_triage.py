from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.layers.link import TAGS
from analyzer.sources import triage as module
from analyzer.sources import watched
from analyzer.sources.triage import SLACK, Triage
from tests.sources.build import (
    PCSCF4,
    PCSCF6,
    UE4,
    UE6,
    WRAPPERS,
    Writer,
    cooked2,
    ethernet,
    ip4,
    ip6,
    pcap,
    pcapng,
    read,
    tcp,
    udp,
    walk,
)

RTP = b"\x80\x60" + bytes(40)
REGISTER = b"REGISTER sip:ims.example SIP/2.0\r\n\r\n"
STAMPS = bytes(12)
"""TCP options of the usual length."""

TRANSPORT = {
    "rtp": (17, udp(20000, 30000, RTP), False),
    "dns": (17, udp(40000, 53, bytes(30)), False),
    "udp without payload": (17, udp(20000, 30000), False),
    "https": (6, tcp(40000, 443, b"\x17\x03\x03" + bytes(50)), False),
    "http": (6, tcp(40000, 80, b"POST / HTTP/1.1\r\n"), False),
    "acknowledgement": (6, tcp(40000, 443, options=STAMPS, flags=0x10), False),
    "icmp": (1, b"\3\1" + bytes(6) + ip4(17, udp(5060, 5060, REGISTER)), False),
    "icmpv6": (58, b"\1\4" + bytes(6) + ip6(17, udp(5060, 5060, REGISTER)), False),
    "igmp": (2, bytes(8), False),
    "sip port": (17, udp(5060, 30000, RTP), True),
    "sip port of the other side": (17, udp(30000, 5063, RTP), True),
    "tls port": (6, tcp(40000, 5061, b"\x17\x03\x03"), True),
    "s-cscf": (17, udp(6060, 4060, RTP), True),
    "diameter": (6, tcp(3868, 40000, flags=0x02), True),
    "sctp": (132, bytes(40), True),
    "esp": (50, bytes(40), True),
    "esp behind ah": (51, b"\x32\4" + bytes(22) + bytes(40), True),
    "rtp behind ah": (51, b"\x11\4" + bytes(22) + udp(20000, 30000, RTP), False),
    "ah cut": (51, b"\x32\xff" + bytes(22), False),
    "ah behind ah": (51, b"\x33\4" + bytes(22) + b"\x32\4" + bytes(22) + bytes(40), False),
    "extension headers behind ah": (51, b"\x3c\4" + bytes(22) + bytes(40), True),
    "esp in udp": (17, udp(4500, 4500, bytes(40)), True),
    "tcp of that port": (6, tcp(4500, 40000, bytes(40)), False),
    "answer to that port": (17, udp(4500, 40000, bytes(40)), True),
    "gtp-u echo": (17, udp(2152, 2152, b"\x32\1\0\4" + bytes(8)), False),
    "gtp-u without a message": (17, udp(2152, 2152, bytes(40)), False),
    "hep": (17, udp(40000, 9060, b"HEP3" + bytes(40)), True),
    "something else on that port": (17, udp(40000, 9060, b"HEP2" + bytes(40)), False),
    "gre of pptp": (47, b"\x20\1\x88\x0b" + bytes(40), False),
    "register": (17, udp(40000, 50000, REGISTER), True),
    "status line": (17, udp(40000, 50000, b"SIP/2.0 200 OK\r\n"), True),
    "ack": (17, udp(40000, 50000, b"ACK sip:a SIP/2.0\r\n"), True),
    "nearly a method": (17, udp(40000, 50000, b"REGULAR"), False),
    "three octets of a method": (17, udp(40000, 50000, b"INV"), False),
    "register over tcp": (6, tcp(40000, 50000, REGISTER), True),
    "register behind tcp options": (6, tcp(40000, 50000, REGISTER, options=STAMPS), True),
    "invite over tcp": (6, tcp(40000, 50000, b"INVITE sip:a SIP/2.0\r\n"), True),
    "first octet of a method over tcp": (6, tcp(40000, 50000, b"RTSP/1.0 200 OK"), False),
    "impossible tcp offset": (6, tcp(0x5245, 0x4749)[:12] + b"\x00" + bytes(7), False),
}


@pytest.mark.parametrize(("protocol", "payload", "kept"), TRANSPORT.values(), ids=TRANSPORT.keys())
@pytest.mark.parametrize("link", WRAPPERS)
def test_decision_for_every_link_type_and_version(link: int, protocol: int, payload: bytes, kept: bool) -> None:
    triage = Triage()
    for packet in (
        ip4(protocol, payload),
        ip4(protocol, payload, options=bytes(4)),
        ip4(protocol, payload, options=bytes(40)),
        ip6(protocol, payload),
        ip6(protocol, payload, extensions=[0]),
        ip6(protocol, payload, extensions=[0, 60, 43]),
    ):
        assert triage.keeps(link, WRAPPERS[link](packet)) is kept


@pytest.mark.parametrize(("protocol", "payload", "kept"), TRANSPORT.values(), ids=TRANSPORT.keys())
@pytest.mark.parametrize("tags", [(0x8100,), (0x88A8, 0x8100), (0x9100, 0x8100, 0x8100, 0x8100)], ids=len)
def test_decision_behind_vlan_tags(tags: tuple[int, ...], protocol: int, payload: bytes, kept: bool) -> None:
    triage = Triage()
    for packet in (ip4(protocol, payload), ip4(protocol, payload, options=bytes(4)), ip6(protocol, payload)):
        assert triage.keeps(1, ethernet(packet, *tags)) is kept
        assert triage.keeps(276, cooked2(packet, *tags)) is kept


def test_more_tags_than_anybody_needs_are_not_kept() -> None:
    packet = ip4(50, bytes(40))
    assert Triage().keeps(1, ethernet(packet, *[0x8100] * TAGS))
    assert not Triage().keeps(1, ethernet(packet, *[0x8100] * (TAGS + 1)))


@pytest.mark.parametrize(
    ("fragment", "kept"),
    [(0x0000, False), (0x4000, False), (0x8000, False), (0x2000, True), (0x2001, True), (0x00B9, True), (0x1FFF, True)],
)
def test_fragments_of_ipv4_are_kept(fragment: int, kept: bool) -> None:
    packet = ip4(17, udp(20000, 30000, RTP), fragment=fragment)
    assert Triage().keeps(1, ethernet(packet)) is kept
    assert Triage().keeps(1, ethernet(packet, 0x8100)) is kept


def test_fragments_of_ipv6_are_kept() -> None:
    assert Triage().keeps(1, ethernet(ip6(44, bytes(48))))
    assert Triage().keeps(1, ethernet(ip6(44, bytes(48), extensions=[0, 60])))


def test_extension_headers_are_walked_up_to_a_limit_and_kept_beyond_it() -> None:
    rtp = udp(20000, 30000, RTP)
    assert not Triage().keeps(101, ip6(17, rtp, extensions=[60] * module.MAX_EXTENSIONS))
    assert Triage().keeps(101, ip6(17, rtp, extensions=[60] * (module.MAX_EXTENSIONS + 1)))


def test_an_extension_header_that_leads_out_of_the_packet_is_not_kept() -> None:
    packet = bytearray(ip6(50, bytes(8), extensions=[60]))
    packet[41] = 255
    assert not Triage().keeps(101, bytes(packet))


def test_extension_headers_have_their_own_length() -> None:
    inner = b"\x32\x02" + bytes(22) + bytes(40)  # ESP behind 24 octets of destination options
    assert Triage().keeps(101, ip6(60, inner))
    assert not Triage().keeps(101, ip6(60, b"\x3b" + inner[1:]))


@pytest.mark.parametrize("kind", [0x0806, 0x88CC, 0x8863, 0x05DC])
def test_other_ethertypes_are_not_kept(kind: int) -> None:
    frame = bytes(12) + kind.to_bytes(2, "big") + ip4(50, bytes(40))
    assert not Triage().keeps(1, frame)


@pytest.mark.parametrize("first", [0x00, 0x44, 0x55, 0xF5, 0x75])
def test_what_is_no_ip_header_is_not_kept(first: int) -> None:
    packet = bytes([first]) + ip4(50, bytes(60))[1:]
    assert not Triage().keeps(101, packet)
    assert not Triage().keeps(1, ethernet(ip4(50, bytes(60)))[:14] + packet)
    assert not Triage().keeps(1, ethernet(ip6(50, bytes(60)))[:14] + packet[:1] + ip6(50, bytes(60))[1:])


@pytest.mark.parametrize("link", [105, 147, 253, 65535])
def test_unknown_link_types_are_not_kept(link: int) -> None:
    triage = Triage()
    assert not triage.keeps(link, ethernet(ip4(50, bytes(40))))
    assert not triage.shape(link).known
    assert triage.dropped == 1


def test_what_is_not_kept_is_counted() -> None:
    triage = Triage()
    for frame in (ethernet(ip4(50, bytes(40))), ethernet(ip4(1, bytes(40))), b"", ethernet(ip6(58, bytes(8)))):
        triage.keeps(1, frame)
    assert triage.dropped == 3


def test_snapped_frames_are_judged_by_what_is_left() -> None:
    sip = ethernet(ip4(17, udp(5060, 40000, REGISTER)))
    assert [Triage().keeps(1, sip[:end]) for end in (0, 13, 14, 33, 34, 37, 38, 42)] == [False] * 6 + [True] * 2
    found = ethernet(ip4(17, udp(40000, 50000, REGISTER)))
    assert [Triage().keeps(1, found[:end]) for end in (42, 45, 46)] == [False, False, True]
    stream = ethernet(ip4(6, tcp(40000, 50000, REGISTER)))
    assert [Triage().keeps(1, stream[:end]) for end in (54, 57, 58)] == [False, False, True]
    assert Triage().keeps(1, ethernet(ip4(50, b"")))


class TestWatching:
    @pytest.mark.parametrize("link", [1, 101, 113, 276])
    @pytest.mark.parametrize("segment", [udp(31000, 32000, RTP), tcp(31000, 32000, flags=0x02)], ids=["udp", "tcp"])
    def test_both_ends_of_a_watched_pair_are_kept(self, link: int, segment: bytes) -> None:
        protocol = 6 if len(segment) == 20 else 17
        wrap = WRAPPERS[link]
        for source, target, packet in (UE4, PCSCF4, ip4), (UE6, PCSCF6, ip6):
            frame = wrap(packet(protocol, segment, source=source, target=target))
            for address, port, kept in (
                (source, 31000, True),
                (target, 32000, True),
                (source, 32000, False),
                (target, 31000, False),
                (source, 31001, False),
            ):
                triage = Triage()
                assert not triage.keeps(link, frame)
                triage.watch(address, port)
                assert triage.keeps(link, frame) is kept

    def test_options_and_tags_hide_no_pair(self) -> None:
        triage = Triage()
        triage.watch(UE4, 31000)
        triage.watch(UE6, 31000)
        segment = tcp(32000, 31000, flags=0x04)
        for packet in (
            ip4(6, segment, source=PCSCF4, target=UE4),
            ip4(6, segment, source=PCSCF4, target=UE4, options=bytes(8)),
            ip6(6, segment, source=PCSCF6, target=UE6),
            ip6(6, segment, source=PCSCF6, target=UE6, extensions=[0, 60]),
        ):
            assert triage.keeps(1, ethernet(packet))
            assert triage.keeps(1, ethernet(packet, 0x8100))

    def test_the_pair_watched_longest_ago_makes_room(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(watched, "MAX_WATCHED", 2)
        triage = Triage()
        frames = {port: ethernet(ip4(17, udp(port, 40000, RTP))) for port in (31001, 31002, 31003)}
        triage.watch(UE4, 31001)
        triage.watch(UE4, 31002)
        triage.watch(UE4, 31001)
        assert triage.evicted == 0
        triage.watch(UE4, 31003)
        assert triage.evicted == 1
        assert {port: triage.keeps(1, frame) for port, frame in frames.items()} == {
            31001: True,
            31002: False,
            31003: True,
        }

    @pytest.mark.parametrize("order", ["<", ">"])
    @pytest.mark.parametrize("write", [pcap, pcapng])
    def test_what_is_watched_while_a_frame_is_processed_holds_for_the_next(self, write: Writer, order: str) -> None:
        reset = ethernet(ip4(6, tcp(31000, 32000, flags=0x04)))
        sip = ethernet(ip4(17, udp(5060, 5060, REGISTER)))
        triage = Triage()
        walker, _ = walk(write([reset, sip, reset, ethernet(ip6(6, tcp(1, 2)))], order=order), triage)
        seen = []
        for frame in walker.frames():
            assert frame is not None
            seen.append(frame.number)
            triage.watch(UE4, 31000)
        assert seen == [2, 3]


packets = st.builds(
    lambda version, protocol, payload, extra: (
        ip4(protocol, payload, options=bytes(4 * extra)) if version else ip6(protocol, payload, extensions=[60] * extra)
    ),
    st.booleans(),
    st.sampled_from([1, 4, 6, 17, 17, 6, 44, 50, 51, 58, 132]),
    st.builds(
        lambda ports, head, offset, payload: ports + head + bytes([offset]) + payload,
        st.sampled_from([udp(20000, 30000)[:4], udp(5060, 1)[:4], udp(31000, 32000)[:4], udp(1, 2152)[:4]]),
        st.sampled_from([bytes(8), bytes(4) + b"INVI", b"REGISTER"]),
        st.sampled_from([0x00, 0x50, 0x80, 0xF0]),
        st.sampled_from([bytes(8), bytes(7) + b"REGISTER", bytes(7) + bytes(12) + b"SIP/2.0", b""]),
    ),
    st.sampled_from([0, 0, 0, 1, 3]),
)


@st.composite
def frames(draw: st.DrawFn, link: int) -> bytes:
    """A frame of a link type: whole, cut, or with something behind it."""
    packet = draw(packets)
    tags = draw(st.sampled_from([(), (), (0x8100,), (0x88A8, 0x8100)]))
    if link == 1:
        frame = ethernet(packet, *tags)
    elif link == 276:
        frame = cooked2(packet, *tags)
    else:
        frame = WRAPPERS[link](packet)
    cut = draw(st.one_of(st.just(0), st.just(0), st.integers(0, 60)))
    return frame[: len(frame) - cut] + draw(st.one_of(st.just(b""), st.binary(max_size=4)))


LINKS = st.sampled_from([1, 1, 1, 0, 101, 108, 113, 276])


def check_walkers(octets: list[bytes], link: int, order: str) -> list[int]:
    """Let all kinds of captures with these frames be walked, and compare with the complete answers."""
    triage = Triage()
    triage.watch(UE4, 31000)
    triage.watch(PCSCF6, 32000)
    expected = [number for number, frame in enumerate(octets, 1) if triage.keeps(link, frame)]
    dropped = len(octets) - len(expected)
    assert triage.dropped == dropped
    for capture in (
        pcap(octets, order=order, link=link),
        pcap(octets, order=order, link=link, magic=0xA1B2CD34),
        pcapng(octets, order=order, link=link),
    ):
        kept, summary = read(capture, triage)
        assert [frame.number for frame in kept] == expected
        assert [frame.data for frame in kept] == [octets[number - 1] for number in expected]
        assert summary.frames == len(octets)
        assert summary.skipped == ({"not signalling": dropped} if dropped else {})
    assert triage.dropped == 4 * dropped
    return expected


@given(LINKS.flatmap(lambda link: st.tuples(st.lists(frames(link), max_size=12), st.just(link))), st.sampled_from("<>"))
def test_walkers_keep_exactly_what_the_complete_answer_keeps(drawn: tuple[list[bytes], int], order: str) -> None:
    check_walkers(*drawn, order)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("link", WRAPPERS)
def test_walkers_decide_as_the_table_says(link: int, order: str) -> None:
    octets, expected = [], []
    for protocol, payload, kept in TRANSPORT.values():
        for packet in ip4(protocol, payload), ip4(protocol, payload, options=bytes(4)), ip6(protocol, payload):
            octets.append(WRAPPERS[link](packet))
            if kept:
                expected.append(len(octets))
    for fragment in (0x2000, 0x00B9, 0x1FFF):
        octets.append(WRAPPERS[link](ip4(17, udp(20000, 30000, RTP), fragment=fragment)))
        expected.append(len(octets))
    assert check_walkers(octets, link, order) == expected


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("link", WRAPPERS)
def test_walkers_read_nothing_of_the_next_record_into_a_short_frame(link: int, order: str) -> None:
    wrap = WRAPPERS[link]
    short = [
        wrap(packet)[: max(len(wrap(packet)) - cut, 0)]
        for packet in (ip4(17, udp(20000, 30000)), ip4(6, tcp(20000, 30000)), ip4(17, udp(5060, 5060)), ip4(50, b""))
        for cut in range(30)
    ]
    kept = check_walkers([frame for each in short for frame in (each, wrap(ip4(50, b"REGISTER" * 4)))], link, order)
    assert set(kept) >= set(range(2, 2 * len(short) + 1, 2))


@given(
    LINKS.flatmap(lambda link: st.tuples(frames(link), st.just(link))),
    st.one_of(st.binary(min_size=SLACK, max_size=SLACK), st.sampled_from([b"REGI" * 64, b"\x50\0SIP/2.0" * 29])),
)
def test_what_lies_behind_a_frame_changes_no_answer(drawn: tuple[bytes, int], behind: bytes) -> None:
    frame, link = drawn
    triage = Triage()
    shape = triage.shape(link)
    kind = {1: frame[12:14], 113: frame[14:16], 276: frame[:2]}.get(link, b"")
    test = shape.tests.get(int.from_bytes(kind, "big"), shape.otherwise)
    assert test(frame + behind, shape.network, len(frame)) is triage.keeps(link, frame)


@pytest.mark.parametrize("wrap", [ethernet, lambda packet: ethernet(packet, 0x8100)], ids=["plain", "tagged"])
@pytest.mark.parametrize("protocol", [6, 17, 50])
def test_what_lies_behind_a_cut_frame_is_never_believed(protocol: int, wrap: Callable[[bytes], bytes]) -> None:
    payload = {6: tcp(20000, 30000), 17: udp(20000, 30000), 50: b""}[protocol]
    for packet in ip4(protocol, payload), ip6(protocol, payload), ip4(protocol, payload, options=bytes(4)):
        frame = wrap(packet)
        for end in range(12, len(frame) + 1):
            triage = Triage()
            shape = triage.shape(1)
            test = shape.tests.get(int.from_bytes(frame[12:14], "big"), shape.otherwise)
            expected = protocol == 50 and end == len(frame)
            for behind in bytes(SLACK), b"REGI" * 64, frame[end:] + b"REGI" * 64, frame[end:] + b"\x13\xc4" * 128:
                octets = frame[:end] + behind + bytes(SLACK)
                assert test(octets, shape.network, end) is expected


@given(st.integers(0, 300), st.binary(max_size=200))
def test_any_octets_get_an_answer(link: int, frame: bytes) -> None:
    assert Triage().keeps(link, frame) in (True, False)
