"""Compares gmaudit with tshark on the same capture, in turns: `python -m benchmarks [--packets N] [--phones N]`.

CPU time (user and system) of whole processes; the ratio is taken pair by pair, since machines drift.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.workload import write


def cpu(command: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--packets", type=int, default=40_000, help="ESP packets")
    options.add_argument("--phones", type=int, default=5, help="UEs; each registers twice")
    options.add_argument("--runs", type=int, default=3)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        capture, keys, wireshark = write(folder, chosen.packets, chosen.phones)
        print(f"{chosen.packets} ESP packets, {chosen.phones} UEs, {capture.stat().st_size / 1e6:.0f} MB")
        ours = [sys.executable, "-m", "analyzer", "check", "--fail-on", "never", "--keys", str(keys), str(capture)]
        shown = subprocess.run([*ours, "--format", "json"], capture_output=True, text=True, check=True)
        print("verdict:", next(line.strip() for line in shown.stdout.splitlines() if '"verdict"' in line))
        theirs = []
        if shutil.which("tshark"):
            theirs = ["tshark", "-q", "-z", "sip,stat", "-r", str(capture), "-o", "esp.enable_encryption_decode:TRUE"]
            theirs += ["-o", "esp.enable_authentication_check:TRUE"]
            for line in wireshark.read_text("utf-8").splitlines():
                theirs += ["-o", f"uat:esp_sa:{line}"]
        pairs = []
        for turn in range(chosen.runs):
            mine = cpu(ours)
            other = cpu(theirs) if theirs else float("nan")
            pairs.append((mine, other))
            print(
                f"run {turn + 1}: gmaudit {mine:.2f} s ({mine / chosen.packets * 1e6:.1f} µs a packet), "
                f"tshark {other:.2f} s ({other / chosen.packets * 1e6:.1f} µs), ratio {other / mine:.2f}"
            )
        ratios = sorted(other / mine for mine, other in pairs)
        print(f"ratio: median {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})")


if __name__ == "__main__":
    os.environ.setdefault("LC_ALL", "C.UTF-8")
    main()
