"""How much `gmaudit live` keeps up with: signalling, and ten times as many packets that the kernel's filter drops.

python -m benchmarks.live [--rate 20000] [--others 200000] [--seconds 10]     as root

The signalling is the workload A (2,000 UEs, 16,000 associations), sent over a cable between two network namespaces; the
others are UDP to ports that ``--bulk`` names. Says what was really sent, heard and dropped, and what it cost.
"""

from __future__ import annotations

import argparse
import json
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.soak import children, memory
from benchmarks.workloads import WORKLOADS, write
from tests.live.lab import Cable, Lab, frames_of, inside, missing
from tests.live.test_disturbed import filler

TURN = 0.002
"""Seconds between two bursts of the sender."""


def cpu(pid: int) -> float:
    """Seconds of processor time that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def send(cable: Cable, frames: list[bytes], rate: int, others: int, seconds: float) -> tuple[int, int, float]:
    """Send both kinds in short bursts; how many of each, and how long it took."""
    out, [(_, bulk)] = cable.raw, filler(1, 172)
    began, signalling, dropped = time.monotonic(), 0, 0
    while (now := time.monotonic() - began) < seconds and signalling < len(frames):
        due = min(len(frames), int(now * rate))
        for frame in frames[signalling:due]:
            out.send(frame)
        signalling = max(signalling, due)
        for _ in range(int(now * others) - dropped):
            out.send(bulk)
        dropped = max(dropped, int(now * others))
        time.sleep(max(0.0, TURN - (time.monotonic() - began - now)))
    return signalling, dropped, time.monotonic() - began


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=int, default=20_000)
    parser.add_argument("--others", type=int, default=200_000)
    parser.add_argument("--seconds", type=float, default=10.0)
    given = parser.parse_args()
    if why := missing():
        print(why, file=sys.stderr)
        return 2
    lab = Lab()
    try:
        with tempfile.TemporaryDirectory(prefix="gmaudit-live-") as folder:
            return measure(lab, Path(folder), given.rate, given.others, given.seconds)
    finally:
        lab.close()


def measure(lab: Lab, folder: Path, rate: int, others: int, seconds: float) -> int:
    share = min(1.0, rate * seconds / WORKLOADS["A"].esp)
    made = write(WORKLOADS["A"], folder, share)
    frames, out, cable = [frame for _, frame in frames_of(made.capture)], folder / "lines.jsonl", lab.cable()
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "analyzer", "live", "-i", cable.name, "--keys", str(made.keys), "--bulk", "9"]
    with inside(lab.listener), out.open("wb") as sink:
        running = subprocess.Popen(command, stdout=sink)
    while not out.stat().st_size:
        time.sleep(0.1)
    pids = [running.pid, *children(running.pid)]
    before = [cpu(pid) for pid in pids]
    signalling, bulk, took = send(cable, frames, rate, others, seconds)
    time.sleep(1.0)
    costs = [cpu(pid) - one for pid, one in zip(pids, before, strict=True)]
    held = [memory(pid) for pid in pids]
    running.send_signal(signal.SIGTERM)
    ended = time.monotonic()
    status = running.wait(timeout=120)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    finished = time.monotonic() - ended
    with out.open("rb") as source:
        *_, last = source
    summary = json.loads(last)
    heard, lost = summary["captures"][0]["frames"], summary["quality"]["drops"][0]
    print(f"sent      {signalling:,} of signalling and {bulk:,} others in {took:.2f} s: "
          f"{signalling / took:,.0f} and {bulk / took:,.0f} a second")  # fmt: skip
    filtered = bulk + signalling - heard - lost
    print(f"heard     {heard:,}; lost {lost:,} (kernel and queue); left out by the filter {filtered:,}")
    for notice in summary["captures"][0]["notices"]:
        print(f"          {notice}")
    print(f"ESP       {summary['esp']}, findings {summary['counts']}, status {status}")
    print(f"processor audit {costs[0]:.2f} s, recorder {sum(costs[1:]):.2f} s in the {took:.2f} s; memory {held} KiB")
    whole = used.ru_utime + used.ru_stime - spent.ru_utime - spent.ru_stime
    each = whole / heard * 1e6
    print(f"finished  {finished:.2f} s after the end; {whole:.2f} s of processor time in all, {each:.1f} us a frame")
    return 0


if __name__ == "__main__":
    sys.exit(main())
