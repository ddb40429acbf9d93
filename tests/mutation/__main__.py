"""``python -m tests.mutation [WORD ...]``: every mutation, and what the audit made of it, as a table."""

from __future__ import annotations

import sys

import click

from .families import FAMILIES
from .verdict import Outcome, run


def main(words: list[str]) -> int:
    """Print one line for each family and one for each mutation that is not as expected; 1 if there is any."""
    bad: list[tuple[str, Outcome]] = []
    click.echo(f"{'family':16}{'mutations':>10}{'harmless':>10}{'findings':>10}{'caught':>8}{'missed':>8}{'false':>7}")
    totals = [0] * 6
    for family, mutations in FAMILIES.items():
        chosen = [each for each in mutations if all(word in f"{family}: {each.name}" for word in words)]
        outcomes = [run(each) for each in chosen]
        bad += [(family, each) for each in outcomes if not each.good]
        findings = sum(len(each.expected) for each in chosen)
        missed = sum(len(each.missed) for each in outcomes)
        row = [
            len(chosen),
            sum(each.harmless for each in chosen),
            findings,
            findings - missed,
            missed,
            sum(len(each.false) for each in outcomes),
        ]
        totals = [total + cell for total, cell in zip(totals, row, strict=True)]
        click.echo(_line(family, row))
    click.echo(_line("all", totals))
    for family, outcome in bad:
        click.echo(f"\n{family}: {outcome.mutation.name} ({outcome.mutation.why})")
        for title, lines in (("missed", outcome.missed), ("false", outcome.false)):
            for line in lines:
                click.echo(f"  {title:7} {line}")
        if outcome.crashed:
            click.echo(f"  crashed {outcome.crashed}")
    return 1 if bad else 0


def _line(family: str, row: list[int]) -> str:
    widths = (10, 10, 10, 8, 8, 7)
    return f"{family:16}" + "".join(f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
