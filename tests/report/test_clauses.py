"""Clauses as rules cite them, and what became of each."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.finding import Tally, Waived
from analyzer.report.clauses import STATES, Citation, address, cited, matrix, states
from analyzer.rule import collect
from tests.report.reports import finding, report


@pytest.mark.parametrize(
    ("clause", "citations"),
    [
        ("TS 33.203 7.4, 7.1; RFC 3261 18.2.2", ["TS 33.203 7.4", "TS 33.203 7.1", "RFC 3261 18.2.2"]),
        ("TS 33.203 Annex H, Annex I", ["TS 33.203 Annex H", "TS 33.203 Annex I"]),
        ("TS 24.229 5.1.1.5.12 (5.1.1.5.3 in older versions)", ["TS 24.229 5.1.1.5.12"]),
        ("TS 33.203 7.1 [M], 7.4.2a; TS 24.229 5.2", ["TS 33.203 7.1", "TS 33.203 7.4.2a", "TS 24.229 5.2"]),
        ("RFC 2403; RFC 4106 6", ["RFC 2403", "RFC 4106 6"]),
        ("TS 24.229 table 7.7.1; IR.92 2.2.2 [M]", ["TS 24.229 table 7.7.1", "IR.92 2.2.2"]),
        ("house rules 3", ["house rules 3"]),
        ("", []),
    ],
)
def test_clauses_are_taken_apart(clause: str, citations: list[str]) -> None:
    assert [str(one) for one in cited(clause)] == citations


@pytest.mark.parametrize(
    ("citation", "found"),
    [
        (Citation("TS 33.203", "7.4.2a"), "https://www.3gpp.org/dynareport/33203.htm"),
        (Citation("RFC 3261", "18.2.2"), "https://www.rfc-editor.org/rfc/rfc3261#section-18.2.2"),
        (Citation("RFC 3329", "Appendix A"), "https://www.rfc-editor.org/rfc/rfc3329"),
        (Citation("IR.92", "2.2.2"), None),
        (Citation("TS ../../x", ""), None),
    ],
)
def test_documents_have_addresses(citation: Citation, found: str | None) -> None:
    assert address(citation) == found


def test_every_rule_cites_something_that_can_be_read() -> None:
    for rule in collect():
        citations = cited(rule.clause)
        assert citations, rule.id
        assert any(map(address, citations)), rule.id


@given(st.text())
def test_any_text_is_taken_apart(clause: str) -> None:
    for citation in cited(clause):
        assert citation.document
        assert address(citation) is None or str(address(citation)).startswith("https://")


def test_the_worst_counts_and_every_rule_stands_under_all_its_clauses() -> None:
    clauses = {"NEG-01": "TS 33.203 7.2", "NEG-07": "TS 33.203 7.2, 7.10", "PORT-09": "TS 33.203 7.2; RFC 3261 18"}
    rows = matrix(report(), clauses)
    assert [str(row.citation) for row in rows] == [
        "TS 33.203 7.1", "TS 33.203 7.2", "TS 33.203 7.10", "NEG-09", "NEG-10", "RFC 3261 18"
    ]  # fmt: skip
    first, second, *_ = rows
    assert first.rules == {"probable": ["SA-13"]}
    assert second.rules == {"violation": ["NEG-07", "PORT-09"], "pass": ["NEG-01"]}
    assert second.state == "violation"
    assert rows[3].rules == {"not exercised": ["NEG-09"]}


def test_what_is_waived_is_neither_passed_nor_broken() -> None:
    accepted = Waived("ticket 1", date(2026, 12, 31))
    tallies = [Tally(id="A", violation=1, passed=3), Tally(id="B", violation=1, note=1), Tally(id="C", error=1)]
    made = report(
        rules=tallies,
        findings=[finding("A", waived=accepted), finding("B", waived=accepted), finding("B", "note")],
    )
    assert states(made) == {"A": "waived", "B": "note", "C": "crashed"}
    assert set(states(made).values()) < set(STATES)
