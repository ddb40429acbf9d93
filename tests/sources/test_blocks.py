from __future__ import annotations

import pytest

from analyzer.sources.blocks import (
    INTERFACE,
    MAX_INTERFACES,
    MAX_JUDGES,
    OBSOLETE_PACKET,
    PACKET,
    SIMPLE_PACKET,
    Damaged,
    Interface,
    Judges,
    Section,
)
from analyzer.sources.triage import SLACK, Triage
from analyzer.sources.walker import FOREVER, NEVER
from tests.sources.build import SECOND, SIP4, START, block, enhanced, obsolete, option, section, simple
from tests.sources.build import interface as description


def a_section(order: str = "<", *options: bytes) -> Section:
    made = Section(Judges(Triage()), section(order), 0)
    for each in options or (b"",):
        octets = description(order, options=each)
        made.describe(octets, 0, len(octets))
    return made


def interface(resolution: bytes = b"", offset: bytes = b"") -> Interface:
    return Interface(Judges(Triage()), "<", 1, 0, {9: resolution, 14: offset} if resolution else {14: offset})


@pytest.mark.parametrize(
    ("resolution", "ticks", "time"),
    [
        (b"", 1_500_000, 1_500_000_000),
        (b"\x06", 1_500_000, 1_500_000_000),
        (b"\x09", START, START),
        (b"\x03", 1500, 1_500_000_000),
        (b"\x00", 1_600_000_000, START),
        (b"\x0c", 1_500_000_000_999, 1_500_000_000),
        (b"\x7f", 1 << 63, 0),
        (b"\x80", 3, 3 * SECOND),
        (b"\x8a", 1024 + 512, 1_500_000_000),
        (b"\xa0", (3 << 32) + (1 << 31), 3_500_000_000),
        (b"\xff", (1 << 64) - 1, 0),
    ],
)
def test_resolution_in_powers_of_ten_and_two(resolution: bytes, ticks: int, time: int) -> None:
    assert interface(resolution).time(*divmod(ticks, 1 << 32)) == time


def test_offset_in_seconds() -> None:
    assert interface(offset=(1_600_000_000).to_bytes(8, "little")).time(0, 5) == START + 5000
    assert interface(offset=(-2).to_bytes(8, "little", signed=True)).time(0, 3_000_000) == SECOND


def test_times_that_cannot_be_are_none() -> None:
    assert interface(b"\x09").time(*divmod(FOREVER, 1 << 32)) == FOREVER
    assert interface(b"\x09").time(*divmod(FOREVER + 1, 1 << 32)) == NEVER, "the year 2262"
    assert interface(b"\x00").time(0xFFFFFFFF, 0xFFFFFFFF) == NEVER, "the year 584 thousand million"
    assert interface(offset=(-1).to_bytes(8, "little", signed=True)).time(0, 1_000_000) == 0
    assert interface(offset=(-1).to_bytes(8, "little", signed=True)).time(0, 999_999) == NEVER
    assert interface(offset=(-1 << 63).to_bytes(8, "little", signed=True)).time(0, 0) == NEVER
    assert interface(offset=((1 << 63) - 1).to_bytes(8, "little", signed=True)).time(0, 0) == NEVER


@pytest.mark.parametrize("order", ["<", ">"])
def test_packets_of_all_three_kinds(order: str) -> None:
    made = a_section(order)
    for kind, octets, start, time in (
        (PACKET, enhanced(SIP4, order), 28, START),
        (OBSOLETE_PACKET, obsolete(SIP4, order), 28, START),
        (SIMPLE_PACKET, simple(SIP4, order), 12, NEVER),
    ):
        assert made.block(octets, 0, len(octets)) == (kind, len(octets))
        packet = made.packet(kind, octets + bytes(SLACK), 0, len(octets))
        assert packet == (made.interfaces[0], time, start, start + len(SIP4), len(SIP4))


def test_a_simple_packet_is_cut_by_its_interface() -> None:
    made = Section(Judges(Triage()), section(), 0)
    octets = description(snaplen=50)
    made.describe(octets, 0, len(octets))
    octets = simple(SIP4[:50], length=len(SIP4))
    packet = made.packet(SIMPLE_PACKET, octets + bytes(SLACK), 0, len(octets))
    assert (packet.end - packet.start, packet.length) == (50, len(SIP4))


def test_options_may_stand_in_any_order_and_end_anyhow() -> None:
    resolution, name = option(9, b"\x09"), option(2, b"eth0")
    for options in (
        resolution,
        name + resolution,
        resolution + option(0, b"") + option(9, b"\x03"),
        resolution + b"\x09\x00\xff\xff",
        option(9, b"") + resolution + b"\x09",
    ):
        assert a_section("<", options).interfaces[0].time(0, 7) == 7


def test_a_block_is_whole_or_waited_for() -> None:
    octets = enhanced(SIP4)
    made = a_section()
    assert {made.block(octets, 0, end)[1] for end in range(len(octets))} == {0}
    assert made.block(octets, 0, len(octets)) == (PACKET, len(octets))


@pytest.mark.parametrize(
    ("octets", "problem"),
    [
        (block(0x0A0D0D0A, bytes(16)), "a section without byte-order mark"),
        (block(INTERFACE, bytes(4)), "a block of type 0x1 claims 16 octets"),
        (block(PACKET, bytes(16)), "a block of type 0x6 claims 28 octets"),
        (block(77, bytes(16), total=8), "a block of type 0x4d claims 8 octets"),
        (block(77, bytes(16), total=0xFFFFFFFC), "a block of type 0x4d claims 4294967292 octets"),
        (block(77, bytes(16))[:-4] + bytes(4), "a block of type 0x4d has two different lengths"),
    ],
)
def test_blocks_that_nobody_can_trust(octets: bytes, problem: str) -> None:
    with pytest.raises(Damaged) as raised:
        a_section().block(octets, 0, len(octets))
    assert str(raised.value) == problem


@pytest.mark.parametrize(("kind", "octets"), [(PACKET, enhanced(SIP4)), (SIMPLE_PACKET, simple(SIP4))])
def test_a_frame_that_does_not_fit_into_its_block(kind: int, octets: bytes) -> None:
    with pytest.raises(Damaged, match=f"a frame of {len(SIP4)} octets in a block of"):
        a_section().packet(kind, octets + bytes(SLACK), 0, len(octets) - 4)


def test_a_packet_of_an_interface_that_is_not_described() -> None:
    octets = enhanced(SIP4, index=1)
    with pytest.raises(Damaged, match="interface 1 is not described"):
        a_section().packet(PACKET, octets, 0, len(octets))


@pytest.mark.parametrize(("major", "minor", "good"), [(1, 0, True), (1, 2, True), (1, 1, False), (2, 0, False)])
def test_versions(major: int, minor: int, good: bool) -> None:
    octets = section(major=major, minor=minor)
    if good:
        assert Section(Judges(Triage()), octets, 0).order == "<"
    else:
        with pytest.raises(Damaged, match=f"a section of version {major}.{minor}"):
            Section(Judges(Triage()), octets, 0)


def test_frames_of_one_kind_have_one_judge() -> None:
    judges = Judges(Triage())
    assert judges.of("<", 1, 10**6) is judges.of("<", 1, 10**6)
    assert (
        len({judges.of(*kind) for kind in (("<", 1, 10**6), (">", 1, 10**6), ("<", 113, 10**6), ("<", 1, 10**9))}) == 4
    )
    for link in range(1000, 1000 + 2 * MAX_JUDGES):
        assert not judges.of("<", link, 10**6).shape.known
    assert len(judges._known) == MAX_JUDGES
    assert judges.of("<", 276, 10**6).shape.known


def test_interfaces_have_a_limit() -> None:
    made = a_section()
    octets = description()
    made.interfaces *= MAX_INTERFACES
    with pytest.raises(Damaged, match=f"more than {MAX_INTERFACES} interfaces"):
        made.describe(octets, 0, len(octets))
