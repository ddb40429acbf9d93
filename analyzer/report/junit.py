"""JUnit XML, as CI systems read it: a test case for each rule and subject, in the form of Jenkins' junit-10.xsd.

A test case fails where a finding decides the exit status (``--fail-on``); its text is the finding as the text report
tells it. It is skipped, with the reason, where a rule did not judge, or said something that does not decide: what was
not tested must not look like a pass. A report on one subject does not name it in every test. The text is ASCII, with
references for all other characters, so that it is the same under every encoding of standard output.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Final, TextIO

from msgspec import Struct
from msgspec.structs import replace

from analyzer.finding import Finding, Tally
from analyzer.report.clauses import bare
from analyzer.report.model import Report
from analyzer.report.order import Case, badness, cases
from analyzer.report.page import Page, several
from analyzer.report.renderers import Material
from analyzer.report.safe import clean
from analyzer.report.text_case import CaseWriter
from analyzer.report.text_names import Names, named, repeated
from analyzer.rule import Rule

SUITE: Final = "gmaudit"

WIDTH: Final = 110
"""Columns of a finding's text; CI systems show it in letters of equal width."""

FINDINGS: Final = 20
"""Findings of one rule and subject that one test case tells in full."""

SUBJECTS: Final = 20
"""Subjects that are named among the properties."""

_ILLEGAL: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, not even as a reference."""


class _Test(Struct):
    """One test case."""

    name: str
    family: str
    outcome: str
    """``passed``, ``failure``, ``error`` or ``skipped``."""
    kind: str = ""
    """What a failure or an error is."""
    message: str = ""
    text: str = ""


def render(material: Material, sink: TextIO) -> None:
    """Write the whole report."""
    tests = list(_Tests(material))
    counts = {outcome: sum(test.outcome == outcome for test in tests) for outcome in ("failure", "error", "skipped")}
    totals = {"tests": len(tests), "failures": counts["failure"], "errors": counts["error"]}
    sink.write('<?xml version="1.0" encoding="UTF-8"?>\n')
    sink.write(f"<testsuites{_attributes({'name': SUITE, **totals})}>\n")
    sink.write(f"<testsuite{_attributes({'name': SUITE, **totals, 'skipped': counts['skipped']})}>\n")
    sink.write("<properties>\n")
    for name, value in _properties(material.report):
        sink.write(f"<property{_attributes({'name': name, 'value': clean(value)})}/>\n")
    sink.write("</properties>\n")
    for test in tests:
        sink.write(_case(test))
    if notices := [*material.report.crashed, *material.report.notices, *material.report.quality.remarks]:
        sink.write(f"<system-out>{_text(chr(10).join(map(clean, notices)))}</system-out>\n")
    sink.write("</testsuite>\n</testsuites>\n")


class _Tests:
    """The test cases of one report."""

    def __init__(self, material: Material) -> None:
        report = material.report
        self._report = report
        self._rules: Mapping[str, Rule] = material.rules
        self._deciding = material.deciding
        self._names = Names(report, local=material.local)
        self._subjects = _labels(report)
        self._groups: dict[str, dict[str | None, list[Finding]]] = {}
        for finding in sorted(report.findings, key=badness):
            self._groups.setdefault(finding.rule, {}).setdefault(finding.subject, []).append(finding)
        self._told: dict[int, tuple[Case, Finding | None]] = {}
        """For each finding (by identity) how it is told, and what explains it."""
        for case in cases(report.findings):
            for each in (case, *case.same):
                self._told[id(each.finding)] = each, None
                for follow_up in each.follow_ups:
                    self._told[id(follow_up)] = Case(replace(follow_up, cause=None)), each.finding

    def __iter__(self) -> Iterator[_Test]:
        crashes = {crash.partition(" ")[0]: crash for crash in self._report.crashed}
        for tally in self._report.rules:
            groups = self._groups.get(tally.id, {})
            if tally.error:
                why = crashes.get(tally.id, f"{tally.id} crashed")
                yield self._test(tally, "", "error", "crash", f"the rule crashed: {clean(why)}")
            for subject, findings in groups.items():
                yield self._judged(tally, self._label(subject), findings)
            if not groups and not tally.error:
                yield self._silent(tally)

    def _label(self, subject: str | None) -> str:
        """What stands behind the rule's name; nothing if there is only one subject, and nothing for none."""
        if subject is None or self._subjects.keys() == {subject}:
            return ""
        return self._subjects.get(subject, clean(subject))

    def _silent(self, tally: Tally) -> _Test:
        """The test case of a rule that found nothing."""
        if tally.passed:
            return self._test(tally, "", "passed")
        why = f": {tally.why_not}" if tally.why_not else ""
        return self._test(tally, "", "skipped", message=f"not exercised{why}")

    def _judged(self, tally: Tally, subject: str, findings: Sequence[Finding]) -> _Test:
        """The test case of what a rule found with one subject, the worst first."""
        deciding = [each for each in findings if each.verdict in self._deciding and each.waived is None]
        if deciding:
            first = deciding[0]
            text = "\n".join(map(self._whole, deciding[:FINDINGS]))
            return self._test(tally, subject, "failure", first.verdict, self._headline(deciding), text)
        notes = [each for each in findings if each.verdict == "note"]
        if len(notes) == len(findings):
            return self._test(tally, subject, "passed", text="\n".join(map(self._line, notes[:FINDINGS])))
        others = [each for each in findings if each.verdict != "note"]
        return self._test(tally, subject, "skipped", message=self._headline(others))

    def _test(
        self, tally: Tally, subject: str, outcome: str, kind: str = "", message: str = "", text: str = ""
    ) -> _Test:
        rule = self._rules.get(tally.id)
        title = f" {named(rule)}" if rule is not None else ""
        about = f" [{subject}]" if subject else ""
        return _Test(f"{tally.id}{title}{about}", tally.id.partition("-")[0], outcome, kind, message, text)

    def _headline(self, findings: Sequence[Finding]) -> str:
        more = f" (and {several(len(findings) - 1, 'more finding')})" if len(findings) > 1 else ""
        return self._line(findings[0]) + more

    def _line(self, finding: Finding) -> str:
        """One finding as a CI system shows it in a list."""
        parts = [f"{finding.verdict} by {finding.actor}: {clean(finding.message)}"]
        parts += [f"expected {clean(finding.expected)}"] if finding.expected else []
        parts += [f"observed {clean(finding.observed)}"] if finding.observed else []
        parts.append(f"{self._names.place(finding)}{', ' if finding.count > 1 else ''}{repeated(finding)}")
        parts.append(clean(bare(finding.clause)))
        _, cause = self._case(finding)
        if cause is not None:
            parts.append(f"follows from {clean(cause.rule)} in frame {cause.frame}")
        if finding.waived is not None:
            until = f" until {finding.waived.expires}" if finding.waived.expires else ""
            parts.insert(0, f"waived{until} ({clean(finding.waived.reason)})")
        elif finding.argument and finding.verdict in ("probable", "inconclusive"):
            parts.append(clean(finding.argument))
        return "; ".join(filter(None, parts))

    def _case(self, finding: Finding) -> tuple[Case, Finding | None]:
        return self._told.get(id(finding)) or (Case(finding), None)

    def _whole(self, finding: Finding) -> str:
        """One finding as the text report tells it."""
        case, cause = self._case(finding)
        stream = io.StringIO()
        CaseWriter(Page(stream, WIDTH), self._names).write(case)
        text = stream.getvalue()
        if cause is not None:
            text = (
                text.rstrip("\n")
                + f"\n   = follows from {cause.verdict}[{clean(cause.rule)}]: {clean(cause.message)}\n"
            )
        return text


def _labels(report: Report) -> dict[str, str]:
    """What each subject is called: by its IMPI alone where that tells it from the others, for history goes by names."""
    names = Counter(subject.impi or subject.id for subject in report.subjects)
    return {
        subject.id: clean(subject.impi if subject.impi and names[subject.impi] == 1 else subject.id)
        for subject in report.subjects
    }


def _properties(report: Report) -> Iterator[tuple[str, str]]:
    """What was judged, by what."""
    yield "gmaudit", report.version
    yield "profile", report.profile
    yield "verdict", report.verdict
    for capture in report.captures:
        yield "capture", f"{capture.path} ({several(capture.frames, 'frame')})"
    esp, sip = report.esp, report.sip
    unchecked = f", {esp.unchecked} read with an unchecked ICV" if esp.unchecked else ""
    yield "esp", f"{several(esp.packets, 'packet')}: {esp.verified} verified, {esp.unread} without a key{unchecked}"
    yield "sip", f"{several(sip.messages, 'message')}: {sip.protected} protected, {sip.clear} in clear"
    for subject in report.subjects[:SUBJECTS]:
        yield "subject", f"{subject.impi or subject.id} at {subject.ue}"
    yield "subjects", str(len(report.subjects))
    for waiver in report.waivers:
        yield "waiver", f"{waiver.place}: {waiver.rule}, {waiver.state}, {waiver.reason}"


def _case(test: _Test) -> str:
    start = f"<testcase{_attributes({'classname': f'{SUITE}.{test.family}', 'name': test.name})}"
    text = _text(test.text or test.message)
    if test.outcome == "passed":
        return f"{start}>\n<system-out>{text}</system-out>\n</testcase>\n" if text else f"{start}/>\n"
    told = {"type": test.kind} if test.kind else {}
    told["message"] = test.message
    return f"{start}>\n<{test.outcome}{_attributes(told)}>{text}</{test.outcome}>\n</testcase>\n"


def _attributes(values: Mapping[str, object]) -> str:
    return "".join(f' {name}="{_text(clean(str(value), len(str(value))))}"' for name, value in values.items())


def _text(text: str) -> str:
    """Text as XML can hold it, in ASCII."""
    legal = _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text)
    return escape(legal).encode("ascii", "xmlcharrefreplace").decode("ascii")
