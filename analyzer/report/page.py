"""A page of text on a stream: headings, paragraphs, tables and labelled fields, wrapped to the width of the reader.

On a terminal it has colours and the terminal's width; in a file or a pipe it is plain, always as wide, and no line
ends in blanks. Also the words and colours that the reports for people share.
"""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterable, Sequence
from typing import TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

PLAIN_WIDTH = 100
"""Columns of a page that goes into a file or a pipe."""

NARROWEST = 40
"""Below that many columns text is not wrapped any more closely."""

TIE = "\N{NO-BREAK SPACE}"
"""A blank that stays between its words."""

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
        terminal = stream.isatty()
        plain = not terminal or bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
        self._console = _Console(
            file=stream,
            width=width if width is not None or terminal else PLAIN_WIDTH,
            force_terminal=terminal,
            color_system=None if plain else "auto",
            highlight=False,
            markup=False,
            emoji=False,
        )
        self.width = max(self._console.width, NARROWEST)
        self.unicode = (getattr(stream, "encoding", None) or "utf-8").lower().startswith("utf")
        """Whether the stream can show more than ASCII."""

    def line(self, *parts: Part) -> None:
        """One line, never wrapped here; blanks at its end are dropped."""
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
        taken = cell_len(lead[0])
        lines = textwrap.wrap(
            text,
            self.width,
            initial_indent=" " * taken,
            subsequent_indent=" " * (taken if indent is None else indent),
            break_on_hyphens=False,
        )
        self.line(lead, (lines[0][taken:].replace(TIE, " ") if lines else "", style))
        for line in lines[1:]:
            self.line((line.replace(TIE, " "), style))

    def table(
        self, rows: Sequence[Sequence[Cell]], *, header: int = 1, right: Iterable[int] = (), indent: int = 2
    ) -> None:
        """Rows of cells in columns; the first ``header`` rows are headings, the columns in ``right`` end flush."""
        plain = [[cell if isinstance(cell, tuple) else (cell, "") for cell in row] for row in rows]
        widths = [max(cell_len(cell[0]) for cell in column) for column in zip(*plain, strict=True)]
        gap = 2 if indent + sum(widths) + 2 * (len(widths) - 1) <= self.width else 1
        flush = set(right)
        for place, row in enumerate(plain):
            parts: list[Part] = [(" " * indent, "")]
            for column, (text, style) in enumerate(row):
                room = " " * (widths[column] - cell_len(text))
                before, after = (room, "") if column in flush else ("", room)
                parts += [(before, ""), (text, "dim" if place < header else style), (after + " " * gap, "")]
            self.line(*parts)


def several(number: int, one: str, many: str = "") -> str:
    """A number with its noun: ``1 frame``, ``1,071 frames``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def listed(numbers: Sequence[int], most: int = 12) -> str:
    """Frame numbers for a sentence, the first dozen of them."""
    text = ", ".join(map(str, numbers[:most]))
    return f"{text} … {len(numbers) - most:,} more" if len(numbers) > most else text
