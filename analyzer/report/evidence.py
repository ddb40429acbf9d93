"""The evidence of a finding (E1 to E8) as the JSON report has it, and in lines for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from analyzer.evidence import EspPacket, Evidence, Ladder, Protected, Seen, SetLife, TcpConnection, differs
from analyzer.finding import Finding
from analyzer.frame import FrameRef
from analyzer.report.safe import clean
from analyzer.report.times import iso, shown
from analyzer.verdict import Table

MESSAGES: Final = 4
"""Messages of a finding that are shown to people; JSON has all of them."""
ROWS: Final = 8
"""Rows of a table that are shown to people, those that differ."""

# --- JSON -----------------------------------------------------------------------------------------------------------


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


# --- for people -----------------------------------------------------------------------------------------------------


def lines(evidence: Evidence, home: int, *, local: bool = False) -> Iterator[tuple[str, str]]:
    """Label and text of what helps a reader, each text one cleaned paragraph.

    ``home`` is the capture of the finding: frames of others are named with their place in the list of captures.
    """
    known = [each for each in evidence.messages if each.first_line is not None or each.protection is not None]
    for message in known[:MESSAGES]:
        yield _frame(message.at, home, "frame "), _message_line(message, local)
    if len(known) > MESSAGES:
        yield "messages", f"{len(known) - MESSAGES} more in the JSON report"
    for ladder in evidence.transactions:
        if ladder.repeats or ladder.timer or len(ladder.steps) > len(known):
            yield "transaction", _ladder_line(ladder, home, local)
    for life in evidence.timeline:
        yield f"set {life.generation}", _life_line(life, home, local)
    for connection in evidence.connections:
        yield "connection", _connection_line(connection, home)
    for packet in evidence.packets:
        yield "ESP packet", _packet_line(packet)
    for text in evidence.missing:
        yield "not shown", clean(text)


def rows(table: Table) -> tuple[list[tuple[str, ...]], int]:
    """The rows of a table that people see, cleaned, with a mark in front of those that differ; and how many more."""
    marked = [(table.compares and differs(row), row) for row in table.rows]
    if any(mark for mark, _ in marked):
        marked = [(mark, row) for mark, row in marked if mark]
    chosen = [("!=" if mark else "", *(clean(cell, 60) for cell in row)) for mark, row in marked[:ROWS]]
    return chosen, len(table.rows) - len(chosen)


def _frame(at: FrameRef, home: int, before: str = "") -> str:
    return f"{before}{at.number}" + (f" of capture {at.capture + 1}" if at.capture != home else "")


def _hour(time: int, local: bool) -> str:
    return shown(time, local=local)[11:]


def _message_line(each: Seen, local: bool) -> str:
    text = f"{_hour(each.at.time, local)} {each.sender or ''}".rstrip()
    text += f": {clean(each.first_line, 60)}" if each.first_line is not None else ""
    text += f" ({each.what})" if " of set " in each.what else ""
    if each.flow is not None:
        text += f"; {each.flow.transport} {each.flow.sport}>{each.flow.dport}"
    if each.protection is not None:
        return f"{text}; {_protected(each.protection)}"
    return f"{text} in clear" if each.clear else text


def _protected(each: Protected) -> str:
    spi = "" if each.spi is None else f", SPI 0x{each.spi:08x}"
    sequence = "" if each.sequence is None else f" number {each.sequence}"
    states = each.state_ue if each.state_ue == each.state_pcscf else f"{each.state_ue}/{each.state_pcscf}"
    icv = "" if each.icv == "good" else f", ICV {each.icv}"
    return f"set {each.generation} {each.role} ({states}){spi}{sequence}{icv}"


def _life_line(each: SetLife, home: int, local: bool) -> str:
    """``SM1 3, SM6 5, SM7 8, SM12 9; first use UE 10, P-CSCF 11; lifetime ends 04:22:36 (9); UE old, P-CSCF gone``."""
    marks = (("SM1", each.sm1), ("SM6", each.sm6), ("SM7", each.sm7), ("SM12", each.sm12))
    uses = (("UE", each.first_uplink), ("P-CSCF", each.first_downlink))
    parts = [", ".join(f"{name} {_frame(at, home)}" for name, at in marks if at is not None)]
    if used := ", ".join(f"{side} {_frame(at, home)}" for side, at in uses if at is not None):
        parts.append(f"first use {used}")
    for made in each.deadlines:
        by = f" ({_frame(made.set_by, home)})" if made.set_by is not None else ""
        parts.append(f"{made.what} ends {shown(made.time, local=local)[:19]}{by}")
    ends = {end.side: f"gone since {_hour(end.time, local)}: {clean(end.why)}" for end in each.ends}
    states = (("UE", each.state_ue), ("P-CSCF", each.state_pcscf))
    parts += [f"{side} {ends.get(side, state)}" for side, state in states]
    return "; ".join(filter(None, parts))


def _ladder_line(each: Ladder, home: int, local: bool) -> str:
    cseq = "" if each.cseq is None else f" {each.cseq}"
    steps = ", ".join(f"{step.text} {_frame(step.at, home)}" for step in each.steps[1:])
    text = f"{clean(each.method, 40)}{cseq}, frame {_frame(each.steps[0].at, home)}" + (f": {steps}" if steps else "")
    if each.repeats:
        text += f"; repeated {each.repeats} times"
    if each.timer and each.timer_until is not None:
        text += f"; {each.timer} until {_hour(each.timer_until, local)}"
    return text


def _connection_line(each: TcpConnection, home: int) -> str:
    flow = each.flow
    text = f"{clean(flow.source)}:{flow.sport} > {clean(flow.destination)}:{flow.dport}"
    if each.opened is not None:
        text += f", opened by the {each.opener or 'peer'} in {_frame(each.opened, home, 'frame ')}"
    else:
        text += ", its SYN is not in the capture"
    for made in each.closing:
        text += f", {made.how} of {clean(made.sender)} in {_frame(made.at, home, 'frame ')}"
    if each.first_octet is not None:
        text += f"; the message is octets {each.first_octet} to {each.last_octet}"
    return text


def _packet_line(each: EspPacket) -> str:
    facts = [
        ("SPI", f"0x{each.spi:08x}"),
        ("number", each.sequence),
        ("octets", each.octets),
        ("IV", each.iv or None),
        ("padding", each.padding or None),
        ("pad length", each.pad_length),
        ("next header", each.next_header),
        ("ICV octets expected", each.icv_expected),
        ("seen", each.icv_seen),
    ]
    return ", ".join(f"{name} {value}" for name, value in facts if value is not None)
