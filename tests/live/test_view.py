"""The live view: what it shows, what its keys do, and that no capture can steer the terminal."""

from __future__ import annotations

import io
import os

import pytest
from rich.console import Console

from analyzer.cli.screen import pressed
from analyzer.finding import Finding
from analyzer.frame import SECOND
from analyzer.report.view import FINDINGS, Moment, SetRow, SubjectRow, View
from analyzer.verdict import Level, Severity

START = 1_700_000_000 * SECOND


def finding(number: int, verdict: str = "violation", rule: str = "PORT-02", message: str = "a fault") -> Finding:
    return Finding(
        rule=rule,
        verdict=verdict,
        level=Level.MUST,
        severity=Severity.HIGH,
        actor="UE",
        subject="one@a",
        capture=0,
        frame=number,
        time=START + number * SECOND,
        message=f"{message} {number}",
        expected="this",
        observed="that",
        clause="TS 33.203 7.1",
        fault="f",
        related=(1, 2),
        argument="sure of it",
    )


def subject(name: str, *sets: SetRow) -> SubjectRow:
    return SubjectRow(f"{name}@a", name, "10.0.0.1", "10.0.0.2", "registered", list(sets))


def row(generation: int, left: int | None = 90 * SECOND, ue: str = "use") -> SetRow:
    return SetRow(generation, ue, ue, "hmac-sha-1-96 aes-cbc", generation == 1, 61 * SECOND, left)


def shown(view: View, width: int = 110, height: int = 24) -> list[str]:
    console = Console(file=io.StringIO(), width=width, height=height, color_system=None, legacy_windows=False)
    with console.capture() as capture:
        console.print(view.render(width, height))
    return capture.get().splitlines()


def press(view: View, *keys: str) -> None:
    for key in keys:
        view.key(key)


@pytest.fixture
def view() -> View:
    made = View()
    for number in range(30):
        made.add(finding(number, "violation" if number % 10 == 0 else "note", f"LIFE-{number:02}"))
    made.update(Moment(place="eth0", frames=12, lost_by_kernel=3, subjects=[subject("one", row(1), row(2, None))]))
    return made


def test_all_of_it_is_shown_in_the_lines_that_there_are(view: View) -> None:
    for height in (12, 24, 50):
        lines = shown(view, height=height)
        assert len(lines) <= height
        assert lines[0].startswith("gmaudit live eth0  0:00:00")
        assert "space pause" in lines[-1]
    text = "\n".join(shown(view))
    assert "3 violation  0 warning  0 probable  0 inconclusive  27 note" in text
    assert "lost: 3 by the kernel, 0 by the queue" in text
    assert "set 1    UE use      P-CSCF use      age   0:01:01  expires in 0:01:30  hmac-sha-1-96 aes-cbc" in text
    assert "never expires  hmac-sha-1-96 aes-cbc, no key" in text
    assert "LIFE-29" in text and "LIFE-01" not in text


def test_what_expired_and_what_was_given_up(view: View) -> None:
    view.update(Moment(subjects=[subject("one", row(1, -5 * SECOND), row(2, 9, "gone"))]))
    text = "\n".join(shown(view))
    assert "expired 0:00:05 ago" in text
    assert "given up" in text


def test_moving_and_jumping(view: View) -> None:
    assert view.chosen is not None and view.chosen.frame == 29
    for keys, frame in ((["g"], 0), (["down"], 1), (["n"], 10), (["n"], 20), (["n"], 0), (["N"], 20), (["up"], 19)):
        press(view, *keys)
        assert view.chosen.frame == frame
    press(view, "pagedown", "pagedown")
    view.add(finding(30))
    assert view.chosen.frame == 30  # at the end it follows the newest
    press(view, "home", "pageup", "G")
    assert view.chosen.frame == 30


def test_details_of_the_chosen_one(view: View) -> None:
    press(view, "g", "enter")
    text = "\n".join(shown(view))
    for part in ("expected this", "observed that", "why sure of it", "frames 0, 1, 2"):
        assert part in text
    press(view, "enter")
    assert "observed" not in "\n".join(shown(view))


def test_a_filter(view: View) -> None:
    press(view, "/", *"LIFE-1x", "backspace")
    assert "filter: LIFE-1" in shown(view)[-1]
    press(view, "enter")
    assert [each.frame for each in view.findings] == list(range(10, 20))
    assert "findings (10, filter 'LIFE-1')" in "\n".join(shown(view))
    press(view, "/", *"zzz", "escape")
    assert len(view.findings) == 10
    press(view, "/", *["x"] * 100, "enter")
    assert view.findings == [] and view.chosen is None
    assert len(view.filter) == 60
    press(view, "n", "down", "enter", "escape")
    assert len(view.findings) == 30


def test_a_pause_stops_the_picture_and_not_the_run(view: View) -> None:
    press(view, " ")
    view.add(finding(31))
    view.update(Moment(place="other"))
    text = "\n".join(shown(view))
    assert "PAUSED" in text and "eth0" in text and "LIFE-29" in text
    assert view.findings[-1].frame == 29
    assert view.counts["violation"] == 4
    press(view, "p")
    assert view.findings[-1].frame == 31


def test_quit_and_unknown_keys(view: View) -> None:
    press(view, "x", "tab", "0")
    assert not view.quit
    press(view, "q")
    assert view.quit


def test_the_list_is_bounded() -> None:
    view = View()
    for number in range(FINDINGS + 50):
        view.add(finding(number))
    assert len(view.findings) == FINDINGS
    assert view.counts["violation"] == FINDINGS + 50


def test_nothing_of_a_capture_steers_the_terminal() -> None:
    view = View()
    view.add(finding(1, message="\x1b[2J\u202eevil\n"))
    view.update(Moment(place="a\x1bb", notes=["\x07"], subjects=[subject("\x1b[31mred", row(1))]))
    press(view, "g", "enter")
    text = "\n".join(shown(view))
    assert "\x1b" not in text and "\u202e" not in text and "\x07" not in text
    assert "\\x1b[2J" in text


def test_keys_as_a_terminal_sends_them() -> None:
    read, write = os.pipe()
    assert pressed(read) == []
    os.write(write, b"q\x1b[A\x1b[5~\r\x7f\x1b/" + "ü".encode() + b"\x01\xff")
    assert pressed(read) == ["q", "up", "pageup", "enter", "backspace", "escape", "/", "ü"]
    os.close(write)
    os.close(read)
