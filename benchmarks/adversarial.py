"""Inputs made to cost time or memory: ``python -m benchmarks.adversarial [NAME ...]`` measures each at n and at 2n.

Time must about double, and memory must stay below a bound that does not depend on n. Every measurement is a process
of its own, which audits a capture file with all rules and writes the text and the JSON report; the time is its
processor time, the memory its peak without what the interpreter and the rules need.
"""

from __future__ import annotations

import argparse
import io
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.attacks import ATTACKS, Attack
from benchmarks.frames import Writer

BOUND = 500
"""Megabytes that no attack may exceed, whatever its size."""

RATIO = 2.6
"""Time at 2n divided by time at n: two, with some room for caches and a busy machine; a square law gives four."""

FLOOR = 0.05
"""Seconds below which a ratio means nothing."""


def measure(capture: Path, keys: Path | None) -> tuple[float, float]:
    """Processor seconds and megabytes of one audit, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.adversarial", "--child", str(capture), *([str(keys)] if keys else [])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    seconds, megabytes = json.loads(done.stdout)
    return seconds, megabytes


def child(capture: str, keys: list[str]) -> None:
    """Audit once and print seconds and megabytes."""
    from analyzer.report import outputs
    from analyzer.report.outputs import Output
    from analyzer.report.renderers import Material
    from analyzer.rule import collect
    from analyzer.run import Options, audit

    rules = collect()
    before, begun = _peak(), time.process_time()
    report = audit([capture], Options(keys=keys, rules=rules))
    material = Material(report=report, show_passes=True)
    for name in ("text", "json"):
        outputs.write(material, [Output(name, None)], io.StringIO())
    print(json.dumps([time.process_time() - begun, _peak() - before]))


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def write(attack: Attack, size: int, folder: Path) -> tuple[Path, Path | None]:
    """The capture of an attack, and its keys if it has any."""
    capture, keys = folder / f"{attack.name}.pcap", None
    with capture.open("wb") as file:
        text = attack.make(Writer(file), size)
    if text:
        keys = folder / f"{attack.name}.toml"
        keys.write_text(text, "utf-8")
        keys.chmod(0o600)
    return capture, keys


def main() -> int:
    """Measure what was asked for; 1 if something grows faster than it may."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("names", nargs="*", metavar="NAME", help="attacks; all unless named")
    options.add_argument("--scale", type=float, default=1.0, help="factor for every n (1)")
    options.add_argument("--child", nargs="+", help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.child:
        child(chosen.child[0], chosen.child[1:])
        return 0
    bad = 0
    fast = Path("/dev/shm")
    print(f"{'attack':28} {'n':>8} {'s':>7} {'s at 2n':>8} {'ratio':>6} {'MB':>6} {'at 2n':>6}")
    for attack in ATTACKS:
        if chosen.names and attack.name not in chosen.names:
            continue
        size = max(1, int(attack.size * chosen.scale))
        with tempfile.TemporaryDirectory(dir=fast if fast.is_dir() else None) as name:
            (first, small), (second, large) = (measure(*write(attack, count, Path(name))) for count in (size, 2 * size))
        ratio = second / max(first, 1e-9)
        wrong = (ratio > RATIO and second > FLOOR) or large > BOUND
        bad += wrong
        print(
            f"{attack.name:28} {size:8,} {first:7.2f} {second:8.2f} {ratio:6.2f} {small:6.0f} {large:6.0f}"
            f"{'  !' if wrong else ''}",
            flush=True,
        )
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
