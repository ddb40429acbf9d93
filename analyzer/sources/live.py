"""A capture while it is made: the frames of interfaces or of a pipe, and a tick whenever nothing comes.

Interfaces are heard by a process of its own (`recorder.py`), whose output is read like any other pipe, so that a live
run and the audit of a file have all in common, down to the numbers of the frames.
"""

from __future__ import annotations

import io
import os
import select
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from threading import Event
from typing import Any, Final

from analyzer.frame import Frame
from analyzer.sources.clock import WireClock
from analyzer.sources.inputs import STDIN, Input, standard_input
from analyzer.sources.kinds import recognise
from analyzer.sources.processes import command, environment
from analyzer.sources.triage import Triage
from analyzer.sources.walker import Lost, Summary, UnreadableCapture, Walker
from analyzer.sources.window import Stream, Window

PERIOD: Final = 0.1
"""Seconds between two ticks."""
PIPE: Final = 1 << 20
"""Octets that the pipe from the recorder holds; what it has no room for waits in the recorder's own queue."""
GRACE: Final = 0.5
"""Seconds for which a pipe may still bring something once nobody wants more."""
NOTES: Final = 100
"""Lines of the recorder that are kept."""


class Live:
    """A capture that is being made. To be iterated once; `stop` ends it, with all that was sent until then."""

    def __init__(
        self,
        interfaces: Sequence[str],
        triage: Triage,
        *,
        filter: str = "",
        queue: int | None = None,
        hearing: Callable[[], None] = lambda: None,
        tick: Callable[[], None] = lambda: None,
        tee: Callable[[memoryview], None] | None = None,
    ) -> None:
        """Hear these interfaces, or read standard input if there are none.

        ``hearing`` is called when nothing is missed any more, before the first frame; ``tick`` every `PERIOD` seconds,
        never while a frame is looked at; ``tee`` with the octets of the capture as they come. Raises UnreadableCapture
        if standard input is none.
        """
        self.summary = Summary("+".join(interfaces) or STDIN)
        self.clock = WireClock()
        self.notes: list[str] = []
        """What the recorder told."""
        self.stopped = False
        self.hears = Event()
        """From now on nothing is missed."""
        self._recorder = _start(interfaces, filter, queue) if interfaces else None
        self._file = _Patient(self._recorder.stdout if self._recorder else standard_input(), self, tick)
        self._triage = triage
        self._hearing = hearing
        self._walker: Walker | None = None
        self._tee = tee

    def __iter__(self) -> Iterator[Frame]:
        """The frames that triage keeps, as they come. Raises UnreadableCapture, which says why nothing can be heard."""
        try:
            yield from self._frames()
        finally:
            self.hears.set()
            self.close()
            self.summary.notices += self.notes

    @property
    def lost(self) -> Lost:
        """What the recorder lost so far: by the interface means by its queue."""
        return Lost() if self._walker is None else self._walker.lost

    def stop(self) -> None:
        """Hear nothing more; what was heard comes yet."""
        self.stopped = True
        if self._recorder is not None and self._recorder.stdin is not None:
            with suppress(OSError):
                self._recorder.stdin.close()

    def keep(self, address: str, port: int) -> None:
        """Let the filter pass what goes to and from this address and port."""
        if self._recorder is not None and self._recorder.stdin is not None and not self.stopped:
            with suppress(OSError):
                os.write(self._recorder.stdin.fileno(), f"keep {address} {port}\n".encode())

    def close(self) -> None:
        """Hear nothing more, and end the process that records."""
        self.stop()
        if self._recorder is not None:
            if self._recorder.stdout is not None:
                self._recorder.stdout.close()
            try:
                self._recorder.wait(timeout=5)
            except subprocess.TimeoutExpired:
                self._recorder.kill()
                self._recorder.wait()
            self.listen()
            if self._recorder.stderr is not None:
                self._recorder.stderr.close()

    def listen(self) -> None:
        """Take what the recorder told."""
        if self._recorder is None or self._recorder.stderr is None or self._recorder.stderr.closed:
            return
        while octets := _at_once(self._recorder.stderr.fileno()):
            for line in octets.decode("utf-8", "replace").splitlines():
                if len(self.notes) < NOTES and line not in self.notes:
                    self.notes.append(line)

    def _frames(self) -> Iterator[Frame]:
        try:
            stream: Stream = Input(self.summary.path, file=self._file)
            self._walker = walker = recognise(
                Window(_Tee(stream, self._tee) if self._tee else stream), 0, self._triage, self.summary
            )
        except UnreadableCapture:
            if self._recorder is not None and self._recorder.wait() and not self.stopped:
                self.listen()
                reason = self.notes.pop() if self.notes else "the recorder could not be started"
                raise UnreadableCapture(reason) from None
            if self.stopped and not self._file.count:
                return  # nothing came, and nothing is to come
            raise
        self.hears.set()
        self._hearing()
        file, clock = self._file, self.clock
        for frame in walker.frames():
            assert frame is not None  # no other capture has a turn
            if file.fresh:
                file.fresh = False
                clock.heard(frame.time)
            yield frame
        if self._recorder is not None and not self.stopped and self._recorder.wait():
            self.listen()
            self.notes.append("the recorder ended by itself; what was sent later is missing")


class _Patient(io.RawIOBase):
    """A pipe, read as its octets come; a tick while there are none."""

    def __init__(self, file: Any, live: Live, tick: Callable[[], None]) -> None:
        self._file = file
        self._descriptor: int = file.fileno()
        self._live = live
        self._tick = tick
        self._due = 0.0
        self._end: float | None = None
        self.count = 0
        """Octets that were read."""
        self.fresh = False
        """Something came since the last frame was looked at."""

    def readinto(self, buffer: Any, /) -> int:
        """Wait for octets; 0 if no more will come."""
        live = self._live
        while True:
            now = time.monotonic()
            if now >= self._due:
                self._due = now + PERIOD
                live.listen()
                self._tick()
            if live.stopped and live._recorder is None:
                # Whoever writes the pipe gets the same signal, most likely, and has something to write yet
                self._end = self._end or now + GRACE
                if now >= self._end:
                    return 0
            ready, _, _ = select.select([self._descriptor], [], [], max(0.0, min(PERIOD, self._due - now)))
            if ready:
                with suppress(BlockingIOError):
                    count = os.readv(self._descriptor, [buffer])
                    self.count += count
                    self.fresh = True
                    return count


class _Tee:
    """A stream whose octets another gets as well."""

    def __init__(self, stream: Stream, tee: Callable[[memoryview], None]) -> None:
        self._stream = stream
        self._tee = tee

    @property
    def taken(self) -> int | None:
        return self._stream.taken

    def readinto1(self, buffer: memoryview, /) -> int:
        count = self._stream.readinto1(buffer)
        if count:
            self._tee(buffer[:count])
        return count

    def close(self) -> None:
        self._stream.close()


def _start(interfaces: Sequence[str], filter: str, queue: int | None) -> subprocess.Popen[bytes]:
    """The recorder, out of reach of the terminal's Ctrl-C: whoever started it says when it ends."""
    words = [*command("analyzer.sources.recorder", "-W", "ignore"), "--filter", filter]
    if queue is not None:
        words += ["--queue", str(queue)]
    started = subprocess.Popen(
        [*words, "--", *interfaces],
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        bufsize=0,
    )
    assert started.stdout is not None and started.stderr is not None
    with suppress(OSError, AttributeError):
        import fcntl

        fcntl.fcntl(started.stdout.fileno(), fcntl.F_SETPIPE_SZ, PIPE)
    os.set_blocking(started.stderr.fileno(), False)
    return started


def _at_once(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 1 << 16)
    except OSError:
        return b""
