"""Verdicts folded into findings: the same fault of the same subject again only counts, and what explains what.

There are limits: `FINDINGS` of them are kept, the worst, with `OCCURRENCES` frames each.
"""

from __future__ import annotations

from collections.abc import Iterable

from analyzer.audit.doubts import Basis, basis
from analyzer.evidence import Evidence
from analyzer.finding import OCCURRENCES, RANK, Finding
from analyzer.frame import FrameRef
from analyzer.ims.vocabulary import Sighting
from analyzer.proof.gather import Gatherer
from analyzer.rule import Rule
from analyzer.verdict import Broken, Inconclusive, Level, Probable, Severity, Verdict

FINDINGS = 10_000
"""Findings kept, the worst; beyond them only the tally grows, and a notice says so."""
GROUNDED = ("violation", "warning", "probable")
"""Verdicts that the quality of the captures may weaken."""


class Findings:
    """The findings of one audit."""

    __slots__ = ("_bases", "_by_verdict", "_causes", "_findings", "_gatherer", "_of_pcscf", "_only_counted", "news")

    def __init__(self, gatherer: Gatherer) -> None:
        self._gatherer = gatherer
        self._findings: dict[tuple[object, ...], Finding] = {}
        self._causes: dict[int, tuple[str, str | None]] = {}
        """Rule that explains a finding, and the P-CSCF of that finding."""
        self._of_pcscf: dict[tuple[str, object], Finding] = {}
        """Findings of rules that are told once a P-CSCF, by rule and address."""
        self._bases: dict[int, Basis] = {}
        """What each accusing finding rests on."""
        self._by_verdict: dict[str, dict[tuple[object, ...], None]] = {name: {} for name in RANK}
        """Keys of the findings, the newest of each verdict last."""
        self._only_counted = 0
        """Verdicts of which nothing is kept but the count."""
        self.news: list[Finding] | None = None
        """Findings in the order in which they are made, for somebody who takes them out; None if nobody does."""

    def evidence(self, rule: Rule, event: object, verdict: Verdict) -> Evidence:
        """What proves a verdict, as things stand now."""
        return self._gatherer.gather(rule, event, verdict)

    def inconclusive(self, rule: Rule, event: object, verdict: Inconclusive, evidence: Evidence | None) -> None:
        """The condition arose, but state was missing."""
        self.enter(rule, event, "inconclusive", verdict, rule.level, evidence)

    def enter(
        self,
        rule: Rule,
        event: object,
        name: str,
        verdict: Broken | Inconclusive,
        level: Level,
        evidence: Evidence | None,
    ) -> None:
        """A requirement was not met, or it looks so; ``name`` is the verdict's in reports.

        The same fault of the same subject again only counts. ``evidence`` is given where the verdict is of another time
        than now.
        """
        at: FrameRef = event.at  # type: ignore[attr-defined]
        subject = event.subject  # type: ignore[attr-defined]
        whose = None if subject is None else subject.pcscf if rule.per_pcscf else subject.id
        key = (rule.id, name, str(verdict.actor), whose, verdict.fault, at.capture)
        known = self._findings.get(key)
        if known is not None:
            known.count += 1
            if len(known.occurrences) < OCCURRENCES:
                known.occurrences.append(at.number)
            return
        if len(self._findings) >= FINDINGS and not self._make_room(name):
            return
        made = self._findings[key] = _finding(rule, event, name, verdict, level)
        made.evidence = self._gatherer.given(evidence or self.evidence(rule, event, verdict))
        self._by_verdict[name][key] = None
        if rule.per_pcscf:
            self._of_pcscf[rule.id, whose] = made
        if name in GROUNDED:
            self._bases[id(made)] = basis(rule, event, verdict.related)
        if self.news is not None:
            self.news.append(made)
        if isinstance(verdict, Broken) and verdict.cause is not None:
            self._causes[id(made)] = verdict.cause, subject.pcscf if subject else None

    def _make_room(self, name: str) -> bool:
        """Drop the newest finding of the least verdict if that is worth less: notes must not crowd out a violation."""
        for least in RANK[: RANK.index(name) : -1]:
            if self._by_verdict[least]:
                key, _ = self._by_verdict[least].popitem()
                dropped = self._findings.pop(key)
                self._causes.pop(id(dropped), None)
                self._of_pcscf = {each: kept for each, kept in self._of_pcscf.items() if kept is not dropped}
                self._bases.pop(id(dropped), None)
                self._only_counted += dropped.count
                return True
        self._only_counted += 1
        return False

    @property
    def notices(self) -> list[str]:
        """That there were more findings than are kept, if there were."""
        if not self._only_counted:
            return []
        return [f"more than {FINDINGS} findings: of {self._only_counted:,} verdicts there is but the count"]

    def grounded(self) -> list[tuple[Finding, Basis]]:
        """The findings that accuse somebody, with what each rests on."""
        return [(made, self._bases[id(made)]) for made in self._findings.values() if id(made) in self._bases]

    def grounds(self, finding: Finding) -> Basis | None:
        """What a finding rests on, if it accuses somebody."""
        return self._bases.get(id(finding))

    def resolved(self) -> list[Finding]:
        """All findings, the worst first and then by time, each with the fingerprint of what explains it."""
        findings = sorted(self._findings.values(), key=lambda made: (RANK.index(made.verdict), made.time, made.rule))
        by_rule: dict[tuple[str, str | None], list[Finding]] = {}
        for made in findings:
            by_rule.setdefault((made.rule, made.subject), []).append(made)
        for made in findings:
            cause, pcscf = self._causes.get(id(made), ("", None))
            explaining = by_rule.get((cause, made.subject), ())
            reason = next((other for other in explaining if other is not made), self._of_pcscf.get((cause, pcscf)))
            made.cause = reason.fingerprint if reason is not None else None
        return findings


def _finding(rule: Rule, event: object, name: str, verdict: Broken | Inconclusive, level: Level) -> Finding:
    """The finding that a verdict becomes, its evidence apart."""
    at: FrameRef = event.at  # type: ignore[attr-defined]
    subject = event.subject  # type: ignore[attr-defined]
    others = dict.fromkeys((*_frames_of(event), *verdict.related))
    made = Finding(
        rule=rule.id,
        verdict=name,
        level=level,
        severity=Severity.LOW,
        actor=str(verdict.actor),
        subject=subject.id if subject else None,
        capture=at.capture,
        frame=at.number,
        time=at.time,
        message="",
        expected="",
        observed="",
        clause=rule.clause,
        fault=verdict.fault,
        related=tuple(sorted({r.number for r in others if r.capture == at.capture and r.number != at.number})),
        related_other=tuple((r.capture, r.number) for r in others if r.capture != at.capture),
        occurrences=[at.number],
    )
    if isinstance(verdict, Broken):
        made.severity = verdict.severity or rule.severity
        made.message, made.argument = verdict.message, verdict.argument
        made.expected, made.observed = verdict.expected, verdict.observed
    else:
        made.message = verdict.reason
    if isinstance(verdict, Probable | Inconclusive):
        made.traps = verdict.traps
    return made


def _frames_of(event: object) -> Iterable[FrameRef]:
    """All frames of the message that an event is about, if it needed several."""
    for name in ("sighting", "response", "challenge", "register", "request"):
        found = getattr(event, name, None)
        if isinstance(found, Sighting) and found.at == event.at:  # type: ignore[attr-defined]
            return found.frames
    return ()
