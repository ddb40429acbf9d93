"""CK and IK of a Multimedia-Auth-Answer, whole or as a TCP stream delivers it."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.keys import diameter
from analyzer.keys.diameter import CxVector, Framer, vectors
from tests.keys.diameter import CK, IK, RAND, answer, avp, item, message

OTHER = message(avp(601, b"sip:user@home1.net"), code=301)
REQUEST = message(item(), flags=0xC0)


def plain(found: list[CxVector]) -> list[tuple[bytes, bytes, bytes]]:
    return [(one.rand, one.ck.octets, one.ik.octets) for one in found]


def test_the_vectors_of_an_answer() -> None:
    second = bytes(16)
    assert plain(vectors(answer())) == [(RAND, CK, IK)]
    assert plain(vectors(answer(item(), item(rand=second, ck=IK)))) == [(RAND, CK, IK), (second, IK, IK)]
    assert CK.hex() not in repr(vectors(answer()))


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        answer()[:19],
        answer()[:-4],
        b"\x02" + answer()[1:],
        answer(item(ck=CK[:-1])),
        answer(item(ik=IK + b"\0")),
        answer(avp(612, avp(625, CK) + avp(626, IK))),
        answer(avp(612, avp(609, RAND[:15]) + avp(625, CK) + avp(626, IK))),
        message(avp(612, item()[12:], vendor=9)),
        message(avp(625, CK) + avp(626, IK) + avp(609, RAND + RAND)),
        OTHER,
        REQUEST,
        message(avp(1, b"", vendor=0)[:4] + b"\x40\0\0\x07" + item()),
    ],
)
def test_what_has_no_vector(octets: bytes) -> None:
    assert vectors(octets) == []


@given(st.binary(max_size=200), st.integers(0, 200))
def test_any_octets(octets: bytes, at: int) -> None:
    whole = answer()
    assert len(vectors(octets)) <= 1
    assert len(vectors(whole[:at] + octets + whole[at + len(octets) :])) <= 1


@given(st.lists(st.integers(1, 400)), st.randoms(use_true_random=False))
def test_a_stream_cut_anywhere(sizes: list[int], chance: random.Random) -> None:
    """Pipelined messages, in pieces of any size: each answer comes out once, whole, in order."""
    answers = [answer(item(rand=bytes([number]) * 16)) for number in range(4)]
    stream = OTHER + answers[0] + answers[1] + REQUEST + OTHER + answers[2] + OTHER + answers[3] + OTHER
    framer, found, at = Framer(), [], 0
    while at < len(stream):
        size = chance.choice(sizes) if sizes else 1
        found += framer.feed(stream[at : at + size])
        at += size
    assert found == answers


@pytest.mark.parametrize("cut", range(1, 60, 7))
@pytest.mark.parametrize("size", [1, 13, 1000])
def test_a_stream_whose_beginning_was_not_captured(cut: int, size: int) -> None:
    stream = (OTHER + OTHER + answer() + OTHER + answer())[cut:]
    framer, found = Framer(), []
    for at in range(0, len(stream), size):
        found += framer.feed(stream[at : at + size])
    assert found == [answer(), answer()]


def test_behind_a_hole_the_next_answer_is_found() -> None:
    framer = Framer()
    assert framer.feed(OTHER + answer()[:100]) == []
    framer.hole()
    assert framer.feed(answer()[140:] + OTHER + answer() + answer()[:30]) == [answer()]
    assert framer.feed(answer()[30:]) == [answer()]
    big = message(bytes(1000), code=301)
    assert framer.feed(big[:500]) == []
    framer.hole()
    assert framer.feed(answer()) == [answer()]


def test_lengths_that_nobody_sends(monkeypatch: pytest.MonkeyPatch) -> None:
    huge = b"\x01\xff\xff\xfc" + OTHER[4:]
    assert Framer().feed(huge + answer()) == [answer()]
    monkeypatch.setattr(diameter, "MAX_MESSAGE", 100)
    framer = Framer()
    assert framer.feed(answer() + OTHER) == []
    assert framer.feed(message(b"")) == [message(b"")]


@given(st.lists(st.binary(max_size=300)))
def test_memory_is_bounded_whatever_comes(pieces: list[bytes]) -> None:
    framer = Framer()
    for piece in pieces:
        for found in framer.feed(piece):
            assert vectors(found) == []
    assert framer.feed(bytes(70_000)) == []
    framer.hole()
    assert framer.feed(answer()) == [answer()]
