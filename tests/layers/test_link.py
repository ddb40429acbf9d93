from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.layers import link
from tests.network.build import ethernet, ipv4, ipv6, udp

V4 = ipv4(17, udp(b"hello"))
V6 = ipv6(17, udp(b"hello"))


@pytest.mark.parametrize("packet", [V4, V6])
@pytest.mark.parametrize("tags", [(), (0x8100,), (0x88A8, 0x8100), (0x9100, 0x8100), (0x8100,) * link.TAGS])
def test_ethernet_with_any_usual_tags(packet: bytes, tags: tuple[int, ...]) -> None:
    frame = ethernet(packet, tags)
    assert link.find_ip(1, frame) == (14 + 4 * len(tags), None)


def test_too_many_tags_are_refused() -> None:
    assert link.find_ip(1, ethernet(V4, (0x8100,) * (link.TAGS + 1))) == link.NOT_IP


def test_ethernet_without_ip() -> None:
    assert link.find_ip(1, bytes(12) + b"\x08\x06" + bytes(28)) == link.NOT_IP
    assert link.find_ip(1, bytes(12) + b"\x00\x26" + bytes(38)) == link.NOT_IP
    assert link.find_ip(1, bytes(13)) == link.SHORT
    assert link.find_ip(1, bytes(12) + b"\x81\x00\x00\x07\x08") == link.SHORT


@pytest.mark.parametrize(("kind", "outbound"), [(0, False), (1, False), (2, False), (3, None), (4, True), (9, None)])
def test_cooked_headers_tell_the_direction(kind: int, outbound: bool | None) -> None:
    sll = struct.pack(">HHH8sH", kind, 1, 6, bytes(8), 0x0800) + V4
    assert link.find_ip(113, sll) == (16, outbound)
    sll2 = struct.pack(">HHIHBB8s", 0x86DD, 0, 3, 1, kind, 6, bytes(8)) + V6
    assert link.find_ip(276, sll2) == (20, outbound)


def test_tags_behind_cooked_headers() -> None:
    sll = struct.pack(">HHH8sHHH", 4, 1, 6, bytes(8), 0x8100, 7, 0x0800) + V4
    assert link.find_ip(113, sll) == (20, True)
    sll2 = struct.pack(">HHIHBB8sHH", 0x8100, 0, 3, 1, 0, 6, bytes(8), 7, 0x0800) + V4
    assert link.find_ip(276, sll2) == (24, False)


def test_cooked_headers_without_ip() -> None:
    assert link.find_ip(113, struct.pack(">HHH8sH", 0, 1, 6, bytes(8), 0x0806) + bytes(28)) == link.NOT_IP
    assert link.find_ip(276, struct.pack(">HHIHBB8s", 0x0806, 0, 3, 1, 0, 6, bytes(8))) == link.NOT_IP
    assert link.find_ip(113, bytes(15)) == link.SHORT
    assert link.find_ip(276, bytes(19)) == link.SHORT


@pytest.mark.parametrize("kind", [12, 14, 101, 228, 229])
def test_raw_ip_begins_at_once(kind: int) -> None:
    assert link.find_ip(kind, V4) == (0, None)
    assert link.find_ip(kind, b"") == link.SHORT


@pytest.mark.parametrize("family", [2, 10, 24, 28, 30])
def test_loopback_in_both_byte_orders(family: int) -> None:
    assert link.find_ip(0, struct.pack("<I", family) + V4) == (4, None)
    assert link.find_ip(0, struct.pack(">I", family) + V4) == (4, None)
    assert link.find_ip(108, struct.pack(">I", family) + V4) == (4, None)


def test_loopback_with_something_else() -> None:
    assert link.find_ip(0, struct.pack("<I", 7) + bytes(20)) == link.NOT_IP
    assert link.find_ip(108, b"\0\0\0") == link.SHORT


def test_other_link_types_are_named_as_such() -> None:
    assert link.find_ip(105, bytes(100)) == link.NOT_SUPPORTED


@given(st.sampled_from((0, 1, 12, 101, 105, 108, 113, 228, 229, 276)), st.binary(max_size=60))
def test_any_bytes_give_an_offset_or_a_reason(kind: int, data: bytes) -> None:
    located = link.find_ip(kind, data)
    if isinstance(located, str):
        assert located in (link.NOT_IP, link.SHORT, link.NOT_SUPPORTED)
    else:
        assert 0 <= located[0] <= len(data)


def test_pppoe_that_is_cut_or_something_else() -> None:
    good = b"\x11\0\0\7\0\2\0\x21"
    for end in range(8):
        assert link.in_pppoe(good, 0, end) == link.SHORT
    assert link.in_pppoe(good, 0, 8) == 8
    for place, value in ((0, 0x12), (1, 9), (7, 0xCF)):
        other = bytearray(good)
        other[place] = value
        assert link.in_pppoe(other, 0, 8) == link.NOT_IP


def test_ppp_that_is_cut_or_something_else() -> None:
    for kind in (9, 50):
        assert link.find_ip(kind, b"\xff\3\0") == link.SHORT
        assert link.find_ip(kind, b"\xff\3\xc0\x21" + bytes(20)) == link.NOT_IP
        assert link.find_ip(kind, b"\xff\3\0\x21" + V4) == (4, None)
    assert link.find_ip(50, b"\x8f\0\x20\0" + bytes(20)) == link.NOT_IP


def test_labels_end_within_the_frame() -> None:
    stack = b"\0\1\0\x40" * 3 + b"\0\1\1\x40"
    for end in range(len(stack)):
        assert link.in_labels(stack, 0, end) == link.SHORT
    assert link.in_labels(stack, 0, len(stack)) == link.NOT_IP
    assert link.in_labels(stack + V4, 0, len(stack) + len(V4)) == len(stack)
    assert link.in_labels(stack * link.LABELS, 0, 16 * link.LABELS) == link.NOT_IP
    assert link.in_labels(b"\0\1\0\x40" * 100, 0, 400) == link.LABELLED


def test_pktap_headers_that_lie() -> None:
    head = struct.pack("<III24sIIII", 108, 1, 12, b"pdp_ip0", 2, 2, 0, 0).ljust(108, b"\0")
    assert link.find_ip(258, head + V4) == (108, True)
    assert link.find_ip(258, head[:36] + b"\1" + head[37:] + V4) == (108, False)
    assert link.find_ip(258, head[:36] + b"\0" + head[37:] + V4) == (108, None)
    assert link.find_ip(258, head[:107]) == link.SHORT
    assert link.find_ip(258, b"\x6b" + head[1:] + V4) == link.SHORT
    assert link.find_ip(258, b"\xff\xff\xff\xff" + head[4:] + V4) == link.SHORT
    assert link.find_ip(258, head[:4] + b"\0" + head[5:] + V4) == link.NOT_IP
    assert link.find_ip(258, head[:8] + b"\x69" + head[9:] + V4) == link.NOT_SUPPORTED
    assert link.find_ip(258, head) == link.SHORT


@given(st.integers(0, 80), st.binary(max_size=80))
def test_nothing_behind_the_end_is_found(end: int, octets: bytes) -> None:
    end = min(end, len(octets))
    for kind in (0, 1, 9, 50, 51, 101, 113, 149, 258, 276):
        assert link.find_ip(kind, octets, 0, end) == link.find_ip(kind, octets[:end])
