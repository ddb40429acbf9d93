"""JSON lines while a run goes on: the header at once, a line for each finding as it is made, at the end the summary.

They are the lines of `report/jsonl.py`. A finding whose verdict the end of the run has weakened (frames were lost, the
clock was set) is told once more as ``revised``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import TextIO

from analyzer.report import jsonl
from analyzer.report.model import Report

Shown = Callable[[Report], Report]
"""What becomes of a report before anybody sees it: pseudonyms."""


class Lines:
    """Writes to one stream; each line goes out at once."""

    def __init__(self, sink: TextIO, shown: Shown | None = None) -> None:
        self._sink = sink
        self._shown = shown
        self._told: dict[tuple[object, ...], str] = {}
        self._open = True

    def begin(self, report: Report) -> None:
        """The header: versions, profile, what is listened to."""
        self._put(jsonl.header(report.version, report.profile, [each.path for each in report.captures]))

    def finding(self, report: Report) -> None:
        """The one finding of a report that holds no other."""
        for line in self._lines(report):
            self._put(line)

    def end(self, report: Report) -> None:
        """What has become of findings since they were told, and the summary. The report is as it shall be seen."""
        subjects = {subject.id: subject for subject in report.subjects}
        for finding in report.findings:
            told = self._told.get((finding.rule, finding.subject, finding.actor, finding.fault, finding.frame))
            if told != finding.verdict:
                line = json.loads(jsonl.told(finding, report.captures, subjects.get(finding.subject or "")))
                kind = "finding" if told is None else "revised"
                self._put(json.dumps({**line, "type": kind}) + "\n")
        self._put(jsonl.summary(report))

    def _lines(self, report: Report) -> list[str]:
        report = report if self._shown is None else self._shown(report)
        subjects = {subject.id: subject for subject in report.subjects}
        for each in report.findings:
            self._told[each.rule, each.subject, each.actor, each.fault, each.frame] = each.verdict
        return [jsonl.told(each, report.captures, subjects.get(each.subject or "")) for each in report.findings]

    def _put(self, line: str) -> None:
        if not self._open:
            return
        try:
            self._sink.write(line)
            self._sink.flush()
        except BrokenPipeError:  # whoever read has gone: the run goes on for the other reports
            self._open = False
            with suppress(OSError):
                self._sink.flush()
