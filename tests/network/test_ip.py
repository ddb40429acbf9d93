from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from analyzer.network import ip
from tests.network.build import PCSCF, PCSCF6, UE, UE6, extension, fragment_header, ipv4, ipv6


def parse(data: bytes, complete: bool = True) -> ip.Packet:
    packet = ip.parse(data, 0, len(data), complete)
    assert isinstance(packet, ip.Packet)
    return packet


def test_ipv4() -> None:
    data = ipv4(50, b"payload", ident=0x3DCE, ttl=63)
    assert parse(data) == (UE, PCSCF, 50, 20, 27, 63, 0x3DCE, 0, False, False)


def test_ipv4_options_are_skipped_and_padding_is_left_out() -> None:
    data = ipv4(17, b"payload", options=b"\x94\x04\0\0") + b"padding!"
    packet = parse(data)
    assert data[packet.begin : packet.end] == b"payload"


def test_ipv4_fragment() -> None:
    packet = parse(ipv4(17, bytes(16), ident=9, offset=1480, more=True))
    assert (packet.ident, packet.offset, packet.more) == (9, 1480, True)


def test_length_zero_reaches_to_the_end_of_the_frame() -> None:
    data = ipv4(6, b"segment", total=0)
    assert parse(data)[3:5] == (20, 27)
    assert not parse(data).cut
    assert parse(data, complete=False).cut
    data = ipv6(6, b"segment", total=0)
    assert parse(data)[3:5] == (40, 47)
    assert parse(data, complete=False).cut


def test_cut_by_the_capture() -> None:
    packet = parse(ipv4(17, bytes(100))[:60])
    assert (packet.end, packet.cut) == (60, True)
    packet = parse(ipv6(17, bytes(100))[:60])
    assert (packet.end, packet.cut) == (60, True)


def test_headers_that_make_no_sense() -> None:
    for data in (
        b"",
        bytes(19),
        bytes(20),
        b"\x44" + ipv4(17, b"")[1:],
        b"\x4f" + ipv4(17, b"")[1:],
        ipv4(17, b"", total=19),
        ipv4(17, b"", options=bytes(8), total=24),
        ipv6(17, b"")[:39],
        b"\x55" + bytes(60),
    ):
        assert ip.parse(data, 0, len(data), True) == ip.MALFORMED


def test_ipv6() -> None:
    assert parse(ipv6(50, b"payload", ttl=3)) == (UE6, PCSCF6, 50, 40, 47, 3, 0, 0, False, False)


def test_ipv6_extension_headers() -> None:
    data = ipv6(0, extension(43) + extension(60, 2) + extension(50) + b"payload")
    packet = parse(data)
    assert (packet.protocol, data[packet.begin : packet.end]) == (50, b"payload")


def test_nothing_is_read_behind_an_authentication_header() -> None:
    packet = parse(ipv6(0, extension(51) + extension(50) + b"payload"))
    assert (packet.protocol, packet.begin) == (51, 48)


def test_ipv6_fragment_and_atomic_fragment() -> None:
    data = ipv6(0, extension(44) + fragment_header(17, 1448, True, 0xB0647780) + bytes(8))
    packet = parse(data)
    assert packet[2:4] == (17, 56)
    assert packet[6:9] == (0xB0647780, 1448, True)
    packet = parse(ipv6(44, fragment_header(60, 0, False, 5) + extension(17) + b"payload"))
    assert (packet.protocol, packet.begin, packet.offset, packet.more) == (17, 56, 0, False)


def test_the_length_of_the_chain_is_limited() -> None:
    longest = extension(60) * (ip.EXTENSIONS - 1) + extension(17)
    assert parse(ipv6(60, longest + b"payload")).protocol == 17
    data = ipv6(60, extension(60) + longest + b"payload")
    assert ip.parse(data, 0, len(data), True) == ip.LONG_CHAIN


def test_broken_chains_are_refused() -> None:
    data = ipv6(60, extension(17, 3)[:20])
    assert ip.parse(data, 0, len(data), True) == ip.MALFORMED
    data = ipv6(44, fragment_header(17, 0, True, 1)[:7])
    assert ip.parse(data, 0, len(data), True) == ip.MALFORMED


@given(st.binary(max_size=120), st.integers(0, 30), st.booleans())
def test_any_bytes_give_a_packet_within_them_or_a_reason(data: bytes, begin: int, complete: bool) -> None:
    packet = ip.parse(data, begin, len(data), complete)
    if isinstance(packet, str):
        assert packet in (ip.MALFORMED, ip.LONG_CHAIN)
    else:
        assert begin <= packet.begin <= packet.end <= len(data)
        assert packet.offset % 8 == 0


@given(st.sampled_from((0, 43, 44, 60)), st.binary(max_size=120))
def test_any_extension_headers(protocol: int, data: bytes) -> None:
    packet = ip.parse(ipv6(protocol, data), 0, 40 + len(data), True)
    if isinstance(packet, ip.Packet):
        assert 40 <= packet.begin <= packet.end == 40 + len(data)
