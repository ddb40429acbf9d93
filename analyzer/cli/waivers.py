"""The option ``--waivers``: findings that the user has accepted, for every command that reports any."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from analyzer.cli import clock
from analyzer.cli.refusal import Refusal

if TYPE_CHECKING:
    from analyzer.report.model import Report

waivers_option = click.option(
    "--waivers",
    multiple=True,
    metavar="FILE",
    type=click.Path(),
    help="Accepted findings, in TOML: shown, but not for the exit status.",
)


def waived_by(paths: Sequence[str]) -> Callable[[Report], Report]:
    """Read the files, so that their mistakes are told before the work; what waives the findings of a report.

    It has to be given the report with the true identities. Raises Refusal.
    """
    if not paths:
        return lambda report: report
    from analyzer.report.waivers import LARGEST, WaiverError, read, waive

    entries = []
    for path in paths:
        with Path(path).open("rb") as file:
            octets = file.read(LARGEST + 1)
        try:
            entries += read(octets, path)
        except WaiverError as error:
            raise Refusal(str(error)) from error
    return lambda report: waive(report, entries, clock.today())
