"""What a pcapng capture tells of its own quality: losses, times that cannot be, cut frames; and what it may claim."""

from __future__ import annotations

from struct import pack

import pytest

from analyzer.sources.triage import SLACK
from analyzer.sources.walker import NEVER
from analyzer.sources.window import BLOCK
from tests.sources.build import (
    ESP4,
    RTP,
    SECOND,
    SIP4,
    START,
    block,
    enhanced,
    obsolete,
    option,
    pcap,
    read,
    section,
    simple,
    walk,
)
from tests.sources.build import interface as description


def said(order: str = "<", index: int = 0, **counters: int) -> bytes:
    """Interface statistics: ``received`` (4), ``interface`` (5) and ``system`` (7)."""
    codes = {"received": 4, "interface": 5, "system": 7}
    options = b"".join(option(codes[name], pack(order + "Q", value), order) for name, value in counters.items())
    return block(5, pack(order + "III", index, 0, 0) + options, order)


def with_options(frame: bytes, options: bytes, order: str = "<", index: int = 0, second: int = 0) -> bytes:
    high, low = divmod(START // 1000 + second * 1_000_000, 1 << 32)
    body = pack(order + "IIIII", index, high, low, len(frame), len(frame)) + frame + bytes(-len(frame) % 4)
    return block(6, body + options, order)


class TestDrops:
    def test_what_is_not_known_is_none(self) -> None:
        start = section() + description()
        unknown = (1 << 64) - 1
        assert read(start + said(received=7))[1].drops is None
        assert read(start + said(interface=unknown))[1].drops is None
        assert read(start + said(interface=unknown, system=3))[1].drops == 3
        assert read(start + block(5, pack("<III", 0, 0, 0) + option(5, b"1234")))[1].drops is None

    @pytest.mark.parametrize("order", ["<", ">"])
    def test_packets_tell_what_was_lost_before_them(self, order: str) -> None:
        def lost(frame: bytes, count: int) -> bytes:
            flags, ends = option(2, bytes(4), order), option(0, b"", order)
            return with_options(frame, flags + option(4, pack(order + "Q", count), order) + ends, order)

        frames, summary = read(
            section(order)
            + description(order)
            + lost(SIP4, 0)
            + lost(RTP, 7)
            + with_options(RTP, option(2, b"\4\0\10\0", order), order)
            + enhanced(ESP4, order)
            + lost(ESP4[:-1], 1)
        )
        assert [frame.number for frame in frames] == [1, 4, 5]
        assert (summary.frames, summary.drops) == (5, 8)
        assert summary.notices == ["the recorder lost 8 frames: what is missing here may have been sent"]

    @pytest.mark.parametrize("capacity", [150, 171, 200, 1000])
    def test_each_packet_is_counted_once_wherever_buffers_end(self, capacity: int) -> None:
        lost = with_options(SIP4, option(4, pack("<Q", 1)))
        octets = (
            section() + description() + description() + (lost + with_options(RTP, option(4, b"?" * 8), index=1)) * 20
        )
        expected = read(octets)
        assert expected[1].drops == 20 + 20 * int.from_bytes(b"?" * 8)
        assert read(octets, capacity=capacity, most=37) == expected

    def test_obsolete_packets_tell_it_too(self) -> None:
        unknown = obsolete(ESP4).replace(pack("<HH", 0, 9), pack("<HH", 0, 0xFFFF))
        assert read(section() + description() + obsolete(ESP4) * 2 + unknown)[1].drops == 18
        assert read(section() + description() + unknown)[1].drops is None

    def test_packets_and_statistics_tell_of_the_same_losses(self) -> None:
        start = section() + description() + description()
        packets = with_options(SIP4, option(4, pack("<Q", 5)))
        assert read(start + packets + said(interface=3, system=4))[1].drops == 7
        assert read(start + packets + said(interface=3))[1].drops == 5
        assert read(start + packets + said(index=1, interface=3))[1].drops == 8


class TestTimes:
    LATE = description(options=option(9, b"\0"))
    """An interface that counts seconds: 64 bits of them reach into the year 584 thousand million."""

    def test_a_time_that_cannot_be_is_that_of_the_frame_before(self) -> None:
        frames, summary = read(
            section()
            + description()
            + self.LATE
            + enhanced(SIP4, index=1, ticks=(1 << 64) - 1)
            + enhanced(SIP4)
            + enhanced(RTP, index=1, ticks=(1 << 64) - 1)
            + enhanced(ESP4, index=1, ticks=(1 << 63))
            + enhanced(ESP4, ticks=START // 1000 + 5)
        )
        assert [frame.time for frame in frames] == [0, START, START, START + 5000]
        assert (summary.first, summary.last, summary.timeless) == (START, START + 5000, 2)
        assert summary.backwards == 0
        assert summary.notices == [
            "frames without a time, or with one that cannot be: 2; they take that of the frame before"
        ]

    def test_an_offset_that_leads_before_the_epoch(self) -> None:
        early = description(options=option(14, pack("<q", -1 << 40)))
        frames, summary = read(section() + early + enhanced(SIP4) + enhanced(ESP4))
        assert [frame.time for frame in frames] == [0, 0]
        assert (summary.first, summary.last, summary.timeless) == (None, None, 2)

    def test_frames_without_a_time_take_part_in_the_timeline(self) -> None:
        walker, _ = walk(section() + self.LATE + enhanced(SIP4, ticks=1 << 63) + simple(ESP4) + simple(ESP4))
        walker.limit = NEVER
        frames = walker.frames()
        assert next(frames) is None
        assert walker.reached == 0
        walker.limit = 0
        assert [frame.number for frame in frames if frame] == [1, 2, 3]

    def test_steps_back(self) -> None:
        octets = section() + description() + description()
        for second, frame in ((5, SIP4), (2, RTP), (6, ESP4), (3, SIP4)):
            octets += enhanced(frame, index=second % 2, ticks=START // 1000 + second * 1_000_000)
        octets += obsolete(SIP4, ticks=START // 1000 + 1_000_000) + simple(SIP4)
        _, summary = read(octets)
        assert (summary.backwards, summary.furthest_back) == (2, 3 * SECOND)
        assert read(octets, capacity=200, most=41)[1] == summary


def test_cut_frames_of_all_three_kinds_are_counted() -> None:
    octets = section() + description(snaplen=60)
    octets += (
        enhanced(SIP4[:60], cut=1) + enhanced(RTP[:50], cut=1) + simple(SIP4[:60], length=len(SIP4)) + enhanced(SIP4)
    )
    frames, summary = read(octets)
    assert [frame.length - len(frame.data) for frame in frames] == [1, len(SIP4) - 60, 0]
    assert (summary.cut, summary.snaplen) == (2, 60)


@pytest.mark.parametrize("order", ["<", ">"])
def test_options_whose_lengths_lie_harm_nothing(order: str) -> None:
    lies = [pack(order + "HH", code, 0xFFFF) for code in (1, 2, 4, 5, 9, 11, 14)]
    octets = section(order)
    for lie in lies:
        octets += description(order, options=lie) + block(5, pack(order + "III", 0, 0, 0) + lie, order)
        octets += with_options(SIP4, lie * 3, order)
    frames, summary = read(octets)
    assert [frame.time for frame in frames] == [START] * len(lies)
    assert (summary.drops, summary.notices) == (None, [])


MILLION = 1_000_000
INTERFACE = section() + description()


@pytest.mark.parametrize(
    ("octets", "frames"),
    [
        (pcap([]) + bytes(16) * MILLION, MILLION),
        (INTERFACE + enhanced(b"") * MILLION, MILLION),
        (INTERFACE + block(77, b"") * (MILLION // 4), 0),
        (INTERFACE * (MILLION // 10) + enhanced(b""), 1),
        (section() + description() * MILLION, 0),
    ],
    ids=["records", "packets", "unknown blocks", "sections", "interfaces"],
)
def test_a_million_of_anything_needs_one_buffer(octets: bytes, frames: int) -> None:
    walker, summary = walk(octets)
    assert sum(1 for _ in walker.frames()) == 0
    assert summary.frames == frames
    assert len(walker._window.buffer) == BLOCK + SLACK
    assert len(summary.notices) <= 1
