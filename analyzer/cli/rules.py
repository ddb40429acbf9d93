"""`gmaudit rule` and `gmaudit rules`: the documentation of the rules."""

from __future__ import annotations

import re
import sys

import click

from analyzer.cli.completion import rule_ids
from analyzer.cli.installed import installed_rules
from analyzer.cli.options import in_force, profile_option
from analyzer.cli.refusal import Refusal


@click.command(short_help="Explain one rule.")
@click.argument("id", shell_complete=rule_ids)
def rule(id: str) -> int:
    """Explain one rule: what it checks, why, and what looks like a fault but is none."""
    from analyzer.report.rules import explain

    known = {one.id: one for one in installed_rules()}
    if id.upper() in known:
        explain(known[id.upper()], sys.stdout)
        return 0
    written = re.fullmatch(r"([A-Z]+)\W*_*0*(\d{1,3})", id.upper(), re.ASCII)
    near = f"{written[1]}-{written[2]:>02}" if written is not None else ""
    hint = f"did you mean {near}?" if near in known else "gmaudit rules lists them all"
    raise Refusal(f"no rule is called {id}; {hint}")


@click.command(short_help="List the rules that are in force.")
@profile_option
def rules(profile: str, flag: tuple[str, ...]) -> int:
    """List the rules that are in force, and what the profile switches."""
    from analyzer.report.rules import catalogue, switched

    chosen = in_force(profile, flag)
    catalogue([one for one in installed_rules() if one.in_force(chosen)], chosen, sys.stdout)
    switched(chosen, sys.stdout)
    return 0
