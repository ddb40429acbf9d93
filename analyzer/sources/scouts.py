"""Captures walked over by several processes (`--jobs`), and audited by one, as if there were no others.

Where most packets are none of signalling, walking over them is the work, and each capture can be walked over by itself.
What is found out by the audit decides about some frames, though: those of addresses and ports that it watches. So the
processes (`scout.py`) hand over every frame that may matter, and note the ends of all others; what is left to judge of
a frame is judged here, in the order of time, frame by frame. If the audit comes to watch an end of a frame that was
left out, `missed` says so, and everything is done again by one process. In all other cases the frames that the audit
gets are the same ones, and so is its report.

Frames wait in files of a directory that only the user can read, and that is gone in the end.
"""

from __future__ import annotations

import json
import marshal
import os
import selectors
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from io import FileIO
from pathlib import Path
from typing import Any, Final

from analyzer.frame import SECOND, Frame
from analyzer.sources.processes import command, environment
from analyzer.sources.scout import IN_TURN, SIZE, part
from analyzer.sources.triage import SLACK, Shape, Triage
from analyzer.sources.walker import Summary, UnreadableCapture, Walker, new, reason_for
from analyzer.sources.window import Window

AHEAD: Final = 2
"""Captures for each process whose frames may wait, besides the ones that are being audited."""

MOST: Final = 1 << 26
"""Octets of one capture after which its process waits until no more are left to be read: 200 MB on disk at most."""


class Trail:
    """What was handed over of one capture, read while it is written."""

    taken: int | None = None

    def __init__(self, path: str, capture: int, spool: str, hear: Callable[..., None]) -> None:
        self.path = path
        self.capture = capture
        self.spool = spool
        """How the paths of its parts begin."""
        self.octets = 0
        """How many were written."""
        self.read = 0
        """How many of them were read."""
        self.summary: Summary | None = None
        """What the scout says of the capture, in the end."""
        self.error = ""
        self._hear = hear
        self._file: FileIO | None = None
        self._part = 0

    def readinto1(self, buffer: memoryview, /) -> int:
        """Fill what can be filled at once; 0 at the end. Raises UnreadableCapture."""
        self._hear(0)  # while there is enough to audit nobody waits for the scouts, and one may wait for us
        while self.read == self.octets:
            if self.error:
                raise UnreadableCapture(self.error)
            if self.summary is not None:
                return 0
            self._hear()
        while True:
            if self._file is not None:
                count = self._file.readinto(buffer[: self.octets - self.read]) or 0
                self.read += count
                if count:
                    return count
            self.close()
            self._part += 1
            self._file = FileIO(part(self.spool, self._part))

    def close(self) -> None:
        """Give the octets back that were read."""
        if self._file is not None:
            self._file.close()
            Path(part(self.spool, self._part)).unlink()
            self._file = None


class Scouts:
    """The processes. Captures are given to them in the order in which they will be needed.

    With the audit the last of them would be one more than cores were asked for. So that one works in turn with the
    audit: while that has to wait, or another has nothing to do. Always at work, it took time from the others for frames
    that nobody needed yet, and two jobs needed 0.75 of the time of one for two captures like C instead of 0.62.
    """

    def __init__(self, jobs: int, captures: Sequence[tuple[int, str]], progress: Callable[[int], None] | None) -> None:
        """``captures`` are their indexes and paths."""
        self._progress = progress
        self._folder = tempfile.TemporaryDirectory(prefix="gmaudit-")
        folder = self._folder.name
        self.trails = [Trail(path, capture, f"{folder}/{capture}", self._hear) for capture, path in captures]
        self._given = self._opened = 0
        self._missed = False
        self._in_turn = jobs - 1
        """Which of the processes works in turn with the audit."""
        self._waiting: set[int] = set()
        """Who waits to be let on."""
        self._read: dict[int, int] = {}
        self._begun: dict[int, bytes] = {}
        """Answers of which the end is not there yet, by process."""
        self._at_work: dict[int, Trail | None] = {}
        self._selector = selectors.DefaultSelector()
        self._processes: list[subprocess.Popen[bytes]] = []
        try:
            for number in range(min(jobs, len(captures))):
                self._start(in_turn=number == self._in_turn)
            self._give()
        except BaseException:
            self.close()
            raise

    def open(self, number: int) -> Trail:
        """The frames of a capture, the ``number``-th to be needed."""
        self._opened = max(self._opened, number + 1)
        self._give()
        return self.trails[number]

    def missed(self, pairs: Iterable[bytes]) -> bool:
        """Whether a frame of these addresses and ports was left out. To be asked when all frames are there."""
        watched = {"watched": [pair.hex() for pair in pairs]}
        for number in range(len(self._processes)):
            self._order(number, watched)
        while self._at_work:
            self._hear()
        return self._missed

    def close(self) -> None:
        """End the processes and forget what waits."""
        for process in self._processes:
            process.kill()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    with suppress(OSError):  # what was not taken any more is written again here
                        stream.close()
            process.wait()
        self._selector.close()
        self._folder.cleanup()

    def _start(self, *, in_turn: bool) -> None:
        process = subprocess.Popen(
            command("analyzer.sources.scout") + [IN_TURN] * in_turn,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment(),
        )
        assert process.stdout is not None
        self._selector.register(process.stdout, selectors.EVENT_READ, len(self._processes))
        self._processes.append(process)

    def _give(self) -> None:
        """Give captures to those who have none."""
        for number in range(len(self._processes)):
            most = min(len(self.trails), self._opened + AHEAD * len(self._processes))
            if number not in self._at_work and self._given < most:
                trail = self.trails[self._given]
                self._given += 1
                self._at_work[number] = trail
                self._order(number, {"read": trail.path, "as": trail.capture, "into": trail.spool, "most": MOST})

    def _order(self, number: int, order: dict[str, Any]) -> None:
        self._at_work.setdefault(number, None)
        stream = self._processes[number].stdin
        assert stream is not None
        try:
            stream.write(json.dumps(order).encode() + b"\n")
            stream.flush()
        except OSError:
            raise self._gone(number) from None

    def _hear(self, timeout: float | None = None) -> None:
        """Wait for answers, and note them."""
        self._let(starving=timeout is None)
        for key, _ in self._selector.select(timeout):
            octets = os.read(key.fd, 1 << 16)
            if not octets:
                raise self._gone(key.data)
            *lines, self._begun[key.data] = (self._begun.get(key.data, b"") + octets).split(b"\n")
            for line in lines:
                self._note(key.data, self._at_work[key.data], json.loads(line))

    def _let(self, *, starving: bool) -> None:
        """Let those on who wait, as far as their turn has come and not too much waits of what they wrote."""
        if not self._waiting:
            return
        idle = len(self._at_work) < len(self._processes)
        stuck = starving and len(self._waiting) == len(self._at_work)  # the audit needs what none of them has
        for number in tuple(self._waiting):
            trail = self._at_work[number]
            assert trail is not None
            free = number != self._in_turn or idle
            if stuck or (trail.octets - trail.read <= MOST and (free or starving)):
                self._waiting.remove(number)
                self._order(number, {"turns": not free})

    def _gone(self, number: int) -> UnreadableCapture:
        trail = self._at_work.get(number)
        return UnreadableCapture(f"{trail.path if trail else '--jobs'}: the process for it has ended; leave out --jobs")

    def _note(self, number: int, trail: Trail | None, answer: dict[str, Any]) -> None:
        if "missed" in answer:
            self._missed |= answer["missed"]
            del self._at_work[number]
        elif "waits" in answer:
            self._waiting.add(number)
        elif trail is not None and "octets" in answer:
            trail.octets = answer["octets"]
            if self._progress is not None:
                self._progress(answer["read"] - self._read.get(number, 0))
            self._read[number] = answer["read"]
        elif trail is not None:
            if "summary" in answer:
                trail.summary = Summary(**answer["summary"])
            else:
                trail.error = answer["error"]
            self._read[number] = 0
            del self._at_work[number]
            self._give()


class ScoutedWalker(Walker):
    """The frames of a capture over which a scout has walked, judged as far as that is left to do."""

    def __init__(self, trail: Trail, capture: int, triage: Triage, summary: Summary) -> None:
        super().__init__(Window(trail), capture, triage, summary)
        self._trail = trail
        self._sieve = triage.sieve()
        self._shapes: dict[int, Shape] = {}

    def frames(self) -> Iterator[Frame | None]:
        """The frames that are kept, and None whenever another capture's turn has come."""
        strangers, dismissed = self._triage.strangers.last, self._sieve.dismissed
        seen = kept = previous = 0
        for batch in self._batches():
            seen += len(batch[0])
            for left, frame in zip(*batch, strict=True):
                _, _, time, link, data, length = frame
                while time > self.limit:
                    self.reached = time
                    yield None
                if left is not True:
                    if left is False:
                        if not self._keeps(link, data):
                            continue
                    elif strangers and dismissed(left[:-4], left[-4:], time // SECOND):
                        continue
                kept += 1
                if time < previous:
                    self._earlier(time, previous)
                previous = time
                if length > len(data):
                    self._cut(len(data))
                yield new(Frame, frame)
        self._conclude(kept + self._sieve.count, seen)

    def _batches(self) -> Iterator[Any]:
        """What the scout has written, piece by piece."""
        window, start = self._window, 0
        while True:
            after = start + SIZE.size
            if after <= window.end:
                after += SIZE.unpack_from(window.buffer, start)[0]
            if after <= window.end:
                yield marshal.loads(window.view[start + SIZE.size : after])
                start = after
            elif window.more(start):
                start = 0
            else:
                break
        if window.failure:
            raise UnreadableCapture(f"{self._summary.path}: {window.failure}")

    def _keeps(self, link: int, data: bytes) -> bool:
        shape = self._shapes.get(link)
        if shape is None:
            shape = self._shapes[link] = self._triage.shape(link)
        return shape.keeps(data + bytes(SLACK), 0, len(data))

    def _conclude(self, kept: int, seen: int) -> None:
        """Put together what the scout says of the capture and what was seen here."""
        mine, theirs = self._summary, self._trail.summary
        assert theirs is not None
        for name in ("frames", "first", "last", "drops", "until", "timeless"):
            setattr(mine, name, getattr(theirs, name))
        mine.notices += theirs.notices
        mine.skipped = theirs.skipped
        if seen > kept:
            reason = reason_for(0, True)
            mine.skipped[reason] = mine.skipped.get(reason, 0) + seen - kept
        self._triage.dropped += mine.frames - kept
