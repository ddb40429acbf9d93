"""The evidence of a finding (E1 to E8) as the JSON report has it; `text_evidence.py` has it in lines for people."""

from __future__ import annotations

from typing import Any

from analyzer.evidence import EspPacket, Ladder, Seen, SetLife, TcpConnection, differs
from analyzer.finding import Finding
from analyzer.frame import FrameRef
from analyzer.report.times import iso
from analyzer.verdict import Table


def document(finding: Finding) -> dict[str, Any] | None:
    """The evidence as a JSON object; None if there is none."""
    made = finding.evidence
    if made is None:
        return None
    return {
        "codes": list(made.codes),
        "profile": made.profile,
        "source": made.source,
        "excluded": list(finding.excluded),
        "open": list(finding.traps),
        "messages": [_message(each) for each in made.messages],
        "tables": [_table(each) for each in made.tables],
        "timeline": [_life(each) for each in made.timeline],
        "transactions": [_ladder(each) for each in made.transactions],
        "connections": [_connection(each) for each in made.connections],
        "packets": [_packet(each) for each in made.packets],
        "missing": list(made.missing),
    }


def _place(at: FrameRef | None) -> dict[str, Any] | None:
    return None if at is None else {"capture": at.capture, "frame": at.number, "time": iso(at.time)}


def _time(time: int | None) -> str | None:
    return None if time is None else iso(time)


def _message(each: Seen) -> dict[str, Any]:
    return {
        "what": each.what,
        "at": _place(each.at),
        "sender": each.sender,
        "first_line": each.first_line,
        "flow": None if each.flow is None else each.flow._asdict(),
        "clear": each.clear,
        "protection": None if each.protection is None else each.protection._asdict(),
    }


def _table(each: Table) -> dict[str, Any]:
    rows = [{"cells": list(row), "differs": each.compares and differs(row)} for row in each.rows]
    return {"title": each.title, "columns": list(each.columns), "rows": rows}


def _life(each: SetLife) -> dict[str, Any]:
    marks = ("sm1", "sm6", "sm7", "sm12", "first_uplink", "first_downlink")
    return {
        **{name: value for name, value in each._asdict().items() if name not in marks},
        **{name: _place(getattr(each, name)) for name in marks},
        "deadlines": [
            {"what": made.what, "time": iso(made.time), "set_by": _place(made.set_by)} for made in each.deadlines
        ],
        "ends": [
            {"side": made.side, "why": made.why, "since": _place(made.since), "time": iso(made.time)}
            for made in each.ends
        ],
    }


def _ladder(each: Ladder) -> dict[str, Any]:
    return {
        "method": each.method,
        "branch": each.branch,
        "cseq": each.cseq,
        "steps": [
            {"at": _place(step.at), "sender": step.sender, "text": step.text, "on": step.on} for step in each.steps
        ],
        "repeats": each.repeats,
        "timer": each.timer,
        "timer_until": _time(each.timer_until),
    }


def _connection(each: TcpConnection) -> dict[str, Any]:
    return {
        "flow": each.flow._asdict(),
        "opener": each.opener,
        "opened": _place(each.opened),
        "closing": [{"sender": made.sender, "how": made.how, "at": _place(made.at)} for made in each.closing],
        "first_octet": each.first_octet,
        "last_octet": each.last_octet,
    }


def _packet(each: EspPacket) -> dict[str, Any]:
    return {**each._asdict(), "at": _place(each.at)}
