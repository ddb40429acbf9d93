"""Many captures as one timeline once more, now with all of their frames: in the order in which they were audited."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from heapq import heapify, heappop, heapreplace

from analyzer.report.model import CaptureSummary
from analyzer.sources.files import BUFFERS, PEEK
from analyzer.sources.records import Packet, Record, records
from analyzer.sources.walker import FOREVER
from analyzer.sources.window import BLOCK


class _Reader:
    """A capture that is open, and what was read of it but is not due yet."""

    def __init__(self, capture: CaptureSummary, capacity: int) -> None:
        self.records = records(capture.path, capture.frames, capacity)
        self.waiting: tuple[int, Record] | None = None

    def until(self, limit: int) -> Iterator[tuple[int, Record]]:
        """The records before the first packet that is later than this; that one is `waiting` then."""
        if self.waiting is not None:
            yield self.waiting
            self.waiting = None
        for each in self.records:
            if isinstance(each[1], Packet) and each[1].time > limit:
                self.waiting = each
                return
            yield each


def timeline(captures: Sequence[CaptureSummary]) -> Iterator[tuple[int, int, Record]]:
    """Index of the capture, number of its last frame up to here, and the record.

    A capture goes on as long as no other has an earlier frame; at equal times their order holds, and within one that of
    the file, whatever its times say (as `sources/files.py` has it). Only captures whose turn has come are open. Raises
    UnreadableCapture if one is not what it was.
    """
    waiting = [(each.first or 0, index) for index, each in enumerate(captures) if each.frames]
    heapify(waiting)
    readers: dict[int, _Reader] = {}
    capacity = min(BLOCK, max(PEEK, BUFFERS // max(1, len(captures))))
    with ExitStack() as opened:
        while waiting:
            _, index = waiting[0]
            reader = readers.get(index)
            if reader is None:
                reader = readers[index] = _Reader(captures[index], capacity)
                opened.enter_context(closing(reader.records))
            time, rival = min(waiting[1:3], default=(FOREVER, index))
            for number, record in reader.until(time - 1 if rival < index else time):
                yield index, number, record
            following = reader.waiting
            if following is None:
                heappop(waiting)
                del readers[index]
            else:
                assert isinstance(following[1], Packet)
                heapreplace(waiting, (following[1].time, index))
