"""JUnit XML: valid for Jenkins, readable in what CI systems show of it, and no pass where nothing was judged."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from lxml import etree

from analyzer.finding import Finding, Tally, Waived
from analyzer.report.junit import render
from analyzer.report.model import Report, SubjectSummary
from analyzer.rule import collect
from tests.report import wild
from tests.report.reports import IMPI, finding, material, report

SCHEMA = etree.XMLSchema(etree.parse(Path(__file__).parents[1] / "schemas" / "junit-10.xsd"))


def written(made: Report, **options: Any) -> str:
    stream = io.StringIO()
    render(material(made, **options), stream)
    return stream.getvalue()


def suite(made: Report, **options: Any) -> ET.Element:
    text = written(made, **options)
    assert text.isascii()
    SCHEMA.assertValid(etree.fromstring(text.encode("ascii")))
    root = ET.fromstring(text)
    (found,) = root
    for counted in (root, found):
        assert counted.get("tests") == str(len(found.findall("testcase")))
        assert counted.get("failures") == str(len(found.findall("testcase/failure")))
        assert counted.get("errors") == str(len(found.findall("testcase/error")))
    assert found.get("skipped") == str(len(found.findall("testcase/skipped")))
    return found


def outcomes(made: Report, **options: Any) -> dict[str, str]:
    return {
        test.get("name", ""): next((child.tag for child in test), "passed")
        for test in suite(made, **options).iter("testcase")
    }


def one(verdict: str, **other: Any) -> Report:
    """A report on one rule with one finding."""
    tally = Tally(id="PORT-09", passed=3)
    setattr(tally, verdict, 1)
    return report(rules=[tally], findings=[finding(verdict=verdict, **other)])


def test_a_test_case_for_each_rule() -> None:
    assert outcomes(report()) == {
        "NEG-01": "passed",
        "NEG-07": "failure",
        "NEG-09": "skipped",
        "NEG-10": "skipped",
        "PORT-09": "failure",
        "SA-13": "skipped",
    }


def test_names_say_what_the_rules_are_about() -> None:
    tests = suite(report(), rules={rule.id: rule for rule in collect()}).findall("testcase")
    assert (tests[0].get("classname"), tests[0].get("name")) == ("gmaudit.NEG", "NEG-01 SM1 without IPsec")


def test_a_test_case_for_each_subject_that_has_findings() -> None:
    two = [
        SubjectSummary(id=name, impi=impi, impus=[], contact=None, ue=ue, pcscf="10.20.0.1")
        for name, impi, ue in (("s1", "a@x", "10.0.0.1"), ("s2", "b@x", "10.0.0.2"), ("s3", "b@x", "10.0.0.3"))
    ]
    found = [finding(subject="s1"), finding(subject="s1", fault="other"), finding(subject="s2"), finding(subject=None)]
    made = outcomes(report(subjects=two, findings=found, rules=[Tally(id="PORT-09", violation=4)]))
    assert list(made) == ["PORT-09 [a@x]", "PORT-09 [s2]", "PORT-09"]


@pytest.mark.parametrize(
    ("verdict", "deciding", "outcome"),
    [
        ("violation", ("violation",), "failure"),
        ("warning", ("violation",), "skipped"),
        ("warning", ("violation", "warning"), "failure"),
        ("probable", ("violation", "warning"), "skipped"),
        ("inconclusive", ("violation",), "skipped"),
        ("inconclusive", ("violation", "warning", "probable", "inconclusive"), "failure"),
        ("note", ("violation",), "system-out"),
    ],
)
def test_what_fails_is_what_decides_the_exit_status(verdict: str, deciding: tuple[str, ...], outcome: str) -> None:
    assert outcomes(one(verdict), deciding=deciding) == {"PORT-09": outcome}


def test_a_failure_is_readable_in_one_line_and_in_whole() -> None:
    (test,) = [one for one in suite(report()).iter("testcase") if one.get("name") == "PORT-09"]
    failure = test[0]
    assert failure.get("type") == "violation"
    assert failure.get("message") == (
        "violation by P-CSCF: the answer left port_ps for port_uc over UDP; expected 5100>46432; observed 6100>56342; "
        "udp4_sha1_aes.pcap frame 15, 5 times: 15, 23, 30, 38, 42; TS 33.203 7.1"
    )
    text = failure.text or ""
    assert text.startswith("violation[PORT-09]: the answer left port_ps for port_uc over UDP\n")
    assert "the UE's Via has no rport" in text
    assert max(map(len, text.splitlines())) <= 110


def test_what_follows_from_another_finding_says_so() -> None:
    made = report()
    tests = {test.get("name"): test for test in suite(made, deciding=("violation", "warning", "probable"))}
    message = tests["SA-13"][0].get("message") or ""
    assert "follows from NEG-07 in frame 8" in message
    assert "no acknowledgement of the new set was seen before it" in message
    assert "= follows from violation[NEG-07]" in (tests["SA-13"][0].text or "")
    assert "SA-13" in (tests["NEG-07"][0].text or "")


def test_a_skipped_test_says_why() -> None:
    made = report(rules=[Tally(id="NEG-09", why_not="never seen: a 494")], findings=[])
    (skipped,) = suite(made).iter("skipped")
    assert skipped.get("message") == skipped.text == "not exercised: never seen: a 494"


def test_a_waived_finding_does_not_fail() -> None:
    (skipped,) = suite(one("violation", waived=Waived("ticket 1", None))).iter("skipped")
    assert (skipped.get("message") or "").startswith("waived (ticket 1); violation by P-CSCF")


def test_a_rule_that_crashed_is_an_error() -> None:
    made = report(rules=[Tally(id="LAB-01", error=2, violation=1)], crashed=["LAB-01 (KeyError)"], findings=[])
    (error,) = suite(made).iter("error")
    assert error.get("message") == "the rule crashed: LAB-01 (KeyError)"
    assert len(list(suite(made).iter("testcase"))) == 1


def test_the_same_reason_for_many_rules() -> None:
    found = [
        finding(rule, "inconclusive", message="no key", frame=9, expected="", observed="") for rule in ("A-1", "B-1")
    ]
    rules = [Tally(id="A-1", inconclusive=1), Tally(id="B-1", inconclusive=1)]
    assert outcomes(report(findings=found, rules=rules)) == {"A-1": "skipped", "B-1": "skipped"}


def test_properties_tell_what_was_judged() -> None:
    found = {each.get("name"): each.get("value") for each in suite(report()).iter("property")}
    assert found["capture"] == "udp4_sha1_aes.pcap (1,071 frames)"
    assert found["subject"] == f"{IMPI} at 10.20.0.11"
    assert found["verdict"] == "violation"


@given(wild.reports())
def test_any_report_is_valid(made: Report) -> None:
    found = suite(made)
    assert "<script" not in written(made)
    tested = {test.get("name", "").partition(" ")[0] for test in found.iter("testcase")}
    assert {"NEG-07", "LAB-01", "LAB-02", "LAB-03", "LAB-04"} & tested >= {"LAB-02", "LAB-03", "LAB-04"}
    deciding: list[Finding] = [each for each in made.findings if each.verdict == "violation" and each.waived is None]
    assert bool(found.findall("testcase/failure")) == bool(deciding)
