"""The time of the wire while nothing comes: never later than what may still be on its way."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from analyzer.frame import SECOND
from analyzer.sources.clock import MARGIN, MEMORY, WireClock


class Steady:
    def __init__(self) -> None:
        self.now = 5 * SECOND

    def __call__(self) -> int:
        return self.now


def test_time_goes_on_from_the_last_frame() -> None:
    steady = Steady()
    clock = WireClock(steady)
    assert clock.now() is None
    clock.heard(1000 * SECOND)
    steady.now += 7 * SECOND
    assert clock.now() == 1007 * SECOND - MARGIN
    assert clock.at_last() == 1007 * SECOND


def test_the_longest_delay_counts() -> None:
    """A writer that keeps its frames for 4 s may keep the next ones as long."""
    steady = Steady()
    clock = WireClock(steady)
    clock.heard(1000 * SECOND)
    steady.now += 10 * SECOND
    clock.heard(1006 * SECOND)
    clock.heard(1010 * SECOND)
    steady.now += SECOND
    assert clock.at_last() == 1007 * SECOND


def test_it_is_forgotten_after_a_while() -> None:
    steady = Steady()
    clock = WireClock(steady)
    clock.heard(990 * SECOND)
    for _ in range(3):
        steady.now += MEMORY
        clock.heard(1000 * SECOND + steady.now)
    assert clock.at_last() == 1000 * SECOND + steady.now


@given(st.lists(st.tuples(st.integers(0, 5 * SECOND), st.integers(0, 3 * SECOND)), min_size=1, max_size=30))
def test_no_frame_is_earlier_than_what_was_said(steps: list[tuple[int, int]]) -> None:
    """As long as delays are not longer than the longest before, and the margin."""
    steady = Steady()
    clock = WireClock(steady)
    clock.heard(steady.now - 3 * SECOND)
    for wait, delay in steps:
        steady.now += wait
        said = clock.now()
        assert said is not None and said <= steady.now - min(delay, 3 * SECOND)
        clock.heard(steady.now - delay)
