"""Findings as the page tells them: one row for each kind of fault, with the findings of all subjects in it.

Two hundred phones with one firmware have one fault two hundred times; a reader wants to read it once. What another
fault explains (R23) stands under it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field

from analyzer.finding import RANK, Finding
from analyzer.report.clauses import WAIVED
from analyzer.report.html.words import Words
from analyzer.report.order import badness
from analyzer.report.safe import clean

if TYPE_CHECKING:
    from analyzer.rule import Rule

_DIGITS: Final = re.compile(r"0x[0-9a-f]+|[0-9][0-9,.]*")


class Fault(Struct):
    """One kind of fault."""

    number: int
    """Place in the page, from 0."""
    first: Finding
    """The finding that stands for it: the earliest of the worst."""
    state: str
    """Verdict, or ``waived``."""
    findings: list[Finding] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    """Names of the findings in links."""
    cause: Fault | None = None
    """What explains it."""
    effects: list[Fault] = field(default_factory=list)
    rule: Rule | None = None

    @property
    def rules(self) -> list[str]:
        """Ids of its rules: one, save where several could not judge for one reason."""
        return sorted({finding.rule for finding in self.findings})

    @property
    def subjects(self) -> int:
        """How many subjects have it."""
        return len({finding.subject for finding in self.findings})

    @property
    def times(self) -> int:
        """How often it was met."""
        return sum(finding.count for finding in self.findings)


def links(findings: Sequence[Finding]) -> dict[int, str]:
    """A name for each finding, by its identity: ``PORT-02-231``, with the capture before the frame if that is not the
    first. The same in every run on the same captures."""
    made: dict[int, str] = {}
    used: dict[str, int] = {}
    for finding in findings:
        place = f"{finding.frame}" if finding.capture == 0 else f"{finding.capture + 1}.{finding.frame}"
        name = f"{re.sub('[^A-Za-z0-9-]', '', finding.rule)[:32]}-{place}"
        used[name] = used.get(name, 0) + 1
        made[id(finding)] = name if used[name] == 1 else f"{name}~{used[name]}"
    return made


def faults(findings: Sequence[Finding], rules: Mapping[str, Rule]) -> list[Fault]:
    """All findings as faults, the worst first; a fault that another explains stands right behind that one."""
    ordered = sorted(findings, key=badness)
    named = links(ordered)
    found: dict[tuple[str, ...], Fault] = {}
    by_fingerprint: dict[str, Fault] = {}
    for finding in ordered:
        state = finding.verdict if finding.waived is None else WAIVED
        known = found.get(key := _key(finding, state))
        if known is None:
            known = found[key] = Fault(0, finding, state, rule=rules.get(finding.rule))
        known.findings.append(finding)
        known.links.append(named[id(finding)])
        by_fingerprint.setdefault(finding.fingerprint, known)
    for fault in found.values():
        causes = {finding.cause for finding in fault.findings}
        cause = by_fingerprint.get(next(iter(causes)) or "") if len(causes) == 1 else None
        if cause is not None and cause is not fault and not _explains(fault, cause):
            fault.cause = cause
            cause.effects.append(fault)
    told: list[Fault] = []

    def tell(fault: Fault) -> None:
        fault.number = len(told)
        told.append(fault)

    for fault in sorted(found.values(), key=lambda each: (_rank(each.state), badness(each.first))):
        if fault.cause is None:
            waiting = [fault]
            while waiting:
                tell(each := waiting.pop())
                waiting += reversed(each.effects)
    return told


def _key(finding: Finding, state: str) -> tuple[str, ...]:
    """What findings have in common that are told as one."""
    if state == "inconclusive":
        return state, finding.actor, finding.fault, _DIGITS.sub("#", finding.message)
    return state, finding.rule, finding.actor, finding.fault, finding.verdict


def _rank(state: str) -> int:
    return len(RANK) if state == WAIVED else RANK.index(state)


def _explains(fault: Fault, cause: Fault) -> bool:
    """Whether a fault stands above another, so that this one cannot stand above it."""
    above: Fault | None = cause
    while above is not None:
        if above is fault:
            return True
        above = above.cause
    return False


def since(fault: Fault, words: Words) -> str:
    """Where it was first met: ``05:03:06.860, frame 16``."""
    earliest = min(fault.findings, key=lambda each: each.time)
    return f"{words.moment(earliest.time)}, {words.at(earliest.capture, earliest.frame)}"


def title(fault: Fault) -> str:
    """The sentence that stands for it, with a capital unless it begins with a name such as ``port_uc``."""
    text = clean(fault.first.message)
    first = text.partition(" ")[0]
    return f"{text[0].upper()}{text[1:]}" if first.isascii() and first.isalpha() else text
