"""A page of text on a stream: headings, paragraphs, tables and labelled fields, wrapped to the width of the reader.

On a terminal it has colours and the terminal's width; in a file or a pipe it is plain, always as wide, and no line
ends in blanks. ``FORCE_COLOR`` asks for colours in a pipe, too, ``NO_COLOR`` for none anywhere (https://no-color.org,
https://force-color.org). Also the words and colours that the reports for people share.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, TextIO

from rich.cells import cell_len, chop_cells, set_cell_size
from rich.console import Console
from rich.text import Text

PLAIN_WIDTH = 100
"""Columns of a page that goes into a file or a pipe."""

NARROWEST = 40
"""Below that many columns text is not wrapped any more closely."""

TIE = "\N{NO-BREAK SPACE}"
"""A blank that stays between its words."""

MORE: Final = "..."
"""Stands for what was cut away."""

JOINTS: Final = ";,&?@/>"
"""A word that is too long for a line is best broken after one of these."""

STYLES = {
    "violation": "bold red",
    "warning": "yellow",
    "probable": "magenta",
    "inconclusive": "cyan",
    "note": "blue",
    "pass": "green",
    "error": "bold red",
}
"""Colour of each verdict, and of a rule that crashed."""

Part = tuple[str, str]
"""Text and its style (empty: none)."""

Cell = str | Part


class _Console(Console):
    """A console that leaves it to its user what to do if the reader has gone; rich would end the program."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


class Page:
    """Where a report for people is written."""

    def __init__(self, stream: TextIO, width: int | None = None) -> None:
        """Write to the stream; ``width`` overrules what a terminal or `PLAIN_WIDTH` says."""
        self.terminal = stream.isatty()
        """Whether somebody looks at it as it is written."""
        forced = bool(os.environ.get("FORCE_COLOR")) and stream is sys.stdout  # never in a file that --output names
        dull = not self.terminal or os.environ.get("TERM") == "dumb"
        self._plain = bool(os.environ.get("NO_COLOR")) or (dull and not forced)
        self._stream = stream
        self._console = _Console(
            file=stream,
            width=width if width is not None or self.terminal else PLAIN_WIDTH,
            force_terminal=self.terminal or forced,
            color_system=None if self._plain else "standard" if dull else "auto",
            highlight=False,
            markup=False,
            emoji=False,
        )
        self.width = max(self._console.width, NARROWEST)
        self.unicode = (getattr(stream, "encoding", None) or "utf-8").lower().startswith("utf")
        """Whether the stream can show more than ASCII."""

    def line(self, *parts: Part) -> None:
        """One line, never wrapped here; blanks at its end are dropped."""
        if self._plain:  # ten times faster than a console, and some reports are long
            self._stream.write("".join(part for part, _ in parts).rstrip() + "\n")
            return
        text = Text(no_wrap=True, overflow="ignore", end="\n")
        for part, style in parts:
            text.append(part, style or None)
        text.rstrip()
        self._console.print(text, soft_wrap=True)

    def heading(self, text: str) -> None:
        """A heading, with an empty line before it."""
        self.line()
        self.line((text, "bold"))

    def hanging(self, lead: Part, text: str, style: str = "", *, indent: int | None = None) -> None:
        """A paragraph that begins with ``lead``; its further lines are indented (as far as the lead, by default).

        No line ends at a `TIE`.
        """
        margin = " " * (cell_len(lead[0]) if indent is None else indent)
        self.framed([lead], [(margin, "")], text, style)

    def framed(self, lead: Sequence[Part], margin: Sequence[Part], text: str, style: str = "") -> None:
        """A paragraph of which the first line begins with ``lead`` and every other one with ``margin``."""
        taken, beside = (sum(cell_len(part) for part, _ in parts) for parts in (lead, margin))
        first, *others = wrapped(text, self.width - taken, self.width - beside) or [""]
        self.line(*lead, (first, style))
        for line in others:
            self.line(*margin, (line, style))

    def fits(self, rows: Sequence[Sequence[Cell]], indent: int = 2) -> bool:
        """Whether these rows make a table that is no wider than the page."""
        widths = _widths(rows)
        return indent + sum(widths) + len(widths) - 1 <= self.width

    def table(
        self, rows: Sequence[Sequence[Cell]], *, header: int = 1, right: Iterable[int] = (), margin: Part = ("  ", "")
    ) -> None:
        """Rows of cells in columns; the first ``header`` rows are headings, the columns in ``right`` end flush."""
        widths = _widths(rows)
        gap = 2 if cell_len(margin[0]) + sum(widths) + 2 * (len(widths) - 1) <= self.width else 1
        flush = set(right)
        for place, row in enumerate(rows):
            parts: list[Part] = [margin]
            for column, cell in enumerate(row):
                text, style = cell if isinstance(cell, tuple) else (cell, "")
                room = " " * (widths[column] - cell_len(text))
                before, after = (room, "") if column in flush else ("", room)
                parts += [(before, ""), (text, "dim" if place < header else style), (after + " " * gap, "")]
            self.line(*parts)


def _widths(rows: Sequence[Sequence[Cell]]) -> list[int]:
    """The columns that each column of a table takes."""
    plain = [[cell[0] if isinstance(cell, tuple) else cell for cell in row] for row in rows]
    return [max(map(cell_len, column)) for column in zip(*plain, strict=True)]


def wrapped(text: str, first: int, rest: int) -> list[str]:
    """The words of a text in lines of so many columns, the first and the others.

    A word that is longer than a line is broken at one of `JOINTS` if there is one in the second half of the line. The
    first line is empty if the first word fits only into the next one.
    """
    lines: list[str] = []
    line, taken, room = "", 0, max(first, 1)
    for word in text.split(" "):
        if not word:
            continue
        wide = cell_len(word)
        if not lines and not line and room < wide <= rest:  # beside a long lead
            lines.append("")
            room = rest
        if line and taken + 1 + wide <= room:
            line, taken = f"{line} {word}", taken + 1 + wide
            continue
        if line:
            lines.append(line)
            room = max(rest, 1)
        *full, line = _broken(word, room, max(rest, 1)) if wide > room else [word]
        if full:
            lines += full
            room = max(rest, 1)
        taken = cell_len(line)
    if line:
        lines.append(line)
    return [made.replace(TIE, " ") for made in lines]


def _broken(word: str, first: int, rest: int) -> Iterator[str]:
    """The pieces of one long word."""
    room = first
    while cell_len(word) > room:
        piece = next(iter(chop_cells(word[: room + 1], room)), "") or word[:1]
        cut = max((piece.rfind(joint) + 1 for joint in JOINTS), default=0)
        if cut <= len(piece) // 2:
            cut = len(piece)
        yield word[:cut]
        word, room = word[cut:], rest
    yield word


def shortened(text: str, room: int) -> str:
    """A text that takes no more than so many columns; one that was longer ends in `MORE`."""
    if cell_len(text) <= room:
        return text
    return set_cell_size(text, max(room - len(MORE), 0)).rstrip() + MORE


def several(number: int, one: str, many: str = "") -> str:
    """A number with its noun: ``1 frame``, ``1,071 frames``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def listed(numbers: Sequence[int], most: int = 12) -> str:
    """Frame numbers for a sentence, the first dozen of them."""
    text = ", ".join(map(str, numbers[:most]))
    return f"{text} … {len(numbers) - most:,} more" if len(numbers) > most else text
