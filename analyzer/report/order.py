"""In what order findings are told: the worst first, follow-ups under their cause, the same fault of many as one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct, field

from analyzer.finding import RANK, Finding
from analyzer.verdict import Severity

SHOWN = 3
"""How many subjects with the very same fault are told in full; the others follow in one line."""

_SEVERITY = {severity: place for place, severity in enumerate(Severity)}


class Case(Struct):
    """One finding as it is told."""

    finding: Finding
    follow_ups: list[Finding] = field(default_factory=list)
    """What this finding explains (R23), direct and indirect, the worst first."""
    alike: list[Finding] = field(default_factory=list)
    """Findings of other rules that could not judge the same moment for the same reason, a missing key for one."""
    same: list[Case] = field(default_factory=list)
    """The same fault with other subjects, after the first few."""


def badness(finding: Finding) -> tuple[int, int, int, int, int, str]:
    """Sort key: verdict, severity, then when it happened."""
    rank, severity = RANK.index(finding.verdict), _SEVERITY[finding.severity]
    return rank, severity, finding.time, finding.capture, finding.frame, finding.rule


def cases(findings: Iterable[Finding]) -> list[Case]:
    """All findings as cases: each finding is in exactly one of them, once."""
    ordered = sorted(findings, key=badness)
    tops = _tops(ordered)
    roots = {place: Case(ordered[place]) for place in range(len(ordered)) if tops[place] == place}
    for place, finding in enumerate(ordered):
        if tops[place] != place:
            roots[tops[place]].follow_ups.append(finding)
    told: list[Case] = []
    shown: dict[tuple[str, ...], list[Case]] = {}
    for case in _joined(roots.values()):
        reason = "" if case.finding.waived is None else f"waived {case.finding.waived.reason}"
        kind = case.finding.verdict, reason, *sorted(one.fingerprint for one in (case.finding, *case.alike))
        before = shown.setdefault(kind, [])
        if len(before) < SHOWN or case.follow_ups:
            before.append(case)
            told.append(case)
        else:
            before[SHOWN - 1].same.append(case)
    return told


def _joined(roots: Iterable[Case]) -> list[Case]:
    """The cases with those joined that are inconclusive for one reason at one moment."""
    joined: list[Case] = []
    reasons: dict[tuple[object, ...], Case] = {}
    for case in roots:
        finding = case.finding
        if finding.verdict == "inconclusive" and not case.follow_ups and finding.cause is None:
            reason = finding.message, finding.subject, finding.capture, finding.frame, finding.waived
            first = reasons.setdefault(reason, case)
            if first is not case:
                first.alike.append(finding)
                continue
        joined.append(case)
    return joined


def _tops(ordered: Sequence[Finding]) -> list[int]:
    """For each finding the place of the one that explains it in the end; its own where nothing in the report does."""
    by_subject: dict[tuple[str, str | None], int] = {}
    by_fingerprint: dict[str, int] = {}
    for place, finding in enumerate(ordered):
        by_subject.setdefault((finding.fingerprint, finding.subject), place)
        by_fingerprint.setdefault(finding.fingerprint, place)

    def above(place: int) -> int | None:
        cause = ordered[place].cause
        if cause is None:
            return None
        return by_subject.get((cause, ordered[place].subject), by_fingerprint.get(cause))

    settled: dict[int, int] = {}
    for start in range(len(ordered)):
        path: dict[int, None] = {}
        at, following = start, above(start)
        while following is not None and at not in settled and at not in path:
            path[at] = None
            at, following = following, above(following)
        if at in settled:
            top = settled[at]
        elif at in path:  # findings that explain each other: the worst of them is told first
            walked = list(path)
            top = min(walked[walked.index(at) :])
        else:
            top = at
            path[at] = None
        settled.update(dict.fromkeys(path, top))
    return [settled[place] for place in range(len(ordered))]
