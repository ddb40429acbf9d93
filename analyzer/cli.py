"""The commands: what the user wrote becomes an audit, its outcome reports and an exit status (contract, "Commands").

What a command does not need is not imported: `gmaudit --help` touches neither the engine nor the reports.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from analyzer import __version__
from analyzer.profile import DEFAULT, PROFILES, Profile
from analyzer.report import outputs

if TYPE_CHECKING:
    from analyzer.audit import Options, TraceLine
    from analyzer.report.model import Report
    from analyzer.report.pseudonyms import Pseudonyms
    from analyzer.rule import Rule

CLEAN, FOUND, UNUSABLE, CRASHED, NOTHING = 0, 1, 2, 3, 5
INTERRUPTED = 130

FAIL_ON = ("violation", "warning", "probable", "inconclusive")
"""Each includes those before it; ``never`` stands beside them."""

EPILOG = (
    "Exit status: 0 nothing at or above --fail-on, 1 at least one such finding, 2 the call or the input cannot be "
    "used, 3 a rule crashed, 5 nothing to judge."
)

Result = TypeVar("Result")
Command = TypeVar("Command", bound=Callable[..., int])


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status; every error is one line on standard error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    status = _run(list(sys.argv[1:] if argv is None else argv))
    try:
        sys.stdout.flush()
    except OSError:
        _hush()
    return status


def _run(arguments: list[str]) -> int:
    try:
        with gmaudit.make_context("gmaudit", arguments) as ctx:
            return int(gmaudit.invoke(ctx) or CLEAN)
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "gmaudit"
        return _refuse(f"{error.format_message().rstrip('.')}; see {command} --help")
    except click.ClickException as error:
        return _refuse(error.format_message())
    except (click.Abort, KeyboardInterrupt):
        click.echo("gmaudit: interrupted", err=True)
        return INTERRUPTED
    except BrokenPipeError:
        return CLEAN
    except OSError as error:
        return _refuse(f"{error.filename or 'standard output'}: {error.strerror or type(error).__name__}")
    except Exception as error:
        if sys.flags.dev_mode:
            raise
        return _refuse(f"internal error: {_place(error)}; please report it (python -X dev -m analyzer shows more)")


class Refusal(click.ClickException):
    """The call or the input cannot be used; the text says what to do."""


class _Paired(click.Command):
    """A command that remembers in which order ``--format`` and ``--output`` were given."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        values, _, order = self.make_parser(ctx).parse_args(args=list(args))
        given = {name: iter(values.get(name) or ()) for name in ("format", "output")}
        ctx.meta["gmaudit.outputs"] = [
            (option.name, str(next(given[option.name]))) for option in order if option.name in given
        ]
        return super().parse_args(ctx, args)


# --- options that several commands have -----------------------------------------------------------------------------

captures_argument = click.argument("captures", nargs=-1, required=True, metavar="CAPTURE...")
keys_option = click.option("--keys", multiple=True, metavar="FILE", help="Keys, in any known format. May be repeated.")
profile_option = click.option(
    "--profile",
    type=click.Choice(list(PROFILES)),
    default=DEFAULT,
    metavar="NAME",
    help=f"What is in force: {', '.join(PROFILES)}. [default: {DEFAULT}]",
)
zone_option = click.option("--utc/--local", "utc", default=True, help="Zone of the times in text. [default: UTC]")


def pseudonyms_options(command: Command) -> Command:
    """The two options that hide who the subscribers are."""
    command = click.option(
        "--pseudonymise-key", metavar="FILE", help="The same, with pseudonyms that stay the same under this key."
    )(command)
    return click.option("--pseudonymise", is_flag=True, help="Replace identities, numbers and addresses.")(command)


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    invoke_without_command=True,
    epilog=EPILOG,
)
@click.version_option(__version__, prog_name="gmaudit", message="%(prog)s %(version)s")
@click.pass_context
def gmaudit(ctx: click.Context) -> None:
    """Audit captures of the Gm interface: do a phone and an IMS core protect their signalling as TS 33.203 and
    TS 24.229 demand?
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@gmaudit.command(cls=_Paired, epilog=EPILOG, short_help="Audit captures as one timeline.")
@captures_argument
@keys_option
@profile_option
@click.option("--select", multiple=True, metavar="IDS", help="Only these rules: ids or prefixes, by comma.")
@click.option("--ignore", multiple=True, metavar="IDS", help="Not these rules; the longest match wins.")
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
    "--format", multiple=True, type=click.Choice(["text", "json"]), help="Form of the report. [default: text]"
)
@click.option("--output", multiple=True, metavar="FILE", help="Where the report of the --format before it goes.")
@click.option(
    "--fail-on",
    type=click.Choice([*FAIL_ON, "never"]),
    default=FAIL_ON[0],
    metavar="VERDICT",
    help=f"From which verdict on the exit status is 1: {', '.join(FAIL_ON)}, never. [default: {FAIL_ON[0]}]",
)
@click.option("--show-passes", is_flag=True, help="Give every exercised rule a row of its own.")
@pseudonyms_options
@zone_option
@click.pass_context
def check(
    ctx: click.Context,
    captures: tuple[str, ...],
    keys: tuple[str, ...],
    profile: str,
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
    pseudonymise: bool,
    pseudonymise_key: str | None,
    utc: bool,
) -> int:
    """Audit captures as one timeline.

    CAPTURE is a file, a directory, a pattern, or - for standard input.
    """
    try:
        wanted = outputs.pair(ctx.meta["gmaudit.outputs"])
        outputs.check([one.path for one in wanted if one.path is not None], [*captures, *keys])
    except outputs.OutputError as error:
        raise Refusal(str(error)) from error
    options = _options(
        keys,
        profile=PROFILES[profile],
        select=select,
        ignore=ignore,
        subject=subject,
        start=_time("--from", start, local=not utc),
        end=_time("--to", end, local=not utc),
        vantage=vantage,
    )
    names = _pseudonyms(pseudonymise, pseudonymise_key)
    report = _audit(captures, options)
    if names is not None:
        report = names.report(report)
    try:
        outputs.write(report, wanted, sys.stdout, show_passes=show_passes, local=not utc)
    except outputs.OutputError as error:
        raise Refusal(str(error)) from error
    return exit_status(report, fail_on)


@gmaudit.command(short_help="Show every SIP message as a ladder.")
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
    names = _pseudonyms(pseudonymise, pseudonymise_key)
    add = seen.add if names is None else lambda line: seen.add(names.line(line))
    report = _audit(captures, _options(keys), on_message=add)
    if names is not None:
        report = names.report(report)
    seen.write(report, sys.stdout, local=not utc)
    return CLEAN


@gmaudit.command(short_help="Explain one rule.")
@click.argument("id")
def rule(id: str) -> int:
    """Explain one rule: what it checks, why, and what looks like a fault but is none."""
    from analyzer.report.rules import explain

    for one in _collect():
        if one.id == id.upper():
            explain(one, sys.stdout)
            return CLEAN
    raise Refusal(f"no rule is called {id}; gmaudit rules lists them all")


@gmaudit.command()
@profile_option
def rules(profile: str) -> int:
    """List the rules that are in force."""
    from analyzer.report.rules import catalogue

    chosen = PROFILES[profile]
    catalogue([one for one in _collect() if one.in_force(chosen)], chosen, sys.stdout)
    return CLEAN


@gmaudit.command("keys", short_help="Write keyed security associations for other tools.")
@captures_argument
@keys_option
@click.option(
    "--format",
    type=click.Choice(["wireshark", "xfrm", "toml"]),
    required=True,
    help="esp_sa of Wireshark, what ip xfrm state prints, or our own key file.",
)
@click.option("--output", required=True, metavar="FILE", help="Where the keys go; only its owner may read it.")
def export(captures: tuple[str, ...], keys: tuple[str, ...], format: str, output: str) -> int:
    """Write the security associations that could be keyed, for other tools.

    Keys go into a file and nowhere else. Wireshark has one key for an SPI: where one came back with other keys, the
    second keys go into FILE.2, and so on.
    """
    from analyzer.report import keyfiles
    from analyzer.run import keyed_associations

    inputs = [*captures, *keys]
    try:
        keyfiles.check(output, inputs)
        found = _guarded(lambda: keyed_associations(captures, _options(keys)))
        if not found:
            raise Refusal("no security association could be keyed; give keys with --keys")
        for line in keyfiles.write(found, format, output, inputs):
            click.echo(f"gmaudit: {line}", err=True)
    except outputs.OutputError as error:
        raise Refusal(str(error)) from error
    return CLEAN


def exit_status(report: Report, fail_on: str) -> int:
    """What the contract says of this report; a crashed rule weighs more than a finding, since something is missing."""
    if fail_on == "never":
        return CLEAN
    if report.crashed or any(tally.error for tally in report.rules):
        return CRASHED
    if report.verdict == "nothing-to-judge":
        return NOTHING
    bad = FAIL_ON[: FAIL_ON.index(fail_on) + 1]
    return FOUND if any(finding.verdict in bad for finding in report.findings) else CLEAN


# --- what the commands share ----------------------------------------------------------------------------------------


def _options(
    keys: Sequence[str],
    *,
    profile: Profile = PROFILES[DEFAULT],
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    subject: str | None = None,
    start: int | None = None,
    end: int | None = None,
    vantage: str = "auto",
) -> Options:
    from analyzer.audit import Options
    from analyzer.rule import select as chosen

    try:
        picked = chosen(_collect(), _words(select), _words(ignore))
    except ValueError as error:
        raise Refusal(f"{error}; gmaudit rules lists them all") from error
    return Options(
        keys=list(keys),
        profile=profile,
        rules=[one for one in picked if one.in_force(profile)],
        vantage=vantage,
        subject=subject,
        start=start,
        end=end,
    )


def _audit(
    captures: Sequence[str], options: Options, *, on_message: Callable[[TraceLine], None] | None = None
) -> Report:
    from analyzer.report.progress import Counter
    from analyzer.run import audit

    with Counter() as progress:
        return _guarded(lambda: audit(captures, options, progress=progress, on_message=on_message))


def _pseudonyms(wanted: bool, path: str | None) -> Pseudonyms | None:
    """What replaces identities, with the user's key or one for this run alone."""
    if not wanted and path is None:
        return None
    import secrets

    from analyzer.report.pseudonyms import SHORTEST_KEY, Pseudonyms

    if path is None:
        return Pseudonyms(secrets.token_bytes(32))
    key = Path(path).read_bytes()
    if len(key) < SHORTEST_KEY:
        raise Refusal(f"{path}: a key needs {SHORTEST_KEY} octets at least: head -c 32 /dev/urandom > {path}")
    return Pseudonyms(key)


def _guarded(work: Callable[[], Result]) -> Result:
    """Do the work; input that cannot be used becomes a refusal."""
    from analyzer.keys.keyring import KeyFileError
    from analyzer.sources.files import UnreadableCapture

    try:
        return work()
    except (KeyFileError, UnreadableCapture) as error:
        raise Refusal(str(error)) from error


def _collect() -> list[Rule]:
    from analyzer.rule import collect

    try:
        return collect()
    except ValueError as error:
        raise Refusal(f"{error}; remove one of the two rule packages") from error


def _words(lists: Sequence[str]) -> list[str]:
    return [word for one in lists for word in one.replace(",", " ").split()]


def _time(option: str, text: str | None, *, local: bool) -> int | None:
    from analyzer.report import times

    if text is None:
        return None
    try:
        return times.read(text, local=local)
    except ValueError:
        raise Refusal(
            f"{option} {text}: no time; write it as 2026-01-10T06:51:02Z or as seconds since the epoch"
        ) from None


def _refuse(message: str) -> int:
    from analyzer.report.safe import clean

    click.echo(f"gmaudit: {clean(' '.join(message.split()))}", err=True)
    return UNUSABLE


def _hush() -> None:
    """The reader of standard output has gone: what is still buffered must not fail again at exit."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _place(error: BaseException) -> str:
    """Type and place of an error, without its text, which may quote the input."""
    trace = error.__traceback__
    place = ""
    while trace is not None:
        place = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"{type(error).__name__} at {place}"
