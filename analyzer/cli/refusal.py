"""What stops a command: one clear line on standard error, and never a traceback (contract, exit status 2)."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

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

    click.echo(f"gmaudit: {clean(' '.join(message.split()))}", err=True)
    return UNUSABLE


def hush() -> None:
    """The reader of standard output has gone: what is still buffered must not fail again at exit."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def place(error: BaseException) -> str:
    """Type and place of an error, without its text, which may quote the input."""
    trace = error.__traceback__
    place = ""
    while trace is not None:
        place = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"{type(error).__name__} at {place}"
