"""The SIP messages that are kept for a report."""

from __future__ import annotations

import pytest

from analyzer.report import chronicle
from analyzer.report.chronicle import Chronicle
from analyzer.report.pseudonyms import Pseudonyms
from tests.report.reports import IMPI, report
from tests.report.test_trace import line


def test_the_first_ones_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chronicle, "MESSAGES", 2)
    made = Chronicle()
    for number in range(1, 6):
        made.add(line(number, "ACK sip:a SIP/2.0"))
    assert [each.at.number for each in made.lines] == [1, 2]
    assert made.missed == 3


def test_what_the_report_learned_is_hidden_in_messages_that_came_before() -> None:
    made, names = Chronicle(), Pseudonyms(b"a key of sixteen")
    user = IMPI.partition("@")[0]
    made.add(line(1, f"MESSAGE tel:callee SIP/2.0 {user}"))
    names.report(report())
    made.through(names)
    assert user not in made.lines[0].start_line
    assert "10.20.0.11" not in repr(made.lines)
