"""Where the time of an audit goes, stage by stage: `gmaudit check --timing`.

The kernel interrupts the program after every few milliseconds of CPU time, and the innermost function that belongs to a
stage has the time since the interrupt before (`setitimer` of POSIX). So nothing is measured where nobody asks, what is
measured is not slowed down (10 µs a sample), and a call into a library counts for the stage that made it.
"""

from __future__ import annotations

import signal
import time
from pathlib import Path, PurePath
from types import FrameType
from typing import Final, TextIO

INTERVAL: Final = 0.002
"""CPU seconds between two samples; many kernels make 4 ms of it."""

START: Final = "start-up"
READING: Final = "reading and triage"
PACKETS: Final = "packets, fragments, streams"
ESP: Final = "ESP and keys"
SIP: Final = "SIP"
STATE: Final = "state of IMS"
RULES: Final = "rules"
REPORT: Final = "report"
WORKERS: Final = "other processes"

STAGES: Final = (START, READING, PACKETS, ESP, SIP, STATE, RULES, REPORT)

PLACES: Final = {
    "sources": READING,
    "layers": PACKETS,
    "network": PACKETS,
    "ipsec": ESP,
    "keys": ESP,
    "sip": SIP,
    "ims": STATE,
    "engine": STATE,
    "audit": RULES,
    "evidence.py": RULES,
    "proof": RULES,
    "rule.py": RULES,
    "report": REPORT,
    "annotated": REPORT,
    "opinion": REPORT,
    "second.py": REPORT,
}
"""Which stage the modules and packages of `analyzer` belong to; what is not named belongs to that of its caller."""

IMPORTS: Final = "<frozen importlib._bootstrap>"
MODULE: Final = "<module>"
"""What runs when a module is imported, wherever it belongs."""

PACKAGE: Final = Path(__file__).parent.parent


class Timing:
    """Samples of one run, from `begin` to `end`."""

    def __init__(self) -> None:
        self._seconds = dict.fromkeys(STAGES, 0.0)
        self._samples = 0
        self._last = 0.0
        self._stages: dict[str, str | None] = {IMPORTS: START}
        self._wall = self._children = 0.0

    def begin(self) -> None:
        """Begin to take samples; a system without `setitimer` takes none."""
        self._wall, self._children = time.perf_counter(), _children()
        self._last = self._seconds[START] = time.process_time()
        if hasattr(signal, "setitimer"):
            signal.signal(signal.SIGPROF, self._sample)
            signal.setitimer(signal.ITIMER_PROF, INTERVAL, INTERVAL)

    def end(self) -> None:
        """Take no more of them."""
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.signal(signal.SIGPROF, signal.SIG_DFL)
        self._wall, self._children = time.perf_counter() - self._wall, _children() - self._children

    def write(self, stream: TextIO) -> None:
        """A line for each stage: its part of the CPU seconds of the process, with those before the first sample."""
        if not self._samples:
            stream.write(f"CPU time {time.process_time():.2f} s; where it went cannot be told here\n")
            return
        rows = list(self._seconds.items())
        if self._children:
            rows.append((WORKERS, self._children))
        whole = sum(seconds for _, seconds in rows)
        stream.write(f"CPU time {whole:.2f} s, in {self._samples:,} samples; waited {self._wall:.2f} s\n")
        for stage, seconds in rows:
            stream.write(f"  {stage:<28}{seconds:8.2f} s{seconds / whole:7.1%}\n")

    def _sample(self, number: int, frame: FrameType | None) -> None:
        stage = None
        while frame is not None and stage is None:
            name = frame.f_code.co_filename
            if frame.f_code.co_name == MODULE:
                stage = START
            elif name in self._stages:
                stage = self._stages[name]
            else:
                stage = self._stages[name] = stage_of(name)
            frame = frame.f_back
        now = time.process_time()
        self._seconds[stage or START] += now - self._last
        self._last = now
        self._samples += 1


def stage_of(filename: str) -> str | None:
    """The stage of a module, given as its file; None if it is that of whoever calls it."""
    path = PurePath(filename)
    if path.is_relative_to(PACKAGE):
        return PLACES.get(path.relative_to(PACKAGE).parts[0])
    return RULES if "rules" in path.parts[-3:-1] else None


def _children() -> float:
    """CPU seconds of processes that were started and have ended."""
    try:
        from resource import RUSAGE_CHILDREN, getrusage
    except ImportError:  # not a POSIX system
        return 0.0
    used = getrusage(RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
