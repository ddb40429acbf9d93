"""``gmaudit live``: the same audit on running interfaces, or on a pipe (contract, "Commands")."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO

import click

from analyzer.cli.check import EPILOG, FAIL_ON, Paired, check, deciding, exit_status
from analyzer.cli.config import ORIGIN, Flag
from analyzer.cli.options import audit_options, in_force, pseudonyms, time
from analyzer.cli.refusal import Refusal, guarded
from analyzer.cli.waivers import waived_by
from analyzer.report import outputs
from analyzer.report.renderers import RENDERERS, Material

if TYPE_CHECKING:
    from analyzer.report.model import Report
    from analyzer.sources.recording import Recording
    from analyzer.watch.session import Session
    from analyzer.watch.until import Until

LINES: Final = "jsonl"
"""The form whose lines are written while the run goes on."""

OTHERS: Final = frozenset({"captures", "decrypted", "jobs", "second_opinion", "timing"})
"""Parameters of `gmaudit check` that make no sense here; all others are the same."""


@click.command(cls=Paired, epilog=EPILOG, short_help="Audit what is on the wire now.")
@click.argument("pipe", required=False, metavar="[-]")
@click.option("-i", "--interface", multiple=True, metavar="NAME", help="Listen here; may be repeated, or be any.")
@click.option("--filter", default="", metavar="BPF", help="What is heard, as in tcpdump. [default: all but --bulk]")
@click.option("--bulk", multiple=True, metavar="PORTS", help="Ports of media: 443,10000-20000 are not heard.")
@click.option("--until", multiple=True, metavar="WHEN", help="End: registered, 3-findings, 10min, idle 30s ...")
@click.option("--fail-fast", cls=Flag, is_flag=True, help="End with the first finding that --fail-on counts.")
@click.option(
    "--write",
    metavar="FILE",
    type=click.Path(),
    help="Keep what is heard here, as pcapng, with the findings as comments.",
)
@click.option(
    "--write-evidence", cls=Flag, is_flag=True, help="Of that, only what subjects with findings sent and received."
)
@click.option("--rotate", multiple=True, metavar="SIZE|TIME", help="Begin another file at 100MB, or after 10min.")
@click.option("--keep-files", type=click.IntRange(1), metavar="N", help="Of a row of files, keep the newest.")
@click.pass_context
def live(
    ctx: click.Context,
    /,
    pipe: str | None,
    interface: tuple[str, ...],
    filter: str,
    bulk: tuple[str, ...],
    until: tuple[str, ...],
    fail_fast: bool,
    write: str | None,
    write_evidence: bool,
    rotate: tuple[str, ...],
    keep_files: int | None,
    **given: Any,
) -> int:
    """Audit what is on the wire now: the same rules and verdicts as those of check.

    Listens on interfaces (-i), or reads a capture from standard input while it is made: tcpdump -U -w - | gmaudit
    live -
    """
    from analyzer.cli.audience import Audience
    from analyzer.watch.lines import Lines
    from analyzer.watch.session import Session

    if bool(interface) == (pipe is not None) or pipe not in (None, "-"):
        raise Refusal("name interfaces with -i, or give - to read a pipe; see gmaudit live --help")
    names = pseudonyms(given["pseudonymise"], given["pseudonymise_key"])
    keys, local = given["keys"], not given["utc"]
    accepted = waived_by(given["waivers"])
    try:
        asked = ctx.meta["gmaudit.outputs"]
        wanted = outputs.pair(asked or [("format", "text" if sys.stdout.isatty() else LINES)])
        places = [*_paths(wanted), *([write] if write else [])]
        outputs.check(places, [*keys, *given["waivers"]])
        again = [write if write and not rotate and not write_evidence else "-"]  # what a report can read once more
        outputs.possible(wanted, again, pseudonyms=names is not None, terminal=sys.stdout.isatty())
    except outputs.OutputError as error:
        raise Refusal(str(error)) from error
    options = audit_options(
        keys,
        profile=in_force(given["profile"], given["flag"]),
        select=given["select"],
        ignore=given["ignore"],
        subject=given["subject"],
        start=time("--from", given["start"], local=local),
        end=time("--to", given["end"], local=local),
        vantage=given["vantage"],
    )
    chronicle = None
    if any(RENDERERS[one.format].chronicle for one in wanted):
        from analyzer.report.chronicle import Chronicle

        chronicle = Chronicle()
    conditions = [_condition(each) for each in until]
    counting = FAIL_ON[: FAIL_ON.index(given["fail_on"]) + 1] if given["fail_on"] != "never" else FAIL_ON
    if write and names is not None:
        raise Refusal(
            "--write keeps packets as they were sent, and pseudonyms cannot hide them; leave out one of the two"
        )
    with ExitStack() as files:
        hidden = names.report if names is not None else None
        lines = [Lines(_sink(one, files), hidden) for one in wanted if one.format == LINES]
        audience = Audience(lines, names, local=local)
        recording = _recording(write, rotate, keep_files, write_evidence)
        session = guarded(
            lambda: Session(
                interface,
                options,
                filter=filter,
                bulk=_left_out(filter, bulk),
                recording=recording,
                accept=accepted,
                until=conditions,
                counting=counting,
                fail_fast=fail_fast,
                on_hearing=audience.begin,
                on_finding=audience.tell,
                on_tick=audience.tick,
                chronicle=chronicle,
            )
        )
        audience.session = session
        to_screen = all(one.path is not None or one.format == "text" for one in wanted)
        with _signals(session.stop), audience.before(to_screen):
            found = guarded(session.run)
        _annotate(session, found)
        report = hidden(found) if hidden is not None else found
        audience.end(report)
    if chronicle is not None and names is not None:
        chronicle = chronicle.through(names)
    material = Material(
        report=report,
        rules={rule.id: rule for rule in options.rules or ()},
        chronicle=chronicle,
        captures=again,
        keys=keys,
        pseudonyms=names,
        deciding=deciding(given["fail_on"]) or deciding(FAIL_ON[0]),
        show_passes=given["show_passes"],
        statistics=given["statistics"],
        configuration=ctx.meta.get(ORIGIN, ""),
        local=local,
    )
    try:
        outputs.write(material, [one for one in wanted if one.format != LINES], sys.stdout)
    except outputs.OutputError as error:
        raise Refusal(str(error)) from error
    return exit_status(report, given["fail_on"])


live.params += [one for one in check.params if one.name not in OTHERS]


def _annotate(session: Session, report: Report) -> None:
    try:
        session.annotate(report)
    except OSError as error:
        click.echo(f"gmaudit: {error.filename}: no comments: {error.strerror}", err=True)


def _sink(output: outputs.Output, files: ExitStack) -> TextIO:
    if output.path is None:
        return sys.stdout
    try:
        return files.enter_context(Path(output.path).open("w", encoding="utf-8", newline=""))
    except OSError as error:
        raise Refusal(f"--output {output.path}: {error.strerror}; name another file with --output") from error


@contextmanager
def _signals(stop: Callable[[str], None]) -> Iterator[None]:
    """SIGINT and SIGTERM end the run, with a report; the second one ends it at once."""
    import signal  # not needed to know the command

    def handle(number: int, frame: object) -> None:
        signal.signal(number, before[number])
        stop(f"by {signal.Signals(number).name}")

    before: dict[int, Any] = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, known in before.items():
            signal.signal(number, known)


def _recording(path: str | None, rotate: tuple[str, ...], keep: int | None, evidence: bool) -> Recording | None:
    """Where the packets go."""
    from analyzer.sources.recording import Recording, Rotation, size_of
    from analyzer.watch.evidence import Evidence
    from analyzer.watch.until import duration

    if path is None:
        if rotate or keep or evidence:
            raise Refusal("--rotate, --keep-files and --write-evidence need --write FILE")
        return None
    size = every = None
    for text in rotate:
        try:
            if text.strip().lower().endswith(("b", "k", "m", "g")) and not text.strip().lower().endswith("min"):
                size = size_of(text)
            else:
                every = duration(text)
        except ValueError:
            raise Refusal(f"--rotate {text}: is no size and no time; write it as 100MB or 10min") from None
    if keep and not rotate:
        raise Refusal("--keep-files needs --rotate: else there is but one file")
    try:
        return (Evidence if evidence else Recording)(path, Rotation(size, every, keep))
    except OSError as error:
        raise Refusal(f"--write {path}: {error.strerror}; name another file") from error


def _condition(text: str) -> Until:
    from analyzer.watch.until import FORMS, read

    try:
        return read(text)
    except ValueError:
        raise Refusal(f"--until {text}: is no condition; there are {FORMS}") from None


def _left_out(filter: str, bulk: tuple[str, ...]) -> list[tuple[int, int]]:
    """The ports of media, which are not heard."""
    from analyzer.watch.filters import ports

    if filter and bulk:
        raise Refusal("--filter and --bulk cannot both be given: put the ports into the filter")
    try:
        return [each for text in bulk for each in ports(text)]
    except ValueError as error:
        raise Refusal(f"--bulk {error}: is no port and no range of ports; write it as 443,10000-20000") from None


def _paths(wanted: list[outputs.Output]) -> list[str]:
    return [one.path for one in wanted if one.path is not None]
