"""The order in which findings are told, and what is folded under what."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from analyzer.finding import Finding
from analyzer.report.order import SHOWN, Case, cases
from analyzer.verdict import Severity
from tests.report.reports import START, finding


def told(findings: list[Finding]) -> list[str]:
    return [case.finding.rule for case in cases(findings)]


def seen(found: list[Case]) -> list[int]:
    """Which findings are told, in what way ever."""
    return [id(one) for case in found for one in (case.finding, *case.follow_ups, *case.alike)] + [
        number for case in found for number in seen(case.same)
    ]


def test_the_worst_first() -> None:
    findings = [
        finding("A-1", "note"),
        finding("A-2", "inconclusive"),
        finding("A-3", "violation", severity=Severity.LOW),
        finding("A-4", "violation", severity=Severity.CRITICAL, time=START + 2),
        finding("A-5", "violation", severity=Severity.CRITICAL, time=START + 1),
        finding("A-6", "probable", severity=Severity.CRITICAL),
        finding("A-7", "warning"),
    ]
    assert told(findings) == ["A-5", "A-4", "A-3", "A-7", "A-6", "A-2", "A-1"]


def test_follow_ups_stand_under_the_first_cause() -> None:
    cause = finding("A-1")
    follow = finding("A-2", "probable", cause=cause.fingerprint)
    further = finding("A-3", "probable", cause=follow.fingerprint)
    (case,) = cases([further, follow, cause])
    assert case.finding is cause
    assert case.follow_ups == [follow, further]


def test_the_cause_of_the_same_subject_is_preferred() -> None:
    first, second = finding("A-1", time=START), finding("A-1", subject="s2", time=START + 1)
    follow = finding("A-2", "probable", subject="s2", cause=second.fingerprint)
    assert [case.follow_ups for case in cases([first, second, follow])] == [[], [follow]]


def test_a_cause_that_is_not_there_hides_nothing() -> None:
    lonely = finding("A-2", cause="0123456789abcdef")
    assert [case.finding for case in cases([lonely])] == [lonely]


def test_findings_that_explain_each_other_are_told() -> None:
    one, other = finding("A-1"), finding("A-2", "probable")
    one.cause, other.cause = other.fingerprint, one.fingerprint
    (case,) = cases([other, one])
    assert case.finding is one
    assert case.follow_ups == [other]


def test_a_finding_that_explains_itself_is_told() -> None:
    one = finding("A-1")
    one.cause = one.fingerprint
    assert [case.follow_ups for case in cases([one])] == [[]]


def test_the_same_fault_of_many_subjects_is_told_a_few_times() -> None:
    many = [finding(subject=f"s{number}", time=START + number) for number in range(10)]
    found = cases(many)
    assert [case.finding for case in found] == many[:SHOWN]
    assert [case.finding for case in found[-1].same] == many[SHOWN:]
    assert not found[0].same


def test_what_one_missing_key_keeps_from_being_judged_is_one_case() -> None:
    blind = [
        finding(f"A-{rule}", "inconclusive", subject=subject, frame=frame, message=f"no key for {subject}")
        for frame, subject in enumerate(("s1", "s2", "s3", "s4", "s5"), 1)
        for rule in range(4)
    ]
    other = finding("A-9", "inconclusive", frame=1, message="the capture began late")
    found = cases([*blind, other])
    assert [(case.finding.subject, len(case.alike), len(case.same)) for case in found] == [
        ("s1", 3, 0),
        ("s1", 0, 0),
        ("s2", 3, 0),
        ("s3", 3, 2),
    ]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["violation", "probable", "inconclusive"]),
            st.integers(0, 8),
            st.none() | st.integers(0, 8),
            st.sampled_from(["s1", "s2", None]),
        ),
        max_size=30,
    )
)
def test_every_finding_is_told_exactly_once(drawn: list[tuple[str, int, int | None, str | None]]) -> None:
    marks = [finding(f"A-{number}").fingerprint for number in range(9)]
    findings = [
        finding(f"A-{rule}", verdict, subject=subject, cause=None if cause is None else marks[cause])
        for verdict, rule, cause, subject in drawn
    ]
    assert sorted(seen(cases(findings))) == sorted(map(id, findings))
