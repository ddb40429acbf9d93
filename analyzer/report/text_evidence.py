"""The evidence of a finding in lines for people (E1 to E6 and E8 of the requirements catalogue, section 3).

Only what helps to understand it: lives of sets that mattered, deadlines that are near, transactions that were repeated
or are still open. The JSON report has all of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from analyzer.evidence import EspPacket, Evidence, Ladder, Protected, Seen, SetLife, TcpConnection, differs
from analyzer.finding import Finding
from analyzer.frame import SECOND, FrameRef
from analyzer.report.page import TIE
from analyzer.report.safe import clean
from analyzer.report.text_names import Names
from analyzer.verdict import Table

ROWS: Final = 8
"""Rows of a table that are shown, those that differ."""

NEAR: Final = 3600 * SECOND
"""A deadline further away than this from a finding has nothing to do with it."""

GONE: Final = "gone"


def message(each: Seen) -> str:
    """What stands beside the frame number: request or status line, what it is to the finding, and how it travelled."""
    parts = [] if each.first_line is None else [start(each.first_line)]
    if " of set " in each.what:
        parts.append(_tied(clean(each.what)))
    if each.flow is not None:
        parts.append(f"{each.flow.transport}{TIE}{each.flow.sport}>{each.flow.dport}")
    if each.protection is not None:
        parts.append(_protected(each.protection))
    elif each.clear:
        parts.append(_tied("in clear"))
    return "; ".join(parts)


def packet_at(evidence: Evidence | None, capture: int, frame: int) -> str:
    """What stands beside the frame number of a packet that is no message; empty if nothing is known of it."""
    for each in evidence.packets if evidence is not None else ():
        if each.at[:2] == (capture, frame):
            number = "" if each.sequence is None else f" number {each.sequence}"
            return f"ESP packet, {_tied(f'SPI 0x{each.spi:08x}{number}')}"
    return ""


def start(first_line: str) -> str:
    """``MESSAGE sip:a@b`` or ``401 Unauthorized``: a first line without the version, which is always the same."""
    text = clean(first_line, 80)
    return text.removesuffix(" SIP/2.0").removeprefix("SIP/2.0 ")


def lines(evidence: Evidence, finding: Finding, names: Names) -> Iterator[tuple[str, str]]:
    """Label and text of what is not a message and no table, each text one cleaned paragraph."""
    home = finding.capture
    for ladder in evidence.transactions:
        if ladder.repeats or ladder.timer or len(ladder.steps) > len(evidence.messages):
            yield "transaction", _ladder(ladder, home, names)
    used = {each.protection.generation for each in evidence.messages if each.protection is not None}
    for life in evidence.timeline:
        if life.generation in used or (life.state_ue, life.state_pcscf) != (GONE, GONE):
            yield f"set {life.generation}", _life(life, finding, names)
    for connection in evidence.connections:
        yield "connection", _connection(connection, home, names)
    for packet in evidence.packets:
        yield "ESP packet", _packet(packet)
    for text in evidence.missing:
        yield "not shown", clean(text)


def rows(table: Table) -> tuple[list[tuple[str, ...]], int]:
    """The rows of a table that people see, cleaned, with a mark in front of those that differ; and how many more."""
    marked = [(table.compares and differs(row), row) for row in table.rows]
    if any(mark for mark, _ in marked):
        marked = [(mark, row) for mark, row in marked if mark]
    chosen = [("!=" if mark else "", *(clean(cell, 60) for cell in row)) for mark, row in marked[:ROWS]]
    return chosen, len(table.rows) - len(chosen)


def _protected(each: Protected) -> str:
    sequence = "" if each.sequence is None else f" number {each.sequence}"
    states = each.state_ue if each.state_ue == each.state_pcscf else f"{each.state_ue}/{each.state_pcscf}"
    spi = "" if each.spi is None else f", {_tied(f'SPI 0x{each.spi:08x}{sequence}')}"
    icv = "" if each.icv == "good" else f", ICV {each.icv}"
    return _tied(f"set {each.generation} {each.role} ({states})") + f"{spi}{icv}"


def _tied(text: str) -> str:
    """The same in one piece."""
    return text.replace(" ", TIE)


def _life(each: SetLife, finding: Finding, names: Names) -> str:
    """``SM12 9; first use UE 10, P-CSCF 11; UE old; P-CSCF gone since 04:20:28.703 (a newer set is in use)``."""

    def frame(at: FrameRef) -> str:
        return names.frame(at.capture, at.number, finding.capture)

    marks = (("SM1", each.sm1), ("SM6", each.sm6), ("SM7", each.sm7), ("SM12", each.sm12))
    uses = (("UE", each.first_uplink), ("P-CSCF", each.first_downlink))
    parts = [", ".join(f"{name} {frame(at)}" for name, at in marks if at is not None)]
    if used := ", ".join(f"{side} {frame(at)}" for side, at in uses if at is not None):
        parts.append(f"first use {used}")
    for made in each.deadlines:
        if abs(made.time - finding.time) <= NEAR:
            by = f" (set by {frame(made.set_by)})" if made.set_by is not None else ""
            parts.append(f"{made.what} ends {names.second(made.time)}{by}")
    ends = {end.side: f"gone since {names.moment(end.time)} ({clean(end.why)})" for end in each.ends}
    states = {side: ends.get(side, state) for side, state in (("UE", each.state_ue), ("P-CSCF", each.state_pcscf))}
    if len(set(states.values())) == 1:
        parts.append(f"both sides {states['UE']}")
    else:
        parts += [f"{side} {state}" for side, state in states.items()]
    return "; ".join(filter(None, parts))


def _ladder(each: Ladder, home: int, names: Names) -> str:
    first, *others = each.steps
    cseq = "" if each.cseq is None else f" {each.cseq}"
    text = f"{clean(each.method, 40)}{cseq} in frame {names.frame(first.at.capture, first.at.number, home)}"
    if others:
        told = (f"{step.text} in {names.frame(step.at.capture, step.at.number, home)}" for step in others)
        text += f", {', '.join(told)}"
    if each.repeats:
        text += "; repeated once" if each.repeats == 1 else f"; repeated {each.repeats:,} times"
    if each.timer and each.timer_until is not None:
        text += f"; {each.timer} runs until {names.second(each.timer_until)}"
    return text


def _connection(each: TcpConnection, home: int, names: Names) -> str:
    flow = each.flow
    text = f"{clean(flow.source)}:{flow.sport} > {clean(flow.destination)}:{flow.dport}"
    if each.opened is not None:
        text += f", opened by the {each.opener or 'peer'} in frame "
        text += names.frame(each.opened.capture, each.opened.number, home)
    else:
        text += ", its SYN is not known"
    for made in each.closing:
        text += f", {made.how} of {clean(made.sender)} in frame {names.frame(made.at.capture, made.at.number, home)}"
    if each.first_octet is not None:
        text += f"; the message is octets {each.first_octet} to {each.last_octet}"
    return text


def _packet(each: EspPacket) -> str:
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
