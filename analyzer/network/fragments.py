"""Puts IP fragments together again (RFC 791 3.2, RFC 8200 4.5): any order, duplicates, several datagrams at once.

Fragments that contradict one another spoil their datagram: which of the two an endpoint would believe cannot be known.
In IPv6 any overlap does that, be it of equal octets; only the very same fragment may come twice (RFC 5722 3, RFC 8200
4.5). In IPv4 an overlap of equal octets leaves no doubt, and fragments that a router has divided further, seen in front
of it and behind, look like that. What is given up is counted, with all fragments of the datagram. The number of
datagrams and of octets that wait is limited; the oldest give way.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from analyzer.frame import SECOND, FrameRef
from analyzer.network.copies import WINDOW

TIMEOUT: Final = 30 * SECOND
"""How long a datagram may wait for its other fragments, in time of the frames; Linux waits as long."""

DATAGRAMS: Final = 1024
"""How many datagrams may wait."""

OCTETS: Final = 8 << 20
"""How many octets may wait in all, ``OVERHEAD`` for each fragment included."""

OVERHEAD: Final = 384
"""What a fragment is charged besides its content: the reference to its frame and its place in the tables."""

FINISHED: Final = 64
"""How many finished datagrams are remembered, to know a fragment that comes once more; of one that is forgotten, it is
told as a fragment without the others."""

LONGEST: Final = 65535
"""No datagram is longer (16 bits of length)."""

MALFORMED: Final = "malformed fragment"
CONTRADICTION: Final = "fragments that contradict one another"
OVERLAP: Final = "IPv6 fragments that overlap"
INCOMPLETE: Final = "incomplete fragments: timed out"
CROWDED: Final = "incomplete fragments: too many waited"

_IPV6: Final = 16
"""Octets of an address."""

Key = tuple[int, bytes, bytes, int, int]
"""Depth, source, destination, identification, protocol (44 for IPv6, where the first fragment alone decides)."""

Whole = tuple[bytes, int, tuple[FrameRef, ...]]
"""Payload, protocol, and the frames of all fragments in the order in which they came."""


class _Datagram:
    """What is known of one datagram: a buffer, and which spans of it are filled."""

    __slots__ = ("begins", "buffer", "charge", "ends", "frames", "pieces", "protocol", "since", "spoiled", "total")

    def __init__(self, since: int) -> None:
        self.since = since
        self.buffer = bytearray()
        # Sorted, disjoint, never touching: as long as begins[0] == 0 and ends[0] == total, nothing is missing.
        self.begins: list[int] = []
        self.ends: list[int] = []
        self.pieces: set[tuple[int, int]] = set()
        """The fragments of IPv6 as they came."""
        self.frames: list[FrameRef] = []
        self.protocol = 0
        self.total: int | None = None
        self.charge = 0
        self.spoiled = False

    def fits(self, begin: int, content: bytes, more: bool) -> bool:
        """Whether the fragment agrees with what is known of the length, and with all octets that are there."""
        end = begin + len(content)
        if self.total is not None and (end > self.total or (not more and end != self.total)):
            return False
        if not more and self.ends and self.ends[-1] > end:
            return False
        for index in range(bisect_right(self.ends, begin), bisect_left(self.begins, end)):
            first, last = max(begin, self.begins[index]), min(end, self.ends[index])
            if self.buffer[first:last] != content[first - begin : last - begin]:
                return False
        return True

    def overlaps(self, begin: int, end: int) -> bool:
        """Whether some of these octets are there already, out of another fragment than just this one."""
        return (begin, end) not in self.pieces and bisect_right(self.ends, begin) < bisect_left(self.begins, end)

    def has(self, begin: int, end: int) -> bool:
        """Whether these octets are there already."""
        index = bisect_right(self.begins, begin) - 1
        return index >= 0 and end <= self.ends[index]

    def append(self, begin: int, content: bytes) -> None:
        """Put the content behind all that is there, of a datagram whose end is not known yet."""
        self.buffer += content
        if self.begins:
            self.ends[-1] = begin + len(content)
        else:
            self.begins.append(begin)
            self.ends.append(len(content))

    def fill(self, begin: int, content: bytes) -> None:
        """Put the content into its place and join the spans that now touch."""
        end = begin + len(content)
        if len(self.buffer) < end:
            self.buffer.extend(bytes(end - len(self.buffer)))
        self.buffer[begin:end] = content
        first, last = bisect_left(self.ends, begin), bisect_right(self.begins, end)
        if first < last:
            begin, end = min(begin, self.begins[first]), max(end, self.ends[last - 1])
        self.begins[first:last] = [begin]
        self.ends[first:last] = [end]

    @property
    def complete(self) -> bool:
        return self.total is not None and self.begins[0] == 0 and self.ends[0] == self.total


class Reassembler:
    """All datagrams that wait for fragments.

    ``on_skip`` is told a reason and a number of frames that lead to nothing; ``on_copy`` of each frame whose fragment
    was there already.
    """

    __slots__ = ("_finished", "_octets", "_on_copy", "_on_skip", "_waiting")

    def __init__(self, on_skip: Callable[[str, int], None], on_copy: Callable[[], None]) -> None:
        self._on_skip = on_skip
        self._on_copy = on_copy
        self._waiting: OrderedDict[Key, _Datagram] = OrderedDict()
        self._finished: OrderedDict[Key, tuple[int, bytes]] = OrderedDict()
        self._octets = 0

    @property
    def pending(self) -> int:
        """Datagrams that wait for a fragment."""
        return len(self._waiting)

    def add(
        self, key: Key, offset: int, more: bool, protocol: int, content: bytes, frames: tuple[FrameRef, ...]
    ) -> Whole | None:
        """Take one fragment; return the datagram if it was the last that was missing.

        ``offset`` is in octets; ``frames`` are those that the fragment itself was made of, one unless a tunnel's
        outer packet had been fragmented too.
        """
        now = frames[-1].time
        self._expire(now)
        end = offset + len(content)
        if not content or end > LONGEST or (more and len(content) % 8):
            self._on_skip(MALFORMED, len(frames))
            return None
        done = self._finished.get(key)
        if done is not None:
            if now - done[0] <= WINDOW and done[1][offset:end] == content:
                self._on_copy()
                return None
            del self._finished[key]
        datagram = self._waiting.get(key)
        if datagram is None:
            datagram = self._waiting[key] = _Datagram(now)
        if datagram.spoiled:
            self._on_skip(CONTRADICTION, len(frames))
            return None
        in_order = offset == len(datagram.buffer) and datagram.total is None  # as nearly all are
        if not in_order:
            wrong = None if datagram.fits(offset, content, more) else CONTRADICTION
            if wrong is None and len(key[1]) == _IPV6 and datagram.overlaps(offset, end):
                wrong = OVERLAP
            if wrong is not None:
                self._spoil(key, datagram, wrong, len(frames))
                return None
        if not more:
            datagram.total = end
        if offset == 0:
            datagram.protocol = protocol
        if in_order:
            grown = len(content)
            datagram.append(offset, content)
        elif datagram.has(offset, end):
            self._on_copy()
            return None
        else:
            grown = max(0, end - len(datagram.buffer))
            datagram.fill(offset, content)
        if len(key[1]) == _IPV6:
            datagram.pieces.add((offset, end))
        datagram.frames.extend(frames)
        if datagram.complete:
            del self._waiting[key]
            self._octets -= datagram.charge
            return self._finish(key, datagram, now)
        self._charge(datagram, grown + OVERHEAD * len(frames))
        while len(self._waiting) > DATAGRAMS or self._octets > OCTETS:
            self._give_up(CROWDED)
        return None

    def _spoil(self, key: Key, datagram: _Datagram, reason: str, frames: int) -> None:
        """Give a datagram up. Its key stays: the fragments that are still to come are dropped as well (RFC 5722 3)."""
        self._on_skip(reason, len(datagram.frames) + frames)
        self._charge(datagram, -datagram.charge)
        replacement = self._waiting[key] = _Datagram(datagram.since)
        replacement.spoiled = True
        self._charge(replacement, OVERHEAD)

    def _finish(self, key: Key, datagram: _Datagram, now: int) -> Whole:
        payload = bytes(datagram.buffer)
        self._finished[key] = now, payload
        if len(self._finished) > FINISHED:
            self._finished.popitem(last=False)
        return payload, datagram.protocol, tuple(datagram.frames)

    def _charge(self, datagram: _Datagram, octets: int) -> None:
        datagram.charge += octets
        self._octets += octets

    def _expire(self, now: int) -> None:
        while self._waiting and now - next(iter(self._waiting.values())).since > TIMEOUT:
            self._give_up(INCOMPLETE)

    def _give_up(self, reason: str) -> None:
        _, datagram = self._waiting.popitem(last=False)
        self._octets -= datagram.charge
        if not datagram.spoiled:
            self._on_skip(reason, len(datagram.frames))
