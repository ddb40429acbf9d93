"""SARIF 2.1.0: valid by the schema of OASIS, kinds and levels as they are meant, captured text only text."""

from __future__ import annotations

import io
import json
import re
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator

from analyzer.finding import Tally, Waived
from analyzer.report.model import CaptureSummary, Report
from analyzer.report.sarif import render, text, uri
from analyzer.rule import collect
from tests.report import wild
from tests.report.reports import IMPI, finding, material, report

_SCHEMA = json.loads((Path(__file__).parents[1] / "schemas" / "sarif-schema-2.1.0.json").read_text("utf-8"))
_VALIDATOR = Draft202012Validator(_SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)
RULES = {rule.id: rule for rule in collect()}


def run(made: Report, **options: Any) -> dict[str, Any]:
    stream = io.StringIO()
    render(material(made, **options), stream)
    assert stream.getvalue().isascii()
    log = json.loads(stream.getvalue(), parse_constant=lambda name: 1 / 0)
    _VALIDATOR.validate(log)
    found: dict[str, Any] = log["runs"][0]
    rules = found["tool"]["driver"]["rules"]
    for result in found["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["kind"] == "fail" or result["level"] == "none"
    return found


def one(verdict: str = "violation", **other: Any) -> dict[str, Any]:
    """The result of a report of one finding."""
    (result,) = run(report(findings=[finding(verdict=verdict, **other)]))["results"]
    found: dict[str, Any] = result
    return found


@pytest.mark.parametrize(
    ("verdict", "kind", "level"),
    [
        ("violation", "fail", "error"),
        ("warning", "fail", "warning"),
        ("probable", "review", "none"),
        ("inconclusive", "open", "none"),
        ("note", "informational", "none"),
    ],
)
def test_kind_and_level_follow_from_the_verdict(verdict: str, kind: str, level: str) -> None:
    result = one(verdict)
    assert (result["kind"], result["level"]) == (kind, level)
    assert ("rank" in result) == (kind == "fail")


def test_a_result_says_what_where_and_of_whom() -> None:
    found = run(report())
    result = found["results"][0]
    assert result["message"]["text"] == (
        "The answer left port_ps for port_uc over UDP. Expected: 5100>46432. Observed: 6100>56342. "
        "By P-CSCF, first in frame 15, 5 times; TS 33.203 7.1. "
        "The UE's Via has no rport, and the datagram was verified on the set's fourth association."
    )
    (location,) = result["locations"]
    assert location["physicalLocation"] == {"artifactLocation": {"uri": "udp4_sha1_aes.pcap", "index": 0}}
    frame, subject = location["logicalLocations"]
    assert (frame["kind"], frame["name"]) == ("frame", "frame 15")
    assert found["logicalLocations"][subject["index"]]["name"] == IMPI
    assert [each["logicalLocations"][0]["name"] for each in result["relatedLocations"]] == ["frame 14", "frame 22"]
    assert result["occurrenceCount"] == 5
    assert found["artifacts"][0]["roles"] == ["analysisTarget"]


def test_fingerprints_tell_the_same_fault_of_several_subjects_apart() -> None:
    found = run(report(findings=[finding(), finding(subject="s2"), finding(fault="other")]))
    prints = [result["partialFingerprints"] for result in found["results"]]
    ours = finding().fingerprint
    assert [each["gmaudit/v1"] for each in prints[:2]] == [ours, ours]
    assert [each["primaryLocationLineHash"] for each in prints] == [
        f"{ours}:1",
        f"{ours}:2",
        f"{finding(fault='other').fingerprint}:1",
    ]


def test_passes_and_what_did_not_apply_are_told_on_demand() -> None:
    rules = [
        Tally(id="NEG-01", passed=2),
        Tally(id="NEG-07", violation=1, passed=1),
        Tally(id="NEG-09", why_not="never seen: a 494"),
    ]
    made = report(rules=rules, findings=[finding("NEG-07")], not_in_force={"SA-17": "it is not of the papers"})
    assert [result["kind"] for result in run(made)["results"]] == ["fail"]
    results = run(made, show_passes=True)["results"]
    assert [(result["ruleId"], result["kind"]) for result in results] == [
        ("NEG-07", "fail"),
        ("NEG-01", "pass"),
        ("NEG-09", "notApplicable"),
        ("SA-17", "notApplicable"),
    ]
    assert results[1]["message"]["text"] == "The condition of the rule arose 2 times, and it was kept."
    assert results[2]["message"]["text"] == "Not exercised: never seen: a 494."


def test_waived_findings_are_suppressed_and_the_others_are_not() -> None:
    accepted = finding(waived=Waived("ticket 1", date(2026, 12, 31)))
    (suppression,) = run(report(findings=[accepted]))["results"][0]["suppressions"]
    assert suppression == {
        "kind": "external",
        "status": "accepted",
        "justification": "ticket 1 (until 2026-12-31)",
    }
    assert "suppressions" not in one()


def test_rules_carry_their_documentation() -> None:
    found = run(report(), rules=RULES)
    rule = next(each for each in found["tool"]["driver"]["rules"] if each["id"] == "PORT-09")
    assert rule["name"] == "PcscfUdpFromPortPs"
    assert rule["helpUri"] == "https://www.3gpp.org/dynareport/33203.htm"
    assert rule["defaultConfiguration"]["level"] == "error"
    assert rule["properties"]["security-severity"] == "5.5"
    assert "[RFC 3261 18.2.2](https://www.rfc-editor.org/rfc/rfc3261#section-18.2.2)" in rule["help"]["markdown"]
    assert "FP7, TCP and UDP take different associations of a set" in rule["help"]["text"]


def test_every_rule_can_be_described() -> None:
    found = run(report(rules=[Tally(id=rule) for rule in RULES], findings=[]), rules=RULES)
    rules = found["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == list(RULES)
    for rule in rules:
        assert 0 < len(rule["shortDescription"]["text"]) <= 1024
        assert 0 < len(rule["fullDescription"]["text"]) <= 1024
        assert rule["helpUri"].startswith("https://")
        assert rule["name"].isalnum()


def test_a_crash_and_notices_are_notifications() -> None:
    made = report(crashed=["NEG-01 (KeyError)"])
    (invocation,) = run(made)["invocations"]
    assert not invocation["executionSuccessful"]
    crash, *notes = invocation["toolExecutionNotifications"]
    assert (crash["level"], crash["associatedRule"]) == ("error", {"id": "NEG-01", "index": 0})
    assert [note["message"]["text"] for note in notes] == [
        "Udp4_sha1_aes.pcap: the last record is cut short.",
        "No key for SPI 0x1f4a (10.20.0.1 > 10.20.0.12): 2 packets; give it with --keys.",
    ]


@pytest.mark.parametrize(
    ("path", "reference"),
    [
        ("a.pcap", "a.pcap"),
        ("captures/a b#c?.pcap", "captures/a%20b%23c%3F.pcap"),
        ("/srv/x.pcap", "file:///srv/x.pcap"),
        ("10:20.pcap", "10%3A20.pcap"),
        ("\u00fc\udcff", "%C3%BC%FF"),
        ("-", "-"),
    ],
)
def test_paths_become_references(path: str, reference: str) -> None:
    assert uri(path) == reference


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("see [x](javascript:alert(1))", "See \\[x\\](javascript:alert(1))."),
        ("sip:a@[2001:db8::1]:5060", "Sip:a@[2001:db8::1]:5060."),
        ("{0} of {1}", "{{0}} of {{1}}."),
        ("a\x1b[2J\u202e", "A\\x1b[2J\\u202e."),
        ("why?", "Why?"),
    ],
)
def test_captured_text_is_no_link_and_no_placeholder(said: str, written: str) -> None:
    assert text(said) == written


def test_related_frames_are_told_once_and_not_without_end() -> None:
    result = one(related=tuple(range(1, 400)), related_other=((1, 7), (1, 7)), frame=15)
    related = result["relatedLocations"]
    assert len(related) == 50
    assert "frame 15" not in [each["logicalLocations"][0]["name"] for each in related]
    assert [each["id"] for each in related] == list(range(1, 51))
    assert len(result["properties"]["related"]) == 399


def test_a_frame_of_another_capture_is_there() -> None:
    two = [CaptureSummary(path=path, frames=1, first=None, last=None) for path in ("a.pcap", "b.pcap")]
    (result,) = run(report(captures=two, findings=[finding(related_other=((1, 7),))]))["results"]
    assert result["relatedLocations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "b.pcap"


@given(wild.reports())
def test_any_report_is_valid(made: Report) -> None:
    found = run(made, show_passes=True)
    assert len([each for each in found["results"] if "occurrenceCount" in each]) == len(made.findings)
    for artifact in found["artifacts"]:
        parts = urlsplit(artifact["location"]["uri"])
        assert parts.scheme in ("", "file")
        assert not parts.query
        assert re.fullmatch(r"[\w./%~-]*", parts.path, re.ASCII)
        assert unquote(parts.path) is not None
    for result in found["results"]:
        told = result["message"]["text"]
        assert told.isprintable()
        assert not re.search(r"(?<!\\)\](?=\()", told)
        assert not re.search(r"(?<!\{)\{(?:\{\{)*[0-9]+\}", told)
