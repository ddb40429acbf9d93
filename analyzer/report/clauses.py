"""Clauses as rules cite them: taken apart, with the address of the document, and what became of each in a report."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from msgspec import Struct, field

from analyzer.finding import RANK, Tally
from analyzer.report.model import Report

UNEXERCISED: Final = "not exercised"
CRASHED: Final = "crashed"
WAIVED: Final = "waived"

STATES: Final = (CRASHED, *RANK[:3], WAIVED, *RANK[3:], UNEXERCISED)
"""What can become of a rule, the worst first: a crash, the verdicts of `RANK`, nothing at all."""

_ASIDE: Final = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_DOCUMENT: Final = re.compile(r"(TS|TR|RFC|IR\.|[A-Za-z][\w.-]*)\s*([0-9][0-9.]*)?\s*")
_NUMBER: Final = re.compile(r"[0-9A-Za-z]+")


class Citation(NamedTuple):
    """One clause of one document."""

    document: str
    """``TS 33.203``, ``RFC 3261``."""
    section: str
    """``7.4.2a``, ``Annex H``; empty: the whole document."""

    def __str__(self) -> str:
        return f"{self.document} {self.section}".strip()


class Row(Struct):
    """What became of the rules that cite one clause."""

    citation: Citation
    rules: dict[str, list[str]] = field(default_factory=dict)
    """Ids of rules by their state, each rule once, in the order of `STATES`."""

    @property
    def state(self) -> str:
        """The worst of the states of its rules."""
        return next(iter(self.rules))


def cited(clause: str) -> list[Citation]:
    """The clauses in a rule's ``clause``: ``TS 33.203 7.4, 7.1; RFC 3261 17.1`` names three. Asides are left out."""
    found = []
    for part in bare(clause).split(";"):
        if (match := _DOCUMENT.match(part := part.strip())) is None:
            continue
        document = " ".join(f"{match[1]}{'' if match[1].endswith('.') else ' '}{match[2] or ''}".split())
        sections = [" ".join(section.split()) for section in part[match.end() :].split(",")]
        found += [Citation(document, section) for section in sections]
    return list(dict.fromkeys(found))


def bare(clause: str) -> str:
    """The same without its asides: marks of the catalogue, remarks on versions."""
    return re.sub(" +(?=[,;]|$)", "", _ASIDE.sub("", clause)).strip()


def address(citation: Citation) -> str | None:
    """Where the document can be read; None if its publisher is not known."""
    kind, _, number = citation.document.partition(" ")
    if kind == "RFC" and re.fullmatch("[0-9]+", number):
        anchor = f"#section-{citation.section}" if re.fullmatch(r"[0-9][0-9.]*", citation.section) else ""
        return f"https://www.rfc-editor.org/rfc/rfc{number}{anchor}"
    if kind in ("TS", "TR") and re.fullmatch(r"[0-9]{2}\.[0-9]{3}", number):
        return f"https://www.3gpp.org/dynareport/{number.replace('.', '')}.htm"
    return None


def matrix(report: Report, clauses: Mapping[str, str]) -> list[Row]:
    """A row for each clause that the rules of the report cite, in the order of documents and sections.

    ``clauses`` has the clause of each rule by its id; a rule that is not there stands under what its findings cite, or
    under its own id.
    """
    findings = {finding.rule: finding.clause for finding in report.findings}
    rows: dict[Citation, dict[str, list[str]]] = {}
    for rule, state in states(report).items():
        clause = clauses.get(rule) or findings.get(rule) or ""
        for citation in cited(clause) or [Citation(rule, "")]:
            rows.setdefault(citation, {}).setdefault(state, []).append(rule)
    return [
        Row(citation, {state: rows[citation][state] for state in STATES if state in rows[citation]})
        for citation in sorted(rows, key=_order)
    ]


def states(report: Report) -> dict[str, str]:
    """The state of each rule of the report, by its id: the worst that became of it and that nobody waived."""
    waived: set[str] = set()
    unwaived: dict[str, set[str]] = {}
    for finding in report.findings:
        if finding.waived is None:
            unwaived.setdefault(finding.rule, set()).add(finding.verdict)
        else:
            waived.add(finding.rule)
    found = {}
    for tally in report.rules:
        state, verdicts = _state(tally), unwaived.get(tally.id, set())
        if tally.id in waived and state in RANK and state not in verdicts:
            state = min(verdicts, key=RANK.index, default=WAIVED)
        found[tally.id] = state
    return found


def _state(tally: Tally) -> str:
    if tally.error:
        return CRASHED
    counts = {name: tally.passed if name == "pass" else getattr(tally, name) for name in RANK}
    return next((name for name in RANK if counts[name]), UNEXERCISED)


def _order(citation: Citation) -> tuple[bool, str, list[tuple[int, str]]]:
    """3GPP first; sections by number: 7.4.1a, 7.4.2, 7.10, Annex H."""
    parts = _NUMBER.findall(citation.section)
    numbers = [(int(found[0]) if (found := re.findall(r"^[0-9]+", part)) else 10**9, part) for part in parts]
    return not citation.document.startswith("TS"), citation.document, numbers
