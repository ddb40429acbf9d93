"""Captures walked over by several processes (`--jobs`), and audited by one, as if there were no others.

Where most packets are none of signalling, walking over them is the work, and each capture can be walked over by itself.
What is found out by the audit decides about some frames, though: those of addresses and ports that it watches. So the
processes (`scout.py`) hand over every frame that may matter, and note the ends of all others; triage then judges what
was handed over, in the order of time, frame by frame, as it does without them. If the audit comes to watch an end of
a frame that was left out, `missed` says so, and everything is done again by one process. In all other cases the frames
that the audit gets are the same ones, and so is its report.

Frames wait in files of a directory that only the user can read, and that is gone in the end.
"""

from __future__ import annotations

import json
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
from analyzer.sources.proofs import CERTAIN, LATE, MORE, Judge, Records
from analyzer.sources.scout import HEADER
from analyzer.sources.strangers import Sieve
from analyzer.sources.triage import Triage
from analyzer.sources.walker import FOREVER, Summary, UnreadableCapture, Walker, new, reason_for
from analyzer.sources.window import Window

AHEAD: Final = 2
"""Captures for each process whose frames may wait, besides the ones that are being audited."""


class Trail:
    """What was handed over of one capture, read while it is written."""

    taken: int | None = None

    def __init__(self, path: str, spool: Path, wait: Callable[[], None]) -> None:
        self.path = path
        self.spool = spool
        self.octets = 0
        """How many are there."""
        self.summary: Summary | None = None
        """What the scout says of the capture, in the end."""
        self.error = ""
        self._wait = wait
        self._file: FileIO | None = None
        self._at = 0

    def readinto1(self, buffer: memoryview, /) -> int:
        """Fill what can be filled at once; 0 at the end. Raises UnreadableCapture."""
        while self._at == self.octets:
            if self.error:
                raise UnreadableCapture(self.error)
            if self.summary is not None:
                return 0
            self._wait()
        if self._file is None:
            self._file = FileIO(self.spool)
        count = self._file.readinto(buffer[: self.octets - self._at]) or 0
        self._at += count
        return count

    def close(self) -> None:
        """Give the octets back."""
        if self._file is not None:
            self._file.close()
        self.spool.unlink(missing_ok=True)


class Scouts:
    """The processes. Captures are given to them in the order in which they will be needed."""

    def __init__(self, jobs: int, paths: Sequence[str], progress: Callable[[int], None] | None) -> None:
        self._progress = progress
        self._folder = tempfile.TemporaryDirectory(prefix="gmaudit-")
        folder = Path(self._folder.name)
        self.trails = [Trail(path, folder / str(number), self._hear) for number, path in enumerate(paths)]
        self._given = self._opened = 0
        self._missed = False
        self._read: dict[int, int] = {}
        self._begun: dict[int, bytes] = {}
        """Answers of which the end is not there yet, by process."""
        self._at_work: dict[int, Trail | None] = {}
        self._selector = selectors.DefaultSelector()
        self._processes: list[subprocess.Popen[bytes]] = []
        try:
            for _ in range(min(jobs, len(paths))):
                self._start()
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
        watched = json.dumps({"watched": [pair.hex() for pair in pairs]}).encode() + b"\n"
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

    def _start(self) -> None:
        process = subprocess.Popen(
            command("analyzer.sources.scout"),
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
                self._order(number, json.dumps({"read": trail.path, "into": str(trail.spool)}).encode() + b"\n")

    def _order(self, number: int, line: bytes) -> None:
        self._at_work.setdefault(number, None)
        stream = self._processes[number].stdin
        assert stream is not None
        try:
            stream.write(line)
            stream.flush()
        except OSError:
            raise self._gone(number) from None

    def _hear(self) -> None:
        """Wait for answers, and note them."""
        for key, _ in self._selector.select():
            octets = os.read(key.fd, 1 << 16)
            if not octets:
                raise self._gone(key.data)
            *lines, self._begun[key.data] = (self._begun.get(key.data, b"") + octets).split(b"\n")
            for line in lines:
                self._note(key.data, self._at_work[key.data], json.loads(line))

    def _gone(self, number: int) -> UnreadableCapture:
        trail = self._at_work.get(number)
        return UnreadableCapture(f"{trail.path if trail else '--jobs'}: the process for it has ended; leave out --jobs")

    def _note(self, number: int, trail: Trail | None, answer: dict[str, Any]) -> None:
        if "missed" in answer:
            self._missed |= answer["missed"]
            del self._at_work[number]
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
    """The frames of a capture over which a scout has walked, judged once more."""

    def __init__(self, trail: Trail, capture: int, triage: Triage, summary: Summary) -> None:
        super().__init__(Window(trail), capture, triage, summary)
        self._trail = trail
        self._sieve = Sieve(triage.strangers)
        self._judges: dict[int, Judge] = {}

    def frames(self) -> Iterator[Frame | None]:
        """The frames that are kept, and None whenever another capture's turn has come."""
        window, capture, fields, size_of_header = self._window, self._capture, HEADER.unpack_from, HEADER.size
        start = after = seen = kept = previous = 0
        while True:
            buffer, view, end = window.buffer, window.view, window.end
            while after + size_of_header <= end:
                _, _, _, link, _, _ = fields(buffer, after)
                judge = self._judges.get(link) or self._judge(link)
                walk = judge.walk(bounded=self.limit < FOREVER)
                start, after, seen, why = walk(buffer, view, start, after, end, seen, self.limit, link)
                if why == MORE:
                    if after + size_of_header > end or after + size_of_header + fields(buffer, after)[5] > end:
                        break
                    continue  # of another link type
                if why == LATE:
                    _, seconds, fraction, _, _, _ = fields(buffer, after)
                    self.reached = seconds * SECOND + fraction
                    yield None
                    continue
                begin = start + size_of_header
                if why != CERTAIN and judge.turn(buffer, begin, after):
                    after = start
                    continue
                seen += 1
                if why != CERTAIN and not judge.shape.keeps(buffer, begin, after):
                    continue
                kept += 1
                number, seconds, fraction, link, length, size = fields(buffer, start)
                time = seconds * SECOND + fraction
                if time < previous:
                    self._earlier(time, previous)
                previous = time
                if length > size:
                    self._cut(size)
                yield new(Frame, (capture, number, time, link, view[begin:after].tobytes(), length))
            if not window.more(after):
                break
            after = 0
        if window.failure:
            raise UnreadableCapture(f"{self._summary.path}: {window.failure}")
        self._conclude(kept + self._sieve.count, seen)

    def _judge(self, link: int) -> Judge:
        judge = self._judges[link] = Judge(self._triage, _RECORDS, link, self._sieve)
        return judge

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


_RECORDS: Final = Records(
    order="<",
    data=HEADER.size,
    plain=("20xI4xI", "link, size"),
    bounded=("8xQII4xI", "seconds, fraction, link, size"),
    following=f"after + {HEADER.size} + size",
    stop="following > end or link != chosen",
    late=f"seconds * {SECOND} + fraction > limit",
    close="after",
    clock="8xQI",
    parameters=", chosen",
)
