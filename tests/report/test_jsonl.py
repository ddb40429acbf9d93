"""JSON Lines: each line is whole, and together they are the JSON report."""

from __future__ import annotations

import io
import json
from typing import Any

from hypothesis import given

from analyzer.finding import Waived
from analyzer.report.json import document
from analyzer.report.jsonl import SCHEMA, render
from analyzer.report.model import Report
from tests.report import wild
from tests.report.reports import IMPI, finding, material, report
from tests.report.schema import validate

MORE = {"type", "path", "impi", "ue", "pcscf"}
"""What a line of a finding has beside the fields of the JSON report."""


def lines(made: Report) -> list[dict[str, Any]]:
    stream = io.StringIO()
    render(material(made), stream)
    assert stream.getvalue().isascii()
    return [json.loads(line, parse_constant=lambda name: 1 / 0) for line in stream.getvalue().splitlines()]


def test_header_findings_summary() -> None:
    header, *findings, summary = lines(report())
    assert header == {
        "type": "header",
        "schema": SCHEMA,
        "version": "0.1.0",
        "profile": "rel-17",
        "captures": ["udp4_sha1_aes.pcap"],
    }
    assert [one["rule"] for one in findings] == ["PORT-09", "SA-13", "NEG-07"]
    assert findings[0]["type"] == "finding"
    assert (findings[0]["path"], findings[0]["impi"]) == ("udp4_sha1_aes.pcap", IMPI)
    assert (findings[0]["ue"], findings[0]["pcscf"]) == ("10.20.0.11", "10.20.0.1")
    assert (summary["type"], summary["verdict"]) == ("summary", "violation")
    assert summary["counts"] == {
        "violation": 2, "warning": 0, "probable": 1, "inconclusive": 0, "note": 0, "waived": 0
    }  # fmt: skip


def test_waived_findings_are_counted_apart() -> None:
    *_, summary = lines(report(findings=[finding(waived=Waived("known", None)), finding(subject=None)]))
    assert (summary["counts"]["violation"], summary["counts"]["waived"]) == (1, 1)


def test_a_report_without_findings_is_two_lines() -> None:
    assert [one["type"] for one in lines(report(findings=[]))] == ["header", "summary"]


def test_fields_mean_what_they_mean_in_json() -> None:
    _, *findings, summary = lines(report())
    validate(
        {name: summary[name] for name in summary if name not in ("type", "counts")}
        | {"findings": [{name: one[name] for name in one if name not in MORE} for one in findings]}
    )


@given(wild.reports())
def test_the_lines_are_the_json_report(made: Report) -> None:
    header, *findings, summary = lines(made)
    whole = document(made)
    assert header["captures"] == [each["path"] for each in whole["captures"]]
    assert [{name: one[name] for name in one if name not in MORE} for one in findings] == whole["findings"]
    together = {name: summary[name] for name in summary if name not in ("type", "counts")} | {
        "findings": whole["findings"]
    }
    assert together == whole
