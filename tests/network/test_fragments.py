from __future__ import annotations

import random
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.frame import SECOND, FrameRef
from analyzer.network import fragments
from analyzer.network.copies import WINDOW
from analyzer.network.fragments import Key, Reassembler, Whole

KEY: Key = (0, b"aaaa", b"bbbb", 7, 17)


class Bench:
    """A reassembler, what it reported, and frames that count up."""

    def __init__(self) -> None:
        self.skipped: Counter[str] = Counter()
        self.copies = 0
        self.number = 0
        self.time = 1_000 * SECOND
        self.subject = Reassembler(self.skip, self.copy)

    def skip(self, reason: str, frames: int) -> None:
        self.skipped[reason] += frames

    def copy(self) -> None:
        self.copies += 1

    def add(
        self, offset: int, content: bytes, more: bool = True, *, key: Key = KEY, protocol: int = 17, after: int = 1000
    ) -> Whole | None:
        self.number += 1
        self.time += after
        return self.subject.add(key, offset, more, protocol, content, (FrameRef(0, self.number, self.time),))


def numbers(whole: Whole | None) -> list[int]:
    assert whole is not None
    return [frame.number for frame in whole[2]]


def test_in_order() -> None:
    bench = Bench()
    assert bench.add(0, b"A" * 16) is None
    assert bench.subject.pending == 1
    whole = bench.add(16, b"B" * 3, False)
    assert whole is not None
    assert whole[:2] == (b"A" * 16 + b"BBB", 17)
    assert numbers(whole) == [1, 2]
    assert bench.subject.pending == 0
    assert not bench.skipped


def test_the_first_fragment_tells_the_protocol() -> None:
    bench = Bench()
    bench.add(8, b"later", False, protocol=0)
    whole = bench.add(0, bytes(8), protocol=50)
    assert whole is not None
    assert whole[1] == 50


def test_conversations_do_not_mix() -> None:
    bench = Bench()
    others: list[Key] = [
        (1, b"aaaa", b"bbbb", 7, 17),
        (0, b"aaac", b"bbbb", 7, 17),
        (0, b"aaaa", b"bbbc", 7, 17),
        (0, b"aaaa", b"bbbb", 8, 17),
        (0, b"aaaa", b"bbbb", 7, 50),
    ]
    bench.add(0, b"first..." * 2)
    for key in others:
        assert bench.add(16, b"other", False, key=key) is None
    assert bench.subject.pending == 6
    whole = bench.add(16, b"end", False)
    assert whole is not None
    assert whole[0] == b"first..." * 2 + b"end"


def test_copies_of_fragments_before_and_after_the_last() -> None:
    bench = Bench()
    bench.add(0, b"A" * 16)
    assert bench.add(0, b"A" * 16) is None
    assert numbers(bench.add(16, b"end", False)) == [1, 3]
    assert bench.add(16, b"end", False) is None
    assert bench.add(0, b"A" * 16) is None
    assert bench.copies == 3
    assert bench.subject.pending == 0


def test_the_same_identification_later_is_another_datagram() -> None:
    bench = Bench()
    bench.add(0, b"A" * 16)
    bench.add(16, b"end", False)
    assert bench.add(0, b"A" * 16, after=WINDOW + 1) is None
    assert bench.copies == 0
    assert numbers(bench.add(16, b"end", False)) == [3, 4]


def test_the_same_identification_at_once_with_other_content_is_another_datagram() -> None:
    bench = Bench()
    bench.add(0, b"A" * 16)
    bench.add(16, b"end", False)
    assert bench.add(0, b"B" * 16) is None
    whole = bench.add(16, b"END", False)
    assert whole is not None
    assert whole[0] == b"B" * 16 + b"END"


@pytest.mark.parametrize(
    "second",
    [
        (8, b"X" * 16, True),
        (0, b"X" * 16, True),
        (0, b"A" * 8, False),
        (8, b"X" * 8, False),
    ],
)
def test_contradictions_spoil_the_datagram(second: tuple[int, bytes, bool]) -> None:
    bench = Bench()
    bench.add(0, b"A" * 16)
    assert bench.add(second[0], second[1], second[2]) is None
    assert bench.add(0, b"A" * 16) is None
    assert bench.add(16, b"end", False) is None
    assert bench.skipped == {fragments.CONTRADICTION: 4}


def test_two_ends_contradict_one_another() -> None:
    for offset, content, more in ((24, b"end", False), (24, bytes(8), True), (8, b"en", False)):
        bench = Bench()
        bench.add(16, b"end", False)
        bench.add(offset, content, more)
        assert bench.skipped == {fragments.CONTRADICTION: 2}


def test_overlaps_that_agree_are_fine() -> None:
    bench = Bench()
    text = bytes(range(64))
    bench.add(0, text[:24])
    bench.add(40, text[40:56])
    bench.add(16, text[16:48])
    assert numbers(bench.add(48, text[48:], False)) == [1, 2, 3, 4]
    assert not bench.skipped


KEY6: Key = (0, bytes(15) + b"a", bytes(15) + b"b", 7, 44)


@pytest.mark.parametrize("second", [(8, 24), (0, 24), (16, 32), (8, 16)])
def test_any_overlap_spoils_a_datagram_of_ipv6(second: tuple[int, int]) -> None:
    """RFC 5722 3: even of equal octets, for the receiver has dropped the whole datagram."""
    bench, content = Bench(), bytes(range(40))
    begin, end = second
    assert bench.add(0, content[: 20 // 8 * 8], key=KEY6) is None
    assert bench.add(16, content[16:24], key=KEY6) is None
    assert bench.add(begin, content[begin:end], key=KEY6) is None
    assert bench.skipped == {fragments.OVERLAP: 3}
    assert bench.add(24, content[24:], False, key=KEY6) is None
    assert bench.skipped == {fragments.OVERLAP: 3, fragments.CONTRADICTION: 1}
    assert bench.subject.pending == 1


def test_the_very_same_fragment_of_ipv6_may_come_twice() -> None:
    bench, content = Bench(), bytes(range(40))
    for begin, end in (0, 16), (0, 16), (24, 32), (16, 24), (24, 32):
        assert bench.add(begin, content[begin:end], key=KEY6) is None
    whole = bench.add(32, content[32:], False, key=KEY6)
    assert whole is not None
    assert whole[0] == content
    assert bench.copies == 2


def test_teardrop() -> None:
    """The second fragment lies within the first and claims to be the last."""
    for key in KEY, KEY6:
        bench = Bench()
        assert bench.add(0, bytes(40), key=key) is None
        assert bench.add(24, bytes(4), False, key=key) is None
        assert bench.skipped == {fragments.CONTRADICTION: 2}
        assert bench.add(40, bytes(4), False, key=key) is None
        assert bench.skipped == {fragments.CONTRADICTION: 3}


def test_fragments_that_no_host_sends() -> None:
    bench = Bench()
    assert bench.add(0, b"no multiple of 8") is None
    assert bench.add(8, b"seven..") is None
    assert bench.add(65528, b"too long", False) is None
    assert bench.add(8, b"", False) is None
    assert bench.skipped == {fragments.MALFORMED: 3}
    assert bench.subject.pending == 1


def test_timeout() -> None:
    bench = Bench()
    bench.add(0, b"A" * 16)
    bench.add(16, b"B" * 16)
    bench.add(0, b"C" * 16, key=(0, b"x", b"y", 1, 17), after=fragments.TIMEOUT)
    assert bench.skipped == {fragments.INCOMPLETE: 2}
    assert bench.subject.pending == 1
    assert bench.add(32, b"end", False) is None


def test_the_number_of_datagrams_is_limited() -> None:
    bench = Bench()
    for ident in range(fragments.DATAGRAMS + 5):
        bench.add(0, bytes(8), key=(0, b"x", b"y", ident, 17))
    assert bench.subject.pending == fragments.DATAGRAMS
    assert bench.skipped == {fragments.CROWDED: 5}
    assert bench.add(8, b"end", False, key=(0, b"x", b"y", 0, 17)) is None
    assert bench.add(8, b"end", False, key=(0, b"x", b"y", 100, 17)) is not None


def test_the_number_of_octets_is_limited() -> None:
    bench = Bench()
    big = bytes(65504)
    held = fragments.OCTETS // (len(big) + fragments.OVERHEAD)
    for ident in range(held + 3):
        bench.add(0, big, key=(0, b"x", b"y", ident, 17))
    assert bench.subject.pending == held
    assert bench.skipped == {fragments.CROWDED: 3}


def test_many_small_fragments_are_charged_too() -> None:
    bench = Bench()
    for ident in range(8):
        for offset in range(0, 65000, 16):
            bench.add(offset, bytes(8), key=(0, b"x", b"y", ident, 17))
    assert bench.skipped[fragments.CROWDED] > 0
    assert bench.subject.pending < 8


@given(st.binary(min_size=1, max_size=300), st.sets(st.integers(1, 37)), st.data())
def test_any_split_in_any_order_with_duplicates(content: bytes, cuts: set[int], data: st.DataObject) -> None:
    edges = [0, *sorted(cut * 8 for cut in cuts if cut * 8 < len(content)), len(content)]
    parts = [(first, content[first:last], last < len(content)) for first, last in pairwise(edges)]
    extra = data.draw(st.lists(st.sampled_from(parts), max_size=5))
    order = data.draw(st.permutations(parts + extra))
    bench = Bench()
    wholes = [whole for part in order if (whole := bench.add(*part)) is not None]
    assert [whole[:2] for whole in wholes] == [(content, 17)]
    assert bench.copies == len(extra)
    assert not bench.skipped
    assert bench.subject.pending == 0


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 8191), st.binary(max_size=40), st.booleans(), st.integers(0, 3)), max_size=60),
)
def test_any_fragments_give_a_result(parts: list[tuple[int, bytes, bool, int]]) -> None:
    bench = Bench()
    for units, content, more, ident in parts:
        whole = bench.add(units * 8, content, more, key=(0, b"x", b"y", ident, 17))
        assert whole is None or len(whole[0]) <= fragments.LONGEST
    assert bench.subject.pending <= 4


def test_the_account_returns_to_nothing() -> None:
    chance = random.Random(5)
    bench = Bench()
    for ident in range(300):
        parts = [(offset, bytes([chance.randrange(2)]) * 8, offset < 40) for offset in range(0, 48, 8)]
        chance.shuffle(parts)
        for part in parts[: chance.randrange(7)] + parts[: chance.randrange(3)]:
            bench.add(*part, key=(0, b"x", b"y", ident % 50, 17))
    bench.add(0, bytes(8), after=fragments.TIMEOUT * 2)
    bench.add(8, bytes(8), False)
    assert bench.subject.pending == 0
    assert bench.subject._octets == 0
