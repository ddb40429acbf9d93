"""Options that several commands have, and what they are turned into."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from analyzer.cli.completion import flags, profiles, rule_ids
from analyzer.cli.config import Flag
from analyzer.cli.installed import installed_rules
from analyzer.cli.refusal import Refusal, guarded
from analyzer.profile import DEFAULT, FLAGS, PROFILES, Profile

if TYPE_CHECKING:
    from analyzer.audit.audit import Options
    from analyzer.keys.export import Keyed
    from analyzer.report.chronicle import Chronicle
    from analyzer.report.model import Report
    from analyzer.report.pseudonyms import Pseudonyms

Command = TypeVar("Command", bound=Callable[..., int])

captures_argument = click.argument("captures", nargs=-1, required=True, metavar="CAPTURE...", type=click.Path())
keys_option = click.option(
    "--keys", multiple=True, metavar="FILE", type=click.Path(), help="Keys, in any known format. May be repeated."
)
_profile = click.option(
    "--profile",
    default=DEFAULT,
    metavar="NAME|FILE",
    shell_complete=profiles,
    help=f"What is in force: {', '.join(PROFILES)}, or a TOML file of your own. [default: {DEFAULT}]",
)
_flag = click.option(
    "--flag",
    multiple=True,
    metavar="NAME",
    shell_complete=flags,
    help=f"A circumstance of this network: {', '.join(FLAGS)}.",
)


def profile_option(command: Command) -> Command:
    """The two options that say what is in force."""
    return _profile(_flag(command))


_select = click.option(
    "--select",
    multiple=True,
    metavar="IDS",
    shell_complete=rule_ids,
    help="Only these rules: ids or prefixes, by comma.",
)
_ignore = click.option(
    "--ignore",
    multiple=True,
    metavar="IDS",
    shell_complete=rule_ids,
    help="Not these rules; the longest match wins.",
)


def rules_options(command: Command) -> Command:
    """The two options that choose rules."""
    return _select(_ignore(command))


def _time(ctx: click.Context, option: click.Parameter, wanted: bool) -> None:
    if wanted:
        from analyzer.report.timing import Timing

        timing = Timing()

        def tell() -> None:
            timing.end()
            timing.write(sys.stderr)

        ctx.call_on_close(tell)
        timing.begin()


timing_option = click.option(
    "--timing",
    cls=Flag,
    is_flag=True,
    expose_value=False,
    callback=_time,
    help="Say on standard error where the time went.",
)

zone_option = click.option("--utc/--local", "utc", default=True, help="Zone of the times in text. [default: UTC]")


def pseudonyms_options(command: Command) -> Command:
    """The two options that hide who the subscribers are."""
    command = click.option(
        "--pseudonymise-key",
        metavar="FILE",
        type=click.Path(),
        help="The same, with pseudonyms that stay the same under this key.",
    )(command)
    return click.option("--pseudonymise", cls=Flag, is_flag=True, help="Replace identities, numbers and addresses.")(
        command
    )


def in_force(name: str, flags: Sequence[str]) -> Profile:
    """The profile of this name, or of this file, with the flags of the command line."""
    from analyzer.profile_file import LARGEST, ProfileError, flagged, read

    try:
        if name in PROFILES:
            chosen = PROFILES[name]
        elif name.endswith(".toml") or "/" in name:
            with Path(name).open("rb") as file:
                chosen = read(file.read(LARGEST + 1), name)
        else:
            raise Refusal(f"no profile is called {name}; there are {', '.join(PROFILES)}, and files that end in .toml")
        return flagged(chosen, words(flags))
    except ProfileError as error:
        raise Refusal(str(error)) from error


def audit_options(
    keys: Sequence[str],
    *,
    profile: Profile = PROFILES[DEFAULT],
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    subject: str | None = None,
    start: int | None = None,
    end: int | None = None,
    vantage: str = "auto",
    second_opinion: bool = False,
) -> Options:
    """What the user asked for, in the words of the audit."""
    from analyzer.audit.audit import Options
    from analyzer.rule import select as chosen

    if "" in keys:  # as where a script names a variable that is not set
        raise Refusal("--keys has no name of a file; is the variable that should hold it set?")
    if subject == "":
        raise Refusal("--subject is empty, which would mean everybody; is the variable that should hold it set?")
    if start is not None and end is not None and end < start:
        raise Refusal("--to is before --from, so nothing lies between them")
    installed = installed_rules()
    if strange := profile.levels.keys() - {one.id for one in installed}:
        raise Refusal(f"profile {profile.name}: levels: no rule is called {min(strange)}; gmaudit rules lists them all")
    try:
        picked = chosen(installed, words(select), words(ignore))
    except ValueError as error:
        raise Refusal(f"{error}; gmaudit rules lists them all") from error
    return Options(
        keys=list(keys),
        profile=profile,
        rules=picked,
        vantage=vantage,
        subject=subject,
        start=start,
        end=end,
        second_opinion=second_opinion,
    )


def audit(
    captures: Sequence[str],
    options: Options,
    *,
    chronicle: Chronicle | None = None,
    jobs: int = 1,
) -> Report:
    """Audit captures with a counter on standard error."""
    from analyzer.report.progress import Counter
    from analyzer.run import audit

    with Counter() as progress:
        return guarded(lambda: audit(captures, options, progress=progress, chronicle=chronicle, jobs=jobs))


def keyed(captures: Sequence[str], options: Options) -> list[Keyed]:
    """The associations that a key opens in these captures."""
    from msgspec.structs import replace

    from analyzer.run import keyed_associations

    return guarded(lambda: keyed_associations(captures, replace(options, rules=(), subject=None)))


def pseudonyms(wanted: bool, path: str | None) -> Pseudonyms | None:
    """What replaces identities, with the user's key or one for this run alone."""
    if not wanted and path is None:
        return None
    import secrets

    from analyzer.report.pseudonyms import LONGEST_KEY, SHORTEST_KEY, Pseudonyms

    if path is None:
        return Pseudonyms(secrets.token_bytes(32))
    with Path(path).open("rb") as file:
        key = file.read(LONGEST_KEY + 1)
    if len(key) > LONGEST_KEY:
        raise Refusal(f"{path}: has more than {LONGEST_KEY >> 20} MiB, which no key has; was another file meant?")
    if len(key) < SHORTEST_KEY:
        raise Refusal(f"{path}: a key needs {SHORTEST_KEY} octets at least: head -c 32 /dev/urandom > {path}")
    return Pseudonyms(key)


def words(lists: Sequence[str]) -> list[str]:
    """The words of an option that may be repeated and takes several by comma."""
    return [word for one in lists for word in one.replace(",", " ").split()]


def time(option: str, text: str | None, *, local: bool) -> int | None:
    """A point in time as the user wrote it, ns since the epoch."""
    from analyzer.report import times

    if text is None:
        return None
    try:
        return times.read(text, local=local)
    except ValueError:
        raise Refusal(
            f"{option} {text}: no time; write it as 2026-01-10T06:51:02Z or as seconds since the epoch"
        ) from None
