"""The ladder of one subject: its messages as arrows between UE and P-CSCF, with findings beside them.

A long ladder keeps what matters: messages of findings and those around them, registrations, the beginning and the end.
What lies between is one row that says how many messages it stands for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from analyzer.finding import RANK, Finding
from analyzer.report.chronicle import Arrow
from analyzer.report.clauses import WAIVED
from analyzer.report.html.texts import Texts
from analyzer.report.html.words import SYMBOLS, Words
from analyzer.report.model import SetSummary
from analyzer.report.safe import clean

ROWS: Final = 300
"""Messages of one subject that are drawn."""

TOTAL: Final = 20_000
"""Messages of all subjects that are drawn; later subjects have what is left, but `LEAST` each."""

LEAST: Final = 40

AROUND: Final = 4
"""Messages before and after one with a finding."""

LONELY: Final = 100
"""Frames with findings and without a SIP message that have a row."""

BESIDE: Final = 8
"""Findings beside one message."""


class Hit(NamedTuple):
    """A finding beside a message."""

    rank: int
    rule: str
    verdict: str
    link: str

    @property
    def symbol(self) -> str:
        """The sign of its verdict."""
        return SYMBOLS[self.verdict]


class Rung(NamedTuple):
    """One row of the ladder: a message, or what stands in the place of messages."""

    kind: str
    """``message``, ``gap``, ``day`` or ``place``: a frame that findings name and no message has."""
    text: str
    """Of a message its method or status."""
    frame: str = ""
    anchor: str = ""
    time: str = ""
    step: str = ""
    ports: tuple[int, int] = (0, 0)
    """Of the UE and of the P-CSCF."""
    uplink: bool = False
    beside: str = ""
    """Of a response what it answers; of a message that came before, that it comes again."""
    transport: str = ""
    protection: str = ""
    colour: int = 0
    """Of the set, from 1; 0: in clear; -1: only told of."""
    role: str = ""
    """Which of the four associations."""
    title: str = ""
    quote: str | None = None
    """Name of its headers on the page."""
    hits: tuple[Hit, ...] = ()
    more: int = 0
    """Findings that are not among them."""

    @property
    def accused(self) -> bool:
        """A finding beside it accuses somebody."""
        return any(each.verdict in ("violation", "warning", "probable") for each in self.hits)


class Ladder(NamedTuple):
    """All rows of one subject."""

    rungs: tuple[Rung, ...]
    messages: int
    left_out: int
    clear: int


Hits = Mapping[tuple[int, int], Sequence[Hit]]
"""Findings by capture and frame."""


def ladder(
    arrows: Sequence[Arrow], sets: Sequence[SetSummary], hits: Hits, texts: Texts, words: Words, room: int = ROWS
) -> Ladder:
    """The ladder of one subject; ``room`` is how many messages it may have."""
    steps: dict[tuple[int | None, int | None], str] = {}
    for one in sets:
        for name, at in (("SM1", one.sm1), ("SM6", one.sm6), ("SM7", one.sm7), ("SM12", one.sm12)):
            steps[one.capture, at] = name
    chosen = _chosen(arrows, hits, steps, room)
    rungs: list[Rung] = []
    day, skipped = "", 0
    drawn: set[tuple[int, int]] = set()
    sent: set[tuple[object, ...]] = set()
    there = {(each.at.capture, each.at.number) for each in arrows}
    lonely = sorted(place for place in hits if place not in there)
    unseen = len(lonely) - LONELY
    del lonely[LONELY:]
    for number, arrow in enumerate(arrows):
        while lonely and (lonely[0][0] == arrow.at.capture and lonely[0][1] < arrow.at.number):
            rungs.append(_lonely(lonely.pop(0), hits, words))
        what = arrow.call_id, arrow.cseq, arrow.method, arrow.status, arrow.uplink
        again = what in sent
        sent.add(what)
        if number not in chosen:
            skipped += 1
            continue
        if skipped:
            rungs.append(_gap(skipped))
            skipped = 0
        date = words.date(arrow.at.time)
        if date != day:
            rungs.append(Rung("day", date))
            day = date
        place = arrow.at.capture, arrow.at.number
        found = () if place in drawn else hits.get(place, ())
        rungs.append(_rung(arrow, steps.get(place, ""), found, texts, words, again=again))
        drawn.add(place)
    if skipped:
        rungs.append(_gap(skipped))
    rungs += [_lonely(place, hits, words) for place in lonely]
    if unseen > 0:
        rungs.append(Rung("gap", f"{unseen:,} more frames with findings and without a SIP message"))
    clear = sum(arrow.clear for arrow in arrows)
    return Ladder(tuple(rungs), len(arrows), len(arrows) - len(chosen), clear)


def _gap(count: int) -> Rung:
    return Rung("gap", f"{count:,} message{'s' if count > 1 else ''} without findings left out")


def _lonely(place: tuple[int, int], hits: Hits, words: Words) -> Rung:
    found = sorted(set(hits[place]))
    return Rung(
        "place",
        "no SIP message",
        words.frame(*place, 0 if words.alone else -1),
        f"{place[0]}-{place[1]}",
        hits=tuple(found[:BESIDE]),
        more=max(len(found) - BESIDE, 0),
    )


def _chosen(
    arrows: Sequence[Arrow], hits: Hits, steps: Mapping[tuple[int | None, int | None], str], room: int
) -> set[int]:
    """Which messages are drawn: those that matter first, then the earliest, until there is no room."""
    if len(arrows) <= room:
        return set(range(len(arrows)))
    found = [n for n, arrow in enumerate(arrows) if (arrow.at.capture, arrow.at.number) in hits]
    marked = [n for n, arrow in enumerate(arrows) if (arrow.at.capture, arrow.at.number) in steps]
    near = [n + by for n in found for by in range(-AROUND, AROUND + 1) if 0 <= n + by < len(arrows)]
    ends = [*range(12), *range(len(arrows) - 6, len(arrows))]
    registers = [n for n, arrow in enumerate(arrows) if arrow.method == "REGISTER"]
    return set(list(dict.fromkeys((*found, *marked, *near, *ends, *registers, *range(len(arrows)))))[:room])


def _rung(arrow: Arrow, step: str, hits: Sequence[Hit], texts: Texts, words: Words, *, again: bool) -> Rung:
    first, _, rest = arrow.start_line.partition(" ")
    ports = (arrow.sport, arrow.dport) if arrow.uplink else (arrow.dport, arrow.sport)
    if arrow.generation is not None:
        state = arrow.state_ue if arrow.uplink else arrow.state_pcscf
        protection, colour = f"set {arrow.generation}", (arrow.generation - 1) % 6 + 1
        title = f"set {arrow.generation}, {arrow.role}, {state} at its sender"
        if arrow.spi is not None:
            title += f", SPI 0x{arrow.spi:08x}"
        title += f", ESP number {arrow.sequence}"
    elif arrow.told:
        protection, colour, title = "told", -1, "a tool told of it; nobody knows what protected it"
    else:
        protection, colour, title = "clear", 0, "not protected by any security association"
    found = sorted(set(hits))
    return Rung(
        "message",
        clean(rest if arrow.status else first, 60),
        words.frame(arrow.at.capture, arrow.at.number, 0 if words.alone else -1),
        f"{arrow.at.capture}-{arrow.at.number}",
        words.hour(arrow.at.time),
        step,
        ports,
        arrow.uplink,
        " ".join([arrow.method] * bool(arrow.status) + ["again"] * again),
        "" if arrow.told else arrow.transport,
        protection,
        colour,
        clean(arrow.role),
        clean(title),
        texts.want(arrow.at.capture, arrow.at.number),
        tuple(found[:BESIDE]),
        max(len(found) - BESIDE, 0),
    )


def hit(finding: Finding, link: str) -> Hit:
    """A finding as it stands beside a message."""
    if finding.waived is not None:
        return Hit(len(RANK), clean(finding.rule), WAIVED, link)
    return Hit(RANK.index(finding.verdict), clean(finding.rule), finding.verdict, link)
