"""Sequence numbers of one association, and when its packets were captured (RFC 4303 2.2)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator

from analyzer.frame import FrameRef

WINDOW = 128
"""Sequence numbers remembered for an association, at 300 octets each: four times the replay window of usual stacks."""


UNKNOWN = b""
"""Stands for the last octets of a packet that were not kept."""


class Ledger:
    """Sequence numbers of one association (RFC 4303 2.2)."""

    __slots__ = ("_seen", "first", "highest", "missing")

    def __init__(self) -> None:
        self._seen: OrderedDict[int, tuple[bytes, FrameRef]] = OrderedDict()
        self.first = 0
        self.highest = 0
        self.missing = 0
        """Numbers between the first and the highest that were not captured."""

    def note(self, sequence: int, tail: bytes, at: FrameRef) -> FrameRef | bool | None:
        """Enter a packet by its number and last octets.

        Returns None if the number is new, True if it is a repetition of the same packet, or the frame that had the
        number before with other content.
        """
        highest = self.highest
        if sequence > highest:
            if highest:
                self.missing += sequence - highest - 1
            else:
                self.first = sequence
            self.highest = sequence
        else:
            known = self._seen.get(sequence)
            if known is not None:
                return True if known[0] in (tail, UNKNOWN) else known[1]
            if sequence < self.first:
                self.missing += self.first - sequence - 1
                self.first = sequence
            elif sequence > highest - WINDOW and self.missing:
                self.missing -= 1
        seen = self._seen
        seen[sequence] = (tail, at)
        if len(seen) > WINDOW:
            seen.popitem(last=False)
        return None

    @property
    def last(self) -> FrameRef | None:
        """The packet that was captured last."""
        return next(reversed(self._seen.values()))[1] if self._seen else None

    def frame(self, sequence: int) -> FrameRef | None:
        """The frame of the packet with this number, if it is remembered."""
        known = self._seen.get(sequence)
        return known[1] if known is not None else None

    def between(self, after: int, before: int) -> Iterator[FrameRef]:
        """The packets that were captured between two times."""
        return (at for _, at in self._seen.values() if after < at.time <= before)

    def has(self, sequence: int) -> bool:
        """Whether a packet with this number is remembered."""
        return sequence in self._seen
