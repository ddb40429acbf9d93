"""What stops a command: one clear line on standard error, and never a traceback (contract, exit status 2)."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TextIO, TypeVar

import click

UNUSABLE = 2

Result = TypeVar("Result")


class Refusal(click.ClickException):
    """The call or the input cannot be used; the text says what to do."""


def guarded(work: Callable[[], Result]) -> Result:
    """Do the work; input that cannot be used becomes a refusal."""
    try:
        return work()
    except _unusable() as error:
        raise Refusal(str(error)) from error


def _unusable() -> tuple[type[Exception], ...]:
    """What input raises that cannot be used; asked for when something was raised, since tshark needs much to import."""
    from analyzer.keys.keyring import KeyFileError
    from analyzer.sources.files import UnreadableCapture
    from analyzer.sources.tshark import TsharkFailed

    return KeyFileError, TsharkFailed, UnreadableCapture


def refuse(message: str) -> int:
    """Say why on standard error, in one line that no terminal acts upon; the exit status."""
    from analyzer.report.safe import clean

    say(clean(" ".join(message.split())))
    return UNUSABLE


def say(line: str) -> None:
    """A line on standard error; where that is full or its reader has gone, nobody is told, and the status stays."""
    try:
        click.echo(f"gmaudit: {line}", err=True)
    except OSError:
        hush(sys.stderr)


def hush(stream: TextIO) -> None:
    """The reader of a stream has gone: what is still buffered must not fail again at exit."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def furnish() -> None:
    """Standard streams that the caller has closed, for which Python has None, and the next file opened their number.

    What goes to standard output fails then, as it does in any program; what goes to standard error is lost.
    """
    if sys.stdout is None:
        sys.stdout = _filled(1, os.O_RDONLY)
    if sys.stderr is None:
        sys.stderr = _filled(2, os.O_WRONLY)


def _filled(number: int, mode: int) -> TextIO:
    null = os.open(os.devnull, mode)
    if null != number:
        os.dup2(null, number)
        os.close(null)
    return open(number, "w", encoding="utf-8", closefd=False)


def place(error: BaseException) -> str:
    """Type and place of an error, without its text, which may quote the input."""
    trace = error.__traceback__
    place = ""
    while trace is not None:
        place = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"{type(error).__name__} at {place}"
