"""Captures written again, for the tests: a report of what was audited, and what tshark reads of the outcome."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Sequence
from pathlib import Path

from analyzer.annotated.render import render
from analyzer.finding import Finding
from analyzer.report.model import CaptureSummary, Report
from analyzer.report.renderers import Material
from analyzer.sources.files import Captures
from analyzer.sources.triage import Triage
from tests.report.reports import report

ROOT = "Running as user"
"""How tshark begins to complain if root runs it; that says nothing of the capture."""


def audited(paths: Sequence[str], findings: Sequence[Finding] = ()) -> Report:
    """A report on these captures as an audit would make it, with findings made by hand."""
    source = Captures(paths, Triage())
    for _ in source:
        pass
    captures = [
        CaptureSummary(path=each.path, frames=each.frames, first=each.first, last=each.last)
        for each in source.summaries
    ]
    return report(captures=captures, findings=list(findings))


def again(paths: Sequence[str], findings: Sequence[Finding] = ()) -> bytes:
    """The captures, written again."""
    sink = io.BytesIO()
    render(Material(report=audited(paths, findings)), sink)
    return sink.getvalue()


def told(path: Path, *fields: str, program: str = "tshark") -> list[list[str]]:
    """Fields of each frame as tshark reads them; it must have nothing to complain of."""
    wanted = [word for field in fields for word in ("-e", field)]
    return [line.split("\t") for line in _run([program, "-r", str(path), "-T", "fields", *wanted]).splitlines()]


def capinfos(path: Path, *options: str) -> str:
    """What capinfos says of a capture; it must have nothing to complain of."""
    return _run(["capinfos", *options, str(path)])


def _run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=60, check=True)
    assert [line for line in done.stderr.splitlines() if not line.startswith(ROOT)] == []
    return done.stdout
