"""The evidence as people and scripts see it; what a capture put into it must not steer a terminal."""

from __future__ import annotations

import io
from typing import Any

from analyzer.evidence import (
    Close,
    Deadline,
    Ended,
    EspPacket,
    Evidence,
    Flow,
    Ladder,
    Protected,
    Seen,
    SetLife,
    Step,
    TcpConnection,
)
from analyzer.frame import FrameRef
from analyzer.report.evidence import document
from analyzer.report.json import document as whole
from analyzer.report.text import write
from analyzer.report.text_evidence import rows
from analyzer.verdict import Table
from tests.report.reports import SECOND, START, finding, report
from tests.report.schema import validate

HOSTILE = "MESSAGE sip:\x1b]0;owned\x07 SIP/2.0"


def at(number: int, capture: int = 0) -> FrameRef:
    return FrameRef(capture, number, START + number * SECOND)


FLOW = Flow("UDP", "10.20.0.11", 46432, "10.20.0.1", 5100)


def evidence(**other: Any) -> Evidence:
    values: dict[str, Any] = {
        "codes": ("E1", "E2", "E3", "E4", "E5", "E6", "E7", "E8"),
        "profile": "rel-17",
        "source": "S1 7.4; 33.203 7.1 [M]",
        "traps": ("FP1", "FP2"),
        "messages": (
            Seen("request", at(15), "UE", HOSTILE, FLOW, False, Protected(1, "us>pc", 4096, 7, "use", "new", "good")),
            Seen("SM6 of set 1", at(3, 1), "P-CSCF", "SIP/2.0 401 Unauthorized", FLOW, True, None),
            Seen("related", at(2), None, None, None, None, None),
        ),
        "tables": (Table("verify", ("parameter", "SM6", "SM7"), (("alg", "a\x1b", "b"), ("spi-c", "1", "1"))),),
        "timeline": (
            SetLife(
                *(1, None, "hmac-sha-1-96 and null", True, "old", "gone", at(1), at(2), at(3), at(4), False),
                *(at(5), None),
                (Deadline("lifetime", START + 600 * SECOND, at(4)),),
                (Ended("P-CSCF", "a newer set is in use", at(9), START + 9 * SECOND),),
            ),
        ),
        "transactions": (
            Ladder(
                *(
                    "MESSAGE",
                    "z9hG4bK\x1b1",
                    7,
                    (Step(at(15), "UE", "MESSAGE", "set 1"), Step(at(16), "P-CSCF", "200", "")),
                ),
                *(2, "Timer J", START + 144 * SECOND),
            ),
        ),
        "connections": (
            TcpConnection(FLOW._replace(transport="TCP"), "UE", at(10), (Close("UE", "FIN", at(20)),), 0, 900),
        ),
        "packets": (EspPacket(at(15), 4096, 7, 132, "00" * 16, "0102", 2, 17, 12, 12),),
        "missing": ("3 earlier sets",),
    }
    return Evidence(**(values | other))


def text_of(**other: Any) -> str:
    stream = io.StringIO()
    write(report(findings=[finding(**({"evidence": evidence()} | other))]), stream, width=200)
    return stream.getvalue()


def test_what_a_reader_of_the_text_sees() -> None:
    shown = [" ".join(line.split()) for line in text_of().splitlines()]
    clock = "06:51:17.119"
    assert (
        f"15 > {clock} UE MESSAGE sip:\\x1b]0;owned\\x07; UDP 46432>5100; "
        "set 1 us>pc (use/new), SPI 0x00001000 number 7" in shown
    )
    assert "2:3 | 06:51:05.119 P-CSCF 401 Unauthorized; SM6 of set 1; UDP 46432>5100; in clear" in shown
    assert shown.index("| expected 5100>46432") == shown.index("| observed 6100>56342") - 1
    assert "= transaction MESSAGE 7 in frame 15, 200 in 16; repeated 2 times; Timer J runs until 06:53:26" in shown
    assert (
        "= set 1 SM1 1, SM6 2, SM7 3, SM12 4; first use UE 5; lifetime ends 07:01:02 (set by 4); UE old; "
        "P-CSCF gone since 06:51:11.119 (a newer set is in use)" in shown
    )
    assert any(line.startswith("= connection 10.20.0.11:46432 > 10.20.0.1:5100, opened by the UE") for line in shown)
    assert any(line.startswith("= ESP packet SPI 0x00001000, number 7, octets 132, IV 0000") for line in shown)
    assert "= not shown 3 earlier sets" in shown
    assert "| != alg a\\x1b b" in shown and not any(line.startswith("| spi-c") for line in shown)


def test_a_deadline_far_away_and_a_set_that_nothing_used_are_left_to_the_json_report() -> None:
    (life,) = evidence().timeline
    late = life._replace(deadlines=(Deadline("lifetime", START + 90_000 * SECOND, at(4)),))
    assert "lifetime ends" not in text_of(evidence=evidence(timeline=(late,)))
    gone = life._replace(generation=7, state_ue="gone", state_pcscf="gone")
    assert "set 7" not in text_of(evidence=evidence(timeline=(gone,)))


def test_a_table_that_says_what_stands_above_is_left_out() -> None:
    same = Table("x", ("parameter", "expected", "observed"), (("port", "5100>46432", "6100>56342"),))
    assert "parameter" not in text_of(evidence=evidence(tables=(same,)))


def test_a_table_that_is_too_wide_becomes_lines() -> None:
    wide = Table("wide", ("parameter", "SM6", "SM7"), (("alg", "a" * 30, "b" * 30),))
    stream = io.StringIO()
    write(report(findings=[finding(evidence=evidence(tables=(wide,)))]), stream, width=60)
    assert f"    | != alg: SM6 {'a' * 30}; SM7\n    |      {'b' * 30}\n" in stream.getvalue()


def test_nothing_of_a_capture_reaches_the_terminal_unescaped() -> None:
    assert "\x1b" not in text_of() and "\x07" not in text_of()


def test_a_note_stays_short() -> None:
    shown = text_of(verdict="note")
    assert "transaction" not in shown and "!=" not in shown


def test_at_most_six_messages() -> None:
    many = tuple(Seen("related", at(number), "UE", "OPTIONS", None, None, None) for number in range(15, 25))
    shown = text_of(evidence=evidence(messages=many, transactions=()))
    assert shown.count("UE      OPTIONS") == 6
    assert "   | 4 more messages in the JSON report\n" in shown


def test_a_table_without_a_difference_is_shown_whole() -> None:
    table = Table("x", ("parameter", "a", "b"), (("alg", "1", "1"),))
    assert rows(table) == ([("", "alg", "1", "1")], 0)
    unlike = Table("x", ("algorithm", "realm", "nonce"), (("AKA", "r", "n"),), compares=False)
    assert rows(unlike) == ([("", "AKA", "r", "n")], 0)


def test_json_has_all_of_it() -> None:
    made = finding(evidence=evidence(), traps=())
    validate(whole(report(findings=[made])))
    shown = document(made)
    assert shown is not None
    assert shown["excluded"] == ["FP1", "FP2"] and shown["open"] == []
    assert shown["tables"][0]["rows"][0] == {"cells": ["alg", "a\x1b", "b"], "differs": True}
    assert shown["connections"][0]["last_octet"] == 900
    assert shown["timeline"][0]["first_downlink"] is None


def test_in_doubt_nothing_is_excluded() -> None:
    shown = document(finding(verdict="probable", evidence=evidence(), traps=("FP2",)))
    assert shown is not None and shown["excluded"] == [] and shown["open"] == ["FP2"]


def test_a_finding_without_evidence() -> None:
    assert document(finding()) is None
    validate(whole(report(findings=[finding()])))
