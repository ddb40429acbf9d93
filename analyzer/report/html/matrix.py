"""The matrix by clause: what became of each clause that the rules cite, and of each rule under it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from analyzer.finding import Tally
from analyzer.report import clauses
from analyzer.report.html.faults import Fault
from analyzer.report.html.words import SYMBOLS
from analyzer.report.model import Report
from analyzer.report.safe import clean
from analyzer.report.text_names import named

if TYPE_CHECKING:
    from analyzer.rule import Rule

COLUMNS = (
    ("pass", "passed"),
    ("broken", "broken"),
    ("probable", "probable"),
    ("inconclusive", "inconclusive"),
    (clauses.UNEXERCISED, "not exercised"),
)
"""The states that have a column; violations and warnings stand in one, notes beside the passes."""


class Cell(NamedTuple):
    """One rule within a clause."""

    id: str
    state: str
    symbol: str
    name: str

    @property
    def told(self) -> bool:
        """Its name is worth its room."""
        return self.state not in ("pass", "note", clauses.UNEXERCISED)


class ClauseRow(NamedTuple):
    """One clause of a document."""

    section: str
    address: str
    """Where the document can be read; empty if that is not known."""
    state: str
    symbol: str
    cells: tuple[Cell, ...]
    counts: tuple[int, ...]
    """Rules by column."""


class Document(NamedTuple):
    """All clauses of one document."""

    name: str
    rows: tuple[ClauseRow, ...]


class RuleRow(NamedTuple):
    """One rule with what it said."""

    id: str
    name: str
    clause: str
    level: str
    severity: str
    actor: str
    state: str
    symbol: str
    counts: tuple[int, ...]
    """Passes, violations and warnings, probable, inconclusive, notes."""
    why_not: str
    documentation: tuple[str, ...]
    """Paragraphs."""
    faults: tuple[tuple[str, str], ...]
    """Link and title of its faults."""


def documents(report: Report, rules: Mapping[str, Rule]) -> list[Document]:
    """The clauses in the order of documents and sections."""
    made: dict[str, list[ClauseRow]] = {}
    for row in clauses.matrix(report, {name: rule.clause for name, rule in rules.items()}):
        cells = sorted(
            (
                Cell(clean(each), state, SYMBOLS[state], _name(rules.get(each)))
                for state, ids in row.rules.items()
                for each in ids
            ),
            key=lambda cell: cell.id,
        )
        counts = {name: 0 for name, _ in COLUMNS}
        for cell in cells:
            counts[_column(cell.state)] += 1
        citation = row.citation
        made.setdefault(clean(citation.document), []).append(
            ClauseRow(
                clean(citation.section) or "whole document",
                clauses.address(citation) or "",
                row.state,
                SYMBOLS[row.state],
                tuple(cells),
                tuple(counts.values()),
            )
        )
    return [Document(name, tuple(rows)) for name, rows in made.items()]


def rule_rows(
    report: Report, rules: Mapping[str, Rule], faults: Sequence[Fault], titles: Mapping[int, str]
) -> list[RuleRow]:
    """Every rule of the report."""
    states = clauses.states(report)
    by_rule: dict[str, list[tuple[str, str]]] = {}
    for fault in faults:
        for name in fault.rules:
            by_rule.setdefault(name, []).append((fault.links[0], titles[fault.number]))
    return [_rule(tally, rules.get(tally.id), states[tally.id], by_rule.get(tally.id, [])) for tally in report.rules]


def _rule(tally: Tally, rule: Rule | None, state: str, faults: Sequence[tuple[str, str]]) -> RuleRow:
    paragraphs = rule.documentation.split("\n\n") if rule is not None else []
    return RuleRow(
        clean(tally.id),
        _name(rule),
        clean(clauses.bare(rule.clause)) if rule is not None else "",
        str(rule.level) if rule is not None else "",
        str(rule.severity) if rule is not None else "",
        clean(rule.actor) if rule is not None else "",
        state,
        SYMBOLS[state],
        (tally.passed, tally.violation + tally.warning, tally.probable, tally.inconclusive, tally.note),
        clean(tally.why_not),
        tuple(" ".join(paragraph.split()) for paragraph in paragraphs),
        tuple(faults),
    )


def _name(rule: Rule | None) -> str:
    return "" if rule is None else named(rule)


def _column(state: str) -> str:
    if state in ("violation", "warning", clauses.WAIVED):
        return "broken"
    if state in ("note", "pass"):
        return "pass"
    return "inconclusive" if state == clauses.CRASHED else state
