"""What `--jobs` is worth: two rotated captures, one process or several, by the clock on the wall.

Traffic like C, where walking over the packets is the work, and like A5, where it is not.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.measure import ROOT, compiled, recorded, run
from benchmarks.workloads import A5, C, Made, Workload

ASKED = 0.65
"""Wall time of two jobs in that of one, at most, on traffic like C with two idle cores."""

HEADER = 24
RECORD = 16


def jobs(share: float, pairs: int) -> None:
    """Measure one and two jobs in turns, and print the ratio."""
    compiled()
    print(f"{os.cpu_count()} cores, {os.getloadavg()[0]:.1f} at work before: the ratio means something on idle ones")
    for workload, asked in ((C, f"asked: {ASKED}"), (A5, "nothing is asked")):
        with tempfile.TemporaryDirectory(prefix="gmaudit-") as name:
            folder = Path(name)
            esp = max(1, round(workload.esp * 2 * share))
            made = recorded(workload, folder, esp, workload.phones)
            halves = split(made.capture)
            size = sum(half.stat().st_size for half in halves) / 1e6
            print(f"two captures like {workload.name}: {made.frames:,} packets, {size:,.0f} MB")
            ratios = [_turn(workload, made, halves, folder) for _ in range(pairs)]
            print(f"  two jobs in the time of one: {statistics.median(ratios):.2f} ({asked})", flush=True)


def split(capture: Path) -> list[Path]:
    """Two captures with half of the octets each, instead of one."""
    octets = capture.stat().st_size
    halves = [capture.with_name(f"{half}.pcap") for half in ("first", "second")]
    with capture.open("rb") as source:
        head = source.read(HEADER)
        for half, until in zip(halves, (octets // 2, octets), strict=True):
            with half.open("wb") as target:
                target.write(head)
                while source.tell() < until:
                    record = source.read(RECORD)
                    target.write(record + source.read(int.from_bytes(record[8:12], "little")))
    capture.unlink()
    return halves


def _turn(workload: Workload, made: Made, halves: list[Path], folder: Path) -> float:
    walls = []
    reports = []
    for count in (1, 2):
        report = folder / f"{count}.json"
        command = [sys.executable, "-m", "analyzer", "check", "--fail-on", "never", "--profile", workload.profile]
        command += ["--keys", str(made.keys), "--format", "json", "--output", str(report), "--jobs", str(count)]
        begun = time.perf_counter()
        cost = run([*command, *map(str, halves)], {"PYTHONPATH": str(ROOT)})
        walls.append(time.perf_counter() - begun)
        reports.append(report.read_bytes())
        print(f"  jobs {count}: {walls[-1]:.2f} s, of all cores {cost.cpu:.2f} s, {cost.memory:.0f} MB", flush=True)
    if reports[0] != reports[1]:
        raise AssertionError("the two reports differ")
    return walls[1] / walls[0]
