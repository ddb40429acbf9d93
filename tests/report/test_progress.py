"""The counter of a long audit."""

from __future__ import annotations

import re
import sys
from types import SimpleNamespace

import pytest

from analyzer.report import progress
from tests.report.test_page import Terminal


class Clock:
    """A clock that goes on by a second each time somebody looks."""

    def __init__(self, step: float = 1.0) -> None:
        self.now, self.step = 100.0, step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


def terminal(monkeypatch: pytest.MonkeyPatch, term: str = "xterm") -> Terminal:
    """Standard error from here on; pytest would undo it if a fixture did this."""
    made = Terminal()
    monkeypatch.setattr(sys, "stderr", made)
    monkeypatch.setenv("TERM", term)
    monkeypatch.setenv("COLUMNS", "120")
    return made


def shown(stream: Terminal) -> str:
    """What a terminal shows, without its colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue())


def counted(
    monkeypatch: pytest.MonkeyPatch, *octets: int, size: int | None = None, step: float = 1.0, term: str = "xterm"
) -> str:
    stream = terminal(monkeypatch, term)
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=Clock(step)))
    captures = SimpleNamespace(size=size, summaries=[SimpleNamespace(frames=0), SimpleNamespace(frames=5)])
    with progress.Counter() as counter:
        counter.begin(captures)
        for number in octets:
            captures.summaries[0].frames += number // 1000
            counter(number)
    return shown(stream)


def test_a_long_audit_says_how_fast_it_is_and_how_long_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    text = counted(monkeypatch, 2_000_000, 2_000_000, size=100_000_000)
    assert "4%  4.0 MB of 100 MB, 2.0 MB/s, 4,005 packets, 2,002/s, 48 s left" in text
    assert text.endswith("\x1b[2K")  # and wiped away at the end


def test_of_a_pipe_nobody_knows_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    text = counted(monkeypatch, 2_000_000, 2_000_000)
    assert "4.0 MB read, 2.0 MB/s, 4,005 packets, 2,002/s" in text
    assert "left" not in text


def test_a_short_audit_is_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    assert counted(monkeypatch, *[1000] * 8, size=10**9, step=0.1) == ""


def test_nor_one_that_is_nearly_done(monkeypatch: pytest.MonkeyPatch) -> None:
    assert counted(monkeypatch, 1000, 1000, 1000, size=3001, step=0.5) == ""


def test_what_was_read_to_find_the_captures_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = terminal(monkeypatch)
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=Clock()))
    with progress.Counter() as counter:
        counter(0)
        counter.begin(SimpleNamespace(size=10**9, summaries=[]))
        counter(10**6)
    assert "1.0 MB of 1.0 GB" in shown(stream)


def test_nothing_is_counted_into_a_pipe(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=Clock()))
    with progress.Counter() as counter:
        counter(1)
        counter(1)
    assert capsys.readouterr() == ("", "")


def test_a_dumb_terminal_gets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert counted(monkeypatch, 10, 10, 10, term="dumb") == ""


@pytest.mark.parametrize(
    ("octets", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (95_400_000, "95 MB"), (1.26e9, "1.3 GB"), (2e15, "2,000.0 TB")],
)
def test_amounts(octets: float, text: str) -> None:
    assert progress.amount(octets) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "0 s"), (59.4, "59 s"), (59.6, "1 min 00 s"), (245, "4 min 05 s"), (7800, "2 h 10 min")]
)
def test_times(seconds: float, text: str) -> None:
    assert progress.clock(seconds) == text
