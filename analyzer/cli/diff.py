"""`gmaudit diff`: what two reports have in common, for regression runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from analyzer.cli.refusal import Refusal

if TYPE_CHECKING:
    from analyzer.report.diff import Comparison, Past

SAME, WORSE = 0, 1

EPILOG = "Exit status: 0 nothing is new, 1 something is that no waiver accepts, 2 a report cannot be used."


@click.command(epilog=EPILOG, short_help="Compare two JSON reports.")
@click.argument("old", metavar="OLD.json")
@click.argument("new", metavar="NEW.json")
@click.option(
    "--format",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    metavar="NAME",
    help="Form of the comparison: text, json, markdown. [default: text]",
)
@click.option("--output", metavar="FILE", help="Where it goes. [default: standard output]")
def diff(old: str, new: str, format: str, output: str | None) -> int:
    """Say what is new, fixed and unchanged between two JSON reports; - is standard input.

    Findings are compared by their fingerprints, which hold nothing that differs from run to run.
    """
    from analyzer.report import outputs
    from analyzer.report.diff import compare

    if old == new == "-":
        raise Refusal("two reports are needed, and standard input is one; name a file")
    if output == "-":
        output = None
    try:
        outputs.check([output] if output is not None else [], [old, new])
    except outputs.OutputError as error:
        raise Refusal(str(error)) from error
    found = compare(_read(old), _read(new))
    if output is None:
        _write(found, format, sys.stdout)
    else:
        with Path(output).open("w", encoding="utf-8", errors="backslashreplace") as stream:
            _write(found, format, stream)
    return WORSE if found.worse else SAME


def _read(path: str) -> Past:
    from analyzer.report.diff import LARGEST, DiffError, read

    try:
        if path == "-":
            return read(sys.stdin.buffer.read(LARGEST + 1), "standard input")
        with Path(path).open("rb") as file:
            return read(file.read(LARGEST + 1), path)
    except DiffError as error:
        raise Refusal(str(error)) from error


def _write(found: Comparison, form: str, stream: TextIO) -> None:
    if form == "text":
        from analyzer.report import diff_text

        diff_text.write(found, stream)
        return
    from analyzer.report import diff_forms

    (diff_forms.write_json if form == "json" else diff_forms.write_markdown)(found, stream)
