from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.frame import FrameRef
from analyzer.sip.framing import (
    BODY_LIMIT,
    MALFORMED_KEPT,
    PIECES_LIMIT,
    START_LINE_LIMIT,
    Framed,
    Framer,
)
from analyzer.sip.headers import HEADER_LIMIT
from analyzer.sip.message import parse
from tests.sip.samples import NOTIFY, SM1, SM6, SM7

BARE = b"OPTIONS sip:a@h SIP/2.0\nl : 3\n\nabc"
"""A message with bare line feeds, a compact form and a body."""

FOLDED = b"INFO sip:a@h SIP/2.0\r\nContent-Length:\r\n 5\r\nCall-ID: c\r\n\r\n\r\n\r\nx"
"""Its body begins with what would be a keep-alive."""


class Wire:
    """Feeds a framer: every segment is a frame of its own."""

    def __init__(self) -> None:
        self.framer = Framer()
        self.offset = 0
        self.number = 0
        self.found: list[Framed] = []

    def send(self, data: bytes, tag: str = "clear") -> list[Framed]:
        self.offset += len(data)
        self.number += 1
        at = FrameRef(0, self.number, self.number * 1000)
        found = self.framer.feed(data, at, (at,), tag, self.offset)
        self.found += found
        return found

    def lose(self, octets: int) -> list[Framed]:
        found = self.framer.hole()
        self.offset += octets
        self.found += found
        return found

    def of(self, kind: str) -> list[bytes]:
        return [framed.data for framed in self.found if framed.kind == kind]


def numbers(framed: Framed) -> list[int]:
    return [frame.number for frame in framed.frames]


def test_a_message_in_one_segment() -> None:
    wire = Wire()
    (framed,) = wire.send(SM7, "set 1")
    assert framed == Framed("message", SM7, FrameRef(0, 1, 1000), (FrameRef(0, 1, 1000),), ("set 1",), len(SM7))


def test_a_message_in_three_segments() -> None:
    wire = Wire()
    assert wire.send(NOTIFY[:100], "set 1") == []
    assert wire.send(NOTIFY[100:600], "set 1") == []
    (framed,) = wire.send(NOTIFY[600:], "set 2")
    assert framed.data == NOTIFY
    assert framed.at.number == 3
    assert numbers(framed) == [1, 2, 3]
    assert framed.tags == ("set 1", "set 2")
    assert framed.end == len(NOTIFY)


def test_pipelined_messages_share_the_frame_between_them() -> None:
    wire = Wire()
    both = SM7 + NOTIFY
    cut = len(SM7) + 50
    (first,) = wire.send(both[:cut])
    (second,) = wire.send(both[cut:])
    assert (first.data, numbers(first), first.end) == (SM7, [1], len(SM7))
    assert (second.data, numbers(second), second.end) == (NOTIFY, [1, 2], len(both))
    assert [framed.data for framed in wire.send(SM1 + SM6 + BARE)] == [SM1, SM6, BARE]


def test_the_last_frame_is_the_last_by_time() -> None:
    framer = Framer()
    early, late = FrameRef(0, 5, 500), FrameRef(0, 9, 900)
    framer.feed(SM7[:50], late, (late,), None, 50)
    (framed,) = framer.feed(SM7[50:], early, (early, late), None, len(SM7))
    assert framed.at == late
    assert framed.frames == (late, early)


def test_keepalives() -> None:
    wire = Wire()
    assert [(framed.kind, framed.data) for framed in wire.send(b"\r\n\r\n")] == [("keepalive", b"\r\n\r\n")]
    assert [(framed.kind, framed.data) for framed in wire.send(b"\r\n")] == [("keepalive", b"\r\n")]
    assert [framed.kind for framed in wire.send(b"\r\n\r\n" + SM7 + b"\r\n")] == ["keepalive", "message", "keepalive"]
    assert wire.send(b"\r") == []
    (framed,) = wire.send(b"\n")
    assert (framed.kind, framed.data, numbers(framed)) == ("keepalive", b"\r\n", [4, 5])


def test_a_message_without_content_length_has_no_body() -> None:
    short = SM6.replace(b"Content-Length: 0\r\n", b"")
    wire = Wire()
    assert [framed.data for framed in wire.send(short)] == [short]
    assert [framed.data for framed in wire.send(short + SM7)] == [short, SM7]
    bad = SM6.replace(b"Content-Length: 0", b"Content-Length: bad")
    assert [framed.data for framed in wire.send(bad + SM7)] == [bad, SM7]


def test_a_body_without_content_length_is_malformed_and_the_next_message_is_found() -> None:
    wire = Wire()
    kinds = [framed.kind for framed in wire.send(SM6.replace(b"Content-Length: 0\r\n", b"") + b"v=0\r\no=x\r\n" + SM7)]
    assert kinds == ["message", "malformed", "message"]
    assert wire.of("malformed") == [b"v=0\r\n"]
    assert wire.of("message")[1] == SM7


@pytest.mark.parametrize(
    "rubbish", [b"\x16\x03\x01\x02\x00", b"GET / HTTP/1.1\r\nHost: h\r\n\r\n", b"hello\r\n", b"\rx\n", b"\xff\n"]
)
def test_rubbish_is_reported_once_and_skipped(rubbish: bytes) -> None:
    wire = Wire()
    wire.send(SM1)
    wire.send(rubbish)
    wire.send(rubbish + b"\r\n" + rubbish + b"\r\n" + SM7 + NOTIFY)
    assert wire.of("message") == [SM1, SM7, NOTIFY]
    assert len(wire.of("malformed")) == 1
    assert wire.of("keepalive") == []


def test_what_is_malformed_is_cut() -> None:
    wire = Wire()
    wire.send(b"x" * 5000 + b"\n")
    (framed,) = wire.found
    assert (framed.kind, framed.data, framed.end) == ("malformed", b"x" * MALFORMED_KEPT, 5001)
    assert "xxx" not in repr(framed)


def test_a_hole_loses_what_is_incomplete() -> None:
    wire = Wire()
    wire.send(SM1 + SM7[:300])
    assert wire.lose(500) == []
    assert wire.send(SM7[800:]) == []
    assert [framed.data for framed in wire.send(SM6)] == [SM6]
    assert wire.of("malformed") == []


def test_a_message_follows_the_hole_at_once() -> None:
    wire = Wire()
    wire.send(SM1[:300])
    wire.lose(len(SM1) - 300)
    (framed,) = wire.send(SM7)
    assert (framed.data, framed.end, numbers(framed)) == (SM7, len(SM1) + len(SM7), [2])


def test_a_hole_in_the_body_leaves_the_headers() -> None:
    wire = Wire()
    wire.send(NOTIFY[:-40], "set 1")
    (framed,) = wire.lose(20)
    assert (framed.kind, framed.data, framed.tags) == ("message", NOTIFY[:-40], ("set 1",))
    message = parse(framed.data)
    assert message
    assert message.truncated_body
    wire.send(NOTIFY[-20:] + SM7)
    assert wire.of("message")[1:] == []
    assert [framed.data for framed in wire.send(b"\r\n" + SM6)] == [SM6]


def test_a_hole_at_a_boundary_keeps_what_follows() -> None:
    wire = Wire()
    wire.send(SM1)
    assert wire.lose(len(SM7)) == []
    assert [framed.data for framed in wire.send(NOTIFY)] == [NOTIFY]


def test_the_rest_of_a_torn_start_line_is_no_start_line() -> None:
    wire = Wire()
    wire.lose(3)
    wire.send(SM7[3:])
    assert wire.found == []
    wire.send(SM6)
    assert wire.of("message") == [SM6]


def test_headers_beyond_the_limit() -> None:
    wire = Wire()
    endless = b"MESSAGE sip:a@h SIP/2.0\r\n" + b"X: y\r\n" * (HEADER_LIMIT // 6 + 10)
    for start in range(0, len(endless), 1400):
        wire.send(endless[start : start + 1400])
    assert [framed.kind for framed in wire.found] == ["malformed"]
    wire.send(b"\r\n" + SM7)
    assert wire.of("message") == [SM7]
    whole = Wire()
    whole.send(endless + b"\r\n" + SM7)
    assert [framed.kind for framed in whole.found] == ["malformed", "message"]


def test_a_line_without_end() -> None:
    wire = Wire()
    for _ in range(100):
        wire.send(b"M" * 1000)
    assert len(wire.of("malformed")) == 1
    wire.send(b"\n" + SM7)
    assert wire.of("message") == [SM7]


def test_a_line_without_end_after_a_hole_is_not_kept() -> None:
    wire = Wire()
    wire.lose(1)
    for _ in range(100):
        wire.send(b"M" * 1000)
        assert len(wire.framer._buffer) <= START_LINE_LIMIT
    wire.send(b" sip:a@h SIP/2.0\r\n\r\n" + SM7)
    assert wire.of("message") == [SM7]


def test_content_length_beyond_the_limit() -> None:
    for length in (BODY_LIMIT + 1, 10**30):
        wire = Wire()
        wire.send(SM6.replace(b"Content-Length: 0", b"Content-Length: %d" % length) + b"body\r\n" + SM7)
        assert [framed.kind for framed in wire.found] == ["malformed", "message"]
    wire = Wire()
    big = SM6.replace(b"Content-Length: 0", b"Content-Length: %d" % BODY_LIMIT) + b"\n" * BODY_LIMIT
    wire.send(big[:1000])
    wire.send(big[1000:] + SM7)
    assert wire.of("message") == [big, SM7]


def test_too_many_segments_are_refused() -> None:
    wire = Wire()
    filler = b"MESSAGE sip:a@h SIP/2.0\r\nX: " + b"y" * (2 * PIECES_LIMIT)
    for octet in filler:
        wire.send(bytes((octet,)), str(wire.number))
        assert len(wire.framer._pieces) <= PIECES_LIMIT
    assert [framed.kind for framed in wire.found] == ["malformed"]
    wire.send(b"\r\n" + SM7)
    assert wire.of("message") == [SM7]


def test_an_empty_segment_changes_nothing() -> None:
    wire = Wire()
    wire.send(SM7[:10])
    wire.send(b"")
    wire.send(SM7[10:])
    wire.send(b"")
    assert wire.of("message") == [SM7]


MESSAGES = [SM1, SM6, SM7, NOTIFY, BARE, FOLDED, b"\r\n\r\n", b"\r\n"]
RUBBISH = [b"hello\r\n", b"\x16\x03\x01", b"v=0\r\n\r\n", b"SIP/2.0 999 x\r\n", b"\r", b"Content-Length: 5\r\n\r\n"]


def feed(stream: bytes, cuts: list[int]) -> list[bytes]:
    wire = Wire()
    start = 0
    for stop in [*sorted({min(cut, len(stream)) for cut in cuts}), len(stream)]:
        wire.send(stream[start:stop])
        start = stop
    assert [framed.end for framed in wire.found] == sorted(framed.end for framed in wire.found)
    for framed in wire.found:
        if framed.kind == "message":
            assert stream[framed.end - len(framed.data) : framed.end] == framed.data
    return wire.of("message")


@given(st.lists(st.sampled_from(MESSAGES), max_size=5), st.lists(st.integers(0, 6000), max_size=30))
def test_any_division_of_a_stream_gives_the_same_messages(parts: list[bytes], cuts: list[int]) -> None:
    assert feed(b"".join(parts), cuts) == [part for part in parts if part.strip()]


@given(
    st.lists(st.sampled_from(MESSAGES + RUBBISH) | st.binary(max_size=20), max_size=6),
    st.lists(st.integers(0, 6000), max_size=30),
)
def test_rubbish_does_not_make_the_division_matter(parts: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(parts)
    assert feed(stream, cuts) == feed(stream, [])


@given(st.lists(st.sampled_from([BARE, FOLDED, b"hello\r\n"]), max_size=4))
def test_octet_by_octet(parts: list[bytes]) -> None:
    stream = b"".join(parts)
    assert feed(stream, list(range(len(stream)))) == feed(stream, [])


@given(st.lists(st.binary(max_size=200) | st.sampled_from([*MESSAGES, *RUBBISH, None]), max_size=20))
def test_any_octets_and_holes(segments: list[bytes | None]) -> None:
    wire = Wire()
    for segment in segments:
        if segment is None:
            wire.lose(10)
        else:
            wire.send(segment)
    for framed in wire.found:
        assert framed.frames
        assert framed.at in framed.frames
        assert framed.data
    # Whatever came before: after a hole the next message is read.
    wire.lose(10)
    assert [framed.data for framed in wire.send(SM7)] == [SM7]
