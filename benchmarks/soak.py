"""An hour of `gmaudit live` on a cable on which phones register, call, register again and leave, without an end.

python -m benchmarks.soak [--minutes 60] [--lives 0.5]     as root; prints memory and drops every minute

The phones are the scripted UE of the tests, with the times that its messages really have. Each has a card and an
address of its own and begins its next life when the last one is over, with other keys, SPIs and ports. Memory is that
of both processes, the audit and its recorder (VmRSS, KiB).
"""

from __future__ import annotations

import argparse
import heapq
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.live.lab import Lab, inside, missing
from tests.scenario import Scenario

PHONES = 24
"""Each with a card of its own."""
SETTLED = 600
"""Seconds after which memory has to be flat."""


def life(number: int) -> Iterator[tuple[float, bytes]]:
    """The frames of one phone, from its registration to its last message, with seconds since the beginning."""
    transport = "tcp" if number % 4 == 3 else "udp"
    scenario = Scenario(seed=f"soak{number}", transport=transport, expires=600, vantage="middle")
    ue = scenario.ue(2 + number % PHONES)
    first = scenario.register(ue=ue)
    scenario.wait(5)
    scenario.request("ue", "MESSAGE", on=first)
    scenario.wait(5)
    scenario.request("pcscf", "MESSAGE", on=first)
    scenario.wait(20)
    second = scenario.register(over=first)
    scenario.wait(3)
    scenario.request("ue", "MESSAGE", on=second)
    scenario.wait(10)
    scenario.deregister(on=second)
    frames = scenario.frames()
    for frame in frames:
        yield (frame.time - frames[0].time) / 1e9, frame.data


def cards() -> str:
    scenario = Scenario()
    for number in range(2, PHONES + 2):
        scenario.ue(number)
    return scenario.subscriber_toml()


def memory(pid: int) -> int:
    """KiB that a process holds; 0 if it is gone."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in text.splitlines() if line.startswith("VmRSS")), 0)


def children(pid: int) -> list[int]:
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--lives", type=float, default=0.5, help="phones that begin each second")
    given = parser.parse_args()
    if why := missing():
        print(why, file=sys.stderr)
        return 2
    lab = Lab()
    folder = Path(tempfile.mkdtemp(prefix="gmaudit-soak-"))
    try:
        return soak(lab, folder, given.minutes * 60, given.lives)
    finally:
        lab.close()
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()


def soak(lab: Lab, folder: Path, seconds: float, lives: float) -> int:
    cable, keys, out = lab.cable(), folder / "keys.toml", folder / "lines.jsonl"
    keys.write_text(cards())
    keys.chmod(0o600)
    command = [sys.executable, "-m", "analyzer", "live", "-i", cable.name, "--keys", str(keys)]
    command += ["--write", str(folder / "w.pcapng"), "--rotate", "20MB", "--keep-files", "2"]
    with inside(lab.listener), out.open("wb") as sink:
        running = subprocess.Popen(command, stdout=sink)
    while not out.stat().st_size:
        time.sleep(0.1)
    began, number, sent = time.monotonic(), 0, 0
    coming: list[tuple[float, int, bytes]] = []
    taken: list[tuple[float, int]] = []
    minute = 0
    while (now := time.monotonic() - began) < seconds and running.poll() is None:
        while number < now * lives:
            for order, (moment, frame) in enumerate(life(number)):
                heapq.heappush(coming, (number / lives + moment, number << 12 | order, frame))
            number += 1
        while coming and coming[0][0] <= now:
            cable.send([(0.0, heapq.heappop(coming)[2])])
            sent += 1
        if now >= minute * 60:
            minute += 1
            held = [memory(pid) for pid in (running.pid, *children(running.pid))]
            taken.append((now, sum(held)))
            print(f"{now / 60:5.1f} min  {sent:9,} frames  {number:6,} phones  {held} KiB", flush=True)
        time.sleep(max(0.001, min(coming[0][0] if coming else now + 0.1, now + 0.1) - now))
    running.send_signal(signal.SIGTERM)
    status = running.wait(timeout=60)
    with out.open("rb") as source:
        *_, last = source
    summary = json.loads(last)
    heard = summary["captures"][0]["frames"]
    print(f"status {status}, verdict {summary['verdict']}, findings {summary['counts']}")
    print(f"sent {sent:,}, heard {heard:,}, dropped {summary['quality']['drops'][0]:,}")
    print(f"ESP {summary['esp']}")
    for notice in summary["notices"]:
        print(f"notice: {notice}")
    late = [held for moment, held in taken if moment >= SETTLED]
    if late:
        print(f"memory after {SETTLED // 60} min: {min(late):,} to {max(late):,} KiB, {max(late) - min(late):,} apart")
    return 0


if __name__ == "__main__":
    os.environ.setdefault("LC_ALL", "C.UTF-8")
    sys.exit(main())
