"""The report for people."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.evidence import EspPacket, Evidence
from analyzer.finding import Tally
from analyzer.frame import FrameRef
from analyzer.report.model import CaptureSummary, EspCounts, Report, SipCounts, SubjectSummary
from analyzer.report.text import write
from analyzer.report.text_end import REASONS, ROWS
from analyzer.report.text_read import CAPTURES, SETS, SUBJECTS
from analyzer.rule import collect
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
        "UE 10.20.0.11",
        "gmaudit rule PORT-09; in Wireshark frame.number in {3, 15}",
    ):
        assert part in text


@pytest.mark.parametrize(("verdict", "label"), [("violation", "certain"), ("probable", "in doubt")])
def test_the_argument_says_what_it_argues(verdict: str, label: str) -> None:
    text = written(report(findings=[finding(verdict=verdict, argument="because")]))
    assert any(line.split() == ["=", *label.split(), "because"] for line in text.splitlines())


def test_what_could_not_be_judged_says_what_stands_open() -> None:
    text = written(report(findings=[finding(verdict="inconclusive", argument="because", traps=("FP4",))]))
    assert "    not ruled out: FP4, packets are missing from the capture\n    in doubt: because\n" in text


def test_a_trap_that_stands_open_is_put_into_words() -> None:
    text = written(report(findings=[finding(verdict="probable", traps=("FP1", "LAB-9"))]))
    assert "not ruled out  FP1, a retransmission of the same message" in text
    assert "not ruled out  LAB-9\n" in text


def test_passes_are_shown_on_demand_with_what_was_asked() -> None:
    assert "NEG-01" not in written(report())
    text = written(report(), show_passes=True, rules={rule.id: rule for rule in collect()})
    assert "  pass[NEG-01]    2 x  The unprotected REGISTER of a UE that authenticates by IMS AKA has a" in text
    assert "  pass[PORT-09]  12 x  " in text
    assert "SA-13]    " not in text
    assert "  pass[NEG-01]    2 x\n" in written(report(), show_passes=True)


def test_broken_unreadable_and_unexercised_are_three_things() -> None:
    text = written(
        report(
            rules=[Tally(id="A-1", violation=2), Tally(id="A-2", inconclusive=3), Tally(id="A-3"), Tally(id="B-1")],
            findings=[finding("A-1", count=2), finding("A-2", "inconclusive", count=3)],
        )
    )
    findings, _, rest = text.partition("\nNot judged, and why\n")
    assert "violation[A-1]" in findings and "A-2" not in findings
    assert "  - inconclusive[A-2]: the answer left port_ps for port_uc over UDP (udp4_sha1_aes.pcap frame 15," in rest
    assert "not exercised, since what they judge never happened, 2 rules: A 3; B 1" in rest
    assert "  rules  1 with findings, 1 inconclusive, 2 not exercised" in rest
    assert text.splitlines()[-1] == "1 violation, 1 inconclusive in 1 capture; 2 of 4 rules exercised"


def test_a_rule_that_judged_only_sometimes_passed() -> None:
    text = written(report(rules=[Tally(id="A-1", inconclusive=3, passed=2)], findings=[]))
    assert "  rules  1 passed (--show-passes and --statistics tell more)" in text


def test_reasons_are_bounded() -> None:
    many = [finding(f"A-{number}", "inconclusive", message=f"reason {number}") for number in range(REASONS + 5)]
    text = written(report(findings=many))
    assert text.count("inconclusive[") == REASONS
    assert "  - 5 more inconclusive findings, in the JSON report\n" in text


def test_long_lists_stand_there_once() -> None:
    blind = [
        finding(f"A-0{n}", "inconclusive", message=f"no key for set {place}", frame=place, traps=("FP4",))
        for place in (1, 2)
        for n in (1, 2, 3, 5)
    ]
    text = written(report(findings=blind))
    assert text.count("    A 01-03 05\n") == 1 and text.count("    the same rules\n") == 1
    assert text.count("not ruled out: FP4, packets are missing from the capture\n") == 1
    assert text.count("not ruled out: FP4\n") == 1


def test_a_packet_that_is_no_message_is_named_by_its_association() -> None:
    packet = EspPacket(FrameRef(0, 15, START), 4096, 7, 132, None, None, None, None, None, None)
    seen = Evidence(("E8",), "rel-17", "S1", (), packets=(packet,))
    assert ".119  " + " " * 8 + "ESP packet, SPI 0x00001000 number 7\n" in written(
        report(findings=[finding(evidence=seen)])
    )


def test_a_notice_that_a_reason_repeats_is_told_once() -> None:
    blind = finding("A-1", "inconclusive", message="no key for SPI 0x1, 2 packets")
    text = written(report(findings=[blind], notices=["s1: no key for SPI 0x1, 2 packets", "something else"]))
    assert text.count("no key for SPI 0x1") == 1
    assert "  - something else\n" in text


def test_the_summary_fits_a_screen() -> None:
    many = [finding(f"A-{number}", fault=f"f{number}", message="long " * 50) for number in range(50)]
    text = written(report(findings=many), width=80)
    _, _, end = text.partition("\nSummary\n")
    lines = end.splitlines()
    assert len(lines) < 22 and max(map(len, lines)) <= 80
    assert lines[1].startswith("  violation  P-CSCF  A-0")
    assert f"  and {50 - ROWS} more faults, above" in lines


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
def test_every_line_of_the_end_keeps_to_the_width(width: int) -> None:
    text = written(report(), width=width)
    _, _, end = text.partition("\nNot judged, and why\n")
    assert all(len(line) <= max(width, 48) for line in end.splitlines())


def test_what_could_not_be_judged_says_whose_it_would_be() -> None:
    blind = [finding("ESP-01", "inconclusive", actor=who, frame=at) for who, at in (("UE", 3), ("unknown", 4))]
    _, _, end = written(report(findings=blind), width=200).partition("\nNot judged, and why\n")
    assert [line.endswith("; it would be the UE's)") for line in end.splitlines()[:2]] == [True, False]


def test_the_last_line() -> None:
    last = [
        written(report(findings=[])).splitlines()[-1],
        written(report(findings=[], rules=[Tally(id="A-1")], esp=EspCounts(), sa_sets=[])).splitlines()[-1],
        written(report(findings=[], rules=[Tally(id="A-1")], esp=EspCounts())).splitlines()[-1],
        written(report(findings=[], rules=[Tally(id="A-1")])).splitlines()[-1],
    ]
    assert last == [
        "no findings; 4 of 6 rules exercised",
        "nothing to judge: no registration with IPsec was found; 0 of 1 rule exercised",
        "nothing to judge: no rule had a case (--select, --subject, --from, --to); 0 of 1 rule exercised",
        "nothing to judge: 2 ESP packets could not be read; give keys with --keys; 0 of 1 rule exercised",
    ]


def test_what_was_read_is_not_called_unread() -> None:
    """Null encryption, or a key for the encryption alone: no key verified these packets, but they are no riddle."""
    text = written(report(esp=EspCounts(packets=9, no_key=9, unchecked=9)))
    assert "  ESP     9 packets: 9 read, ICV unchecked\n" in text
    assert "could not be read" not in text
    text = written(report(esp=EspCounts(packets=9, no_key=9, unchecked=7)))
    assert "  ESP     9 packets: 7 read, ICV unchecked, 2 without a key\n" in text
    assert "2 of 9 ESP packets could not be read: give keys with --keys FILE" in text


def test_a_crashed_rule_is_named() -> None:
    text = written(report(crashed=["PORT-09: KeyError"], rules=[Tally(id="PORT-09", error=1)], findings=[]))
    assert "a rule crashed: PORT-09: KeyError" in text
    assert "1 with findings" in text


def test_several_captures_each_with_its_notices() -> None:
    captures = [
        CaptureSummary(path="a.pcap", frames=1, first=START, last=START + 86_400 * SECOND),
        CaptureSummary(path="b.pcap", frames=0, first=None, last=None, notices=["cut short"]),
    ]
    text = written(report(captures=captures, findings=[finding(capture=1)]))
    assert "2026-01-10 06:51:02.119 to 2026-01-11 06:51:02.119 (24 h 00 min)" in text
    assert "  2: b.pcap  0 frames\n    - cut short\n" in text
    assert "--> b.pcap frame 15" in text
    assert "  2:15  the answer" in text
    assert "in 2 captures" in text


def test_the_frames_of_a_set_say_of_which_capture_they_are_if_there_are_several() -> None:
    captures = [CaptureSummary(path=f"{n}.pcap", frames=9, first=START, last=START) for n in "ab"]
    second = set_summary(capture=1, sm1=3, sm6=5, sm7=8, sm12=None)
    text = written(report(captures=captures, sa_sets=[second]))
    (row,) = (line for line in text.splitlines() if line.startswith("    1 "))
    assert row.split()[2:6] == ["2:3", "2:5", "2:8", "-"]
    assert " 3 " in written(report(sa_sets=[set_summary(sm1=3)])).partition("ports/SPIs")[0]


def test_a_subscriber_with_two_contacts_on_one_address_has_two_names() -> None:
    ids = "me@ims@10.0.0.1", "me@ims#2@10.0.0.1"
    both = [SubjectSummary(id=one, impi="me@ims", impus=[], contact=None, ue="10.0.0.1", pcscf="-") for one in ids]
    text = written(report(subjects=both, findings=[finding(subject=ids[1])], sa_sets=[]))
    assert "  me@ims  UE 10.0.0.1" in text and "  me@ims #2  UE 10.0.0.1" in text
    assert "= subject me@ims #2 at 10.0.0.1" in " ".join(text.split())


def test_many_subjects_are_not_all_listed_but_those_with_findings_are() -> None:
    subjects = [
        SubjectSummary(id=f"s{number}", impi=None, impus=[], contact=None, ue=f"10.0.0.{number}", pcscf="10.1.0.1")
        for number in range(50)
    ]
    text = written(report(subjects=subjects, findings=[finding(subject="s49")], sa_sets=[]))
    assert "  s49  UE 10.0.0.49, P-CSCF 10.1.0.1\n    no set of security associations\n" in text
    assert text.count(", P-CSCF 10.1.0.1") == SUBJECTS
    assert "30 more subjects; the JSON report has them all" in text


def test_the_same_fault_of_many_subjects_is_told_once_more_for_all() -> None:
    many = [finding(subject=f"s{number}", time=START + number) for number in range(1, 11)]
    text = written(report(findings=many))
    assert text.count("violation[PORT-09]") == 3
    assert "7 other subjects: s4 (frame 15); s5 (frame 15)" in text
    assert "10 violations in 1 capture" in text


def test_the_summary_has_a_row_for_each_kind_of_fault_and_counts_its_subjects() -> None:
    both = [SubjectSummary(id=f"s{n}", impi=None, impus=[], contact=None, ue="10.0.0.1", pcscf="-") for n in (1, 2)]
    many = [finding(subject=f"s{number % 2 + 1}", time=START + number, count=2) for number in range(10)]
    text = written(report(subjects=both, findings=many, sa_sets=[]))
    _, _, end = text.partition("\nSummary\n")
    assert end.splitlines()[0].split() == ["verdict", "by", "rule", "times", "subjects", "since", "frame", "what"]
    assert end.splitlines()[1].split()[:7] == ["violation", "P-CSCF", "PORT-09", "20", "2", "06:51:02", "15"]
    assert end.count("PORT-09") == 2  # the other one is the hint


def test_rules_that_lack_the_same_key_are_one_entry() -> None:
    blind = [finding(rule, "inconclusive", message="no key for SPI 0x1f4a") for rule in ("SA-02", "NEG-07", "SA-04")]
    text = written(report(findings=blind))
    assert "  - inconclusive[3 rules]: no key for SPI 0x1f4a (udp4_sha1_aes.pcap frame 15, 06:51:06.119)\n" in text
    assert "\n    NEG 07; SA 02 04\n" in text
    assert text.count("no key for SPI 0x1f4a") == 2  # the notice, and the one entry
    assert text.splitlines()[-1].startswith("3 inconclusive in 1 capture")


def test_a_cause_outside_the_report_is_said() -> None:
    text = written(report(findings=[finding(cause="0123456789abcdef")]))
    assert "explained by  a finding that this report does not hold (fingerprint 0123456789abcdef)" in text


def test_a_set_that_is_half_known() -> None:
    missing: dict[str, Any] = dict.fromkeys(("spi_pc", "port_pc", "alg", "ealg", "sm1", "sm12", "expires_at"))
    half = report(sa_sets=[set_summary(**missing, keyed=False, ended=START)])
    lines = [" ".join(line.split()) for line in written(half).splitlines()]
    assert "1 clear - 5 8 - - - no use new - 06:51:02" in lines
    assert "set 1 56342/63c05669 46432/b1d2f0f1 -/- 6100/00001001" in lines
    narrow = " ".join(written(half, width=60).split())
    assert "set 1 SM1 in clear, SM1 -, SM6 5, SM7 8, SM12 -, integrity -" in narrow
    assert "uc 56342/63c05669, us 46432/b1d2f0f1, pc -/-, ps 6100/00001001" in narrow


def test_many_sets_and_captures_are_not_all_listed() -> None:
    sets = [set_summary(number) for number in range(1, 21)]
    captures = [
        CaptureSummary(path=f"{n}.pcap", frames=2, first=START, last=START, notices=["x"] * n) for n in range(12)
    ]
    text = written(report(sa_sets=sets, captures=captures))
    assert f"    {20 - SETS} older sets, in the JSON report\n" in text
    assert "\n    set 20 " in text and "\n    set 1 " not in text
    assert f"  and {12 - CAPTURES} more captures with 4 frames\n" in text
    assert "  - 12: 11.pcap: x\n" in text


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
    assert page.count("\n") < 250


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
