"""`--statistics`."""

from __future__ import annotations

import io

from analyzer.finding import Tally
from analyzer.report.text import write
from tests.report.reports import report


def test_every_rule_has_a_row_or_a_reason() -> None:
    model = report(
        rules=[
            Tally(id="NEG-01", passed=2, seen=3),
            Tally(id="PORT-09", violation=5, passed=1200, seen=1300),
            Tally(id="NEG-10", why_not="never seen: SM7\x1b[31m"),
        ],
        not_in_force={"ESP-07": "too new", "ESP-08": "too new", "CRY-01": "switched off"},
        findings=[],
    )
    stream = io.StringIO()
    write(model, stream, with_statistics=True)
    lines = [" ".join(line.split()) for line in stream.getvalue().splitlines()]
    assert "rule violation pass events seen" in lines
    assert "NEG-01 . 2 3" in lines
    assert "PORT-09 5 1,200 1,300" in lines
    assert "Not exercised, and why: 1 rule" in lines
    assert "NEG-10 never seen: SM7\\x1b[31m" in lines
    assert "Not in force in rel-17: 3 rules" in lines
    assert "too new: ESP-07, ESP-08" in lines and "switched off: CRY-01" in lines


def test_without_any_rule() -> None:
    stream = io.StringIO()
    write(report(rules=[], findings=[]), stream, with_statistics=True)
    assert "Not exercised" not in stream.getvalue()
