"""A program of its own that hears interfaces and writes what it hears to standard output, as pcapng.

``python -m analyzer.sources.recorder`` is started by `live.py`, so that capturing goes on while the audit computes. Its
queue is bounded: what the reader of its output does not take in time is dropped, counted, and told in the statistics of
the interface (lost by the interface: here; lost by the system: the kernel had no room). It ends when its standard input
ends, with everything that was heard until then; ``keep ADDRESS PORT`` on standard input widens the filter. Standard
error gets one line for everything that the user should know.
"""

from __future__ import annotations

import argparse
import os
import select
import signal
import socket
import sys
import time
from collections import deque
from contextlib import suppress
from ipaddress import ip_address
from typing import Final

from analyzer import pcapng
from analyzer.frame import SECOND
from analyzer.sources.listening import LARGEST, Heard, Listener, NoCapture
from analyzer.sources.split import OURS

QUEUE: Final = 1 << 26
"""Octets that wait for the reader of the output; more are dropped and counted."""
TURN: Final = 256
"""Frames of one interface that are taken before the others have their turn."""
SETTLED: Final = 2_000_000
"""Nanoseconds after which the kernel has put a frame where it can be heard, since it gave it its time."""
WAITING: Final = 4096
"""Frames of several interfaces that wait for one another; when there are more, none does."""
EVERY: Final = 1.0
"""Seconds between two looks at the counters of the kernel and at interfaces that are gone."""
KEPT: Final = 64
"""Addresses with ports by which a filter is widened; beyond, it gives up excluding anything."""
PATIENCE: Final = 2.0
"""Seconds for which the kernel's buffers are emptied once nobody wants more."""
REFUSED: Final = 2


class Ear:
    """One interface, as the output numbers it. It may go down, be removed, and come back."""

    def __init__(self, index: int, name: str, filter: str, promiscuous: bool) -> None:
        self.index, self.name = index, name
        self.filter, self.promiscuous = filter, promiscuous
        self.listener: Listener | None = Listener(name, filter, promiscuous=promiscuous)
        self._number = _number(name)
        self.link = self.listener.link
        self.dropped = 0
        """Frames that the queue had no room for, and one for each time at which nothing could be heard."""
        self.received = self.lost = 0
        """Counters of the listeners before this one."""
        self.told = (-1, -1, -1)

    def counters(self) -> tuple[int, int, int]:
        """Frames received, dropped by the queue, lost by the kernel: since the beginning."""
        if self.listener is None:
            return self.received, self.dropped, self.lost
        self.listener.count()
        return self.received + self.listener.received, self.dropped, self.lost + self.listener.lost

    def down(self, error: OSError) -> None:
        """Nothing can be heard: the interface is down, and will be heard again when it is up."""
        self.dropped += 1
        say(f"{self.name}: cannot be heard ({error.strerror}); what is sent meanwhile is missing")

    def revive(self) -> None:
        """Open an interface again that was removed, as soon as there is one of its name."""
        number = _number(self.name)
        if self.listener is not None and number != self._number:
            self.received, _, self.lost = self.counters()
            self.listener.close()
            self.listener = None
        if self.listener is None and number:
            with suppress(NoCapture):
                found = Listener(self.name, self.filter, promiscuous=self.promiscuous)
                if found.link != self.link:
                    found.close()
                    return
                self.listener, self._number = found, number
                say(f"{self.name}: is heard again")


class Recorder:
    """Hears all, and writes as fast as somebody reads."""

    def __init__(self, ears: list[Ear], output: int, control: int, queue: int = QUEUE) -> None:
        self._ears = ears
        self._output, self._control = output, control
        self._limit = queue
        self._queue: deque[bytes] = deque()
        self._octets = 0
        self._sent = 0
        """Octets of the first block in the queue that are written."""
        self._early: list[tuple[int, int, Heard]] = []
        """Frames that wait for those which another interface may have from before them."""
        self._command = b""
        self._kept: dict[str, None] = {}
        os.set_blocking(output, False)
        for block in (pcapng.section(OURS), *(self._interface(ear) for ear in ears)):
            self._put(block)

    def run(self) -> None:
        """Go on until standard input ends or nobody reads any more."""
        due, last = 0.0, 0.0
        while True:
            heard = self._hear()
            now = time.monotonic()
            if now >= due:
                due = now + EVERY
                self._look()
            if (last and not (heard or self._early)) or 0 < last < now:
                self._end()
                return
            if not self._write():
                return
            wait = 0.0 if heard else SETTLED / SECOND if self._early else due - now
            if not last and self._commanded(wait) and not self._obey():
                last = now + PATIENCE

    def _commanded(self, wait: float) -> bool:
        """Wait until there is something to do; whether it is a command."""
        ears = [ear.listener.fileno() for ear in self._ears if ear.listener is not None]
        outputs = [self._output] if self._queue else []
        ready, _, _ = select.select([self._control, *ears], outputs, [], max(0.0, wait))
        return self._control in ready

    def _hear(self) -> int:
        """Take what the kernel has, every interface in its turn; how many frames that were.

        Several interfaces make one timeline. What came after the first of them was asked, or after the last frame of
        one that has more, waits for the next turn: only then is it sure that there is nothing from before it.
        """
        frames: list[tuple[int, int, Heard]] = []
        now = time.time_ns()
        until = now - SETTLED
        for ear in self._ears:
            listener = ear.listener
            if listener is None:
                continue
            try:
                for _ in range(TURN):
                    found = listener.hear()
                    if found is None:
                        break
                    frames.append((found.time, ear.index, found))
                else:
                    until = min(until, frames[-1][0])
            except OSError as error:
                ear.down(error)
        heard = len(frames)
        if len(self._ears) > 1:
            frames = sorted(self._early + frames, key=lambda each: each[0])
            # Where the clock was set back, nothing waits until it has caught up.
            waiting = [until < each[0] <= now + SECOND for each in frames]
            if sum(waiting) > WAITING:
                waiting = [False] * len(frames)
            self._early = [each for each, waits in zip(frames, waiting, strict=True) if waits]
            frames = [each for each, waits in zip(frames, waiting, strict=True) if not waits]
        self._pass_on(frames)
        return heard

    def _pass_on(self, frames: list[tuple[int, int, Heard]]) -> None:
        for moment, index, found in frames:
            if self._octets > self._limit:
                self._ears[index].dropped += 1
            else:
                self._put(pcapng.packet(index, moment or time.time_ns(), found.data, found.length))

    def _look(self, last: bool = False) -> None:
        """Tell what is lost, if that has changed or nothing more will come; look for what was removed."""
        for ear in self._ears:
            if not last:
                ear.revive()
            found = ear.counters()
            if found == ear.told and not last:
                continue
            ear.told = found
            received, dropped, lost = found
            self._put(
                pcapng.statistics(
                    ear.index, time.time_ns(), received=received, lost_by_interface=dropped, lost_by_system=lost
                )
            )

    def _write(self) -> bool:
        """Write what the pipe takes; False if nobody reads any more."""
        queue = self._queue
        while queue:
            blocks, octets = [queue[0][self._sent :]], len(queue[0]) - self._sent
            for block in queue if octets < 1 << 16 else ():
                if block is not queue[0]:
                    blocks.append(block)
                    octets += len(block)
                    if octets > 1 << 16 or len(blocks) > 64:
                        break
            try:
                written = os.writev(self._output, blocks)
            except BlockingIOError:
                return True
            except BrokenPipeError:
                return False
            self._octets -= written
            written += self._sent
            while queue and written >= len(queue[0]):
                written -= len(queue.popleft())
            self._sent = written
        return True

    def _end(self) -> None:
        """Write all that waits, however long its reader takes."""
        self._pass_on(self._early)
        self._look(True)
        os.set_blocking(self._output, True)
        while self._queue and self._write():
            pass

    def _put(self, block: bytes) -> None:
        self._queue.append(block)
        self._octets += len(block)

    def _obey(self) -> bool:
        """Read commands; False if no more will come."""
        octets = os.read(self._control, 4096)
        *lines, self._command = (self._command + octets).split(b"\n")
        for line in lines:
            words = line.decode("ascii", "replace").split()
            if len(words) == 3 and words[0] == "keep":
                self._keep(words[1], words[2])
        return bool(octets)

    def _keep(self, address: str, port: str) -> None:
        """Let what goes to and from an address and port pass, although its port is among those that are left out."""
        clause = f"(host {ip_address(address)} and port {int(port)})"
        if clause in self._kept:
            return
        self._kept[clause] = None
        if len(self._kept) > KEPT:
            say(f"more than {KEPT} protected ports lie among those that were to be left out: all is heard")
        for ear in self._ears:
            wider = "" if len(self._kept) > KEPT else " or ".join((f"({ear.filter})", *self._kept))
            if ear.listener is not None and ear.filter:
                ear.listener.narrow(wider or "len >= 0")

    @staticmethod
    def _interface(ear: Ear) -> bytes:
        return pcapng.interface(ear.link, LARGEST, name=ear.name, filter=ear.filter)


def say(line: str) -> None:
    """One line for the user."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - this is the output of a program


def main() -> int:
    """Run; 2 if an interface cannot be heard."""
    parser = argparse.ArgumentParser(prog="analyzer.sources.recorder")
    parser.add_argument("interfaces", nargs="+")
    parser.add_argument("--filter", default="")
    parser.add_argument("--queue", type=int, default=QUEUE)
    parser.add_argument("--not-promiscuous", action="store_true")
    given = parser.parse_args()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started it decides when it ends
    try:
        ears = [
            Ear(index, name, given.filter, not given.not_promiscuous) for index, name in enumerate(given.interfaces)
        ]
    except NoCapture as error:
        say(str(error))
        return REFUSED
    Recorder(ears, sys.stdout.fileno(), sys.stdin.fileno(), given.queue).run()
    return 0


def _number(name: str) -> int:
    """The kernel's number of an interface; 0 if there is none, and for all of them together."""
    try:
        return socket.if_nametoindex(name)
    except OSError:
        return 0


if __name__ == "__main__":
    sys.exit(main())
