"""Markdown: a verdict, tables of findings and clauses, and nothing of a capture that is markup."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from analyzer.finding import Tally, Waived
from analyzer.report.markdown import render
from analyzer.report.markup import code, prose
from analyzer.report.model import CaptureSummary, Report, SubjectSummary
from tests.report import wild
from tests.report.reports import finding, material, report

READER = MarkdownIt("commonmark", {"linkify": False}).enable("table")
"""As GitHub reads it: with tables, and with HTML."""


def written(made: Report, **options: Any) -> str:
    stream = io.StringIO()
    render(material(made, **options), stream)
    return stream.getvalue()


def leaves(tokens: list[Token]) -> list[Token]:
    return [leaf for token in tokens for leaf in (leaves(token.children) if token.children else [token])]


def tables(made: Report, **options: Any) -> list[list[list[str]]]:
    """The cells of all tables as a reader sees them, without their heads."""
    found: list[list[list[str]]] = []
    inside = False
    for token in READER.parse(written(made, **options)):
        if token.type == "tbody_open":
            found.append([])
        inside = (inside or token.type == "tbody_open") and token.type != "tbody_close"
        if inside and token.type == "tr_open":
            found[-1].append([])
        elif inside and token.type == "inline":
            found[-1][-1].append(shown(token.children or []))
    return found


def shown(tokens: list[Token]) -> str:
    return "".join(token.content for token in leaves(tokens) if token.type in ("text", "code_inline", "text_special"))


def test_the_verdict_comes_first() -> None:
    lines = written(report()).splitlines()
    assert lines[0] == "## gmaudit: violation"
    assert lines[2] == (
        "**2 violations, 1 probable** in 1 capture; 4 of 6 rules exercised; profile `rel-17`, gmaudit 0.1.0"
    )


def test_findings_are_rows_the_worst_first_with_what_they_explain() -> None:
    findings, _, captures = tables(report())
    first, second = findings
    assert first[:3] == ["violation", "NEG-07", "UE"]
    assert first[3].endswith("; explains SA-13")
    assert second[4] == "frames 15, 23, 30, 38, 42"
    assert second[5] == "TS 33.203 7.1"
    assert captures == [["udp4_sha1_aes.pcap", "1,071", "2026-01-10 06:51:02.119", "2026-01-10 06:51:25.950"]]


def test_subjects_are_named_where_there_are_several() -> None:
    two = [
        SubjectSummary(id=name, impi=f"{name}@x", impus=[], contact=None, ue="10.0.0.1", pcscf="10.20.0.1")
        for name in ("s1", "s2")
    ]
    found = [finding(subject=name, frame=number) for number, name in enumerate(("s1", "s2", "s1", "s2", None), 1)]
    rows, *_ = tables(report(subjects=two, findings=found))
    assert [row[-1] for row in rows] == ["s1@x at 10.0.0.1", "s2@x at 10.0.0.1", "s1@x at 10.0.0.1 and 2 others"]


def test_clauses_with_trouble_are_rows_and_the_others_a_paragraph() -> None:
    rules = {"NEG-01": "TS 33.203 7.2", "NEG-07": "TS 33.203 7.2", "NEG-09": "TS 33.203 7.9", "SA-13": "RFC 3261 17"}

    class Cited:
        def __init__(self, name: str) -> None:
            self.id, self.clause = name, rules[name]

    text = written(report(), rules={name: Cited(name) for name in rules})
    assert "| TS 33.203 7.2 | **NEG-07** |  |  | 1 |  |\n" in text
    assert "| RFC 3261 17 |  | SA-13 |  |  |  |\n" in text
    assert "Not exercised at all: TS 33.203 7.9; NEG-10.\n" in text


def test_passes_are_named_on_demand() -> None:
    made = report(rules=[Tally(id="NEG-01", passed=2)], findings=[])
    assert "as far as they were exercised: NEG-01 (1).\n" in written(made)
    assert "as far as they were exercised: NEG-01 (NEG-01).\n" in written(made, show_passes=True)
    assert "**no findings** in 1 capture; 1 of 1 rule exercised" in written(made)


def test_what_is_waived_says_why() -> None:
    accepted = finding(waived=Waived("ticket 1", date(2026, 12, 31)))
    text = written(report(findings=[accepted], rules=[Tally(id="PORT-09", violation=1)]))
    assert "**1 waived** in 1 capture" in text
    assert "; **waived** until 2026-12-31: ticket 1 |" in text
    assert "| **PORT-09** (waived) |" in text


def test_doubt_names_its_trap() -> None:
    rows, *_ = tables(report(findings=[finding(verdict="probable", traps=("FP2",), argument="nobody knows")]))
    assert rows[0][3].endswith(
        "; not ruled out: FP2, under way when the set changed: the sender could not know yet; nobody knows"
    )


def test_a_long_report_is_cut_and_says_so() -> None:
    many = [finding(fault=f"fault-{number}", frame=number) for number in range(1, 71)]
    rows, *_ = tables(report(findings=many))
    assert len(rows) == 50
    assert "20 more rows; the JSON report has all findings." in written(report(findings=many))


def test_frames_of_several_captures_say_which() -> None:
    two = [CaptureSummary(path=path, frames=1, first=None, last=None) for path in ("a.pcap", "b.pcap")]
    rows, *_ = tables(report(captures=two, findings=[finding(capture=1)]))
    assert rows[0][4] == "frame 15 of b.pcap"


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("the P-CSCF answered in clear (SM6)", "the P-CSCF answered in clear (SM6)"),
        ("port_ps of @someone fixes #1", "`port_ps` of `@someone` fixes `#1`"),
        ("http://evil.example www.evil.example", "`http://evil.example` `www.evil.example`"),
        ("5100>46432", "`5100>46432`"),
        ("a|b", "<code>a&#124;b</code>"),
        ("`", "<code>&#96;</code>"),
        ("\x1b[2J", "`\\x1b[2J`"),
        ("", ""),
    ],
)
def test_plain_words_stay_and_everything_else_is_code(text: str, markdown: str) -> None:
    assert prose(text) == markdown


@given(wild.texts.filter(str.strip))
def test_a_value_is_one_piece_of_code(text: str) -> None:
    assert shown(READER.parse(code(text))) or not code(text)
    (paragraph,) = [token for token in READER.parse(f"a {code(text)} b") if token.type == "inline"]
    kinds = [(token.type, token.content) for token in paragraph.children or []]
    assert kinds[0] == ("text", "a ")
    assert kinds[-1] == ("text", " b")
    assert {kind for kind, _ in kinds} <= {"text", "code_inline", "html_inline", "text_special"}
    assert {content for kind, content in kinds if kind == "html_inline"} <= {"<code>", "</code>"}


@given(st.text("\\`|<>&[]()!*_ ab", max_size=12).filter(str.strip))
def test_a_value_is_shown_as_it_is(text: str) -> None:
    table = f"| head |\n| --- |\n| {code(text)} |\n"
    cells = [token for token in READER.parse(table) if token.type == "inline"]
    assert len(cells) == 2
    assert shown(cells[1].children or []) == text


@given(wild.reports())
def test_nothing_of_a_report_is_markup(made: Report) -> None:
    text = written(made, show_passes=True)
    assert text.replace("\n", "").isprintable()
    tokens = READER.parse(text)
    for leaf in leaves(tokens):
        if leaf.type in ("html_inline", "html_block"):
            assert leaf.content in ("<code>", "</code>")
        assert leaf.type not in ("link_open", "image", "fence", "code_block", "hr")
    headings = [token.content for token in tokens if token.type == "inline" and token.level == 1 and token.map]
    assert headings[0].startswith("gmaudit: ")
    lengths = {tuple(map(len, table)) for table in tables(made)}
    assert all(len(set(each)) == 1 for each in lengths)
    inside = False
    for leaf in leaves(tokens):
        if leaf.type == "html_inline":
            inside = leaf.content == "<code>"
        elif leaf.type == "text" and not inside:
            assert not set("@#~$*_`<") & set(leaf.content)
            assert "://" not in leaf.content
            assert "www." not in leaf.content.lower()
