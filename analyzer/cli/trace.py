"""`gmaudit trace`: what the engine saw, as a ladder."""

from __future__ import annotations

import sys
from typing import Any, Final

import click

from analyzer.cli.check import check
from analyzer.cli.options import audit, audit_options, captures_argument, in_force, pseudonyms, time

SAME: Final = frozenset(
    {
        *("keys", "profile", "flag", "select", "ignore", "subject", "start", "end", "vantage"),
        *("pseudonymise", "pseudonymise_key", "utc", "config"),
    }
)
"""Parameters of `gmaudit check` that mean the same here."""


@click.command(short_help="Show every SIP message as a ladder.")
@captures_argument
def trace(captures: tuple[str, ...], **given: Any) -> int:
    """Show every SIP message as a ladder, with the security association that protected it.

    CAPTURE is a file, a directory, a pattern, or - for standard input.
    """
    from analyzer.report import trace as ladder
    from analyzer.report.chronicle import Chronicle

    local = not given["utc"]
    options = audit_options(
        given["keys"],
        profile=in_force(given["profile"], given["flag"]),
        select=given["select"],
        ignore=given["ignore"],
        subject=given["subject"],
        start=time("--from", given["start"], local=local),
        end=time("--to", given["end"], local=local),
        vantage=given["vantage"],
    )
    names = pseudonyms(given["pseudonymise"], given["pseudonymise_key"])
    chronicle = Chronicle()
    report = audit(captures, options, chronicle=chronicle)
    ladder.narrow(chronicle, report, subject=options.subject, start=options.start, end=options.end)
    if names is not None:
        report = names.report(report)
        chronicle = chronicle.through(names)
    ladder.write(chronicle, report, sys.stdout, local=local)
    return 0


trace.params += [one for one in check.params if one.name in SAME]
