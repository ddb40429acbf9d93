"""Markdown for a ticket or a pull request: the verdict, the findings, and what became of each clause.

Short enough for a comment: follow-ups stand with what explains them, the same fault of many subjects is one row, and
clauses with which nothing is wrong are a paragraph. Nothing that comes from a capture is markup (`markup.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final, TextIO

from analyzer.finding import RANK, Finding, Waived
from analyzer.report.clauses import CRASHED, UNEXERCISED, WAIVED, Row, bare, matrix
from analyzer.report.markup import code, heading, prose, row
from analyzer.report.order import Case, cases
from analyzer.report.page import several
from analyzer.report.renderers import Material
from analyzer.report.text_names import Names
from analyzer.report.times import shown
from analyzer.report.traps import trap

FINDINGS: Final = 50
"""Rows of the table of findings."""

NOTICES: Final = 20
"""Notices that are told."""

NAMED: Final = 10
"""Rules and frames that are named in one cell."""

_BROKEN: Final = (CRASHED, "violation", "warning", WAIVED)
_OPEN: Final = ("probable", "inconclusive")
_KEPT: Final = ("note", "pass")


def render(material: Material, sink: TextIO) -> None:
    """Write the whole report."""
    _Writer(material, sink).write()


class _Writer:
    """One report on its way to one stream."""

    def __init__(self, material: Material, sink: TextIO) -> None:
        self._report = material.report
        self._material = material
        self._sink = sink
        self._names = Names(material.report, local=material.local)
        self._captures = {place: code(name) for place, name in enumerate(self._names.captures)}

    def write(self) -> None:
        """All sections."""
        report = self._report
        self._line(f"## gmaudit: {report.verdict.replace('-', ' ')}")
        self._line(self._summary())
        if report.findings:
            self._line("### Findings")
            self._findings()
        self._line("### Clauses")
        self._clauses()
        self._line("### What was read")
        self._read()

    def _line(self, text: str) -> None:
        """A block, with an empty line behind it."""
        self._sink.write(f"{text}\n\n")

    def _summary(self) -> str:
        report = self._report
        counts = Counter(each.verdict for each in report.findings if each.waived is None)
        waived = sum(each.waived is not None for each in report.findings)
        told = [several(counts[name], name, name if name in _OPEN else "") for name in RANK if counts[name]]
        told += [f"{waived:,} waived"] if waived else []
        exercised = sum(tally.exercised for tally in report.rules)
        return (
            f"**{', '.join(told) or 'no findings'}** in {several(len(report.captures), 'capture')}; "
            f"{exercised} of {several(len(report.rules), 'rule')} exercised; "
            f"profile {code(report.profile)}, gmaudit {prose(report.version)}"
        )

    # --- findings ---------------------------------------------------------------------------------------------------

    def _findings(self) -> None:
        """A row for each case, the worst first."""
        told = cases(self._report.findings)
        subject = ("subject",) if self._names.several else ()
        self._sink.write(heading("verdict", "rule", "by", "what", "where", "clause", *subject))
        for case in told[:FINDINGS]:
            finding = case.finding
            verdict = f"**{finding.verdict}**" if finding.verdict == "violation" else finding.verdict
            about = (self._subjects(case),) if subject else ()
            where = self._where(finding)
            what = "; ".join(self._what(case))
            self._sink.write(
                row(
                    verdict,
                    self._rules(case),
                    prose(str(finding.actor)),
                    what,
                    where,
                    prose(bare(finding.clause)),
                    *about,
                )
            )
        self._sink.write("\n")
        if (more := len(told) - FINDINGS) > 0:
            self._line(f"{several(more, 'more row')}; the JSON report has all findings.")

    def _rules(self, case: Case) -> str:
        ids = [prose(each.rule) for each in (case.finding, *case.alike)]
        return _some(ids)

    def _what(self, case: Case) -> Iterator[str]:
        finding = case.finding
        yield prose(finding.message)
        if finding.expected:
            yield f"expected {code(finding.expected)}"
        if finding.observed:
            yield f"observed {code(finding.observed)}"
        if finding.traps:
            yield f"not ruled out: {', '.join(prose(trap(each)) for each in finding.traps)}"
        if finding.argument and finding.verdict in _OPEN:
            yield prose(finding.argument)
        if finding.waived is not None:
            yield _waived(finding.waived)
        if case.follow_ups:
            yield f"explains {_some([prose(each.rule) for each in case.follow_ups])}"
        accepted = [(each.rule, each.waived) for each in case.follow_ups if each.waived is not None]
        for rule, waived in accepted[:NAMED]:
            yield f"{prose(rule)} is {_waived(waived)}"

    def _where(self, finding: Finding) -> str:
        frames = _some([str(frame) for frame in finding.occurrences or [finding.frame]], finding.count)
        place = "" if self._names.alone else f" of {self._captures[finding.capture]}"
        return f"frame{'s' if finding.count > 1 else ''} {frames}{place}"

    def _subjects(self, case: Case) -> str:
        more = f" and {several(len(case.same), 'other')}" if case.same else ""
        return code(self._names.subject(case.finding.subject)) + more

    # --- clauses ----------------------------------------------------------------------------------------------------

    def _clauses(self) -> None:
        """The matrix of clauses."""
        rows = matrix(self._report, {rule.id: rule.clause for rule in self._material.rules.values()})
        told = [each for each in rows if each.state not in (*_KEPT, UNEXERCISED)]
        if told:
            self._sink.write(heading("clause", "broken", *_OPEN, "passed", UNEXERCISED))
        for each in told:
            cells = [self._broken(each), *(self._ids(each, name) for name in _OPEN), self._kept(each)]
            self._sink.write(row(prose(str(each.citation)), *cells, _count(each, UNEXERCISED)))
        if told:
            self._sink.write("\n")
        kept = [each for each in rows if each.state in _KEPT]
        if kept:
            self._line(f"Nothing broken, as far as they were exercised: {_listed(kept, self._kept)}.")
        if silent := [each for each in rows if each.state == UNEXERCISED]:
            self._line(f"Not exercised at all: {_listed(silent, lambda each: '')}.")

    def _ids(self, each: Row, *names: str) -> str:
        return _some([prose(rule) for name in names for rule in each.rules.get(name, ())])

    def _broken(self, each: Row) -> str:
        """Rules with what became of them, where that is no violation."""
        told = []
        for name in _BROKEN:
            aside = "" if name == "violation" else f" ({name})"
            told += [f"**{prose(rule)}**{aside}" for rule in each.rules.get(name, ())]
        return _some(told)

    def _kept(self, each: Row) -> str:
        return self._ids(each, *_KEPT) if self._material.show_passes else _count(each, *_KEPT)

    # --- what was read ----------------------------------------------------------------------------------------------

    def _read(self) -> None:
        report = self._report
        self._sink.write(heading("capture", "frames", "first", "last"))
        for capture in report.captures:
            times = [
                "" if time is None else shown(time, local=self._material.local)
                for time in (capture.first, capture.last)
            ]
            self._sink.write(row(code(capture.path), f"{capture.frames:,}", *times))
        self._sink.write("\n")
        esp, sip = report.esp, report.sip
        unchecked = f"{esp.unchecked:,} read with an unchecked ICV, " if esp.unchecked else ""
        self._line(
            f"ESP: {several(esp.packets, 'packet')}, {esp.verified:,} verified, {esp.unread:,} without a key, "
            f"{unchecked}{esp.bad_icv:,} with a bad ICV. SIP: {several(sip.messages, 'message')}, "
            f"{sip.protected:,} protected, {sip.clear:,} in clear. "
            f"Times in {'local time' if self._material.local else 'UTC'}."
        )
        notices = [f"a rule crashed: {crash}" for crash in report.crashed]
        for capture in report.captures:
            notices += [f"{capture.path}: {notice}" for notice in capture.notices]
        notices += [*report.notices, *report.quality.remarks]
        for notice in notices[:NOTICES]:
            self._sink.write(f"- {prose(notice)}\n")
        if (more := len(notices) - NOTICES) > 0:
            self._sink.write(f"- {several(more, 'more notice')} in the JSON report\n")


def _count(each: Row, *names: str) -> str:
    number = sum(len(each.rules.get(name, ())) for name in names)
    return str(number) if number else ""


def _listed(rows: list[Row], tell: Callable[[Row], str]) -> str:
    """Clauses by document, each with what is to be told of it: ``TS 33.203 6.1 (3), 6.2; RFC 2404 (1)``."""
    documents: dict[str, list[str]] = {}
    for each in rows:
        told = [prose(each.citation.section), f"({tell(each)})" if tell(each) else ""]
        documents.setdefault(each.citation.document, []).append(" ".join(filter(None, told)))
    return "; ".join(f"{prose(name)} {', '.join(told)}".rstrip() for name, told in documents.items())


def _some(items: list[str], count: int = 0) -> str:
    """The first of them, each once, and how many more there are."""
    items = list(dict.fromkeys(items))
    more = max(len(items), count) - NAMED
    return ", ".join(items[:NAMED]) + (f" and {more:,} more" if more > 0 else "")


def _waived(waived: Waived) -> str:
    until = f" until {waived.expires}" if waived.expires else ""
    return f"**waived**{until}: {prose(waived.reason)}"
