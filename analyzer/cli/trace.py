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
    from analyzer.report.trace import Trace

    seen = Trace()
    names = pseudonyms(pseudonymise, pseudonymise_key)
    add = seen.add if names is None else lambda line: seen.add(names.line(line))
    report = audit(captures, audit_options(keys), on_message=add)
    if names is not None:
        report = names.report(report)
    seen.write(report, sys.stdout, local=not utc)
    return 0
