"""The ring of records answers as a table of tuples would."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from analyzer.frame import FrameRef
from analyzer.ims.sets.ledger import UNKNOWN, WINDOW, Ledger

TAILS = (UNKNOWN, b"\0", b"one", b"twelve octet", b"another dozn")
STEPS = st.tuples(st.integers(-WINDOW - 3, WINDOW + 3), st.sampled_from(TAILS), st.integers(-50, 50))


@given(st.integers(0, 2**31), st.lists(STEPS, max_size=60), st.integers(0, WINDOW))
def test_what_is_remembered_is_what_was_captured_last(
    start: int, steps: list[tuple[int, bytes, int]], run: int
) -> None:
    ledger = Ledger()
    table: dict[int, tuple[bytes, FrameRef]] = {}
    sequence = start
    usual = [(1, TAILS[3], 1)] * run
    for count, (step, tail, elapsed) in enumerate((*usual, *steps, *usual)):
        sequence = min(max(0, sequence + step), 2**32 - 1)
        at = FrameRef(count % 3, count, 10**18 + count * 10 + elapsed)
        known = table.get(sequence)
        lies = ledger.first <= sequence <= ledger.highest - WINDOW
        behind = lies and len(table) == WINDOW and ledger.missing < WINDOW
        noted = ledger.note(sequence, tail, at)
        if known is not None:
            assert noted == (True if known[0] in (tail, UNKNOWN) else known[1])
            continue
        if behind:
            assert noted is False
            continue
        assert noted is None
        table[sequence] = tail, at
        if len(table) > WINDOW:
            del table[next(iter(table))]
        assert ledger.last == at
        assert len(ledger) == len(table)
    for asked in range(sequence - WINDOW, sequence + WINDOW):
        assert ledger.has(asked) is (asked in table)
        assert ledger.frame(asked) == (table[asked][1] if asked in table else None)
    after, before = 10**18 + 100, 10**18 + 1000
    assert list(ledger.between(after, before)) == [at for _, at in table.values() if after < at.time <= before]
