"""Many captures as one timeline: files, directories, pipes and standard input; pcap and pcapng, compressed or not.

A file is opened when it is named, so that errors come early, and opened again when the timeline reaches it, so that a
thousand rotated files need one buffer and not a thousand. Within a file the order of the frames is the file's own, also
where their times go back: what a recorder wrote first it had first, whatever its clock said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from errno import EMFILE
from heapq import heapify, heappop, heapreplace
from typing import TYPE_CHECKING, Final

from analyzer.frame import Frame
from analyzer.sources.inputs import Input, no_access, size_of
from analyzer.sources.kinds import recognise
from analyzer.sources.naming import Naming
from analyzer.sources.triage import Triage
from analyzer.sources.walker import FOREVER, NEVER, Summary, UnreadableCapture
from analyzer.sources.window import BLOCK, Window

if TYPE_CHECKING:
    from analyzer.sources.scouts import Scouts, Trail

__all__ = ["Captures", "Summary", "UnreadableCapture"]

PEEK: Final = 1 << 16
"""Octets of the buffer in which a file is opened for the first time, and the least there is for a file."""

BUFFERS: Final = 1 << 26
"""Octets of the buffers of all files that may be open at once, unless the least for each makes it more."""


class _Reader:
    """A capture that is open: its octets, its walker and the frames that come out."""

    __slots__ = ("_input", "frames", "walker")

    def __init__(
        self,
        capture: int,
        triage: Triage,
        summary: Summary,
        *,
        progress: Callable[[int], None] | None = None,
        capacity: int = BLOCK,
    ) -> None:
        """Raises UnreadableCapture if this is none."""
        try:
            self._input = Input(summary.path, progress)
        except OSError as error:
            if error.errno == EMFILE:
                raise UnreadableCapture(
                    f"{summary.path}: too many captures hold the same moment and must be open at once; "
                    "allow more open files (ulimit -n 65536), or merge some with mergecap first"
                ) from None
            raise no_access(summary.path, error) from None
        try:
            self.walker = recognise(Window(self._input, capacity), capture, triage, summary)
        except BaseException:
            self._input.close()
            raise
        self.frames = self.walker.frames()

    def first(self) -> int | None:
        """The time of the first frame, which is not judged yet; None if there is none."""
        self.walker.limit = NEVER
        return self.walker.reached if next(self.frames, self) is None else None

    def close(self) -> None:
        self._input.close()


class _Scouted:
    """A capture over which another process walks."""

    __slots__ = ("_trail", "frames", "walker")

    def __init__(self, trail: Trail, capture: int, triage: Triage, summary: Summary) -> None:
        from analyzer.sources.scouts import ScoutedWalker

        self._trail = trail
        self.walker = ScoutedWalker(trail, capture, triage, summary)
        self.frames = self.walker.frames()

    def close(self) -> None:
        self._trail.close()


class Captures:
    """The frames of many captures that can matter, in the order of their times. To be iterated once.

    Triage has seen every frame before it is asked about the next, also where the two are in different captures.
    """

    def __init__(
        self,
        paths: Sequence[str],
        triage: Triage,
        *,
        progress: Callable[[int], None] | None = None,
        jobs: int = 1,
    ) -> None:
        """Open files, the captures below directories, what fits a pattern, and standard input for ``-``.

        ``progress`` is called with the number of octets read since the last call. Raises UnreadableCapture if one of
        the paths is no capture, or a directory without any. A pipe is waited for until its first frame is there.
        With more than one of ``jobs`` other processes walk over the captures, which must be files then.
        """
        self.summaries: list[Summary] = []
        """What there is to tell about each capture; complete when iteration has ended."""
        self.size: int | None = 0
        """Octets of all files together, as ``progress`` counts them; None if a pipe is among them."""
        self._triage = triage
        self._progress = progress
        self._open: dict[int, _Reader | _Scouted] = {}
        self._jobs = jobs
        self._scouts: Scouts | None = None
        self._turns: dict[int, int] = {}
        self.missed = False
        """Frames were left out that should not have been: all must be done again with one process."""
        self._timeline: list[tuple[int, int]] = []
        naming = Naming(paths)
        try:
            for candidate in naming:
                try:
                    self._add(candidate.path)
                except UnreadableCapture as error:
                    naming.leave_out(candidate, error)
        except BaseException:
            self.close()
            raise
        self.notices = naming.notices
        """What was left out of directories, and why."""
        self._capacity = min(BLOCK, max(PEEK, BUFFERS // max(1, len(self.summaries))))

    def __iter__(self) -> Iterator[Frame]:
        """The frames that triage keeps. Raises UnreadableCapture if a file has changed since it was named."""
        timeline = self._timeline
        heapify(timeline)
        try:
            self.send_ahead()
            while timeline:
                _, capture = timeline[0]
                reader = self._open.get(capture)
                if reader is None:
                    reader = self._open[capture] = self._reader(capture)
                # It goes on as long as no other capture has an earlier frame; at equal times the order of naming holds.
                time, rival = min(timeline[1:3], default=(FOREVER, capture))
                reader.walker.limit = time - 1 if rival < capture else time
                for frame in reader.frames:
                    if frame is None:
                        heapreplace(timeline, (reader.walker.reached, capture))
                        break
                    yield frame
                else:
                    heappop(timeline)
                    self._open.pop(capture).close()
            if self._scouts is not None:
                timeless = any(summary.timeless for summary in self.summaries)
                self.missed = timeless or self._triage.evicted > 0 or self._scouts.missed(self._triage.watched)
        finally:
            self.close()

    def send_ahead(self) -> None:
        """Start the other processes, if there are to be any; iterating does it, too, unless somebody has done it."""
        if self._jobs == 1 or self._scouts is not None:
            return
        from analyzer.sources.scouts import Scouts  # seldom needed, and it needs much

        order = [capture for _, capture in sorted(self._timeline)]
        self._turns = {capture: turn for turn, capture in enumerate(order)}
        captures = [(capture, self.summaries[capture].path) for capture in order]
        self._scouts = Scouts(self._jobs, captures, self._progress)

    def _reader(self, capture: int) -> _Reader | _Scouted:
        summary = self.summaries[capture]
        if self._scouts is not None:
            return _Scouted(self._scouts.open(self._turns[capture]), capture, self._triage, summary)
        return _Reader(capture, self._triage, summary, progress=self._progress, capacity=self._capacity)

    def _add(self, path: str) -> None:
        capture, summary, size = len(self.summaries), Summary(path), size_of(path)
        if size is None and self._jobs > 1:
            raise UnreadableCapture(f"{path}: can be read by one process only; leave out --jobs, or write it to a file")
        if size is None:
            reader = self._open[capture] = _Reader(capture, self._triage, summary, progress=self._progress)
            first = reader.first()
        else:
            reader = _Reader(capture, Triage(), Summary(path), capacity=PEEK)
            first = reader.first()
            reader.close()
        self.size = None if self.size is None or size is None else self.size + size
        self.summaries.append(summary)
        self._timeline.append((NEVER if first is None else first, capture))

    def close(self) -> None:
        """End the other processes and close the files; who iterates to the end need not."""
        for reader in self._open.values():
            reader.close()
        if self._scouts is not None:
            self._scouts.close()
