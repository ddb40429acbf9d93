"""A comparison of two reports for programs (``gmaudit.diff/1``, `gmaudit.diff.1.json`) and for tickets (Markdown)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final, TextIO

from analyzer.report.diff import Change, Comparison, Fault, Past
from analyzer.report.diff_text import changed, in_numbers, remarks, rule_changes
from analyzer.report.markup import code, heading, prose, row

SCHEMA: Final = "gmaudit.diff/1"

ROWS: Final = 50
"""Rows of one table in Markdown; beyond them there is only a count."""


def write_json(found: Comparison, stream: TextIO) -> None:
    """Write the comparison as one JSON object, in ASCII."""
    json.dump(document(found), stream, indent=1)
    stream.write("\n")


def document(found: Comparison) -> dict[str, Any]:
    """The comparison as a JSON object."""
    return {
        "schema": SCHEMA,
        "old_report": _past(found.old),
        "new_report": _past(found.new),
        "worse": found.worse,
        "new": [_change(change) for change in found.added],
        "fixed": [_change(change) for change in found.fixed],
        "unchanged": [_change(change) for change in found.unchanged],
        "rules": {
            "newly_exercised": list(found.newly_exercised),
            "no_longer_exercised": list(found.no_longer_exercised),
            "only_old": list(found.only_old),
            "only_new": list(found.only_new),
        },
    }


def _past(past: Past) -> dict[str, Any]:
    return {
        "path": _sound(past.name),
        "version": past.version,
        "profile": past.profile,
        "verdict": past.verdict,
        "captures": list(past.captures),
    }


def _change(change: Change) -> dict[str, Any]:
    fault = change.fault
    return {
        "fingerprint": fault.fingerprint,
        "rule": fault.rule,
        "actor": fault.actor,
        "clause": fault.clause,
        "message": fault.message,
        "old": _side(change.old),
        "new": _side(change.new),
        "judged": change.judged,
        "verdict_changed": change.verdict_changed,
        "count_changed": change.count_changed,
    }


def _side(fault: Fault | None) -> dict[str, Any] | None:
    if fault is None:
        return None
    return {
        "verdict": fault.verdict,
        "findings": fault.findings,
        "count": fault.count,
        "waived": fault.waived,
        "place": fault.place,
    }


def _sound(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


# --- Markdown -------------------------------------------------------------------------------------------------------


def write_markdown(found: Comparison, stream: TextIO) -> None:
    """Write the comparison as a comment for a ticket or a pull request."""
    gone = [change for change in found.fixed if not change.judged]
    fixed = [change for change in found.fixed if change.judged]
    stream.write(f"## gmaudit: {''.join(text for text, _ in in_numbers(found))}\n\n")
    stream.write(heading("", "report", "verdict", "profile", "captures"))
    for label, past in (("old", found.old), ("new", found.new)):
        captures = code(past.names[0]) if len(past.captures) == 1 else f"{len(past.captures):,}"
        stream.write(row(label, code(past.name), prose(past.verdict), code(past.profile), captures))
    told = [f"- {prose(remark)}\n" for remark in remarks(found)]
    stream.write("".join(["\n", *told] if told else []))
    _table(stream, "New", found.added)
    _table(stream, "Fixed", fixed)
    _table(stream, "Neither found again nor judged again", gone)
    _table(stream, "Unchanged", found.unchanged)
    changes = rule_changes(found)
    if changes:
        stream.write("\n### Rules\n\n")
    for label, rules in changes:
        stream.write(f"- {label}: {', '.join(map(code, rules))}\n")


def _table(stream: TextIO, title: str, changes: Sequence[Change]) -> None:
    if not changes:
        return
    stream.write(f"\n### {title}\n\n")
    stream.write(heading("verdict", "rule", "by", "what", "times", "first", ""))
    for change in changes[:ROWS]:
        fault = change.fault
        notes = [*(["waived"] if change.accepted else []), *changed(change)]
        what, times = prose(fault.message), f"{fault.count:,}"
        stream.write(
            row(
                fault.verdict,
                code(fault.rule),
                prose(fault.actor),
                what,
                times,
                code(fault.place),
                prose(", ".join(notes)),
            )
        )
    if len(changes) > ROWS:
        stream.write(f"\nand {len(changes) - ROWS:,} more\n")
