"""What an opened finding shows: expected against observed, its messages, what was compared, how traps were excluded."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Final, NamedTuple

from analyzer.evidence import Evidence, Seen, differs
from analyzer.finding import Finding
from analyzer.report import text_evidence
from analyzer.report.chronicle import Arrow
from analyzer.report.html.marks import Line, Marks, marked, marks, shown
from analyzer.report.html.texts import Texts
from analyzer.report.html.words import Words, several
from analyzer.report.safe import clean
from analyzer.report.traps import trap
from analyzer.verdict import Table

OCCURRENCES: Final = 40
"""Frames that are listed."""

ROWS: Final = 60
"""Rows of a table."""

CELL: Final = 200
"""Characters of a cell."""

ALIKE: Final = 0.55
"""Two texts that are less alike than this are not compared word by word."""

PAIR: Final = ("parameter", "expected", "observed")
"""Columns of a table that says what stands above it already."""

COMPARED: Final = 400
"""Characters of expected and observed that are compared word by word."""

_WORDS: Final = re.compile(r"\w+|\s+|[^\w\s]")

Piece = tuple[str, bool]
"""A part of a text, and whether it differs from the other text."""


class Fact(NamedTuple):
    """A part of a line about a message; ``hot`` if the finding is about it."""

    text: str
    hot: bool = False


class Shown(NamedTuple):
    """One message of a finding."""

    what: str
    frame: str
    time: str
    sender: str
    first_line: str
    facts: tuple[Fact, ...]
    own: bool
    """The message that the finding is about; the others are what it is held against."""
    quote: str | None
    """Name of its headers on the page."""
    lines: tuple[Line, ...]
    """Lines of them that matter."""
    anchor: str
    """Where it stands in the ladder."""


class Grid(NamedTuple):
    """A table of the evidence."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[bool, tuple[str, ...]], ...]
    """Whether the cells of a row differ, and the cells."""
    more: int
    same: bool
    """It compares, and nothing differs."""


class Detail(NamedTuple):
    """All that an opened finding shows."""

    expected: tuple[Piece, ...]
    observed: tuple[Piece, ...]
    messages: tuple[Shown, ...]
    grids: tuple[Grid, ...]
    around: tuple[tuple[str, str], ...]
    """Label and text of the life of the sets, transactions, connections and packets."""
    argument: str
    excluded: tuple[str, ...]
    open: tuple[str, ...]
    frames: str
    filter: str
    missing: tuple[str, ...]


def detail(finding: Finding, texts: Texts, words: Words) -> Detail:
    """The details of one finding; messages that it shows are put among ``texts``."""
    evidence = finding.evidence
    expected, observed = _compared(clean(finding.expected), clean(finding.observed))
    found = marks(finding)
    return Detail(
        expected,
        observed,
        _messages(finding, found, texts, words),
        tuple(_grid(each) for each in evidence.tables if each.columns != PAIR) if evidence is not None else (),
        tuple(_around(finding, evidence, words)) if evidence is not None else (),
        clean(finding.argument),
        tuple(clean(trap(code)) for code in finding.excluded),
        tuple(clean(trap(code)) for code in finding.traps),
        _frames(finding, words),
        _filter(finding),
        tuple(clean(text) for text in evidence.missing) if evidence is not None else (),
    )


def _compared(expected: str, observed: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """The two texts with the words marked that differ; none of them where the two have little in common."""
    if not expected or not observed or len(expected) > COMPARED or len(observed) > COMPARED:
        return ((expected, False),), ((observed, False),)
    one, other = _WORDS.findall(expected), _WORDS.findall(observed)
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    if matcher.ratio() < ALIKE:
        return ((expected, False),), ((observed, False),)
    left: list[Piece] = []
    right: list[Piece] = []
    for kind, a, b, c, d in matcher.get_opcodes():
        if b > a:
            left.append(_piece(one[a:b], kind))
        if d > c:
            right.append(_piece(other[c:d], kind))
    return tuple(left), tuple(right)


def _piece(words: Sequence[str], kind: str) -> Piece:
    text = "".join(words)
    return text, kind != "equal" and any(letter.isalnum() for letter in text)


def _messages(finding: Finding, found: Marks, texts: Texts, words: Words) -> tuple[Shown, ...]:
    evidence = finding.evidence
    seen = evidence.messages if evidence is not None else ()
    made = [_message(each, finding, found, texts, words) for each in seen]
    return tuple(sorted(made, key=lambda each: not each.own))


def _message(each: Seen, finding: Finding, found: Marks, texts: Texts, words: Words) -> Shown:
    place = each.at.capture, each.at.number
    own = place == (finding.capture, finding.frame)
    arrow = texts.arrow(*place)
    if arrow is not None and each.sender is not None and arrow.uplink is not (each.sender == "UE"):
        arrow = None  # another message of the same frame
    quote = texts.want(*place)
    headers, sought = (found.headers, found.bad) if own else (found.beside, found.want)
    lines = marked(texts.lines[quote], headers, sought) if quote is not None else []
    return Shown(
        clean(each.what),
        words.at(*place),
        words.moment(each.at.time),
        clean(each.sender or ""),
        clean(each.first_line or "", 200),
        tuple(_facts(each, arrow, finding if own else None, found)),
        own,
        quote,
        tuple(lines),
        f"{place[0]}-{place[1]}",
    )


def _facts(each: Seen, arrow: Arrow | None, finding: Finding | None, found: Marks) -> Iterator[Fact]:
    """How a message travelled, as its finding has it or else as the chronicle has it.

    ``finding`` is the one that this is the message of; None for what it is held against.
    """
    observed = finding.observed if finding is not None else ""
    if each.flow is not None or arrow is not None:
        over = each.flow if each.flow is not None else arrow
        assert over is not None
        ports = clean(f"{over.transport} {over.sport} \N{RIGHTWARDS ARROW} {over.dport}")
        yield Fact(ports, finding is not None and shown(ports, found.bad))
    if each.protection is not None:
        held = each.protection
        kept = held.generation, held.role, held.spi, held.sequence, held.state_ue, held.state_pcscf, held.icv
    elif arrow is not None and arrow.generation is not None:
        kept = arrow.generation, arrow.role, arrow.spi, arrow.sequence, arrow.state_ue, arrow.state_pcscf, "good"
    else:
        if each.clear or (arrow is not None and arrow.clear):
            yield Fact("in clear", finding is not None and "clear" in f"{finding.message} {observed}")
        return
    generation, role, spi, sequence, ue, pcscf, icv = kept
    states = ue if ue == pcscf else f"{ue} at the UE, {pcscf} at the P-CSCF"
    yield Fact(clean(f"set {generation} {role} ({states})"), shown(observed, [f"set {generation}"]))
    if spi is not None:
        yield Fact(f"SPI 0x{spi:08x}", shown(observed, [str(spi), f"0x{spi:08x}"]))
    if sequence is not None:
        yield Fact(f"ESP number {sequence}")
    if icv != "good":
        yield Fact(f"ICV {icv}", finding is not None)


def _grid(table: Table) -> Grid:
    rows = [(table.compares and differs(row), tuple(clean(cell, CELL) for cell in row)) for row in table.rows[:ROWS]]
    return Grid(
        clean(table.title),
        tuple(map(clean, table.columns)),
        tuple(rows),
        max(len(table.rows) - ROWS, 0),
        table.compares and not any(map(differs, table.rows)),
    )


def _around(finding: Finding, evidence: Evidence, words: Words) -> list[tuple[str, str]]:
    """The lines of the text report on all but messages and tables, which have a form of their own here."""
    return list(text_evidence.lines(evidence._replace(missing=()), finding, words))


def _frames(finding: Finding, words: Words) -> str:
    if finding.count == 1:
        return words.at(finding.capture, finding.frame)
    listed = ", ".join(f"{number:,}" for number in finding.occurrences[:OCCURRENCES])
    more = finding.count - min(len(finding.occurrences), OCCURRENCES)
    beside = f" and {several(more, 'more')}" if more > 0 else ""
    where = "" if words.alone else f" of {words.captures[finding.capture]}"
    return f"{several(finding.count, 'time')}, frames {listed}{beside}{where}"


def _filter(finding: Finding) -> str:
    """What shows its frames in Wireshark, in the capture of the finding."""
    numbers = sorted({finding.frame, *finding.related, *finding.occurrences[:OCCURRENCES]})
    if len(numbers) == 1:
        return f"frame.number == {finding.frame}"
    return f"frame.number in {{{', '.join(map(str, numbers))}}}"
