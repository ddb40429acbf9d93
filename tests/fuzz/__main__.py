"""Coverage-guided fuzzing: ``python -m tests.fuzz --seconds N --all``, or with the names of targets (needs atheris).

Each target runs in a process of its own, since libFuzzer ends the process when it is done. What reaches something new
is kept in ``--corpus FOLDER`` and serves the next run. An input that crashes a target, takes ten seconds or too much
memory is written to ``--crashes FOLDER``, and the exit status is 1. ``--replay FILE...`` runs one target on files,
which needs no atheris.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final, NamedTuple

import click

from . import CORPUS, mutate

NAMES: Final = (
    "engine",
    "capture",
    "packets",
    "fragments",
    "tcp",
    "lines",
    "message",
    "framing",
    "headers",
    "esp",
    "keyfile",
    "diameter",
)
SHARES: Final = {"engine": 20, "capture": 4}
"""Parts of the time for a target; the others have one each."""

LONGEST: Final = {"engine": 24_576, "capture": 16_384, "message": 8_192, "framing": 8_192}
USUAL_LONGEST: Final = 4_096
"""Octets of an input."""

MEMORY: Final = 1024
"""Megabytes that a process may have, the interpreter and the coverage counters included."""

PATIENCE: Final = 10
"""Seconds that one input may take."""


class Result(NamedTuple):
    """What became of one target."""

    target: str
    executions: int
    seconds: float
    coverage: int
    features: int
    corpus: int
    memory: int
    failed: bool


def fuzz(target: str, seconds: int, corpus: Path, crashes: Path) -> Result:
    """Run one target for so long, or until it fails."""
    found = corpus / target
    found.mkdir(parents=True, exist_ok=True)
    crashes.mkdir(parents=True, exist_ok=True)
    words = corpus / "dictionary"
    words.write_text(mutate.dictionary(), "ascii")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            f"{__package__}.worker",
            target,
            f"-max_total_time={seconds}",
            f"-max_len={LONGEST.get(target, USUAL_LONGEST)}",
            f"-dict={words}",
            f"-artifact_prefix={crashes}/{target}-",
            f"-rss_limit_mb={MEMORY}",
            f"-timeout={PATIENCE}",
            "-print_final_stats=1",
            "-len_control=20",
            str(found),
            str(CORPUS / target),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        click.echo(f"--- {target} failed:\n{done.stdout[-8000:]}")
    return _result(target, done.stdout, done.returncode != 0)


def _result(target: str, log: str, failed: bool) -> Result:
    lines = re.findall(r"cov: (\d+) ft: (\d+) corp: (\d+)", log) or [("0", "0", "0")]
    coverage, features, corpus = map(int, lines[-1])
    stats = {name: int(value) for name, value in re.findall(r"stat::(\w+):\s+(\d+)", log)}
    took = re.findall(r"Done \d+ runs in (\d+) second", log)
    executions, rate = stats.get("number_of_executed_units", 0), stats.get("average_exec_per_sec", 0)
    seconds = float(took[-1]) if took else executions / rate if rate else 0.0
    return Result(target, executions, seconds, coverage, features, corpus, stats.get("peak_rss_mb", 0), failed)


def show(results: list[Result]) -> None:
    """The figures as a table."""
    click.echo("target      executions      s   exec/s  coverage  features  corpus    MB")
    for each in results:
        rate = each.executions / each.seconds if each.seconds else 0
        click.echo(
            f"{each.target:10} {each.executions:11,} {each.seconds:6.0f} {rate:8,.0f} {each.coverage:9,} "
            f"{each.features:9,} {each.corpus:7,} {each.memory:5}{'  FAILED' if each.failed else ''}",
        )


def main() -> int:
    """Read the command line, run, and say how it went."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("targets", nargs="*", metavar="TARGET", help=f"among {', '.join(NAMES)}")
    options.add_argument("--all", action="store_true", help="every target, one after the other")
    options.add_argument("--seconds", type=int, default=120, help="for all targets together (120)")
    options.add_argument("--corpus", type=Path, help="where to keep what reaches something new")
    options.add_argument("--crashes", type=Path, default=Path("fuzz-crashes"), help="where failing inputs go")
    options.add_argument("--replay", nargs="+", type=Path, metavar="FILE", help="run the one target on these inputs")
    chosen = options.parse_args()
    names = list(NAMES) if chosen.all else chosen.targets
    if not names or set(names) - set(NAMES):
        options.error(f"name targets among {', '.join(NAMES)}, or --all")
    if chosen.replay:
        from .targets import TARGETS

        for path in chosen.replay:
            TARGETS[names[0]](path.read_bytes())
        return 0
    parts = sum(SHARES.get(name, 1) for name in names)
    with tempfile.TemporaryDirectory() as folder:
        corpus = chosen.corpus or Path(folder)
        results = [
            fuzz(name, max(2, chosen.seconds * SHARES.get(name, 1) // parts), corpus, chosen.crashes) for name in names
        ]
    show(results)
    return int(any(each.failed for each in results))


if __name__ == "__main__":
    sys.exit(main())
