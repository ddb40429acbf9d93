"""A report of thousands of findings and hundreds of subjects, made of one real finding after another."""

from __future__ import annotations

from msgspec.structs import replace

from analyzer.finding import Finding
from analyzer.frame import FrameRef
from analyzer.report.chronicle import Chronicle
from analyzer.report.model import SetSummary, SubjectSummary
from analyzer.report.renderers import Material
from tests.report.html.made import material
from tests.scenario import Scenario


def large(subjects: int = 200, findings: int = 5_000, messages: int = 100) -> Material:
    """Findings of 25 rules with each subject, and a ladder of so many messages."""
    s = Scenario()
    first = s.register(sm7={"headers": {"Security-Verify": None}})
    s.request("ue", "MESSAGE", on=first)
    one = material(s)
    (subject,), report, seen = one.report.subjects, one.report, one.chronicle
    assert seen is not None
    whose = [f"00101{number:010}@ims.example@10.0.{number // 250}.{number % 250}" for number in range(subjects)]
    accused = next(finding for finding in report.findings if finding.verdict == "violation")
    rules = [tally.id for tally in report.rules][:25]
    made: list[Finding] = [
        replace(
            accused,
            rule=rules[number % 25],
            fault=f"fault-{number % 25}",
            subject=whose[number // 25 % subjects],
            frame=number + 1,
            occurrences=[number + 1],
            time=accused.time + number * 1_000_000,
        )
        for number in range(findings)
    ]
    chronicle = Chronicle()
    chronicle.arrows = [
        arrow._replace(subject=name, at=FrameRef(0, place * 1_000 + count, arrow.at.time + count * 50_000_000))
        for place, name in enumerate(whose)
        for count in range(messages)
        for arrow in (seen.arrows[count % len(seen.arrows)],)
    ]
    chronicle.lives = dict.fromkeys(whose, seen.lives[subject.id])
    chronicle.ticks = {(name, set_, up): line for name in whose for (_, set_, up), line in seen.ticks.items()}
    several: list[SubjectSummary] = [replace(subject, id=name, impi=name.rpartition("@")[0]) for name in whose]
    sets: list[SetSummary] = [replace(each, subject=name) for name in whose for each in report.sa_sets]
    return replace(one, report=replace(report, subjects=several, sa_sets=sets, findings=made), chronicle=chronicle)
