"""JSON Lines: one JSON object a line, for what reads a report while it grows: a header, the findings, a summary.

``type`` says what a line is. Its other fields are those of the JSON report, version 1, and a finding also has in words
what it only has as numbers there (the capture's path, who the subject is), since a line may be read without the others.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final, TextIO

from msgspec.structs import replace

from analyzer.finding import Finding
from analyzer.report.json import document, finding_document, sound
from analyzer.report.model import CaptureSummary, Report, SubjectSummary
from analyzer.report.renderers import Material

SCHEMA: Final = "gmaudit.lines/1"


def render(material: Material, sink: TextIO) -> None:
    """Write the report, a line for each finding."""
    report = material.report
    subjects = {subject.id: subject for subject in report.subjects}
    sink.write(header(report.version, report.profile, [capture.path for capture in report.captures]))
    for finding in report.findings:
        sink.write(told(finding, report.captures, subjects.get(finding.subject or "")))
    sink.write(summary(report))


def header(version: str, profile: str, captures: Sequence[str]) -> str:
    """The first line: what follows, and what it is about."""
    return _line("header", {"schema": SCHEMA, "version": version, "profile": profile, "captures": list(captures)})


def told(finding: Finding, captures: Sequence[CaptureSummary], subject: SubjectSummary | None) -> str:
    """The line of one finding."""
    fields = finding_document(finding)
    fields["path"] = captures[finding.capture].path if finding.capture < len(captures) else None
    fields["impi"] = subject.impi if subject is not None else None
    fields["ue"] = subject.ue if subject is not None else None
    fields["pcscf"] = subject.pcscf if subject is not None else None
    return _line("finding", fields)


def summary(report: Report) -> str:
    """The last line: the JSON report without its findings."""
    fields = document(replace(report, findings=[]))
    del fields["findings"]
    return _line("summary", fields | {"verdict": report.verdict, "counts": _counts(report)})


def _counts(report: Report) -> dict[str, int]:
    """How many findings have which verdict; waived ones stand apart."""
    counts = dict.fromkeys(("violation", "warning", "probable", "inconclusive", "note", "waived"), 0)
    for finding in report.findings:
        counts["waived" if finding.waived is not None else finding.verdict] += 1
    return counts


def _line(kind: str, fields: dict[str, Any]) -> str:
    return json.dumps({"type": kind, **sound(fields)}) + "\n"
