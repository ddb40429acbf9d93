"""The report for people."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.finding import Tally
from analyzer.report.model import CaptureSummary, EspCounts, Report, SipCounts, SubjectSummary
from analyzer.report.text import SUBJECTS, write
from tests.report.reports import SECOND, START, finding, report, set_summary

EXPECTED = Path(__file__).with_name("report.txt")


def written(model: Report, **options: Any) -> str:
    stream = io.StringIO()
    write(model, stream, **options)
    return stream.getvalue()


def test_the_whole_report() -> None:
    assert written(report()) == EXPECTED.read_text(encoding="utf-8")


def test_findings_name_all_that_a_vendor_needs() -> None:
    text = written(report(findings=[finding(related=(3,), related_other=((0, 7),), argument="nothing was lost")]))
    for part in (
        "violation[PORT-09]",
        "severity medium",
        "P-CSCF",
        "TS 33.203 7.1",
        "MUST",
        "frame 15",
        "frame 3",
        "udp4_sha1_aes.pcap frame 7",
        "5100>46432",
        "6100>56342",
        "nothing was lost",
        "at 10.20.0.11",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("verdict", "label"), [("violation", "certain"), ("probable", "in doubt"), ("inconclusive", "in doubt")]
)
def test_the_argument_says_what_it_argues(verdict: str, label: str) -> None:
    text = written(report(findings=[finding(verdict=verdict, argument="because")]))
    assert any(line.split() == ["|", *label.split(), "because"] for line in text.splitlines())


def test_a_trap_that_stands_open_is_put_into_words() -> None:
    text = written(report(findings=[finding(verdict="probable", traps=("FP1", "LAB-9"))]))
    assert "not ruled out  FP1, a retransmission of the same message" in text
    assert "not ruled out  LAB-9\n" in text


def test_counts_of_rules_can_have_a_row_each() -> None:
    assert "passed: NEG-01 (2)" in written(report())
    text = written(report(), show_passes=True)
    assert "passed:" not in text
    assert any(line.split() == ["NEG-01", ".", ".", "2"] for line in text.splitlines())


def test_broken_unreadable_and_unexercised_are_three_things() -> None:
    text = written(
        report(
            rules=[Tally(id="A-1", violation=2), Tally(id="A-2", inconclusive=3), Tally(id="A-3"), Tally(id="B-1")],
            findings=[finding("A-1", count=2), finding("A-2", "inconclusive", count=3)],
        )
    )
    assert any(line.split() == ["A-1", "2", "."] for line in text.splitlines())
    assert "  inconclusive: A-2 (3)\n" in text
    assert "not exercised: A 3; B 1" in text
    assert text.splitlines()[-1] == "1 violation, 1 inconclusive in 1 capture; 2 of 4 rules exercised"


def test_a_rule_that_judged_only_sometimes_has_a_row() -> None:
    text = written(report(rules=[Tally(id="A-1", inconclusive=3, passed=2)], findings=[]))
    assert any(line.split() == ["A-1", "3", "2"] for line in text.splitlines())


def test_the_last_line() -> None:
    last = [
        written(report(findings=[])).splitlines()[-1],
        written(report(findings=[], rules=[Tally(id="A-1")], esp=EspCounts())).splitlines()[-1],
        written(report(findings=[], rules=[Tally(id="A-1")])).splitlines()[-1],
    ]
    assert last == [
        "no findings; 4 of 6 rules exercised",
        "nothing to judge: no registration with IPsec was found; 0 of 1 rule exercised",
        "nothing to judge: 2 ESP packets could not be read; give keys with --keys; 0 of 1 rule exercised",
    ]


def test_a_crashed_rule_is_named() -> None:
    text = written(report(crashed=["PORT-09: KeyError"], rules=[Tally(id="PORT-09", error=1)], findings=[]))
    assert "a rule crashed: PORT-09: KeyError" in text
    assert any(line.split() == ["PORT-09", "1", "."] for line in text.splitlines())


def test_several_captures_each_with_its_notices() -> None:
    captures = [
        CaptureSummary(path="a.pcap", frames=1, first=START, last=START + 86_400 * SECOND),
        CaptureSummary(path="b.pcap", frames=0, first=None, last=None, notices=["cut short"]),
    ]
    text = written(report(captures=captures, findings=[finding(capture=1)]))
    assert "2026-01-11 06:51:02.119  24 h 00 min" in text
    assert "- b.pcap: cut short" in text
    assert "--> b.pcap frame 15" in text
    assert "in 2 captures" in text


def test_many_subjects_are_not_all_listed_but_those_with_findings_are() -> None:
    subjects = [
        SubjectSummary(id=f"s{number}", impi=None, impus=[], contact=None, ue=f"10.0.0.{number}", pcscf="10.1.0.1")
        for number in range(50)
    ]
    text = written(report(subjects=subjects, findings=[finding(subject="s49")], sa_sets=[]))
    assert "  s49  UE 10.0.0.49, P-CSCF 10.1.0.1\n  no set of security associations\n" in text
    assert text.count(", P-CSCF 10.1.0.1") == SUBJECTS
    assert "30 more subjects; the JSON report has them all" in text


def test_the_same_fault_of_many_subjects_is_told_once_more_for_all() -> None:
    many = [finding(subject=f"s{number}", time=START + number) for number in range(1, 11)]
    text = written(report(findings=many))
    assert text.count("violation[PORT-09]") == 3
    assert "7 other subjects: s4 (frame 15); s5 (frame 15)" in text
    assert "10 violations in 1 capture" in text


def test_rules_that_lack_the_same_key_are_one_entry() -> None:
    blind = [finding(rule, "inconclusive", message="no key for SPI 0x1f4a") for rule in ("SA-02", "NEG-07", "SA-04")]
    text = written(report(findings=blind))
    assert "inconclusive[3 rules]: no key for SPI 0x1f4a\n" in text
    assert "  | rules     NEG 07; SA 02 04\n" in text
    assert text.count("no key for SPI 0x1f4a") == 2  # the notice, and the one entry
    assert text.splitlines()[-1].startswith("3 inconclusive in 1 capture")


def test_a_cause_outside_the_report_is_said() -> None:
    text = written(report(findings=[finding(cause="0123456789abcdef")]))
    assert "explained by  a finding that this report does not hold (fingerprint 0123456789abcdef)" in text


def test_a_set_that_is_half_known() -> None:
    missing: dict[str, Any] = dict.fromkeys(("spi_pc", "port_pc", "alg", "ealg", "sm1", "sm12", "expires_at"))
    lines = written(report(sa_sets=[set_summary(**missing, keyed=False, ended=START)])).splitlines()
    place = next(number for number, line in enumerate(lines) if line.startswith("  SM1 in "))
    assert " ".join(lines[place + 1].split()) == "1 56342 46432 - 6100 - no use - 5 -"
    assert " ".join(lines[place + 2].split()) == "clear 63c05669 b1d2f0f1 - 00001001 - new 8 - 06:51:02"


@given(st.text(min_size=1))
def test_nothing_from_a_capture_steers_the_terminal(text: str) -> None:
    subject = SubjectSummary(id="s1", impi=text, impus=[text], contact=text, ue=text, pcscf=text)
    capture = CaptureSummary(path=text, frames=1, first=START, last=START, skipped={text: 1}, notices=[text])
    filled = dict.fromkeys(("message", "expected", "observed", "clause", "argument"), text)
    page = written(
        report(
            captures=[capture],
            subjects=[subject],
            sa_sets=[set_summary(alg=text, ealg=text)],
            findings=[finding(**filled, traps=(text,)), finding("A-1", "probable", subject=text, cause=text)],
            notices=[text],
            crashed=[text],
        )
    )
    assert page.replace("\n", "").isprintable()
    assert page.count("\n") < 200


@pytest.mark.parametrize("width", [40, 80, 200])
def test_prose_keeps_to_the_width(width: int) -> None:
    text = written(report(findings=[finding(message="word " * 50, argument="word " * 100)]), width=width)
    prose = [line for line in text.splitlines() if "word" in line]
    assert max(map(len, prose)) <= width
    assert len(prose) >= 750 // width


def test_a_report_without_signalling() -> None:
    empty = report(
        captures=[CaptureSummary(path="-", frames=0, first=None, last=None)],
        copies=0,
        esp=EspCounts(),
        sip=SipCounts(core=3),
        subjects=[],
        sa_sets=[],
        rules=[],
        findings=[],
        notices=[],
    )
    text = written(empty)
    assert "  SIP     0 messages; 3 between servers\n" in text
    assert "Subjects" not in text
    assert "copies" not in text
