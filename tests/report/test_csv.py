"""The table of findings: RFC 4180, and nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import re
from datetime import date

import pytest
from hypothesis import given

from analyzer.finding import Waived
from analyzer.report.csv import COLUMNS, cell, render
from analyzer.report.model import Report
from tests.report import wild
from tests.report.reports import finding, material, report


def written(made: Report) -> str:
    stream = io.StringIO(newline="")
    render(material(made), stream)
    return stream.getvalue()


def rows(made: Report) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(written(made), newline=""), strict=True))


def test_a_row_for_each_finding() -> None:
    first, second, _ = rows(report())
    assert first["verdict"] == "violation"
    assert first["capture"] == "udp4_sha1_aes.pcap"
    assert first["impi"].startswith("001010000000101@")
    assert (first["frame"], first["time"], first["count"]) == ("15", "2026-01-10T06:51:06.119000Z", "5")
    assert (first["related"], first["waived"]) == ("14 22", "")
    assert (second["traps"], len(second["cause"])) == ("FP2", 16)


def test_no_findings_leave_the_heading() -> None:
    assert written(report(findings=[])) == ",".join(COLUMNS) + "\r\n"


def test_what_is_waived_says_why() -> None:
    accepted = finding(waived=Waived("ticket 1", date(2026, 12, 31)), subject=None, related_other=((1, 7),))
    (row,) = rows(report(findings=[accepted]))
    assert row["waived"] == "ticket 1 (until 2026-12-31)"
    assert (row["impi"], row["related_other"]) == ("", "1:7")


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("=1+1", "'=1+1"),
        ("+49 170", "'+49 170"),
        ("-2", "'-2"),
        ("@SUM(A1)", "'@SUM(A1)"),
        (' "=1"', '\' "=1"'),
        ("\uff1d1", "'\uff1d1"),
        ("a;=1", "a;'=1"),
        ("\t=1", "\\t=1"),
        ("-", "-"),
        ("5100>46432", "5100>46432"),
        ("a-b", "a-b"),
    ],
)
def test_formulas_become_text(text: str, safe: str) -> None:
    assert cell(text) == safe


def test_a_cell_holds_what_a_spreadsheet_holds() -> None:
    assert len(cell("=" * 100_000)) < 32_767


@given(wild.reports())
def test_any_report_is_a_table_of_text(made: Report) -> None:
    text = written(made)
    assert text.endswith("\r\n")
    assert text.replace("\r\n", "").isprintable()
    table = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert len(table) == len(made.findings) + 1 == text.count("\r\n")
    for row in table:
        assert len(row) == len(COLUMNS)
        for value in row:
            for part in value.split(";"):
                assert not re.match("[ '\"]*[=+@-].", part) or part.lstrip(' "').startswith("'")
