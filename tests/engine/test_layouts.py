"""What a layout fetches is what the long way reads, whatever the frame; a layout never takes a frame for another."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.engine.layouts import BEFORE, Layout, Stack, layout, stacked, view
from analyzer.frame import Frame
from analyzer.layers.link import ETHERNET, LINUX_SLL, LINUX_SLL2
from analyzer.layers.tunnels import GTP_U, SCAT
from analyzer.network.copies import ESP, place
from analyzer.network.ip import around
from analyzer.network.packets import PacketReader

AROUND = {octets: ttl for ttl in range(256) for octets in around(ESP, ttl)}
ESP_OCTETS = bytes.fromhex("1122334400000007") + bytes(range(40))
MACS = bytes.fromhex("020000000001020000000002")
SLL = bytes.fromhex("0006020000000001 0000")


def ip4(payload: bytes, protocol: int = ESP, ttl: int = 63, fragment: int = 0x4000) -> bytes:
    start = (0x4500).to_bytes(2, "big") + (20 + len(payload)).to_bytes(2, "big") + b"\x12\x34"
    return (
        start
        + fragment.to_bytes(2, "big")
        + bytes((ttl, protocol))
        + b"\xab\xcd\x0a\x01\x00\x01\x0a\xc8\x00\x01"
        + payload
    )


def ip6(payload: bytes, protocol: int = ESP, ttl: int = 63) -> bytes:
    ends = bytes(15) + b"\x01" + bytes(15) + b"\x02"
    return b"\x60\x01\x02\x03" + len(payload).to_bytes(2, "big") + bytes((protocol, ttl)) + ends + payload


def udp(payload: bytes, port: int = GTP_U) -> bytes:
    return b"\x08\x68" + port.to_bytes(2, "big") + (8 + len(payload)).to_bytes(2, "big") + b"\0\0" + payload


def gtp(packet: bytes, container: bool = False) -> bytes:
    more = b"\0\0\0\x85\x01\x10\x09\x00" if container else b""
    return udp(
        bytes((0x34 if container else 0x30, 255))
        + (len(more) + len(packet)).to_bytes(2, "big")
        + b"TEID"
        + more
        + packet
    )


def kind(packet: bytes) -> bytes:
    return b"\x08\x00" if packet[0] >> 4 == 4 else b"\x86\xdd"


Wrap = Callable[[bytes], bytes]

LINKS: dict[str, tuple[int, Wrap]] = {
    "ethernet": (ETHERNET, lambda packet: MACS + kind(packet) + packet),
    "tag": (ETHERNET, lambda packet: MACS + b"\x81\x00\x00\x07" + kind(packet) + packet),
    "tags": (ETHERNET, lambda packet: MACS + b"\x88\xa8\x00\x07\x81\x00\x00\x08" + kind(packet) + packet),
    "received": (LINUX_SLL, lambda packet: b"\0\0\0\1" + SLL + kind(packet) + packet),
    "sent": (LINUX_SLL, lambda packet: b"\0\4\0\1" + SLL + kind(packet) + packet),
    "sent 2": (LINUX_SLL2, lambda packet: kind(packet) + b"\0\0\0\0\0\2\0\1\4\6\2\0\0\0\0\1\0\0" + packet),
    "raw": (101, lambda packet: packet),
    "loopback": (0, lambda packet: (b"\2" if packet[0] >> 4 == 4 else b"\x0a") + b"\0\0\0" + packet),
}
PACKETS = {"4": ip4(ESP_OCTETS), "6": ip6(ESP_OCTETS)}
TUNNELS: dict[str, Wrap] = {
    "": lambda packet: packet,
    "gtp4": lambda packet: ip4(gtp(packet), 17),
    "gtp6": lambda packet: ip6(gtp(packet), 17),
    "session4": lambda packet: ip4(gtp(packet, True), 17),
    "session6": lambda packet: ip6(gtp(packet, True), 17),
}
FRAMES = {
    f"{name} {tunnel} {version}": (link, wrap(hold(packet)), bool(tunnel))
    for name, (link, wrap) in LINKS.items()
    for tunnel, hold in TUNNELS.items()
    for version, packet in PACKETS.items()
}


def learnt(link: int, data: bytes) -> Layout:
    """The layout of a frame, which has been seen."""
    found = stacked(link, data)
    assert found is not None
    made = layout(found[0])
    made.views[made.fetch(data)[0]] = found[1]
    return made


def quickly(known: Layout, data: bytes) -> tuple[object, ...] | None:
    """What the express way reads of a frame of a layout whose like it has seen; None: it is for the long way."""
    if len(data) < known.start + 8:
        return None
    leading, length, _ident, header, source, sequence = known.fetch(data)
    end = known.before + length
    if leading not in known.views or header not in AROUND or end > len(data) or end < known.start + 12:
        return None
    ttl, ends, packet = AROUND[header], data[known.where], data[known.start : end]
    assert sequence == int.from_bytes(packet[4:8], "big")
    assert ends[-4:] == packet[:4]
    return source, ends[:-4], packet, ttl, known.views[leading], known.place | ttl << 4


def carefully(link: int, data: bytes) -> tuple[object, ...]:
    """The same as the long way reads it, and nothing else may be special about the packet."""
    (found,) = PacketReader().read(Frame(0, 1, 0, link, data, len(data)))
    assert (found.protocol, found.cut, found.origin, found.shell) == (ESP, False, 0, None)
    seen, where = view(found.outbound, found.depth), place(link, found.depth, found.ttl)
    return found.source, found.destination, found.payload, found.ttl, seen, where


@pytest.mark.parametrize("name", FRAMES)
def test_every_layout_says_what_the_long_way_says(name: str) -> None:
    link, data, tunnel = FRAMES[name]
    known = learnt(link, data)
    assert quickly(known, data) == carefully(link, data)
    assert quickly(known, data + b"trailer") == carefully(link, data)
    assert known.place & 0xF == tunnel
    assert known.views[known.fetch(data)[0]] >> 2 == tunnel


def test_directions_and_depths_have_views_of_their_own() -> None:
    assert len({view(outbound, depth) for outbound in (None, False, True) for depth in (0, 1)}) == 6


@pytest.mark.parametrize("name", FRAMES)
def test_a_frame_that_ends_early_is_for_the_long_way(name: str) -> None:
    link, data, _ = FRAMES[name]
    known = learnt(link, data)
    for end in range(len(data)):
        assert quickly(known, data[:end]) is None


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(list(FRAMES)), st.data())
def test_what_a_layout_takes_is_read_the_same_whatever_is_changed(name: str, draw: st.DataObject) -> None:
    link, data, _ = FRAMES[name]
    known = learnt(link, data)
    changed = bytearray(data)
    for _ in range(draw.draw(st.integers(1, 3))):
        changed[draw.draw(st.integers(0, known.start))] = draw.draw(st.integers(0, 255))
    found = quickly(known, bytes(changed))
    assert found is None or found == carefully(link, bytes(changed))


@pytest.mark.parametrize("name", FRAMES)
def test_each_octet_before_the_packet_one_by_one(name: str) -> None:
    link, data, _ = FRAMES[name]
    known = learnt(link, data)
    taken = 0
    for at in range(known.start):
        for value in {data[at] ^ 1, data[at] ^ 0x20, data[at] ^ 0x80, 0, 255} - {data[at]}:
            changed = data[:at] + bytes((value,)) + data[at + 1 :]
            found = quickly(known, changed)
            if found is not None:
                taken += 1
                assert found == carefully(link, changed), at
    assert taken


@pytest.mark.parametrize(
    "packet",
    [
        ip4(udp(b"hello, this is no tunnel; there are just enough octets"[:60], 5060), 17),
        ip4(gtp(ip4(ESP_OCTETS)), 17, fragment=0x2000),
        ip4(gtp(ip4(ESP_OCTETS)), 17, fragment=0x0003),
        ip4(gtp(ip4(ESP_OCTETS))[:-1], 17),
        ip4(gtp(b"\x10" + bytes(60)), 17),
        ip4(udp(gtp(ip4(ESP_OCTETS))[8:], SCAT), 17),
        ip4(udp(b"\x32\xff\x00\x50TEID\0\0\0\0" + ip4(ESP_OCTETS)), 17),
        ip4(b"x"),
        b"\x46" + bytes(80),
    ],
)
def test_what_has_no_layout(packet: bytes) -> None:
    for link, wrap in LINKS.values():
        assert stacked(link, wrap(packet)) is None


def test_a_link_layer_that_is_too_long_or_unknown_has_no_layout() -> None:
    assert stacked(105, ip4(ESP_OCTETS)) is None
    tags = b"\x81\x00\x00\x07" * 4
    labels = b"\x88\x47" + b"\0\0\x10\x40" * 12 + b"\0\0\x11\x40"
    assert stacked(ETHERNET, MACS + tags + b"\x08\x00" + ip4(ESP_OCTETS)) is not None
    assert stacked(ETHERNET, MACS + labels + ip4(ESP_OCTETS)) is None
    assert len(MACS + labels) > BEFORE


def test_the_usual_layout() -> None:
    link, data, _ = FRAMES["ethernet  4"]
    assert stacked(link, data) == (Stack(ETHERNET, 14, 0, 0, 4), view(None, 0))
