"""SARIF 2.1.0, the exchange format of analysis tools (OASIS; ``tests/schemas`` has the schema).

A broken MUST or SHOULD is a result of the kind ``fail``; what looks broken is ``review``, what could not be judged
``open``, what is worth knowing ``informational``. Rules that only passed (``pass``) and those that did not apply
(``notApplicable``) are told with ``--show-passes``: services such as GitHub show every result as an alert, whatever its
kind. A frame of a capture is a logical location: it is no line of a text, and a region would say that it is one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any, Final, TextIO
from urllib.parse import quote

from analyzer.evidence import Seen
from analyzer.finding import Finding, Tally
from analyzer.report.clauses import bare, states
from analyzer.report.json import sound
from analyzer.report.model import CaptureSummary, SubjectSummary
from analyzer.report.renderers import Material
from analyzer.report.safe import clean
from analyzer.report.sarif_rules import RANKS, descriptor
from analyzer.report.times import iso
from analyzer.report.traps import trap

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
VERSION: Final = "2.1.0"

KINDS: Final = {
    "violation": ("fail", "error"),
    "warning": ("fail", "warning"),
    "probable": ("review", "none"),
    "inconclusive": ("open", "none"),
    "note": ("informational", "none"),
}
"""Kind and level of a result by the verdict of the finding; only what fails has a level (SARIF 3.27.10)."""

RELATED: Final = 50
"""Related frames of one result; the properties have all of them."""

_BRACKET: Final = re.compile(r"[\[\]\\]")


def render(material: Material, sink: TextIO) -> None:
    """Write the log, with a line for each rule and each result."""
    run = _Run(material)
    parts = {name: sound(value) for name, value in run.parts().items()}
    results = (json.dumps(sound(result)) for result in run.results())
    rules = (json.dumps(sound(rule)) for rule in run.rules())
    driver = json.dumps(sound(run.driver()))[:-1]
    sink.write(f'{{"$schema": "{SCHEMA}", "version": "{VERSION}", "runs": [{{\n')
    sink.write(f'"tool": {{"driver": {driver}, "rules": [\n')
    sink.write(",\n".join(rules) + "\n]}},\n")
    for name, value in parts.items():
        sink.write(f"{json.dumps(name)}: {json.dumps(value)},\n")
    sink.write('"results": [\n' + ",\n".join(results) + "\n]}]}\n")


def text(*sentences: str) -> str:
    """Cleaned sentences as the text of a message, in which braces and bracketed links mean something (SARIF 3.11)."""
    told = " ".join(_sentence(clean(each)) for each in sentences if each)
    told = told.replace("{", "{{").replace("}", "}}")
    return _BRACKET.sub(lambda found: "\\" + found[0], told) if "](" in told else told


def uri(path: str) -> str:
    """The path of a capture as a URI reference; `-` is standard input."""
    try:
        octets = path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        octets = path.encode("utf-8", "replace")
    absolute = PurePath(path).is_absolute()
    return ("file://" if absolute else "") + (quote(octets) or ".")


class _Run:
    """One run of gmaudit in the words of SARIF."""

    def __init__(self, material: Material) -> None:
        self._material = material
        self._report = material.report
        known = [tally.id for tally in self._report.rules]
        found = [finding.rule for finding in self._report.findings]
        ids = dict.fromkeys((*known, *self._report.not_in_force, *found))
        self._places = {rule: place for place, rule in enumerate(ids)}
        self._subjects = {subject.id: place for place, subject in enumerate(self._report.subjects)}
        self._seen: dict[tuple[str, str], int] = {}
        """How many results there were of a rule with a fingerprint."""

    def driver(self) -> dict[str, Any]:
        """The tool, without its rules."""
        version = self._report.version
        return {"name": "gmaudit", "version": version, "semanticVersion": version, "language": "en-US"}

    def rules(self) -> Iterator[dict[str, Any]]:
        """The rules that results may name."""
        for rule in self._places:
            yield descriptor(rule, self._material.rules.get(rule))

    def parts(self) -> dict[str, Any]:
        """What a run has beside its tool and its results."""
        report = self._report
        return {
            "invocations": [
                {"executionSuccessful": not report.crashed, "toolExecutionNotifications": list(self._notifications())}
            ],
            "artifacts": [_artifact(capture) for capture in report.captures],
            "logicalLocations": [_subject(subject) for subject in report.subjects],
            "columnKind": "unicodeCodePoints",
            "properties": {
                "profile": report.profile,
                "verdict": report.verdict,
                "copies": report.copies,
                "esp": {"packets": report.esp.packets, "verified": report.esp.verified, "noKey": report.esp.no_key},
                "sip": {"messages": report.sip.messages, "protected": report.sip.protected, "clear": report.sip.clear},
            },
        }

    def results(self) -> Iterator[dict[str, Any]]:
        """All results: the findings, and what passed or did not apply if that was asked for."""
        for finding in self._report.findings:
            yield self._finding(finding)
        if not self._material.show_passes:
            return
        state = states(self._report)
        for tally in self._report.rules:
            if state[tally.id] == "pass":
                times = "once" if tally.passed == 1 else f"{tally.passed:,} times"
                yield self._bare(tally.id, "pass", f"The condition of the rule arose {times}, and it was kept")
            elif not tally.exercised:
                yield self._bare(tally.id, "notApplicable", f"Not exercised{_because(tally)}")
        for rule, why in self._report.not_in_force.items():
            yield self._bare(rule, "notApplicable", f"Not in force in profile {self._report.profile}: {why}")

    def _bare(self, rule: str, kind: str, message: str) -> dict[str, Any]:
        """A result that is about no frame."""
        made = {"ruleId": rule, "ruleIndex": self._places[rule], "kind": kind, "level": "none"}
        locations = [_location(place, capture) for place, capture in enumerate(self._report.captures)]
        return {**made, "message": {"text": text(message)}, "locations": locations[:1]}

    def _finding(self, finding: Finding) -> dict[str, Any]:
        kind, level = KINDS[finding.verdict]
        expected = f"Expected: {finding.expected}" if finding.expected else ""
        observed = f"Observed: {finding.observed}" if finding.observed else ""
        times = f", {finding.count:,} times" if finding.count > 1 else ""
        where = f"By {finding.actor}, first in frame {finding.frame}{times}; {bare(finding.clause)}"
        result: dict[str, Any] = {
            "ruleId": finding.rule,
            "ruleIndex": self._places[finding.rule],
            "kind": kind,
            "level": level,
            "message": {"text": text(finding.message, expected, observed, where, finding.argument)},
            "locations": [self._frame(finding.capture, finding.frame, finding.subject)],
            "partialFingerprints": self._fingerprints(finding),
            "occurrenceCount": finding.count,
        }
        if related := list(self._related(finding)):
            result["relatedLocations"] = related
        if kind == "fail":
            result["rank"] = RANKS[finding.severity]
        if self._report.waivers or finding.waived is not None:
            result["suppressions"] = list(_suppressions(finding))
        result["properties"] = _properties(finding)
        return result

    def _fingerprints(self, finding: Finding) -> dict[str, str]:
        """Ours, and the one by which GitHub knows an alert again; the same fault of several subjects is numbered."""
        key = finding.rule, finding.fingerprint
        number = self._seen[key] = self._seen.get(key, 0) + 1
        return {"gmaudit/v1": finding.fingerprint, "primaryLocationLineHash": f"{finding.fingerprint}:{number}"}

    def _frame(self, capture: int, frame: int, subject: str | None) -> dict[str, Any]:
        """Where a frame is."""
        captures = self._report.captures
        made = _location(capture, captures[capture]) if capture < len(captures) else {}
        logical: list[dict[str, Any]] = [
            {"name": f"frame {frame}", "fullyQualifiedName": f"{capture}#{frame}", "kind": "frame"}
        ]
        if subject in self._subjects:
            logical.append({"fullyQualifiedName": subject, "index": self._subjects[subject]})
        return {**made, "logicalLocations": logical}

    def _related(self, finding: Finding) -> Iterator[dict[str, Any]]:
        """The other frames that prove it, with what is known of them."""
        messages = finding.evidence.messages if finding.evidence is not None else ()
        known = {(each.at.capture, each.at.number): each for each in messages}
        frames = dict.fromkeys((finding.capture, frame) for frame in finding.related)
        frames |= dict.fromkeys((*finding.related_other, *known))
        frames.pop((finding.capture, finding.frame), None)
        for number, (capture, frame) in enumerate(list(frames)[:RELATED], 1):
            told = _told(frame, known.get((capture, frame)))
            yield {"id": number, "message": {"text": text(told)}, **self._frame(capture, frame, None)}

    def _notifications(self) -> Iterator[dict[str, Any]]:
        """What the run has to tell besides results: rules that crashed, and what could not be read."""
        for crash in self._report.crashed:
            rule = crash.partition(" ")[0]
            made: dict[str, Any] = {"level": "error", "message": {"text": text(f"A rule crashed: {crash}")}}
            if rule in self._places:
                made["associatedRule"] = {"id": rule, "index": self._places[rule]}
            yield made
        for capture in self._report.captures:
            for notice in capture.notices:
                yield {"level": "note", "message": {"text": text(f"{capture.path}: {notice}")}}
        for notice in (*self._report.notices, *self._report.quality.remarks):
            yield {"level": "note", "message": {"text": text(notice)}}


def _location(place: int, capture: CaptureSummary) -> dict[str, Any]:
    return {"physicalLocation": {"artifactLocation": {"uri": uri(capture.path), "index": place}}}


def _artifact(capture: CaptureSummary) -> dict[str, Any]:
    times = {"first": capture.first, "last": capture.last}
    properties: dict[str, Any] = {"frames": capture.frames}
    properties |= {name: iso(time) for name, time in times.items() if time is not None}
    return {"location": {"uri": uri(capture.path)}, "roles": ["analysisTarget"], "properties": properties}


def _subject(subject: SubjectSummary) -> dict[str, Any]:
    return {
        "name": clean(subject.impi or subject.id),
        "fullyQualifiedName": subject.id,
        "kind": "subject",
        "properties": {"ue": subject.ue, "pcscf": subject.pcscf},
    }


def _told(frame: int, seen: Seen | None) -> str:
    """``Frame 38: SM6 of set 2 of the P-CSCF: SIP/2.0 401 Unauthorized``."""
    if seen is None:
        return f"Frame {frame}"
    sender = f" of the {seen.sender}" if seen.sender else ""
    return f"Frame {frame}: {seen.what}{sender}" + (f": {seen.first_line}" if seen.first_line else "")


def _suppressions(finding: Finding) -> Iterator[dict[str, Any]]:
    if finding.waived is not None:
        until = f" (until {finding.waived.expires})" if finding.waived.expires else ""
        yield {"kind": "external", "status": "accepted", "justification": clean(finding.waived.reason) + until}


def _properties(finding: Finding) -> dict[str, Any]:
    """What SARIF has no field for."""
    return {
        "verdict": finding.verdict,
        "severity": str(finding.severity),
        "actor": str(finding.actor),
        "frame": finding.frame,
        "time": iso(finding.time),
        "occurrences": list(finding.occurrences),
        "related": list(finding.related),
        "expected": clean(finding.expected),
        "observed": clean(finding.observed),
        "clause": clean(finding.clause),
        "notRuledOut": [trap(clean(code)) for code in finding.traps],
        "cause": finding.cause,
    }


def _because(tally: Tally) -> str:
    return f": {tally.why_not}" if tally.why_not else ""


def _sentence(told: str) -> str:
    """With a capital, and a full stop at its end."""
    told = told.strip()
    return f"{told[:1].upper()}{told[1:]}{'' if told.endswith(('.', '?', '!')) else '.'}"
