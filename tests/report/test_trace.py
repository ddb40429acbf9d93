"""The ladder."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.evidence import Ended, SetLife
from analyzer.frame import FrameRef
from analyzer.report import trace
from analyzer.report.chronicle import Arrow, Chronicle
from analyzer.report.model import CaptureSummary, Report
from analyzer.report.page import Page
from analyzer.report.text_names import Names
from analyzer.report.ticks import Ticks
from tests.report.reports import IMPI, SECOND, START, finding, report, sent
from tests.report.test_page import Terminal

CLEAR: dict[str, Any] = {
    "generation": None,
    "role": "",
    "state_ue": "",
    "state_pcscf": "",
    "sport": 5060,
    "dport": 5060,
}
REGISTRATION = [
    sent(3, "REGISTER", **CLEAR),
    sent(5, "REGISTER", 401, uplink=False, **CLEAR),
    sent(8, "REGISTER", state_ue="tmp"),
    sent(9, "REGISTER", 200, uplink=False, sport=5100, dport=46432, role="pc>us"),
]


def chronicle(arrows: list[Arrow], **lives: tuple[SetLife, ...]) -> Chronicle:
    made = Chronicle()
    made.arrows += arrows
    made.lives |= lives
    return made


def drawn(arrows: list[Arrow], model: Report | None = None, *, width: int = 140, **options: Any) -> list[str]:
    stream = io.StringIO()
    trace.write(chronicle(arrows), model or report(), stream, width=width, **options)
    return stream.getvalue().splitlines()


def row(lines: list[str], number: int) -> list[str]:
    """The words of a row, without the strokes of its arrow."""
    (found,) = [one for one in lines if one.startswith("  ") and one.split()[0] == str(number)]
    return [word for word in found.split() if word.strip("=.<>|")]


def test_a_registration() -> None:
    lines = drawn(REGISTRATION)
    assert lines[0] == f"{IMPI}  UE 10.20.0.11 - P-CSCF 10.20.0.1"
    assert lines[1] == "  set 1  hmac-sha-1-96 with aes-cbc; uc 56342, us 46432, pc 5100, ps 6100"
    assert lines[4].strip() == "2026-01-10"
    assert row(lines, 3) == ["3", "06:51:05.119", "SM1", "5060", "REGISTER", "5060", "UDP", "clear"]
    assert row(lines, 5)[2:] == ["SM6", "5060", "401", "Unauthorized", "(REGISTER)", "5060", "UDP", "clear"]
    assert row(lines, 8)[-5:] == ["set", "1", "uc>ps", "tmp", "!NEG-07"]
    assert row(lines, 9)[3:7] == ["46432", "200", "OK", "(REGISTER)"]
    assert "  !NEG-07   frame 8: the answer left port_ps for port_uc over UDP" in lines
    assert "4 SIP messages, 2 of them in clear between UE and P-CSCF; 3 findings (gmaudit check tells them)" in lines
    assert "! violation" in lines


def test_clear_and_protected_arrows_differ_and_all_are_equally_long() -> None:
    lines = [one for one in drawn(REGISTRATION) if "|" in one and ":" in one]
    arrows = [one.split("|")[1] for one in lines if one.count("|") == 2]
    assert [(one[0], one[-1]) for one in arrows] == [(".", ">"), ("<", "."), ("=", ">"), ("<", "=")]
    assert len({len(one) for one in arrows}) == 1


def test_a_terminal_gets_lines_and_colours_that_tell_the_sets_apart() -> None:
    stream = Terminal()
    arrows = [sent(1, "BYE", generation=generation) for generation in (None, 1, 2, 99)]
    trace.write(chronicle(arrows), report(sa_sets=[], findings=[]), stream, width=100)
    lines = [one for one in stream.getvalue().splitlines() if "BYE" in one]
    colours = [one.split("━━")[0].split("┄┄")[0].rsplit("\x1b[", 1)[1] for one in lines]
    assert colours == ["33m", "32m", "36m", "34m"]
    assert ["┄" in one for one in lines] == [True, False, False, False]


def test_one_ladder_for_each_subject() -> None:
    other = sent(4, "OPTIONS", ue="10.20.0.12", subject=None)
    lines = drawn([*REGISTRATION[:2], other, sent(6, "OPTIONS", subject="s2"), *REGISTRATION[2:]])
    heads = [one for one in lines if "  UE " in one and " - P-CSCF " in one]
    assert heads == [
        f"{IMPI}  UE 10.20.0.11 - P-CSCF 10.20.0.1",
        "no registration  UE 10.20.0.12 - P-CSCF 10.20.0.1",
        "s2  UE 10.20.0.11 - P-CSCF 10.20.0.1",
    ]
    assert lines.index(heads[1]) > next(place for place, one in enumerate(lines) if " SM12 " in one)


def test_what_a_tool_told_of_has_a_ladder_of_its_own() -> None:
    lines = drawn([REGISTRATION[0], sent(4, "INVITE", transport="told", **CLEAR)])
    assert row(lines, 4)[-2:] == ["5060", "told"]
    assert sum(one.startswith(IMPI) for one in lines) == 2
    assert any("1 of them in clear between UE and P-CSCF, 1 told of by tools" in one for one in lines)


def test_findings_elsewhere_are_not_kept_for_the_ladder() -> None:
    model = report(findings=[finding(frame=3, occurrences=list(range(3, 1003)), count=1000)])
    page, names = Page(io.StringIO()), Names(model, local=False)
    drawer = trace._Drawer(model, page, names, chronicle(REGISTRATION))
    assert sorted(drawer.found) == [(0, 3), (0, 5), (0, 8), (0, 9)]


def test_the_worst_rules_stand_beside_the_arrow_and_the_unjudged_are_counted() -> None:
    many = [finding(f"A-{number}", "note", frame=8) for number in range(5)] + [finding("B-1", frame=8)]
    many += [finding(f"C-{number}", "inconclusive", frame=8) for number in range(90)]
    lines = drawn(REGISTRATION, report(findings=many), width=140)
    assert row(lines, 8)[-6:] == ["!B-1", ".A-0", ".A-1", ".A-2", "+2", "~90"]
    assert "! violation, ~ inconclusive, . note" in lines


def test_findings_that_do_not_fit_beside_the_arrow_stand_below_it() -> None:
    lines = drawn(REGISTRATION, report(findings=[finding(f"LONG-RULE-{n}", frame=8) for n in range(3)]), width=100)
    place = next(place for place, one in enumerate(lines) if one.startswith("     8 "))
    assert lines[place].endswith("set 1 uc>ps tmp")
    assert lines[place + 1].split() == ["|", "!LONG-RULE-0", "!LONG-RULE-1", "!LONG-RULE-2"]
    assert max(map(len, lines)) <= 100


def test_few_findings_are_told_under_the_ladder_and_no_follow_ups() -> None:
    many = [finding(f"A-{number}", fault=f"f{number}") for number in range(20)]
    lines = drawn(REGISTRATION, report(findings=[*many, finding("Z-1", cause=many[0].fingerprint)]))
    assert sum(one.startswith("  !A-") for one in lines) == trace.LISTED
    assert f"  and {20 - trace.LISTED} more findings" in lines
    assert not any("!Z-1" in one for one in lines)


def test_time_without_messages_and_repetitions_are_said() -> None:
    first = sent(1, "OPTIONS")
    later = first._replace(at=FrameRef(0, 2, START + 200 * SECOND))
    lines = drawn([first, later, sent(203, "BYE")], report(findings=[]))
    assert any(one.split() == [":", "3", "min", "later", ":"] for one in lines)
    assert any(one.split() == [":", "3.0", "s", "later", ":"] for one in lines)
    assert row(lines, 2)[3:5] == ["OPTIONS", "again"]


def test_the_end_of_a_set_stands_between_the_arrows() -> None:
    ended = tuple(
        Ended(side, "a newer set is in use", FrameRef(0, 8, START), START + 8 * SECOND + 1) for side in ("UE", "P-CSCF")
    )
    nothing = None, None, None, None, False, None, None, ()
    life = SetLife(1, None, "", True, "gone", "gone", *nothing, ended)
    stream = io.StringIO()
    trace.write(chronicle(REGISTRATION, s1=(life,)), report(findings=[]), stream, width=140)
    lines = stream.getvalue().splitlines()
    place = next(place for place, one in enumerate(lines) if one.startswith("     9 "))
    assert (
        " ".join(lines[place - 1].split()) == "06:51:10.119 x set 1 ends x at the UE and P-CSCF: a newer set is in use"
    )
    assert row(lines, 9)[-3:] == ["1", "pc>us", "gone"]
    assert row(lines, 8)[-1] == "tmp"
    narrow = io.StringIO()
    trace.write(chronicle(REGISTRATION, s1=(life,)), report(findings=[]), narrow, width=60)
    below = [line.strip() for line in narrow.getvalue().splitlines() if line.startswith(" " * 28 + "| ")]
    assert " ".join(line.lstrip("| ") for line in below[-2:]) == "at the UE and P-CSCF: a newer set is in use"


def test_frames_of_several_captures() -> None:
    captures = [CaptureSummary(path=name, frames=9, first=None, last=None) for name in ("a", "b")]
    model = report(captures=captures, findings=[finding(capture=1, frame=7)])
    lines = drawn([sent(7, "BYE", capture=1)], model)
    assert lines[:2] == ["frames 1: are those of a", "frames 2: are those of b"]
    (found,) = [one for one in lines if "BYE" in one]
    assert found.split()[0] == "2:7"
    assert found.endswith(" !PORT-09")
    assert any(one.startswith("  !PORT-09  frame 2:7: ") for one in lines)


def test_a_new_day_is_said() -> None:
    late = REGISTRATION[3]._replace(at=FrameRef(0, 99, START + 86_400 * SECOND))
    assert [one.strip() for one in drawn([REGISTRATION[0], late]) if one.strip().startswith("2026")] == [
        "2026-01-10",
        "2026-01-11",
    ]


@pytest.mark.parametrize("width", [60, 80, 100, 140, 200])
def test_any_width(width: int) -> None:
    long = sent(1, "INVITE", 100, start_line="SIP/2.0 100 " + "very " * 50 + "long")
    lines = drawn([long, sent(2, "BYE"), *REGISTRATION], width=width)
    rows = [one for one in lines if one.count("|") == 2]
    assert len({(one.index("|"), one.rindex("|")) for one in rows}) == 1
    assert max(map(len, lines)) <= width


def test_what_could_not_be_read_is_missing_and_said() -> None:
    made = chronicle(REGISTRATION[:2])
    line = made.ticks["s1", 1, True] = Ticks(FrameRef(0, 8, START))
    line.count = line.unread = 7
    stream = io.StringIO()
    trace.write(made, report(findings=[]), stream)
    text = stream.getvalue()
    assert "; uc 56342, us 46432, pc 5100, ps 6100; 7 packets not read\n" in text
    assert "2 of 46 ESP packets could not be read, so their messages are missing here; give keys" in text


@pytest.mark.parametrize(
    ("wanted", "frames"),
    [
        ({"subject": "001010000000101"}, [3, 5]),
        ({"subject": "10.20.0.11"}, [3, 5]),
        ({"subject": "nobody"}, []),
        ({"start": START + 4 * SECOND}, [5, 7]),
        ({"end": START + 5 * SECOND}, [3, 5]),
        ({}, [3, 5, 7]),
    ],
)
def test_only_what_the_user_means_is_drawn(wanted: dict[str, Any], frames: list[int]) -> None:
    made = chronicle([*REGISTRATION[:2], sent(7, "BYE", subject="s2", ue="10.20.0.12")])
    trace.narrow(made, report(), **({"subject": None, "start": None, "end": None} | wanted))
    assert [each.at.number for each in made.arrows] == frames


def test_a_choice_that_leaves_nothing_is_said() -> None:
    stream = io.StringIO()
    trace.write(chronicle([]), report(), stream)
    assert "SIP messages is chosen: look at --subject, --from and --to\n" in stream.getvalue()


def test_messages_beyond_the_limit_are_counted() -> None:
    made = Chronicle(messages=3)
    made.arrows += REGISTRATION[:3]
    made.missed = 1
    stream = io.StringIO()
    trace.write(made, report(), stream)
    assert "  - 1 later messages are not in the ladders: the first 3 are\n" in stream.getvalue()


@given(st.text())
def test_nothing_from_a_capture_steers_the_terminal(text: str) -> None:
    hostile = sent(1, text, start_line=text, subject=text, ue=text, pcscf=text, role=text, state_ue=text)
    lines = drawn([hostile, hostile._replace(transport=text)])
    assert "".join(lines).isprintable()
    assert len(lines) < 30
