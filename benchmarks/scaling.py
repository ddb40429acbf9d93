"""µs a packet of signalling as captures grow: in length, in UEs, in registrations of one UE. Draws scaling.svg.

What an audit of next to nothing needs is taken off, so that start-up does not look like work.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import NamedTuple

from benchmarks.chart import Panel, svg
from benchmarks.measure import audit, compiled, recorded
from benchmarks.workloads import A5, Workload

PICTURE = Path(__file__).with_name("scaling.svg")


class Point(NamedTuple):
    """One capture of a series."""

    size: int
    esp: int
    phones: int
    registrations: int


class Series(NamedTuple):
    """What grows, and how much dearer the dearest point may be than the first (and the cheapest, cheaper)."""

    title: str
    across: str
    points: list[Point]
    low: float
    high: float


def series(share: float) -> list[Series]:
    """The series. UEs grow in two: once with as many registrations in all at each point, so that nothing but their own
    number differs, and once with two of each UE, so that these grow with them from one in 100,000 packets to one in 25.
    A registration costs as much as sixty packets: what that one shows is their part, and not that of many UEs."""

    def of(count: int) -> int:
        return max(2_000, round(count * share))

    lengths = [Point(of(n), of(n), 20, 2) for n in (20_000, 65_000, 200_000, 650_000, 2_000_000)]
    crowd = max(100, round(20_000 * share))
    many = [n for n in (5, 40, 300, 2_500) if n < crowd] + [crowd]
    alone = [Point(n, crowd * 50, n, round(crowd * 2 / n)) for n in many]
    phones = [Point(n, crowd * 50, n, 2) for n in many]
    again = [Point(n, of(400_000), 5, n) for n in (1, 3, 10, 30, 100)]
    return [
        Series("length (20 UEs)", "ESP packets", lengths, 0.8, 1.2),
        Series(f"UEs ({crowd * 50:,} packets, {crowd * 2:,} registrations)", "UEs", alone, 0.0, 2.0),
        Series(f"UEs and registrations ({crowd * 50:,} packets)", "UEs, two each", phones, 0.0, 2.0),
        Series(f"registrations of a UE ({of(400_000):,} packets, 5 UEs)", "registrations", again, 0.0, 2.0),
    ]


def scaling(share: float, runs: int, *, draw: bool) -> None:
    """Measure every point, print it, and draw the picture if that is wanted."""
    panels = []
    compiled()
    with tempfile.TemporaryDirectory(prefix="gmaudit-") as name:
        folder = Path(name)
        start = _cost(folder, A5, 8, 1, runs)[0]
        print(f"start-up, taken off: {start:.2f} s")
        for each in series(share):
            print(each.title)
            points: list[tuple[float, float]] = []
            for point in each.points:
                workload = A5._replace(name="scaling", registrations=point.registrations)
                cpu, frames, memory = _cost(folder, workload, point.esp, point.phones, runs)
                points.append((point.size, (cpu - start) / frames * 1e6))
                ratio = points[-1][1] / points[0][1]
                print(
                    f"  {point.size:>9,} {each.across:<13} {frames:>9,} packets  {points[-1][1]:6.2f} µs a packet  "
                    f"{ratio:5.2f} of the first  {memory:4.0f} MB",
                    flush=True,
                )
            met = all(each.low <= y / points[0][1] <= each.high for _, y in points)
            print(f"  asked: {each.low:.1f} to {each.high:.1f} of the first: {'met' if met else 'MISSED'}")
            panels.append(Panel(each.title, each.across, points, (each.low * points[0][1], each.high * points[0][1])))
    if draw:
        size = "" if share == 1 else f", at {share:.3g} of the full size"
        PICTURE.write_text(svg(f"gmaudit: CPU time a packet of signalling{size}", panels), "utf-8")
        print(f"drawn: {PICTURE}")


def _cost(folder: Path, workload: Workload, esp: int, phones: int, runs: int) -> tuple[float, int, float]:
    """CPU seconds (the least of some runs), frames, memory."""
    files = recorded(workload, folder, esp, phones)
    costs = [audit(workload, files, folder / "report.json") for _ in range(runs)]
    return min(cost.cpu for cost in costs), files.frames, max(cost.memory for cost in costs)
