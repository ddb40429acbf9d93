"""CPU time and peak memory of whole processes, and the two commands that are compared."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.workloads import Made, Workload, record, write

ROOT = Path(__file__).parent.parent


class Cost(NamedTuple):
    """What one process needed."""

    cpu: float
    """Seconds, user and system."""
    memory: float
    """Peak of the resident set in megabytes (10^6)."""


class Failed(Exception):
    """A measured process did not end well; says what it wrote."""


def run(command: list[str], environment: Mapping[str, str] | None = None) -> Cost:
    """Run to the end; nothing of its standard output is kept. Raises Failed unless it exits with 0.

    The kernel counts what this process holds at that moment into the peak of the child, so that it must stay small.
    """
    with tempfile.TemporaryFile() as errors:
        inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=errors, env={**inherited, **(environment or {})}
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            errors.seek(0)
            raise Failed(f"{command[0]} exits with {process.returncode}: {errors.read(500).decode(errors='replace')}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit / 1e6)


def compiled() -> None:
    """Compile what an installed gmaudit has compiled: no measurement shall contain it."""
    run([sys.executable, "-m", "compileall", "-q", str(ROOT / "analyzer"), str(ROOT / "rules")])


def made(workload: Workload, folder: Path, share: float) -> Made:
    """Write a workload in a process of its own: see `run`."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(write, (workload, folder, share))


def recorded(workload: Workload, folder: Path, esp: int, phones: int) -> Made:
    """The same with so many ESP packets and UEs."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(record, (workload, folder, esp, esp, phones))


def audit(workload: Workload, files: Made, report: Path) -> Cost:
    """Measure gmaudit with all rules, which writes its report as JSON."""
    command = [sys.executable, "-m", "analyzer", "check", "--fail-on", "never", "--profile", workload.profile]
    command += ["--keys", str(files.keys), "--format", "json", "--output", str(report), str(files.capture)]
    return run(command)


def tshark(workload: Workload, files: Made) -> Cost:
    """Measure tshark, which lists the SIP methods and answers, decrypting and checking ESP if it has keys."""
    command = ["tshark", "-q", "-z", "sip,stat", "-r", str(files.capture)]
    if workload.tshark_packets:
        command += ["-c", str(workload.tshark_packets)]
    folder = files.wireshark if workload.tshark_keys else files.wireshark / "none"
    folder.mkdir(exist_ok=True)
    return run(command, {"WIRESHARK_CONFIG_DIR": str(folder)})


def found(report: Path) -> str:
    """The verdict of a report, with the rules behind it if it is not `pass`, and how many packets were verified."""
    read: dict[str, Any] = json.loads(report.read_text("utf-8"))
    rules = sorted({each["rule"] for each in read["findings"] if each["verdict"] != "note"})
    why = f" ({', '.join(rules)})" if rules else ""
    return f"{read['verdict']}{why}, {read['esp']['verified']:,} ESP packets verified"
