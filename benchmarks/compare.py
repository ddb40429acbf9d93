"""Runs gmaudit and tshark in turns on the same capture, and prints what each needs beside what is asked.

CPU time (user and system) of whole processes; the ratio is taken pair by pair, since machines drift.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
from pathlib import Path
from typing import NamedTuple

from benchmarks.measure import Cost, audit, compiled, found, made, tshark
from benchmarks.workloads import Made, Workload

HEAD = (
    "workload    packets  gmaudit                          tshark                           tshark / gmaudit         "
    "asked"
)


class Pair(NamedTuple):
    """One turn."""

    ours: Cost
    theirs: Cost | None


class Outcome(NamedTuple):
    """All turns on one workload."""

    workload: Workload
    frames: int
    pairs: list[Pair]

    def ratios(self) -> list[float]:
        """CPU time a packet of tshark in that of gmaudit, the smallest first; none without tshark."""
        read = min(self.workload.tshark_packets or self.frames, self.frames)
        return sorted(
            (pair.theirs.cpu / read) / (pair.ours.cpu / self.frames) for pair in self.pairs if pair.theirs is not None
        )

    def line(self) -> str:
        workload, read = self.workload, min(self.workload.tshark_packets or self.frames, self.frames)
        theirs = [pair.theirs for pair in self.pairs if pair.theirs is not None]
        ratios, memory = self.ratios(), max(pair.ours.memory for pair in self.pairs)
        other = shown(theirs, read) if theirs else "-"
        middle = statistics.median(ratios) if ratios else 0.0
        ratio = f"{middle:.1f} ({ratios[0]:.1f} to {ratios[-1]:.1f})" if ratios else "-"
        asked = []
        if workload.ratio and ratios:
            asked.append(f"{workload.ratio:.3g}: {'met' if middle >= workload.ratio else 'MISSED'}")
        if workload.memory:
            asked.append(f"{workload.memory} MB: {'met' if memory <= workload.memory else 'MISSED'}")
        ours = shown([pair.ours for pair in self.pairs], self.frames)
        return f"{workload.name:<9} {self.frames:>9,}  {ours:<32} {other:<32} {ratio:<24} {', '.join(asked)}".rstrip()


def shown(costs: list[Cost], packets: int) -> str:
    """Microseconds a packet, packets a second, peak memory."""
    cpu = statistics.median(cost.cpu for cost in costs)
    each, rate = cpu / packets * 1e6, packets / cpu
    return f"{each:.3g} µs, {rate:,.0f}/s, {max(cost.memory for cost in costs):.0f} MB"


def compare(workloads: list[Workload], share: float, pairs: int) -> list[Outcome]:
    """Write each workload, measure it, print a line a turn, and a table at the end."""
    if shutil.which("tshark") is None:
        print("tshark is not installed: gmaudit alone is measured")
    compiled()
    outcomes = [_measured(workload, share, pairs) for workload in workloads]
    print(f"\n{HEAD}")
    for outcome in outcomes:
        print(outcome.line())
    if share < 1:
        print(f"{share:.3g} of each workload: start-up weighs more than in the whole, and memory less")
    return outcomes


def _measured(workload: Workload, share: float, pairs: int) -> Outcome:
    with tempfile.TemporaryDirectory(prefix="gmaudit-") as name:
        folder = Path(name)
        files = made(workload, folder, share)
        size = files.capture.stat().st_size / 1e6
        print(f"{workload.name}: {workload.about}; {files.frames:,} packets, {size:,.0f} MB", flush=True)
        outcome = Outcome(workload, files.frames, [])
        for turn in range(pairs):
            outcome.pairs.append(_turn(workload, files, folder / "report.json"))
            if turn == 0:
                print(f"  gmaudit: {found(folder / 'report.json')}")
            pair = outcome.pairs[-1]
            other = f", tshark {pair.theirs.cpu:.2f} s" if pair.theirs else ""
            print(f"  {turn + 1}: gmaudit {pair.ours.cpu:.2f} s{other}", flush=True)
        return outcome


def _turn(workload: Workload, files: Made, report: Path) -> Pair:
    ours = audit(workload, files, report)
    return Pair(ours, tshark(workload, files) if shutil.which("tshark") else None)
