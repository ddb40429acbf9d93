"""`gmaudit trace`: what the engine saw, as a ladder."""

from __future__ import annotations

import sys

import click

from analyzer.cli.options import (
    audit,
    audit_options,
    captures_argument,
    keys_option,
    pseudonyms,
    pseudonyms_options,
    zone_option,
)


@click.command(short_help="Show every SIP message as a ladder.")
@captures_argument
@keys_option
@pseudonyms_options
@zone_option
def trace(
    captures: tuple[str, ...], keys: tuple[str, ...], pseudonymise: bool, pseudonymise_key: str | None, utc: bool
) -> int:
    """Show every SIP message as a ladder, with the security association that protected it."""
    from analyzer.report.chronicle import Chronicle
    from analyzer.report.trace import write

    chronicle = Chronicle()
    names = pseudonyms(pseudonymise, pseudonymise_key)
    report = audit(captures, audit_options(keys), chronicle=chronicle)
    if names is not None:
        report = names.report(report)
        chronicle = chronicle.through(names)
    write(chronicle, report, sys.stdout, local=not utc)
    return 0
