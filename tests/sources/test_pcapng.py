from __future__ import annotations

from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.frame import Frame
from analyzer.sources.blocks import NUMBERED
from analyzer.sources.walker import MAX_LINKS, UnreadableCapture
from tests.sources.build import (
    ESP4,
    RTP,
    SECOND,
    SIP4,
    START,
    block,
    cooked,
    enhanced,
    ip4,
    obsolete,
    option,
    pcapng,
    read,
    section,
    simple,
    split,
)
from tests.sources.build import interface as description

FRAMES = [RTP, SIP4, b"", RTP, ESP4]


@pytest.mark.parametrize("order", ["<", ">"])
def test_enhanced_packets(order: str) -> None:
    frames, summary = read(pcapng(FRAMES, order=order))
    assert frames == [
        Frame(0, 2, START + SECOND, 1, SIP4, len(SIP4)),
        Frame(0, 5, START + 4 * SECOND, 1, ESP4, len(ESP4)),
    ]
    assert (summary.frames, summary.first, summary.last) == (5, START, START + 4 * SECOND)
    assert (summary.skipped, summary.notices) == ({"not signalling": 3}, [])


def test_a_frame_that_was_cut_tells_its_length() -> None:
    frames, _ = read(section() + description() + enhanced(SIP4[:60], cut=40))
    assert (frames[0].data, frames[0].length) == (SIP4[:60], 100)


def test_sections_have_their_own_byte_order_interfaces_and_time() -> None:
    sll = cooked(ip4(50, bytes(40)))
    frames, summary = read(
        pcapng([SIP4, RTP])
        + section(">")
        + description(">", 113, options=option(9, b"\x09", ">") + option(0, b"", ">"))
        + enhanced(sll, ">", ticks=START + 7)
        + section("<")
        + description("<", 1)
        + enhanced(ESP4)
    )
    assert [(frame.number, frame.time, frame.link, frame.data) for frame in frames] == [
        (1, START, 1, SIP4),
        (3, START + 7, 113, sll),
        (4, START, 1, ESP4),
    ]
    assert (summary.frames, summary.last) == (4, START)


def test_interfaces_may_alternate() -> None:
    sll, raw = cooked(ip4(50, bytes(40))), ip4(50, bytes(50))
    octets = section() + description(link=1) + description(link=113) + description(link=147) + description(link=101)
    for _ in range(3):
        octets += enhanced(SIP4) + enhanced(sll, index=1) + enhanced(RTP) + enhanced(RTP, index=2)
        octets += enhanced(ESP4, index=2) + enhanced(raw, index=3) + enhanced(RTP, index=3)
    frames, summary = read(octets)
    assert [(frame.number, frame.link, frame.data) for frame in frames] == [
        (7 * turn + number, link, data)
        for turn in range(3)
        for number, link, data in ((1, 1, SIP4), (2, 113, sll), (6, 101, raw))
    ]
    assert summary.skipped == {"not signalling": 6, "link type not supported: number 147": 6}
    assert read(octets, capacity=200, most=150) == (frames, summary)


@pytest.mark.parametrize("order", ["<", ">"])
def test_simple_packets_take_the_time_of_the_frame_before(order: str) -> None:
    frames, summary = read(
        section(order)
        + description(order)
        + simple(ESP4, order)
        + enhanced(SIP4, order)
        + simple(ESP4, order)
        + simple(RTP, order)
    )
    assert [(frame.number, frame.time, frame.data) for frame in frames] == [
        (1, 0, ESP4),
        (2, START, SIP4),
        (3, START, ESP4),
    ]
    assert (summary.frames, summary.first, summary.last) == (4, START, START)
    assert summary.timeless == 2, "of the frames that were kept"
    assert summary.notices == [
        "frames without a time, or with one that cannot be: 2; they take that of the frame before"
    ]


@pytest.mark.parametrize("order", ["<", ">"])
def test_obsolete_packets(order: str) -> None:
    frames, summary = read(
        section(order)
        + description(order, 147)
        + description(order)
        + obsolete(ESP4, order, 1)
        + obsolete(RTP, order, 1, ticks=START // 1000 + 1)
        + obsolete(ESP4, order, 0, ticks=START // 1000 + 2)
    )
    assert frames == [Frame(0, 1, START, 1, ESP4, len(ESP4))]
    assert summary.skipped == {"not signalling": 1, "link type not supported: number 147": 1}
    assert (summary.first, summary.last) == (START, START + 2000)


@pytest.mark.parametrize("kind", [0x0A, 0x04, 0x80000001, 0x216])
def test_blocks_of_other_types_are_stepped_over(kind: int) -> None:
    other = block(kind, b"whatever it is")
    frames, summary = read(section() + other + description() + other + enhanced(SIP4) + other + enhanced(ESP4) + other)
    assert [frame.number for frame in frames] == [1, 2]
    assert (summary.frames, summary.notices) == (2, [])


@pytest.mark.parametrize("kind", sorted(NUMBERED))
def test_blocks_that_wireshark_numbers_are_numbered(kind: int) -> None:
    frames, summary = read(section() + description() + block(kind, bytes(8)) + enhanced(SIP4))
    assert [frame.number for frame in frames] == [2]
    assert (summary.frames, summary.skipped) == (2, {"not a packet": 1})


@pytest.mark.parametrize("order", ["<", ">"])
def test_frames_lost_while_capturing_become_a_notice(order: str) -> None:
    def lost(index: int, by_interface: int, by_system: int) -> bytes:
        options = option(5, pack(order + "Q", by_interface), order) + option(7, pack(order + "Q", by_system), order)
        return block(5, pack(order + "III", index, 0, 0) + options, order)

    part = section(order) + description(order) + description(order) + enhanced(SIP4, order)
    _, summary = read(part + lost(0, 1, 0) + lost(0, 3, 1) + lost(1, 2, 0) + part + lost(1, 10, 100))
    assert summary.drops == 116
    assert summary.notices == [
        "the recorder lost 116 frames (15 by the interface, 101 by the system): what is missing here may have been sent"
    ]
    _, summary = read(part + lost(0, 0, 0))
    assert (summary.drops, summary.notices) == (0, []), "it says that there were none"
    assert read(part)[1].drops is None, "it says nothing"


@pytest.mark.parametrize("capacity", [64, 100, 171, 1000])
@pytest.mark.parametrize("most", [1, 7, 1000])
def test_blocks_may_lie_across_buffers(capacity: int, most: int) -> None:
    octets = pcapng(FRAMES * 3) + block(10, bytes(300)) + simple(ESP4) + pcapng(FRAMES, order=">")
    assert read(octets, capacity=capacity, most=most) == read(octets)


def test_a_capture_cut_at_any_octet_is_read_up_to_there() -> None:
    parts = [section(), description(), enhanced(RTP), enhanced(SIP4), block(10, bytes(9)), simple(RTP), enhanced(ESP4)]
    ends = [sum(map(len, parts[:count])) for count in range(len(parts) + 1)]
    for octets in split(b"".join(parts)):
        if len(octets) < 28:
            with pytest.raises(UnreadableCapture, match=r"^x: "):
                read(octets)
            continue
        frames, summary = read(octets)
        whole = max(count for count, end in enumerate(ends) if end <= len(octets))
        assert summary.frames == (0, 0, 0, 1, 2, 2, 3)[whole]
        assert [frame.number for frame in frames] == [2] * (whole >= 4)
        cut = len(octets) not in ends
        said = f"ends in the middle of the record of frame {summary.frames + 1}: "
        assert any(notice.startswith(said) for notice in summary.notices) is cut
        assert summary.skipped.get("truncated record", 0) == cut


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (enhanced(SIP4, index=3), "interface 3 is not described"),
        (enhanced(SIP4)[:20] + pack("<I", 100_000) + enhanced(SIP4)[24:], "a frame of 100000 octets in a block of 100"),
        (block(10, b"", total=4), "a block of type 0xa claims 4 octets"),
        (block(6, bytes(40), total=0x7FFFFFFF), "a block of type 0x6 claims 2147483647 octets"),
        (section(major=9), "a section of version 9.0"),
        (section() + enhanced(SIP4), "interface 0 is not described"),
    ],
)
def test_damage_ends_reading(damage: bytes, problem: str) -> None:
    frames, summary = read(pcapng([SIP4, RTP]) + damage + enhanced(ESP4))
    assert [frame.number for frame in frames] == [1]
    assert (summary.frames, summary.skipped, summary.last) == (2, {"not signalling": 1}, START + SECOND)
    assert summary.notices == [
        f"damaged before frame 3, and read only up to there: {problem}; "
        "if Wireshark reads more: editcap -F pcapng x x.pcapng"
    ]


@pytest.mark.parametrize(
    ("octets", "problem"),
    [
        (section(major=2), "x: begins with a section of version 2.0; .*editcap"),
        (block(0x0A0D0D0A, bytes(16)), "x: begins with a section without byte-order mark; .*editcap"),
    ],
)
def test_a_first_section_that_nobody_can_read(octets: bytes, problem: str) -> None:
    with pytest.raises(UnreadableCapture, match=problem):
        read(octets)


@pytest.mark.parametrize("length", [0, 1, 28, 1 << 40, (1 << 63) - 1, -2])
@pytest.mark.parametrize("order", ["<", ">"])
def test_the_length_of_a_section_is_not_believed(length: int, order: str) -> None:
    start = block(0x0A0D0D0A, pack(order + "IHHq", 0x1A2B3C4D, 1, 0, length), order)
    frames, summary = read(start + description(order) + enhanced(SIP4, order) + pcapng([ESP4]))
    assert [frame.data for frame in frames] == [SIP4, ESP4]
    assert summary.notices == []


def test_link_types_without_end_are_counted_together() -> None:
    octets = section() + b"".join(description(link=1000 + index) for index in range(100))
    octets += b"".join(enhanced(SIP4, index=index) for index in range(100))
    frames, summary = read(octets)
    assert frames == []
    assert summary.frames == 100
    assert len(summary.skipped) == MAX_LINKS + 1
    assert summary.skipped["other link types that are not supported"] == 100 - MAX_LINKS


@given(st.binary(max_size=400), st.sampled_from("<>"), st.sampled_from([1, 101, 113, 276, 147]))
def test_any_blocks_give_frames_and_a_summary(octets: bytes, order: str, link: int) -> None:
    frames, summary = read(section(order) + description(order, link) + octets, capacity=64, most=50)
    assert len(frames) <= summary.frames <= len(octets) // 12


@given(st.data())
def test_a_valid_capture_with_changed_octets_gives_frames_and_a_summary(data: st.DataObject) -> None:
    order = data.draw(st.sampled_from("<>"))
    valid = (
        pcapng(FRAMES, order=order)
        + description(order, 113)
        + enhanced(cooked(ip4(50, bytes(20))), order, 1)
        + block(5, pack(order + "III", 0, 0, 0) + option(5, bytes(8), order), order)
        + simple(SIP4, order)
        + obsolete(ESP4, order)
        + section(">")
        + description(">")
        + enhanced(SIP4, ">")
    )
    octets = bytearray(valid)
    for _ in range(data.draw(st.integers(1, 4))):
        octets[data.draw(st.integers(28, len(octets) - 1))] = data.draw(st.integers(0, 255))
    frames, summary = read(bytes(octets))
    counted = sum(summary.skipped.values()) - summary.skipped.get("truncated record", 0)
    assert len(frames) + counted == summary.frames
    assert len(summary.notices) <= 3


def test_interfaces_that_are_alike_are_walked_over_together() -> None:
    """A third one has another link type, a fourth another clock."""
    octets = section() + description() * 2 + description(link=101) + description(options=option(9, b"\x09"))
    expected = []
    for number in range(40):
        index = (0, 1, 2, 3, 1, 0, 1)[number % 7]
        frame = SIP4 if number % 3 else RTP
        ticks = START // 1000 + number
        octets += enhanced(
            frame[14:] if index == 2 else frame, index=index, ticks=ticks * 1000 if index == 3 else ticks
        )
        if number % 3:
            expected.append((number + 1, START + number * 1000, 101 if index == 2 else 1))
    frames, summary = read(octets)
    assert [(frame.number, frame.time, frame.link) for frame in frames] == expected
    assert (summary.frames, summary.first, summary.last) == (40, START, START + 39_000)
