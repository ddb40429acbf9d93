"""The counter of a long audit."""

from __future__ import annotations

import re
import sys

import pytest

from analyzer.report import progress
from tests.report.test_page import Terminal


def counted(monkeypatch: pytest.MonkeyPatch, *octets: int) -> str:
    """What a terminal shows, without its colours."""
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    with progress.Counter() as counter:
        for number in octets:
            counter(number)
    return re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue())


def test_a_long_audit_is_counted_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    text = counted(monkeypatch, 2_000_000, 1_500_000)
    assert "3.5 MB read" in text
    assert text.endswith("\x1b[2K")  # and wiped away at the end


def test_a_short_audit_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    assert counted(monkeypatch, 1) == ""


def test_nothing_is_counted_into_a_pipe(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    with progress.Counter() as counter:
        counter(1)
    assert capsys.readouterr() == ("", "")
