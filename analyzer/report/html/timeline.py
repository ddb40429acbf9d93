"""The timeline of one subject: its sets as bars, once a side, with what happened on them (TS 33.203 7.4).

Everything is laid out here in percent of the width and in pixels of height; `templates/timeline.svg` only writes it
down. The upper lane of a set is the UE's, the lower one the P-CSCF's: the bar says how that side had to see the set,
the ticks are what that side sent on it, so that a tick behind the end of its bar is a set used too long.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from analyzer.evidence import SetLife
from analyzer.finding import Finding
from analyzer.report.chronicle import Chronicle
from analyzer.report.html.scale import Cut, Scale, scale
from analyzer.report.html.words import SYMBOLS, Words
from analyzer.report.safe import clean
from analyzer.report.ticks import Ticks
from analyzer.report.times import duration

SETS: Final = 48
"""Sets of one subject that are drawn, the newest."""

FLAGS: Final = 60
"""Findings of one subject that have a flag; the others are in the list."""

FLAGGED: Final = ("violation", "warning", "probable")
"""Verdicts that have flags, unless somebody waived them: a note is nobody's fault."""

LEVELS: Final = 6
"""Rows of flags above each other."""

FLAG: Final = 9.0
"""Room of a flag, in percent of a page of usual width, as are the next two."""

MARK: Final = 4.2
LABEL: Final = 9.5

LENGTH: Final = 5.2

DRAWN: Final = 60_000
"""Ticks of the whole page: where there are very many sets, each has fewer."""

FEWEST: Final = 8

LANES: Final = (("UE", True), ("P-CSCF", False))


class Bar(NamedTuple):
    """How one side had to see the set for some time."""

    lane: int
    left: float
    width: float
    kind: str
    """``tmp``, ``use`` or ``old``."""
    title: str


class Tick(NamedTuple):
    """Packets of one side."""

    lane: int
    left: float
    size: int
    """1 to 3."""
    late: bool
    """That side had to have given the set up."""
    title: str


class Mark(NamedTuple):
    """SM1, SM6, SM7 or SM12."""

    name: str
    left: float
    label: float
    """Where there is room for its name."""
    title: str


class Stop(NamedTuple):
    """The end of a set at one side, or a deadline."""

    lane: int
    left: float
    title: str


class Row(NamedTuple):
    """One set."""

    generation: int
    colour: int
    algorithms: str
    origin: str
    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    marks: tuple[Mark, ...]
    ends: tuple[Stop, ...]
    deadlines: tuple[Stop, ...]
    later: str
    """Deadlines beyond the axis, in words."""


class Flag(NamedTuple):
    """A finding."""

    left: float
    level: int
    symbol: str
    verdict: str
    rule: str
    link: str
    title: str
    turned: bool
    """Its text stands on the left of its pole."""


class Label(NamedTuple):
    """A time on the axis."""

    left: float
    text: str
    anchor: str


class Timeline(NamedTuple):
    """The whole picture."""

    rows: tuple[Row, ...]
    flags: tuple[Flag, ...]
    levels: int
    cuts: tuple[tuple[Cut, str, bool], ...]
    """With their length in words, and whether there is room for these."""
    labels: tuple[Label, ...]
    day: str
    left_out: str
    """What is not drawn, in words."""


def timeline(
    lives: Sequence[SetLife],
    chronicle: Chronicle,
    subject: str,
    findings: Sequence[tuple[Finding, str]],
    words: Words,
) -> Timeline | None:
    """The timeline of a subject, with its findings and the links to them; None if it has neither sets nor findings."""
    shown = lives[-SETS:]
    most = max(DRAWN // max(len(chronicle.ticks), 1), FEWEST)
    traffic = {
        (life.generation, uplink): line.coarser(most)
        for life in shown
        for _, uplink in LANES
        if (line := chronicle.ticks.get((subject, life.generation, uplink))) is not None
    }
    axis = scale(_instants(shown, traffic.values(), [finding for finding, _ in findings]))
    if axis is None or not (shown or findings):
        return None
    rows = tuple(_row(life, shown[place + 1 :], traffic, axis, words) for place, life in enumerate(shown))
    accusing = [each for each in findings if each[0].verdict in FLAGGED and each[0].waived is None]
    flags = _flags(accusing[:FLAGS], axis, words)
    missing = [
        f"{len(lives) - SETS} earlier sets" if len(lives) > SETS else "",
        f"{len(accusing) - FLAGS} more findings" if len(accusing) > FLAGS else "",
    ]
    return Timeline(
        rows,
        flags,
        max((flag.level for flag in flags), default=-1) + 1,
        tuple(_cuts(axis)),
        _labels(axis, words),
        words.date(axis.start),
        " and ".join(filter(None, missing)),
    )


def _instants(lives: Iterable[SetLife], traffic: Iterable[Ticks], findings: Iterable[Finding]) -> list[int]:
    known = [at.time for life in lives for at in (life.sm1, life.sm6, life.sm7, life.sm12) if at is not None]
    known += [end.time for life in lives for end in life.ends]
    for line in traffic:
        known += [bucket * line.width for bucket in line.buckets if line.first.time < bucket * line.width]
        known += [line.first.time, line.last.time]
    return known + [finding.time for finding in findings]


def _row(
    life: SetLife,
    newer: Sequence[SetLife],
    traffic: dict[tuple[int, bool], Ticks],
    axis: Scale,
    words: Words,
) -> Row:
    marks = [(name, at) for name, at in zip(("SM1", "SM6", "SM7", "SM12"), life[6:10], strict=True) if at is not None]
    bars: list[Bar] = []
    ticks: list[Tick] = []
    ends: list[Stop] = []
    for lane, (side, uplink) in enumerate(LANES):
        line = traffic.get((life.generation, uplink))
        end = next((each for each in life.ends if each.side == side), None)
        bars += _bars(life, newer, lane, end.time if end is not None else None, line, axis, words)
        if end is not None:
            why = f"{side}: gone since {words.moment(end.time)}, {clean(end.why)} (frame {end.since.number})"
            ends.append(Stop(lane, axis.place(end.time), why))
        if line is not None:
            ticks += _ticks(lane, side, line, end.time if end is not None else None, axis, words)
    inside = [each for each in life.deadlines if axis.start <= each.time <= axis.end]
    beyond = [each for each in life.deadlines if each.time > axis.end and len(life.ends) < len(LANES)]
    return Row(
        life.generation,
        (life.generation - 1) % 6 + 1,
        clean(life.algorithms),
        "SM1 in clear" if life.parent is None else f"SM1 on set {life.parent}",
        tuple(bars),
        tuple(ticks),
        _marks(marks, axis, words, inferred=life.sm12_inferred),
        tuple(ends),
        tuple(Stop(2, axis.place(each.time), f"{clean(each.what)} ends {words.moment(each.time)}") for each in inside),
        "; ".join(f"{clean(each.what)} ends {words.full(each.time)}" for each in beyond),
    )


def _bars(
    life: SetLife,
    newer: Sequence[SetLife],
    lane: int,
    end: int | None,
    line: Ticks | None,
    axis: Scale,
    words: Words,
) -> Iterable[Bar]:
    """The span of a set at one side, in its three states."""
    begin = next((at.time for at in (life.sm6, life.sm7, life.sm1, life.sm12) if at is not None), None)
    if begin is None:
        if line is None:
            return
        begin = line.first.time
    stop = axis.end if end is None else end
    taken = life.sm12.time if life.sm12 is not None else None
    replaced = next((each.sm12.time for each in newer if each.sm12 is not None), None)
    points = [("tmp", begin, "set up, not taken into use yet")]
    if taken is not None:
        points.append(("use", taken, "established"))
    if replaced is not None and taken is not None:
        points.append(("old", replaced, "old: may still be used for what is pending"))
    for place, (kind, since, what) in enumerate(points):
        until = min(points[place + 1][1] if place + 1 < len(points) else stop, stop)
        if until > since or (place == 0 and until == since):
            left = axis.place(since)
            side = LANES[lane][0]
            title = f"set {life.generation} at the {side}: {what}, {words.moment(since)} to {words.moment(until)}"
            yield Bar(lane, left, max(axis.place(until) - left, 0.15), kind, title)


def _ticks(lane: int, side: str, line: Ticks, end: int | None, axis: Scale, words: Words) -> Iterable[Tick]:
    for bucket in sorted(line.buckets):
        count = line.buckets[bucket]
        time = min(max(bucket * line.width, line.first.time), line.last.time)
        late = end is not None and time > end
        packets = f"{count:,} ESP packet{'s' if count > 1 else ''} of the {side}"
        yield Tick(
            lane,
            axis.place(time),
            1 if count < 3 else 2 if count < 20 else 3,
            late,
            f"{packets}, {words.moment(time)}" + (", after it had to give the set up" if late else ""),
        )


def _marks(marks: Sequence[tuple[str, object]], axis: Scale, words: Words, *, inferred: bool) -> tuple[Mark, ...]:
    made: list[Mark] = []
    for name, at in marks:
        time, number = at.time, at.number  # type: ignore[attr-defined]
        left = axis.place(time)
        label = max(left, made[-1].label + MARK) if made else left
        seen = "is not in the capture; there was one by" if name == "SM12" and inferred else "in"
        made.append(Mark(name, left, label, f"{name} {seen} frame {number}, {words.moment(time)}"))
    over = made[-1].label - (100 - MARK) if made else 0
    return tuple(each._replace(label=max(each.label - over, 0)) for each in made) if over > 0 else tuple(made)


def _flags(findings: Sequence[tuple[Finding, str]], axis: Scale, words: Words) -> tuple[Flag, ...]:
    made: list[Flag] = []
    ends = [-1.0] * LEVELS
    for finding, link in sorted(findings, key=lambda each: each[0].time):
        left = axis.place(finding.time)
        turned = left > 100 - FLAG
        begin = left - FLAG if turned else left
        level = next((place for place, end in enumerate(ends) if end <= begin), None)
        if level is None:
            level = min(range(LEVELS), key=lambda place: ends[place])
        ends[level] = max(ends[level], begin + FLAG)
        title = f"{finding.verdict} {clean(finding.rule)} in frame {finding.frame}: {clean(finding.message, 200)}"
        symbol = SYMBOLS[finding.verdict]
        made.append(Flag(left, level, symbol, finding.verdict, clean(finding.rule), link, title, turned))
    return tuple(made)


def _cuts(axis: Scale) -> Iterable[tuple[Cut, str, bool]]:
    free = 0.0
    for cut in axis.cuts:
        middle = cut.left + cut.width / 2
        room = middle >= free
        if room:
            free = middle + LENGTH
        yield cut, duration(cut.skipped), room


def _labels(axis: Scale, words: Words) -> tuple[Label, ...]:
    """Times at the beginning of the stretches, within wide ones, and at the end, as far as there is room."""
    wanted: list[tuple[float, int]] = []
    for each in axis.stretches:
        steps = max(int(each.width / (1.5 * LABEL)), 1)
        length = each.end - each.start
        wanted += [(axis.place(time), time) for time in (each.start + length * step // steps for step in range(steps))]
    wanted.append((axis.place(axis.end), axis.end))
    made: list[Label] = []
    free, last = 0.0, wanted[-1][0] - LABEL
    for left, time in wanted:
        anchor = "end" if left > 100 - LABEL / 2 else "middle" if left > LABEL / 2 else "start"
        begin = left - {"start": 0.0, "middle": LABEL / 2, "end": LABEL}[anchor]
        if begin < free or (time != axis.end and begin + LABEL > last):
            continue
        free = begin + LABEL
        made.append(Label(left, words.hour(time), anchor))
    return tuple(made)
