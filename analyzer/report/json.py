"""The JSON report, version 1: what scripts read, held to `gmaudit.report.1.json`.

Its fields are spelled out one by one rather than dumped from the model: the model may change, this format may only
grow. The text is ASCII, so that nothing from a capture reaches a terminal as anything but letters.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from typing import Any, TextIO

from analyzer.finding import Finding, Tally
from analyzer.frame import SECOND
from analyzer.opinion.model import SecondOpinion
from analyzer.report import evidence
from analyzer.report.model import (
    CaptureSummary,
    EspCounts,
    Quality,
    Report,
    SetSummary,
    SipCounts,
    SubjectSummary,
    WaiverSummary,
)
from analyzer.report.renderers import Material
from analyzer.report.times import iso

SCHEMA = "gmaudit.report/1"

_SURROGATE = re.compile("[\ud800-\udfff]")


def render(material: Material, sink: TextIO) -> None:
    """Write the report."""
    write(material.report, sink)


def write(report: Report, stream: TextIO) -> None:
    """Write the whole report as one JSON object: a line for every field, and one for every entry of a list.

    Entry by entry, since the objects of all sets would need as much memory as the audit of their packets.
    """
    before = "{\n"
    for name, value in _fields(report):
        stream.write(f"{before}{json.dumps(name)}: ")
        before = ",\n"
        if isinstance(value, Iterator):
            between = "[\n"
            for entry in value:
                stream.write(between + _line(entry))
                between = ",\n"
            stream.write("[]" if between == "[\n" else "\n]")
        else:
            stream.write(json.dumps(sound(value)))
    stream.write("\n}\n")


def _line(entry: Any) -> str:
    """An entry as text. Whether there is anything to make `sound` is seen in it: a third less for each of many sets."""
    text = json.dumps(entry)
    return json.dumps(sound(entry)) if "\\ud" in text else text


def document(report: Report) -> dict[str, Any]:
    """The report as the JSON object of the contract."""
    return {name: sound(list(value) if isinstance(value, Iterator) else value) for name, value in _fields(report)}


def _fields(report: Report) -> Iterator[tuple[str, Any]]:
    """The fields of the contract; a list is given as an iterator, which makes each entry when it is asked for it."""
    yield "schema", SCHEMA
    yield "version", report.version
    yield "profile", report.profile
    yield "verdict", report.verdict
    yield "captures", map(_capture, report.captures)
    yield "copies", report.copies
    yield "esp", _esp(report.esp)
    yield "sip", _sip(report.sip)
    yield "subjects", map(_subject, report.subjects)
    yield "sa_sets", map(_set, report.sa_sets)
    yield "rules", map(_tally, report.rules)
    yield "findings", map(finding_document, report.findings)
    yield "notices", iter(report.notices)
    yield "crashed", iter(report.crashed)
    yield "not_in_force", ({"id": rule, "reason": why} for rule, why in report.not_in_force.items())
    yield "quality", _quality(report.quality)
    yield "second_opinion", None if report.second_opinion is None else _opinion(report.second_opinion)
    yield "waivers", map(_waiver, report.waivers)


def _capture(capture: CaptureSummary) -> dict[str, Any]:
    return {
        "path": capture.path,
        "frames": capture.frames,
        "first": _time(capture.first),
        "last": _time(capture.last),
        "skipped": dict(capture.skipped),
        "notices": list(capture.notices),
    }


def _quality(quality: Quality) -> dict[str, Any]:
    return {
        "drops": list(quality.drops),
        "cut": dict(quality.cut),
        "holes": quality.holes,
        "esp_missing": quality.esp_missing,
        "clock_steps": quality.steps,
        "largest_step": quality.largest_step / SECOND,
        "clocks": [{"captures": [each.one, each.other], "offset": each.offset / SECOND} for each in quality.clocks],
        "second_sightings": quality.sightings,
        "longest_delay": quality.delay / SECOND,
        "decrypted_copies": quality.shadows,
        "decrypted_copies_unread": quality.shadows_unread,
        "offload": list(quality.offload),
        "one_sided": dict(quality.one_sided),
        "remarks": list(quality.remarks),
    }


def _esp(esp: EspCounts) -> dict[str, Any]:
    return {
        "packets": esp.packets,
        "verified": esp.verified,
        "bad_icv": esp.bad_icv,
        "no_key": esp.no_key,
        "unchecked": esp.unchecked,
        "replayed": esp.replayed,
    }


def _sip(sip: SipCounts) -> dict[str, Any]:
    return {
        "messages": sip.messages,
        "clear": sip.clear,
        "protected": sip.protected,
        "malformed": sip.malformed,
        "core": sip.core,
        "told": sip.told,
    }


def _subject(subject: SubjectSummary) -> dict[str, Any]:
    return {
        "id": subject.id,
        "impi": subject.impi,
        "impus": list(subject.impus),
        "contact": subject.contact,
        "ue": subject.ue,
        "pcscf": subject.pcscf,
        "told": subject.told,
    }


def _set(found: SetSummary) -> dict[str, Any]:
    return {
        "subject": found.subject,
        "generation": found.generation,
        "parent": found.parent,
        "state_ue": found.state_ue,
        "state_pcscf": found.state_pcscf,
        "spi_uc": found.spi_uc,
        "spi_us": found.spi_us,
        "spi_pc": found.spi_pc,
        "spi_ps": found.spi_ps,
        "port_uc": found.port_uc,
        "port_us": found.port_us,
        "port_pc": found.port_pc,
        "port_ps": found.port_ps,
        "alg": found.alg,
        "ealg": found.ealg,
        "mod": found.mod,
        "keyed": found.keyed,
        "capture": found.capture,
        "sm1": found.sm1,
        "sm6": found.sm6,
        "sm7": found.sm7,
        "sm12": found.sm12,
        "expires_at": _time(found.expires_at),
        "ended": _time(found.ended),
    }


def _tally(tally: Tally) -> dict[str, Any]:
    return {
        "id": tally.id,
        "pass": tally.passed,
        "violation": tally.violation,
        "warning": tally.warning,
        "note": tally.note,
        "probable": tally.probable,
        "inconclusive": tally.inconclusive,
        "error": tally.error,
        "seen": tally.seen,
        "why_not": tally.why_not,
    }


def finding_document(finding: Finding) -> dict[str, Any]:
    """One finding as the JSON object of the contract; its texts may still hold what `sound` removes."""
    return {
        "rule": finding.rule,
        "verdict": finding.verdict,
        "level": str(finding.level),
        "severity": str(finding.severity),
        "actor": str(finding.actor),
        "subject": finding.subject,
        "capture": finding.capture,
        "frame": finding.frame,
        "time": iso(finding.time),
        "related": list(finding.related),
        "related_other": [{"capture": capture, "frame": frame} for capture, frame in finding.related_other],
        "count": finding.count,
        "occurrences": list(finding.occurrences),
        "message": finding.message,
        "expected": finding.expected,
        "observed": finding.observed,
        "clause": finding.clause,
        "traps": list(finding.traps),
        "argument": finding.argument,
        "evidence": evidence.document(finding),
        "cause": finding.cause,
        "fingerprint": finding.fingerprint,
        "waived": None
        if finding.waived is None
        else {"reason": finding.waived.reason, "expires": _day(finding.waived.expires)},
    }


def _waiver(waiver: WaiverSummary) -> dict[str, Any]:
    return {
        "place": waiver.place,
        "rule": waiver.rule,
        "actor": waiver.actor,
        "subject": waiver.subject,
        "fingerprint": waiver.fingerprint,
        "reason": waiver.reason,
        "expires": _day(waiver.expires),
        "state": waiver.state,
        "findings": waiver.findings,
    }


def _opinion(opinion: SecondOpinion) -> dict[str, Any]:
    return {
        "program": opinion.program,
        "agree": {"esp": opinion.esp, "sip": opinion.sip, "sec_agree": opinion.sec_agree},
        "explained": [
            {
                "reason": each.reason.code,
                "explanation": each.reason.sentence,
                "count": each.count,
                "frames": [{"capture": capture, "frame": frame} for capture, frame in each.frames],
            }
            for each in opinion.explained.values()
        ],
        "unexplained": opinion.unexplained,
        "differences": [
            {
                "about": each.about,
                "capture": each.capture,
                "frame": each.frame,
                "ours": each.ours,
                "theirs": each.theirs,
            }
            for each in opinion.differences
        ],
        "notes": list(opinion.notes),
    }


def _time(time: int | None) -> str | None:
    return None if time is None else iso(time)


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def sound(value: Any) -> Any:
    """The same without lone surrogates, which strict readers of JSON refuse (a path or a header of odd bytes)."""
    if isinstance(value, str):
        return value if value.isascii() else _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, list):
        return [sound(item) for item in value]
    if isinstance(value, dict):
        return {sound(key): sound(item) for key, item in value.items()}
    return value
