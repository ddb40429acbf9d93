"""The order of octets in one direction, tested through the tracker."""

from __future__ import annotations

import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.frame import FrameRef
from analyzer.network import stream, tcp
from analyzer.network.tcp import Data, Hole
from tests.network.build import MILLISECOND
from tests.network.wire import FIN, SYN, Wire, brief

BOTH = pytest.mark.parametrize("by", [0, 1])


def opened() -> Wire:
    wire = Wire()
    wire.open()
    return wire


@BOTH
def test_in_order(by: int) -> None:
    wire = opened()
    assert brief(wire.send(by, 0, b"REGISTER ")) == [(0, b"REGISTER ")]
    assert brief(wire.send(by, 9, b"sip:x")) == [(9, b"sip:x")]
    assert wire.send(by, 14) == []
    assert wire.stream(by) == b"REGISTER sip:x"


@BOTH
def test_out_of_order(by: int) -> None:
    wire = opened()
    assert wire.send(by, 6, b"ef") == []
    assert wire.send(by, 3, b"cd") == []
    assert wire.tracker.waiting == 1
    assert brief(wire.send(by, 0, b"abc")) == [(0, b"abc"), (3, b"cd")]
    assert brief(wire.send(by, 5, b"x")) == [(5, b"x"), (6, b"ef")]
    assert wire.tracker.waiting == 0


@BOTH
def test_every_piece_keeps_its_segment(by: int) -> None:
    wire = opened()
    wire.send(by, 3, b"second", tag="SA 2")
    events = wire.send(by, 0, b"one", tag="SA 1")
    assert [(event.tag, event.at.number) for event in events if isinstance(event, Data)] == [("SA 1", 5), ("SA 2", 4)]


@BOTH
def test_retransmissions_add_nothing(by: int) -> None:
    wire = opened()
    wire.send(by, 0, b"abcdef")
    assert wire.send(by, 0, b"abcdef") == []
    assert wire.send(by, 2, b"cd") == []
    assert brief(wire.send(by, 0, b"abcdefgh")) == [(6, b"gh")]
    assert brief(wire.send(by, 4, b"efghij")) == [(8, b"ij")]


@BOTH
def test_keep_alives_are_no_data(by: int) -> None:
    wire = opened()
    assert wire.send(by, -1, b"\0") == []
    wire.send(by, 0, b"abc")
    assert wire.send(by, 2, b"\0") == []
    assert wire.send(by, 2) == []
    assert brief(wire.send(by, 3, b"d")) == [(3, b"d")]


def test_the_first_copy_wins() -> None:
    wire = opened()
    wire.send(0, 4, b"EFGH")
    wire.send(0, 2, b"cdef")
    wire.send(0, 6, b"ghij")
    wire.send(0, 0, b"abcdefghijkl")
    assert wire.stream(0) == b"abcdEFGHijkl"
    assert not wire.holes


def test_a_segment_may_fill_several_holes_at_once() -> None:
    wire = opened()
    wire.send(0, 2, b"C")
    wire.send(0, 5, b"F")
    events = wire.send(0, 1, b"bcdefgh")
    assert events == []
    assert brief(wire.send(0, 0, b"a")) == [(0, b"a"), (1, b"b"), (2, b"C"), (3, b"de"), (5, b"F"), (6, b"gh")]


def test_sequence_numbers_wrap_around() -> None:
    wire = opened()
    text = bytes(range(256)) * 4
    for start in (0, 300, 200, 100, 400):
        wire.send(1, start, text[start : start + 100])
    assert wire.stream(1) == text[:500]
    wire.send(0, 0, ack=500)
    assert wire.tracker.acknowledged(connection(wire), 1) == 500


def connection(wire: Wire) -> tcp.Connection:
    return wire.events[0].connection


def test_a_hole_is_believed_after_some_time() -> None:
    wire = opened()
    wire.send(0, 0, b"abc")
    wire.send(0, 5, b"fgh")
    wire.send(0, 10, b"klm")
    number = wire.number
    assert wire.tracker.advance(wire.time) == []
    first = wire.time - MILLISECOND
    assert wire.tracker.advance(first + tcp.WAITING_TIME - 1) == []
    now = first + tcp.WAITING_TIME
    events = wire.tracker.advance(now)
    assert brief(events) == [("hole", 2), (5, b"fgh")]
    assert isinstance(events[0], Hole) and events[0].at == FrameRef(0, number - 1, first)
    # The next hole has a wait of its own.
    assert wire.tracker.advance(now + tcp.WAITING_TIME - 1) == []
    assert brief(wire.tracker.advance(now + tcp.WAITING_TIME)) == [("hole", 2), (10, b"klm")]
    assert wire.tracker.waiting == 0
    assert wire.send(0, 3, b"de") == []
    assert brief(wire.send(0, 13, b"n")) == [(13, b"n")]


def test_a_hole_is_believed_after_many_segments() -> None:
    wire = opened()
    for number in range(stream.WAITING_SEGMENTS):
        assert wire.send(0, 10 + 2 * number, b"x") == []
    assert brief(wire.send(0, 1000, b"y")) == [("hole", 10), (10, b"x")]
    assert wire.tracker.waiting == 1


def test_a_hole_is_believed_after_many_octets() -> None:
    wire = opened()
    half = bytes(stream.WAITING_OCTETS // 2)
    assert wire.send(0, 1, half) == []
    assert wire.send(0, 1 + len(half), half) == []
    assert brief(wire.send(0, 1 + 2 * len(half), b"x")) == [
        ("hole", 1),
        (1, half),
        (1 + len(half), half),
        (1 + 2 * len(half), b"x"),
    ]


def test_what_was_acknowledged_was_lost_for_the_capture_alone() -> None:
    wire = opened()
    wire.send(0, 0, b"abc")
    wire.send(0, 5, b"fgh")
    assert wire.send(1, 0, ack=4) == []
    events = wire.send(1, 0, b"answer", ack=8)
    assert brief(events) == [("hole", 2), (5, b"fgh"), (0, b"answer")]
    assert [event.by for event in events if not isinstance(event, tcp.Closing)] == [0, 0, 1]
    wire.send(1, 6, ack=20)
    assert brief(wire.send(0, 18, b"xyz")) == [("hole", 10), (18, b"xyz")]


def test_the_end_of_the_capture_delivers_what_waits() -> None:
    wire = opened()
    wire.send(0, 3, b"d")
    wire.send(0, 6, b"g")
    wire.send(1, 1, b"B")
    assert brief(wire.tracker.close()) == [("hole", 3), (3, b"d"), ("hole", 2), (6, b"g"), ("hole", 1), (1, b"B")]
    assert wire.tracker.close() == []


def test_what_waits_keeps_nothing_else_of_its_segment() -> None:
    wire = opened()
    tracemalloc.start()
    for number in range(stream.WAITING_SEGMENTS):
        wire.send(0, 10, bytes(40_000 + number))
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert wire.tracker.waiting == 1
    assert held < 200_000


def test_waiting_is_limited_over_all_connections() -> None:
    wire = Wire()
    size = 60_000
    held = tcp.WAITING_TOTAL // (size + stream.OVERHEAD)
    for port in range(held + 2):
        ends = ((b"\n\0\0\1", port), (b"\n\0\0\2", 5060))
        wire.send(0, -1, flags=SYN, ack=None, ends=ends)
        wire.send(0, 1, bytes(size), ends=ends)
    assert wire.holes == [(0, 1)] * 2
    assert wire.tracker.waiting == held
    assert wire.tracker.evicted == 2
    assert wire.told == [tcp.OVERFLOW] * 2
    wire.events.extend(wire.tracker.close())
    assert len(wire.holes) == held + 2
    assert wire.tracker._octets == 0


def test_streams_without_beginning_start_at_their_first_payload() -> None:
    wire = Wire()
    assert wire.send(0, 500) == []
    assert brief(wire.send(0, 500, b"abc", ack=70)) == [(0, b"abc")]
    assert brief(wire.send(1, 70, b"xyz", ack=503)) == [(0, b"xyz")]
    assert brief(wire.send(0, 503, b"def", ack=73)) == [(3, b"def")]
    assert wire.send(0, 400, b"before") == []
    assert wire.tracker.acknowledged(connection(wire), 0) == 3
    assert wire.tracker.acknowledged(connection(wire), 1) == 3


def test_an_acknowledgement_that_came_before_the_stream_counts() -> None:
    for ack, offset in ((104, 4), (100, 0), (90, 0)):
        wire = Wire()
        wire.send(1, 0, ack=ack)
        (event,) = wire.send(0, 100, b"abcd")
        assert wire.tracker.acknowledged(event.connection, 1) == offset


def test_no_stream_begins_with_a_keep_alive() -> None:
    wire = Wire()
    wire.send(0, 500)
    assert wire.send(0, 499, b"\0") == []
    assert brief(wire.send(0, 500, b"abc")) == [(0, b"abc")]
    wire = Wire()
    wire.send(1, 0, ack=500)
    assert wire.send(0, 499, b"\0") == []
    assert brief(wire.send(0, 500, b"a")) == [(0, b"a")]


def test_segments_from_far_away_are_ignored() -> None:
    wire = opened()
    wire.send(0, 0, b"abc")
    for offset in (tcp.FAR + 10, 2**31, -tcp.FAR - 10):
        assert wire.send(0, offset, b"evil") == []
    assert wire.tracker.strays == 3
    assert wire.tracker.waiting == 0
    assert brief(wire.send(0, 3, b"def", FIN)) == [(3, b"def"), (0, "FIN")]


def test_acknowledgements_from_far_away_are_ignored() -> None:
    wire = opened()
    wire.send(0, 0, b"abc")
    wire.send(0, 5, b"fgh")
    assert wire.send(1, 0, ack=tcp.FAR + 5) == []
    assert wire.send(1, 0, ack=-5) == []
    assert wire.tracker.acknowledged(connection(wire), 0) == 0
    assert not wire.holes


@settings(max_examples=150)
@given(st.data(), st.binary(min_size=1, max_size=120), st.integers(0, 2**32 - 1), st.booleans())
def test_any_split_order_and_repetition_gives_the_text(
    data: st.DataObject, text: bytes, isn: int, handshake: bool
) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(1, len(text)), max_size=12)) | {0, len(text)})
    spans = list(pairwise(cuts))
    position = st.integers(0, len(text) - 1)
    extra = data.draw(st.lists(st.tuples(position, st.integers(1, 40)), max_size=12))
    spans += [(first, min(first + size, len(text))) for first, size in extra]
    order = data.draw(st.permutations(spans))
    wire = Wire((isn, 5))
    if handshake:
        wire.open()
    else:
        order = [(0, cuts[1]), *order]
    for first, last in order:
        wire.send(0, first, text[first:last])
    assert wire.stream(0) == text
    assert not wire.holes
    assert wire.tracker.waiting == 0
    assert wire.tracker.close() == []


@settings(max_examples=150)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 1),
            st.integers(-3, 90),
            st.integers(0, 20),
            st.sampled_from((0, 0, 0, 0, 1, 2, 4, 3, 7)),
            st.none() | st.integers(-2, 100),
            st.sampled_from((1, 1000, tcp.WAITING_TIME // 1000, 200_000)),
        ),
        max_size=60,
    )
)
def test_any_segments_give_the_text_with_holes(
    segments: list[tuple[int, int, int, int, int | None, int]],
) -> None:
    text = bytes(range(32, 152))
    wire = Wire()
    wire.open()
    streams: dict[tuple[int, int], int] = {}
    for by, offset, size, flags, ack, after in segments:
        payload = text[offset : offset + size] if offset >= 0 else b""
        wire.send(by, offset, payload, flags, ack=ack, after=after * 1000)
        wire.events.extend(wire.tracker.advance(wire.time))
    wire.events.extend(wire.tracker.close())
    for event in wire.events:
        if isinstance(event, Data | Hole):
            key = (id(event.connection), event.by)
            octets = event.octets if isinstance(event, Hole) else len(event.data)
            assert octets > 0
            if isinstance(event, Data):
                assert event.start == streams.get(key, 0)
                assert event.data in text
            streams[key] = streams.get(key, 0) + octets
    assert wire.tracker._octets == 0
    assert wire.tracker.waiting == 0
