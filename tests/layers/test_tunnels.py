from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.layers import tunnels
from tests.network.build import esp, gtp, ipv4, ipv6, udp

INNER = ipv4(50, esp())
PDU_SESSION = b"\x01\x10\x05\x00"


def opened(datagram: bytes) -> tunnels.Span | None:
    return tunnels.inside(17, datagram, 0, len(datagram))


def inner(datagram: bytes) -> bytes | None:
    span = opened(datagram)
    return None if span is None else datagram[span[0] : span[1]]


@pytest.mark.parametrize("packet", [INNER, ipv6(50, esp())])
def test_plain_header(packet: bytes) -> None:
    assert inner(gtp(packet)) == packet


def test_optional_fields_and_extension_headers() -> None:
    assert inner(gtp(INNER, flags=0x32, between=b"\x00\x07\x00\x00")) == INNER
    assert inner(gtp(INNER, flags=0x34, between=b"\x00\x00\x00\x85" + PDU_SESSION)) == INNER
    two = b"\x00\x00\x00\x85" + b"\x01\x10\x05\xc0" + b"\x02" + bytes(6) + b"\x00"
    assert inner(gtp(INNER, flags=0x36, between=two)) == INNER


def test_next_extension_type_counts_only_with_its_flag() -> None:
    assert inner(gtp(INNER, flags=0x32, between=b"\x00\x07\x00\x85")) == INNER


def test_trailing_octets_are_left_out_and_a_cut_is_told() -> None:
    datagram = gtp(INNER)
    assert opened(datagram + b"rest") == (16, 16 + len(INNER), True)
    assert opened(datagram[:-5]) == (16, 11 + len(INNER), False)


def test_what_is_no_user_packet_stays_udp() -> None:
    for datagram in (
        gtp(INNER, kind=1),
        gtp(INNER, flags=0x20),
        gtp(INNER, flags=0x50),
        gtp(INNER, dport=2153),
        gtp(b"\x05" + INNER[1:]),
        gtp(b""),
        gtp(b"", flags=0x32, between=b"\0\0"),
        gtp(INNER, flags=0x34, between=b"\x00\x00\x00\x85" + b"\x00\x10\x05\x00"),
        gtp(b"", flags=0x34, between=b"\x00\x00\x00\x85" + b"\x09\x10\x05\x00"),
        gtp(INNER, flags=0x34, between=b"\x00\x00\x00\x85" + b"\x01\x10\x05\x85" * (tunnels.EXTENSIONS + 1)),
        udp(b"short", 2152, 2152),
        b"",
    ):
        assert opened(datagram) is None


def test_esp_behind_a_nat() -> None:
    assert tunnels.wrapped_esp(udp(esp(), 4500, 4500)) == esp()
    assert tunnels.wrapped_esp(udp(esp(), 40001, 4500)) == esp()
    assert tunnels.wrapped_esp(udp(esp(), 4500, 40001) + b"padding") == esp()
    assert tunnels.wrapped_esp(udp(esp(), 4501, 40001)) is None


def test_ike_and_keep_alives_stay_udp() -> None:
    assert tunnels.wrapped_esp(udp(b"\0\0\0\0" + bytes(28), 4500, 4500)) is None
    assert tunnels.wrapped_esp(udp(b"\xff", 4500, 4500)) is None
    assert tunnels.wrapped_esp(udp(b"\xff", 4500, 4500) + bytes(17)) is None


@given(st.binary(max_size=80))
def test_any_message_gives_a_span_within_it_or_nothing(message: bytes) -> None:
    datagram = udp(message, 2152, 2152)
    span = opened(datagram)
    assert span is None or 16 <= span[0] < span[1] <= len(datagram)


@given(st.sampled_from((0x30, 0x31, 0x32, 0x34, 0x37)), st.binary(max_size=80))
def test_any_extension_headers(flags: int, rest: bytes) -> None:
    datagram = gtp(rest, flags=flags)
    span = opened(datagram)
    assert span is None or datagram[span[0]] >> 4 in (4, 6)


@given(st.binary(max_size=80))
def test_any_datagram_is_esp_or_not(data: bytes) -> None:
    wrapped = tunnels.wrapped_esp(data)
    assert wrapped is None or (len(wrapped) >= 8 and wrapped in data)
