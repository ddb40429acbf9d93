"""The commands: what the user wrote becomes an audit, its outcome reports and an exit status (contract, "Commands").

What a command does not need is not imported: `gmaudit --help` touches neither the engine nor the reports.
"""

from __future__ import annotations

import gc
import io
import signal
import sys
from collections.abc import Sequence

import click

from analyzer.cli.check import EPILOG, check
from analyzer.cli.completion import asked
from analyzer.cli.diff import diff
from analyzer.cli.keys import export
from analyzer.cli.live import live
from analyzer.cli.refusal import UNUSABLE, furnish, hush, place, refuse, say
from analyzer.cli.rules import rule, rules
from analyzer.cli.trace import trace
from analyzer.cli.version import version_option
from analyzer.garbage import rare_collections

CLEAN = 0
INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status; every error is one line on standard error."""
    furnish()
    if argv is None:
        _tidy_ends()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    with rare_collections():  # in key files and reports of many subscribers are hardly more than in their audit
        answer = asked(gmaudit)
        status = answer if answer is not None else _run(list(sys.argv[1:] if argv is None else argv))
        try:
            sys.stdout.flush()
        except OSError as error:
            hush(sys.stdout)
            if not isinstance(error, BrokenPipeError) and status != UNUSABLE:
                status = _failed(error)
        if argv is None:
            gc.freeze()  # the process ends: to look for cycles in what is left would take a twentieth of its time
    return status


def _tidy_ends() -> None:
    """A process that is ended, or whose terminal goes, takes its directories along: packets and keys are in them."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:  # nohup stays nohup
            signal.signal(number, _end)


def _end(number: int, frame: object) -> None:
    raise SystemExit(128 + number)


def _run(arguments: list[str]) -> int:
    try:
        with gmaudit.make_context("gmaudit", arguments) as ctx:
            return int(gmaudit.invoke(ctx) or CLEAN)
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "gmaudit"
        return refuse(f"{error.format_message().rstrip('.')}; see {command} --help")
    except click.ClickException as error:
        return refuse(error.format_message())
    except (click.Abort, KeyboardInterrupt):
        say("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        return CLEAN
    except OSError as error:
        return _failed(error)
    except Exception as error:
        if sys.flags.dev_mode:
            raise
        return refuse(f"internal error: {place(error)}; please report it (python -X dev -m analyzer shows more)")


def _failed(error: OSError) -> int:
    return refuse(f"{error.filename or 'standard output'}: {error.strerror or type(error).__name__}")


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    invoke_without_command=True,
    epilog=EPILOG,
)
@version_option
@click.pass_context
def gmaudit(ctx: click.Context) -> None:
    """Audit captures of the Gm interface: do a phone and an IMS core protect their signalling as TS 33.203 and
    TS 24.229 demand?
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


for _command in (check, live, trace, rule, rules, diff, export):
    gmaudit.add_command(_command)
