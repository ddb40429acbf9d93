"""`gmaudit check`: the audit of captures, its reports and its exit status."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

import click

from analyzer.cli.config import ORIGIN, Flag, config_option
from analyzer.cli.options import (
    audit,
    audit_options,
    captures_argument,
    in_force,
    keyed,
    keys_option,
    profile_option,
    pseudonyms,
    pseudonyms_options,
    rules_options,
    time,
    timing_option,
    zone_option,
)
from analyzer.cli.refusal import Refusal
from analyzer.cli.waivers import waived_by, waivers_option
from analyzer.report import outputs
from analyzer.report.renderers import DEFAULT, RENDERERS, Material

if TYPE_CHECKING:
    from analyzer.report.model import Report

CLEAN, FOUND, CRASHED, NOTHING = 0, 1, 3, 5

FAIL_ON = ("violation", "warning", "probable", "inconclusive")
"""Each includes those before it; ``never`` stands beside them."""

EPILOG = (
    "Exit status: 0 nothing at or above --fail-on, 1 at least one such finding, 2 the call or the input cannot be "
    "used, 3 a rule crashed, 5 nothing to judge."
)


class Paired(click.Command):
    """A command that remembers in which order ``--format`` and ``--output`` were given."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the two options, in their order, where the command finds them."""
        values, _, order = self.make_parser(ctx).parse_args(args=list(args))
        given = {name: iter(values.get(name) or ()) for name in ("format", "output")}
        ctx.meta["gmaudit.outputs"] = [
            (option.name, str(next(given[option.name]))) for option in order if option.name in given
        ]
        return super().parse_args(ctx, args)


@click.command(cls=Paired, epilog=EPILOG, short_help="Audit captures as one timeline.")
@captures_argument
@keys_option
@profile_option
@rules_options
@click.option("--subject", metavar="TEXT", help="Judge only this IMPI, IMSI, number or address.")
@click.option("--from", "start", metavar="TIME", help="Judge only from here on: ISO 8601, or seconds since the epoch.")
@click.option("--to", "end", metavar="TIME", help="Judge only until then.")
@click.option(
    "--vantage",
    type=click.Choice(["auto", "ue", "pcscf", "middle"]),
    default="auto",
    metavar="PLACE",
    help="Where the capture was taken: ue, pcscf, middle, auto. [default: auto]",
)
@click.option(
    "--format",
    multiple=True,
    type=click.Choice(list(RENDERERS)),
    metavar="NAME",
    help=f"Form of the report: {', '.join(RENDERERS)}. May be repeated. [default: {DEFAULT}]",
)
@click.option(
    "--output",
    multiple=True,
    metavar="FILE",
    type=click.Path(),
    help="Where the report of the --format before it goes; alone, its suffix says the form.",
)
@click.option(
    "--fail-on",
    type=click.Choice([*FAIL_ON, "never"]),
    default=FAIL_ON[0],
    metavar="VERDICT",
    help=f"From which verdict on the exit status is 1: {', '.join(FAIL_ON)}, never. [default: {FAIL_ON[0]}]",
)
@click.option("--show-passes", cls=Flag, is_flag=True, help="Give every exercised rule a row of its own.")
@click.option("--statistics", cls=Flag, is_flag=True, help="Say of every rule how often it judged, or why it did not.")
@click.option("--second-opinion", cls=Flag, is_flag=True, help="Let tshark look too, and say where it differs.")
@click.option("--decrypted", cls=Flag, is_flag=True, help="In pcapng: add what each ESP packet held behind it.")
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=1,
    metavar="N",
    help="Use N cores: others walk over the captures ahead of the audit; the report is the same. [default: 1]",
)
@timing_option
@waivers_option
@pseudonyms_options
@zone_option
@config_option
@click.pass_context
def check(
    ctx: click.Context,
    captures: tuple[str, ...],
    keys: tuple[str, ...],
    profile: str,
    flag: tuple[str, ...],
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    subject: str | None,
    start: str | None,
    end: str | None,
    vantage: str,
    format: tuple[str, ...],
    output: tuple[str, ...],
    fail_on: str,
    show_passes: bool,
    statistics: bool,
    second_opinion: bool,
    pseudonymise: bool,
    pseudonymise_key: str | None,
    utc: bool,
    waivers: tuple[str, ...],
    decrypted: bool,
    jobs: int,
) -> int:
    """Audit captures as one timeline.

    CAPTURE is a file, a directory, a pattern, or - for standard input.
    """
    names = pseudonyms(pseudonymise, pseudonymise_key)
    try:
        wanted = outputs.pair(ctx.meta["gmaudit.outputs"])
        outputs.check(_paths(wanted), [*captures, *keys, *waivers])
        outputs.possible(
            wanted, captures, pseudonyms=names is not None, terminal=sys.stdout.isatty(), decrypted=decrypted
        )
    except outputs.OutputError as error:
        raise Refusal(str(error)) from error
    options = audit_options(
        keys,
        profile=in_force(profile, flag),
        select=select,
        ignore=ignore,
        subject=subject,
        start=time("--from", start, local=not utc),
        end=time("--to", end, local=not utc),
        vantage=vantage,
        second_opinion=second_opinion,
    )
    accepted = waived_by(waivers)
    chronicle = None
    if any(RENDERERS[one.format].chronicle for one in wanted):
        from analyzer.report.chronicle import Chronicle

        chronicle = Chronicle()
    report = accepted(audit(captures, options, chronicle=chronicle, jobs=jobs))
    read = [each.path for each in report.captures]
    if names is not None:
        report = names.report(report)
        if chronicle is not None:
            chronicle = chronicle.through(names)
    material = Material(
        report=report,
        rules={rule.id: rule for rule in options.rules or ()},
        chronicle=chronicle,
        captures=captures,
        keys=keys,
        pseudonyms=names,
        keyed=partial(keyed, read, options) if decrypted else None,
        deciding=deciding(fail_on) or deciding(FAIL_ON[0]),
        show_passes=show_passes,
        statistics=statistics,
        configuration=ctx.meta.get(ORIGIN, ""),
        local=not utc,
    )
    try:
        outputs.check(_paths(wanted), read)
        outputs.write(material, wanted, sys.stdout)
    except outputs.OutputError as error:
        raise Refusal(str(error)) from error
    return exit_status(report, fail_on)


def _paths(wanted: list[outputs.Output]) -> list[str]:
    return [one.path for one in wanted if one.path is not None]


def exit_status(report: Report, fail_on: str) -> int:
    """What the contract says of this report; a crashed rule weighs more than a finding, since something is missing.

    Waived findings do not count.
    """
    if fail_on == "never":
        return CLEAN
    if report.crashed or any(tally.error for tally in report.rules):
        return CRASHED
    if report.verdict == "nothing-to-judge":
        return NOTHING
    bad = deciding(fail_on)
    return FOUND if any(each.verdict in bad and each.waived is None for each in report.findings) else CLEAN


def deciding(fail_on: str) -> tuple[str, ...]:
    """The verdicts that make the exit status 1; none for ``never``."""
    return () if fail_on == "never" else FAIL_ON[: FAIL_ON.index(fail_on) + 1]
