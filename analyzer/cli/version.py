"""`gmaudit --version`: of the tool, of the packages that its rules come from, and of tshark if it is there."""

from __future__ import annotations

from collections.abc import Iterator

import click

from analyzer import __version__


def show(ctx: click.Context, param: click.Parameter, wanted: bool) -> None:
    """Print the versions and end the command."""
    if not wanted or ctx.resilient_parsing:
        return
    for line in lines():
        click.echo(line)
    ctx.exit()


version_option = click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=show,
    help="Show the versions of gmaudit, its rules and tshark, and exit.",
)


def lines() -> Iterator[str]:
    """``gmaudit 0.1.0``, then a line for each package of rules, then one for tshark."""
    from importlib import import_module
    from importlib.metadata import entry_points

    from analyzer.report.safe import clean
    from analyzer.rule import GROUP, collect
    from analyzer.sources import tshark

    yield f"gmaudit {__version__}"
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name != "gmaudit"):
        owner = f"{point.dist.name} {point.dist.version}" if point.dist is not None else point.value
        yield f"{len(collect([import_module(point.value)]))} rules of {clean(owner)}"
    found = tshark.installed()
    yield "tshark is not installed" if found is None else f"tshark {found}"
