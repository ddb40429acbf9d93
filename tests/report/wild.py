"""Reports whose every text is arbitrary: what senders write into headers, users into paths, letters of all kinds."""

from __future__ import annotations

from datetime import date

from hypothesis import strategies as st

from analyzer.finding import Finding, Tally, Waived
from analyzer.report.model import CaptureSummary, Report, SubjectSummary, WaiverSummary
from tests.report.reports import finding, report

NASTY = (
    "=1+1",
    "+cmd|' /C calc'!A0",
    "a;=HYPERLINK(1)",
    "|a|b|",
    "``` x ```",
    "<script>alert(1)</script>",
    "<!-- x --> <img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "@everyone fixes #1",
    "{0} {{1}} }",
    "\\|\\`\\",
    "]]>",
    "&amp; &#x41; &lt;",
    "\x1b]0;owned\x07\x9b31m\u202e\u2066\u200b\ufeff",
    "\ud800\udfff\ufffe\uffff\x00\x0b\x85\u2028",
    "line\r\nline\n\n# heading\n---\n- item",
    "http://evil.example www.evil.example a@evil.example",
    " \t ",
    "-",
    "",
)
VERDICTS = ("violation", "warning", "probable", "inconclusive", "note")

letters = st.characters(codec=None, exclude_categories=())
words = st.one_of(st.sampled_from(NASTY), st.text(letters, max_size=20))
texts = st.one_of(words, st.tuples(st.sampled_from(NASTY), st.sampled_from(NASTY)).map(" and ".join))


@st.composite
def findings(draw: st.DrawFn) -> Finding:
    """A finding of one of two rules and of one of three subjects."""
    waived = Waived(draw(texts), draw(st.sampled_from([None, date(2026, 12, 31)])))
    return finding(
        draw(st.sampled_from(("NEG-07", "LAB-01"))),
        draw(st.sampled_from(VERDICTS)),
        subject=draw(st.sampled_from(("s1", "s2", None))),
        message=draw(texts),
        expected=draw(texts),
        observed=draw(texts),
        argument=draw(texts),
        clause=draw(texts),
        fault=draw(st.sampled_from(("wrong-pair", "old-set"))),
        related=(3,),
        related_other=((1, 7),),
        traps=("FP2", draw(words)),
        waived=draw(st.sampled_from([None, waived])),
    )


@st.composite
def reports(draw: st.DrawFn) -> Report:
    """A report of two captures and two subjects."""
    captures = [CaptureSummary(path=f"{draw(texts)}{number}", frames=3, first=0, last=10**9) for number in range(2)]
    captures[0].notices, captures[0].skipped = [draw(texts)], {draw(words): 1}
    subjects = [
        SubjectSummary(id=name, impi=draw(texts), impus=[draw(texts)], contact=draw(texts), ue=draw(words), pcscf="p")
        for name in ("s1", "s2")
    ]
    return report(
        profile=draw(texts),
        captures=captures,
        subjects=subjects,
        sa_sets=[],
        findings=draw(st.lists(findings(), max_size=4)),
        rules=[
            Tally(id="NEG-07", violation=1, warning=1, probable=1, inconclusive=1, note=1),
            Tally(id="LAB-01", violation=1, passed=2),
            Tally(id="LAB-02", passed=2),
            Tally(id="LAB-03", why_not=draw(texts)),
            Tally(id="LAB-04", error=1),
            Tally(id=draw(words) or "x"),
        ],
        notices=[draw(texts)],
        crashed=[f"LAB-04 ({draw(words)})"],
        not_in_force={"LAB-05": draw(texts)},
        waivers=[
            WaiverSummary(
                place=draw(texts),
                rule="NEG",
                actor=None,
                subject=draw(words),
                fingerprint=None,
                reason=draw(texts),
                expires=None,
                state="used",
            )
        ],
    )
