"""Widths, colours and blanks."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from analyzer.report.page import MORE, PLAIN_WIDTH, TIE, Page, listed, several, shortened, wrapped


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")


def lines(stream: io.StringIO) -> list[str]:
    return stream.getvalue().split("\n")[:-1]


def test_a_pipe_gets_plain_text_of_a_fixed_width() -> None:
    stream = io.StringIO()
    page = Page(stream)
    page.heading("Head")
    page.hanging(("  - ", "red"), "word " * 60, "bold")
    assert lines(stream)[:2] == ["", "Head"]
    assert lines(stream)[2].startswith("  - word word")
    assert lines(stream)[3].startswith("    word word")
    assert max(map(len, lines(stream))) <= PLAIN_WIDTH
    assert "\x1b" not in stream.getvalue()
    assert not any(line.endswith(" ") for line in lines(stream))


def test_colours_in_a_pipe_are_there_for_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    piped = io.StringIO()
    monkeypatch.setattr("sys.stdout", piped)
    Page(piped).line(("red", "red"))
    assert piped.getvalue() == "\x1b[31mred\x1b[0m\n"
    assert Page(piped).width == PLAIN_WIDTH
    file = io.StringIO()
    Page(file).line(("red", "red"))
    assert file.getvalue() == "red\n"
    monkeypatch.setenv("NO_COLOR", "1")
    Page(piped).line(("red", "red"))
    assert piped.getvalue().endswith("\nred\n")


def test_a_terminal_gets_colours() -> None:
    stream = Terminal()
    Page(stream, 80).line(("red", "red"))
    assert stream.getvalue() == "\x1b[31mred\x1b[0m\n"


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_a_terminal_that_wants_no_colours_gets_none(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    stream = Terminal()
    Page(stream, 80).line(("red", "bold red"))
    assert stream.getvalue() == "red\n"


def test_markup_and_emoji_in_text_are_only_text() -> None:
    stream = Terminal()
    Page(stream, 80).line(("[bold]x[/bold] :bomb: http://example.org 1234", ""))
    assert stream.getvalue() == "[bold]x[/bold] :bomb: http://example.org 1234\n"


def test_a_table_has_straight_columns() -> None:
    stream = io.StringIO()
    Page(stream).table([("rule", "n"), ("PORT-09", ("12", "red")), ("電話", "3")], right=(1,))
    assert lines(stream) == ["  rule      n", "  PORT-09  12", "  電話      3"]


def test_a_table_moves_together_where_there_is_little_room() -> None:
    stream = io.StringIO()
    Page(stream, 40).table([("a" * 18, "b" * 19)])
    assert lines(stream) == ["  " + "a" * 18 + " " + "b" * 19]


def test_a_long_word_is_broken_and_an_empty_text_is_nothing() -> None:
    stream = io.StringIO()
    page = Page(stream, 40)
    page.hanging(("  | ", ""), "x" * 50)
    page.hanging(("  | ", ""), "")
    assert lines(stream) == ["  | " + "x" * 36, "    " + "x" * 14, "  |"]


def test_a_long_word_is_broken_where_it_has_joints() -> None:
    offer = "ipsec-3gpp;alg=hmac-sha-1-96;ealg=aes-cbc;spi-c=2103826131;port-c=14401"
    assert wrapped(f"a {offer}", 40, 30) == [
        "a",
        "ipsec-3gpp;alg=hmac-sha-1-96;",
        "ealg=aes-cbc;spi-c=2103826131;",
        "port-c=14401",
    ]
    assert wrapped("電話" * 4, 7, 5) == ["電話電", "話電", "話電", "話"]
    assert wrapped("", 7, 5) == []
    assert wrapped(f"a{TIE}b c", 3, 3) == ["a b", "c"]


@given(st.text(), st.integers(1, 50), st.integers(1, 50))
def test_wrapping_loses_nothing_and_keeps_to_the_width(text: str, first: int, rest: int) -> None:
    lines = wrapped(text, first, rest)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "").replace(TIE, "")
    for place, line in enumerate(lines):
        assert cell_len(line) <= max(rest if place else first, 2)


@given(st.text(), st.integers(0, 50))
def test_a_shortened_text_keeps_to_the_width(text: str, room: int) -> None:
    made = shortened(text, room)
    assert made == text or cell_len(made) <= max(room, len(MORE))


def test_words() -> None:
    assert several(1, "frame") == "1 frame"
    assert several(1071, "frame") == "1,071 frames"
    assert several(2, "entry", "entries") == "2 entries"
    assert listed([1, 2]) == "1, 2"
    assert listed(list(range(14))) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 … 2 more"
