"""Everything in a capture, as it is written again: it agrees with the walkers, and keeps what they step over."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from pathlib import Path
from struct import pack
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.sources.files import Captures
from analyzer.sources.records import Heading, Other, Packet, Record, Statistics, records
from analyzer.sources.triage import Triage
from analyzer.sources.walker import UnreadableCapture
from tests.sources import build

ORDERS = st.sampled_from("<>")
FRAMES = st.lists(
    st.sampled_from((build.ESP4, build.SIP4)) | st.binary(max_size=40).map(build.ESP4.__add__), max_size=8
)


def everything(folder: Path, octets: bytes, frames: int) -> list[tuple[int, Record]]:
    return list(records(build.write(folder, "x", octets), frames))


def packets(found: Iterable[tuple[int, Record]]) -> list[tuple[int, int, int, bytes, int]]:
    return [
        (number, each.time, each.interface.link, each.data, each.length)
        for number, each in found
        if isinstance(each, Packet)
    ]


def walked(path: str) -> tuple[list[tuple[int, int, int, bytes, int]], int]:
    source = Captures([path], Triage())
    found = [(each.number, each.time, each.link, each.data, each.length) for each in source]
    return found, source.summaries[0].frames


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("records")


@given(FRAMES, ORDERS, st.sampled_from((0xA1B2C3D4, 0xA1B23C4D, 0xA1B2CD34, 0x1C0001AC)), st.integers(0, 9))
@settings(deadline=None)
def test_pcap_agrees_with_the_walker(folder: Path, frames: list[bytes], order: str, magic: int, more: int) -> None:
    octets = build.pcap(frames, order=order, magic=magic, step=1_000_001_000, lengths=more)
    path = build.write(folder, "a.pcap", octets)
    expected, count = walked(path)
    assert count == len(frames)
    assert packets(records(path, count)) == packets(records(path, count, 64)) == expected


@given(
    st.lists(st.tuples(ORDERS, st.sampled_from((6, 9, 0x8A, 3)), st.integers(-5, 5), FRAMES), min_size=1, max_size=3)
)
@settings(deadline=None)
def test_pcapng_agrees_with_the_walker(folder: Path, sections: list[tuple[str, int, int, list[bytes]]]) -> None:
    octets = b""
    for order, resolution, offset, frames in sections:
        per_second = 1 << (resolution & 0x7F) if resolution & 0x80 else 10**resolution
        given_options = (
            build.option(9, bytes([resolution])) if order == "<" else build.option(9, bytes([resolution]), ">")
        )
        given_options += build.option(14, pack(order + "q", offset), order)
        octets += build.section(order) + build.interface(order, 1, 0, given_options)
        for place, frame in enumerate(frames):
            octets += build.enhanced(frame, order, ticks=1_600_000_000 * per_second + place, cut=place)
            octets += build.obsolete(frame, order, ticks=1_600_000_000 * per_second + place)
    path = build.write(folder, "a.pcapng", octets)
    expected, count = walked(path)
    assert packets(records(path, count)) == packets(records(path, count, 64)) == expected


def test_old_record_headers(tmp_path: Path) -> None:
    frames = [build.ESP4, build.SIP4, build.ESP4]
    octets = bytearray(build.pcap([]))
    for number, frame in enumerate(frames):
        octets += pack("<IIII", 1_600_000_000 + number, 0, len(frame), len(frame)) + bytes(8) + frame
    path = build.write(tmp_path, "nokia.pcap", bytes(octets))
    expected, count = walked(path)
    assert count == 3
    assert packets(records(path, 3)) == expected


def test_compressed(tmp_path: Path) -> None:
    octets = gzip.compress(build.pcap([build.RTP, build.ESP4]))
    assert [each[3] for each in packets(everything(tmp_path, octets, 2))] == [build.RTP, build.ESP4]


@pytest.mark.parametrize("order", ["<", ">"])
def test_what_is_said_of_packets_is_kept_in_little_endian(tmp_path: Path, order: Any) -> None:
    def option(code: int, layout: str, *values: Any) -> bytes:
        return build.option(code, pack(order + layout, *values), order)

    beside = option(1, "3s", b"one") + option(1, "3s", b"two") + option(2, "I", 1) + option(4, "Q", 7)
    beside += option(2988, "I4s", 5, b"text") + option(19372, "I", 5) + option(77, "I", 5) + option(2, "H", 1)
    body = pack(order + "IIIII", 0, 0, 5, len(build.ESP4), 99) + build.ESP4 + bytes(-len(build.ESP4) % 4) + beside
    lost = pack(order + "HHIIII", 0, 3, 0, 6, 2, 2) + b"ab\0\0" + option(1, "3s", b"old")
    octets = (
        build.block(0x0A0D0D0A, pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1) + option(1, "2s", b"hi"), order)
        + build.interface(order, 1, 100, option(2, "4s", b"eth0") + option(8, "Q", 10) + option(11, "B3s", 1, b"bpf"))
        + build.block(6, body, order)
        + build.block(2, lost, order)
        + build.simple(b"four", order)
        + build.block(5, pack(order + "III", 0, 0, 9) + option(2, "II", 0, 8) + option(5, "Q", 2), order)
    )
    found = [record for _, record in everything(tmp_path, octets, 3)]
    heading, first, second, third, counted = found
    assert heading == Heading(((1, b"hi"),))
    assert isinstance(first, Packet)
    assert first.interface.options == ((2, b"eth0"), (8, pack("<Q", 10)))
    assert first.interface.snaplen == 100
    numbers = ((2, pack("<I", 1)), (4, pack("<Q", 7)), (2988, pack("<I", 5) + b"text"))
    assert first.options == ((1, b"one"), (1, b"two"), *numbers)
    assert (first.time, first.length) == (5_000, 99)
    assert isinstance(second, Packet)
    assert (second.data, second.time, second.options) == (b"ab", 6_000, ((1, b"old"), (4, pack("<Q", 3))))
    assert isinstance(third, Packet)
    assert (third.data, third.time) == (b"four", 6_000)
    assert isinstance(counted, Statistics)
    assert (counted.time, counted.options) == (9_000, ((2, pack("<II", 0, 8_000)), (5, pack("<Q", 2))))


@pytest.mark.parametrize("order", ["<", ">"])
def test_names_and_what_wireshark_numbers(tmp_path: Path, order: Any) -> None:
    name = pack(order + "HH", 1, 9) + b"\x0a\0\0\1pcscf" + bytes(3) + pack(order + "HH", 0, 0)
    octets = (
        build.section(order)
        + build.block(4, name + build.option(2, b"dns", order), order)
        + build.block(9, b"MESSAGE=x", order)
        + build.block(10, b"secret", order)
        + build.block(0xBAD, pack(order + "I", 7) + b"text", order)
        + build.block(0x40000BAD, pack(order + "I", 7) + b"text", order)
        + build.block(0x123, b"????", order)
    )
    found = everything(tmp_path, octets, 3)
    assert found[1:] == [
        (0, Other(4, pack("<HH", 1, 9) + b"\x0a\0\0\1pcscf" + bytes(7), ((2, b"dns"),), False)),
        (1, Other(9, b"MESSAGE=x" + bytes(3), (), True)),
        (2, Other(0xBAD, pack("<I", 7) + b"text", (), True)),
        (3, Other(0x40000BAD, b"", (), True)),
    ]


def test_no_more_frames_than_were_audited(tmp_path: Path) -> None:
    octets = build.pcap([build.ESP4, build.SIP4, build.RTP])
    assert len(everything(tmp_path, octets, 2)) == 2
    with pytest.raises(UnreadableCapture, match="has changed since it was audited: frame 4 is not there"):
        everything(tmp_path, octets, 5)
    with pytest.raises(UnreadableCapture, match="No such file"):
        next(records(str(tmp_path / "none"), 1))


RICH = (
    build.section(">")
    + build.interface(">", options=build.option(9, b"\x09", ">"))
    + build.enhanced(build.ESP4, ">")
    + build.block(9, b"MESSAGE=x", ">")
    + build.simple(build.SIP4, ">")
    + build.block(5, pack(">III", 0, 0, 9), ">")
    + build.obsolete(build.ESP4, ">")
    + build.section()
    + build.interface()
    + build.enhanced(build.SIP4)
    + build.enhanced(build.RTP)
)
BUILT = st.sampled_from((build.pcap([build.ESP4, build.SIP4, build.RTP, build.ESP4, build.SIP4]), RICH))


@given(
    BUILT, st.lists(st.tuples(st.integers(0, 900), st.binary(min_size=1, max_size=4)), max_size=3), st.integers(0, 900)
)
@settings(max_examples=400, deadline=None)
def test_what_the_walkers_make_of_damage_is_there(
    folder: Path, octets: bytes, damage: list[tuple[int, bytes]], cut: int
) -> None:
    made = bytearray(octets)
    for at, noise in damage:
        at %= len(made)
        made[at : at + len(noise)] = noise
    del made[len(made) - cut % 200 :]
    path = build.write(folder, "damaged", bytes(made))
    try:
        source = Captures([path], Triage())
    except UnreadableCapture:
        return
    kept = {frame.number: (frame.link, frame.data, frame.length) for frame in source}
    frames = source.summaries[0].frames
    found = list(records(path, frames))
    numbered = [
        number for number, each in found if isinstance(each, Packet) or (isinstance(each, Other) and each.numbered)
    ]
    assert numbered == list(range(1, frames + 1))
    there = {
        number: (each.interface.link, each.data, each.length) for number, each in found if isinstance(each, Packet)
    }
    assert kept.items() <= there.items()
