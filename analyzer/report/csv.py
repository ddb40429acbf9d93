"""The findings as a table for spreadsheets and scripts (RFC 4180): a heading, then a row for each finding.

Cells of which a spreadsheet would make a formula get an apostrophe, which makes text of them. Controls and other
letters that do not print are written as their escapes, so that no row takes two lines.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from typing import Final, TextIO

from analyzer.finding import Finding
from analyzer.report.model import Report, SubjectSummary
from analyzer.report.renderers import Material
from analyzer.report.safe import clean
from analyzer.report.times import iso

COLUMNS: Final = (
    "verdict",
    "rule",
    "level",
    "severity",
    "actor",
    "subject",
    "impi",
    "ue",
    "pcscf",
    "capture",
    "frame",
    "time",
    "count",
    "message",
    "expected",
    "observed",
    "related",
    "related_other",
    "clause",
    "traps",
    "argument",
    "cause",
    "fingerprint",
    "waived",
)
"""Those of the JSON report, with the path of the capture and who the subject is."""

_LONGEST: Final = 3_000
"""Characters of a value: ten times as many, if all of them are escaped, is what a cell of a spreadsheet holds."""

_FORMULA: Final = re.compile("(^|;)([ '\"]*)(?=[-=+@\uff0d\uff1d\uff0b\uff20].)")
"""Where a formula could begin: in front, and behind a semicolon, which divides cells where a comma divides decimals.

The letters are those of ASCII and their full width forms.
"""


def render(material: Material, sink: TextIO) -> None:
    """Write the findings of the report, in its order."""
    report = material.report
    writer = csv.writer(sink, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    subjects = {subject.id: subject for subject in report.subjects}
    for finding in report.findings:
        subject = subjects.get(finding.subject or "")
        writer.writerow([cell(value) for value in _row(finding, report, subject)])


def cell(text: str) -> str:
    """Text from anywhere as a cell that is only text."""
    return _FORMULA.sub(r"\1'\2", clean(text, _LONGEST))


def _row(finding: Finding, report: Report, subject: SubjectSummary | None) -> Iterable[str]:
    path = report.captures[finding.capture].path if finding.capture < len(report.captures) else ""
    who = ("", "", "") if subject is None else (subject.impi or "", subject.ue, subject.pcscf)
    waived = finding.waived
    return (
        finding.verdict,
        finding.rule,
        str(finding.level),
        str(finding.severity),
        str(finding.actor),
        finding.subject or "",
        *who,
        path,
        str(finding.frame),
        iso(finding.time),
        str(finding.count),
        finding.message,
        finding.expected,
        finding.observed,
        " ".join(map(str, finding.related)),
        " ".join(f"{capture}:{frame}" for capture, frame in finding.related_other),
        finding.clause,
        " ".join(finding.traps),
        finding.argument,
        finding.cause or "",
        finding.fingerprint,
        "" if waived is None else waived.reason + (f" (until {waived.expires})" if waived.expires else ""),
    )
