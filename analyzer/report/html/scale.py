"""The time axis of a timeline: linear where something happens, cut where nothing does.

A registration takes milliseconds and lives for a week. So the axis consists of stretches, each linear in itself and as
wide as there are things to tell apart in it; between two of them lies a cut that says how much time it stands for.
Positions are percents of the width, so that the picture fits any page.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from itertools import pairwise
from typing import Final, NamedTuple

STRETCHES: Final = 14
"""Linear stretches of one axis."""

CUT: Final = 2.0
"""Width of a cut, in percent."""

SHARE: Final = 0.06
"""A gap of more than this share of its stretch is worth a cut."""

SHORTEST: Final = 100_000_000
"""A gap below this is never cut (ns)."""

INSTANTS: Final = 4_000
"""Instants that are looked at; of more, every n-th."""


class Stretch(NamedTuple):
    """A part of the axis that is linear."""

    start: int
    """ns since the epoch."""
    end: int
    left: float
    """Percent."""
    width: float


class Cut(NamedTuple):
    """A part of the time that is left out."""

    left: float
    width: float
    skipped: int
    """How long it is, in ns."""


class Scale(NamedTuple):
    """The axis: where a time lies."""

    stretches: tuple[Stretch, ...]

    @property
    def start(self) -> int:
        """The first time on the axis."""
        return self.stretches[0].start

    @property
    def end(self) -> int:
        """The last one."""
        return self.stretches[-1].end

    @property
    def cuts(self) -> list[Cut]:
        """What is left out between the stretches."""
        return [
            Cut(one.left + one.width, other.left - one.left - one.width, other.start - one.end)
            for one, other in pairwise(self.stretches)
        ]

    def place(self, time: int) -> float:
        """The place of a time in percent; one before or after the axis stands at its end, one in a cut within that."""
        found = bisect_right(self.stretches, time, key=lambda each: each.start) - 1
        if found < 0:
            return self.stretches[0].left
        each = self.stretches[found]
        if each.start == each.end:
            if time == each.start or found + 1 == len(self.stretches):
                return each.left + each.width / 2
        elif time <= each.end:
            return each.left + each.width * ((time - each.start) / (each.end - each.start))
        if found + 1 == len(self.stretches):
            return each.left + each.width
        gap = self.stretches[found + 1].start - each.end
        right = each.left + each.width
        return right + (self.stretches[found + 1].left - right) * ((time - each.end) / gap)


def scale(instants: Iterable[int]) -> Scale | None:
    """An axis on which these instants can be told apart; None if there are none."""
    times = sorted(set(instants))
    if not times:
        return None
    if len(times) > INSTANTS:
        times = [*times[:: len(times) // INSTANTS + 1], times[-1]]
    parts = _parts(times)
    room = 100.0 - CUT * (len(parts) - 1)
    # A stretch gets room for its instants, but few never vanish beside many
    weights = [len(part) ** 0.7 for part in parts]
    made, left = [], 0.0
    for part, weight in zip(parts, weights, strict=True):
        width = room * weight / sum(weights)
        made.append(Stretch(part[0], part[-1], left, width))
        left += width + CUT
    return Scale(tuple(made))


def _parts(times: list[int]) -> list[list[int]]:
    """The instants, separated where the gaps are large beside what is left."""
    parts = [times]
    while len(parts) < STRETCHES:
        best, chosen = 0.0, None
        for number, part in enumerate(parts):
            if len(part) < 2:
                continue
            gap, place = max((later - one, place) for place, (one, later) in enumerate(pairwise(part)))
            share = gap / (part[-1] - part[0])
            worth = gap * share
            if gap >= SHORTEST and share > SHARE and worth > best and len(part) > 2:
                best, chosen = worth, (number, place + 1)
        if chosen is None:
            break
        number, place = chosen
        parts[number : number + 1] = [parts[number][:place], parts[number][place:]]
    return parts
