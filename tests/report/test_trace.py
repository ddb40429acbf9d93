"""The ladder."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.audit import TraceLine
from analyzer.frame import FrameRef
from analyzer.report import trace
from analyzer.report.model import CaptureSummary, Report
from analyzer.report.page import Page
from tests.report.reports import IMPI, SECOND, START, finding, report
from tests.report.test_page import Terminal


def line(number: int, start_line: str, **other: Any) -> TraceLine:
    """A message on the first set, from the UE."""
    values: dict[str, Any] = {
        "at": FrameRef(other.pop("capture", 0), number, START + number * SECOND),
        "subject": "s1",
        "ue": "10.20.0.11",
        "pcscf": "10.20.0.1",
        "uplink": True,
        "transport": "UDP",
        "sport": 56342,
        "dport": 6100,
        "generation": 1,
        "role": "uc>ps",
        "state": "USE",
        "leg": "gm",
    }
    return TraceLine(start_line=start_line, **(values | other))


CLEAR: dict[str, Any] = {"generation": None, "role": "", "state": "-", "sport": 5060, "dport": 5060}
REGISTRATION = [
    line(3, "REGISTER sip:ims.example SIP/2.0", **CLEAR),
    line(5, "SIP/2.0 401 Unauthorized", uplink=False, **CLEAR),
    line(8, "REGISTER sip:ims.example SIP/2.0", state="TMP"),
    line(9, "SIP/2.0 200 OK", uplink=False, sport=5100, dport=46432, role="pc>us"),
]


def drawn(lines: list[TraceLine], model: Report | None = None, *, width: int = 100, **options: Any) -> list[str]:
    stream = io.StringIO()
    ladder = trace.Trace()
    for one in lines:
        ladder.add(one)
    ladder.write(model or report(), stream, width=width, **options)
    return stream.getvalue().splitlines()


def row(lines: list[str], number: int) -> list[str]:
    """The words of a row, without the strokes of its arrow."""
    (found,) = [one for one in lines if one.startswith("  ") and one.split()[0] == str(number)]
    return [word for word in found.split() if word.strip("━┄")]


def test_a_registration() -> None:
    lines = drawn(REGISTRATION)
    assert lines[0] == f"UE 10.20.0.11 - P-CSCF 10.20.0.1  {IMPI}"
    assert lines[2].strip() == "2026-01-10"
    assert row(lines, 3)[:5] == ["3", "06:51:05.119", "SM1", "5060", "REGISTER"]
    assert row(lines, 5)[2:] == ["SM6", "5060", "◁┄┄", "401", "Unauthorized", "5060", "UDP", "clear"]
    assert row(lines, 8)[-5:] == ["set", "1", "uc>ps", "TMP", "NEG-07"]
    assert row(lines, 9)[3:7] == ["46432", "◀━━", "200", "OK"]
    assert lines[-2].startswith("4 SIP messages, 2 of them in clear between UE and P-CSCF; 3 findings")


def test_clear_and_protected_arrows_differ_and_all_are_equally_long() -> None:
    lines = drawn(REGISTRATION)
    heads = [one for one in lines if "┄┄" in one or "━━" in one]
    assert ["┄" in one for one in heads] == [True, True, False, False]
    assert ["━" in one for one in heads] == [False, False, True, True]
    assert len({one.index("  UDP") for one in heads}) == 1


def test_colours_tell_the_sets_apart() -> None:
    stream = Terminal()
    ladder = trace.Trace()
    for generation in (None, 1, 2, 99):
        ladder.add(line(1, "BYE sip:a SIP/2.0", generation=generation))
    ladder.write(report(sa_sets=[], findings=[]), stream, width=100)
    colours = [
        one.split("━━")[0].split("┄┄")[0].rsplit("\x1b[", 1)[1]
        for one in stream.getvalue().splitlines()
        if "BYE" in one
    ]
    assert colours == ["33m", "32m", "36m", "34m"]


def test_one_ladder_for_each_pair_of_addresses() -> None:
    other = line(4, "OPTIONS sip:a SIP/2.0", ue="10.20.0.12", subject=None)
    lines = drawn([*REGISTRATION[:2], other, *REGISTRATION[2:]])
    heads = [one for one in lines if one.startswith("UE ")]
    assert heads == [f"UE 10.20.0.11 - P-CSCF 10.20.0.1  {IMPI}", "UE 10.20.0.12 - P-CSCF 10.20.0.1"]
    assert lines.index(heads[1]) > next(place for place, one in enumerate(lines) if " SM12 " in one)


def test_several_subjects_on_one_pair_are_named_in_the_rows() -> None:
    lines = drawn([line(1, "A sip:a SIP/2.0"), line(2, "B sip:a SIP/2.0", subject="s2")])
    assert row(lines, 1)[-1] == IMPI
    assert row(lines, 2)[-1] == "s2"


def test_a_thousand_subjects_of_one_pair_are_not_all_named() -> None:
    lines = [line(number, "REGISTER sip:a SIP/2.0", subject=f"s{number}", **CLEAR) for number in range(1000)]
    head = drawn(lines, report(findings=[], subjects=[]))[0]
    assert head == "UE 10.20.0.11 - P-CSCF 10.20.0.1  s0, s1, s2, s3, s4, s5, s6, s7 and 992 more"


def test_findings_elsewhere_are_not_kept_for_the_ladder() -> None:
    model = report(findings=[finding(frame=3, occurrences=list(range(3, 1003)), count=1000)])
    drawer = trace._Drawer(model, Page(io.StringIO()), REGISTRATION, local=False)
    assert sorted(drawer.found) == [(0, 3), (0, 5), (0, 8), (0, 9)]


def test_the_core_leg_is_no_ladder_of_a_phone() -> None:
    lines = drawn([line(1, "REGISTER sip:a SIP/2.0", leg="core", ue="10.20.0.1", pcscf="10.30.0.2", **CLEAR)])
    assert lines[0] == "10.20.0.1 - 10.30.0.2  behind the P-CSCF"
    assert row(lines, 1)[-1] == "UDP"
    assert "0 of them in clear" in lines[-2]


def test_the_worst_rules_stand_beside_the_arrow() -> None:
    many = [finding(f"A-{number}", "note", frame=8) for number in range(5)] + [finding("B-1", frame=8)]
    lines = drawn(REGISTRATION, report(findings=many))
    assert row(lines, 8)[-5:] == ["B-1", "A-0", "A-1", "A-2", "+2"]


def test_frames_of_several_captures() -> None:
    captures = [CaptureSummary(path=name, frames=9, first=None, last=None) for name in ("a", "b")]
    lines = drawn(
        [line(7, "BYE sip:a SIP/2.0", capture=1)], report(captures=captures, findings=[finding(capture=1, frame=7)])
    )
    assert lines[:2] == ["frames 0: are those of a", "frames 1: are those of b"]
    (found,) = [one for one in lines if "BYE" in one]
    assert found.split()[0] == "1:7"
    assert found.endswith("PORT-09")


def test_a_new_day_is_said() -> None:
    late = REGISTRATION[3]._replace(at=FrameRef(0, 99, START + 86_400 * SECOND))
    assert [one.strip() for one in drawn([REGISTRATION[0], late]) if one.strip().startswith("2026")] == [
        "2026-01-10",
        "2026-01-11",
    ]


@pytest.mark.parametrize("width", [40, 80, 100, 200])
def test_any_width(width: int) -> None:
    long = line(1, "SIP/2.0 100 " + "very " * 50 + "long")
    lines = drawn([long, line(2, "BYE sip:a SIP/2.0")], report(findings=[]), width=width)
    assert len(lines[3]) == len(lines[4])
    assert len(lines[3]) <= max(width, 82)


def test_a_stream_without_unicode_gets_other_arrows() -> None:
    octets = io.BytesIO()
    stream = io.TextIOWrapper(octets, encoding="ascii")
    ladder = trace.Trace()
    for one in REGISTRATION:
        ladder.add(one)
    ladder.write(report(findings=[], notices=[]), stream)
    stream.flush()
    text = octets.getvalue().decode("ascii")
    assert "== REGISTER =====" in text
    assert "<.. 401 Unauthorized" in text


def test_messages_beyond_the_limit_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace, "LINES", 3)
    lines = drawn(REGISTRATION)
    assert lines[-1] == "1 later message not shown"


@given(st.text())
def test_nothing_from_a_capture_steers_the_terminal(text: str) -> None:
    lines = drawn([line(1, text, subject=text, ue=text, pcscf=text, transport=text, role=text, state=text)])
    assert "".join(lines).isprintable()
    assert len(lines) < 15
