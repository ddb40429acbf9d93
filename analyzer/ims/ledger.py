"""Sequence numbers of one association, and when its packets were captured (RFC 4303 2.2)."""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct
from typing import Final

from analyzer.frame import FrameRef

WINDOW: Final = 128
"""Sequence numbers remembered for an association: four times the replay window of usual stacks."""

UNKNOWN: Final = b""
"""Stands for the last octets of a packet that were not kept."""

_RECORD: Final = Struct("=I13p3xIQq")
"""Number, last octets with their length, and frame of one packet: 40 octets, where objects would need 300."""
_SIZE: Final = _RECORD.size
_WORDS: Final = _SIZE // 4

_pack = _RECORD.pack
_pack_into = _RECORD.pack_into


class Ledger:
    """Sequence numbers of one association (RFC 4303 2.2).

    The latest packets lie as records in a ring, in the order in which they were captured. It grows with the packets
    until it is full: most associations of a large capture see few.
    """

    __slots__ = ("_oldest", "_ring", "first", "highest", "missing")

    def __init__(self) -> None:
        self._ring: bytearray | None = None
        self._oldest = 0
        """Where in the ring the oldest record begins."""
        self.first = 0
        self.highest = 0
        self.missing = 0
        """Numbers between the first and the highest that were not captured."""

    def __len__(self) -> int:
        """How many packets are remembered."""
        return 0 if self._ring is None else len(self._ring) // _SIZE

    def note(self, sequence: int, tail: bytes, at: FrameRef) -> FrameRef | bool | None:
        """Enter a packet by its number and its last octets, twelve at most.

        Returns None if the number is new, True if it is a repetition of the same packet, or the frame that had the
        number before with other content.
        """
        highest = self.highest
        if sequence == highest + 1 and highest:
            self.highest = sequence
        elif (known := self._out_of_order(sequence, tail)) is not None:
            return known
        self.enter(sequence, tail, at)
        return None

    def enter(self, sequence: int, tail: bytes, at: FrameRef) -> None:
        """Enter a packet with a number that is known to be new; if it is the highest, the caller has said so."""
        ring = self._ring
        capture, number, time = at
        if ring is None:
            self._ring = bytearray(_pack(sequence, tail, capture, number, time))
        elif len(ring) < WINDOW * _SIZE:
            ring += _pack(sequence, tail, capture, number, time)
        else:
            oldest = self._oldest
            _pack_into(ring, oldest, sequence, tail, capture, number, time)
            oldest += _SIZE
            self._oldest = oldest if oldest < len(ring) else 0

    def _out_of_order(self, sequence: int, tail: bytes) -> FrameRef | bool | None:
        """Count a number that does not follow the highest; what `note` returns for one that was there before."""
        highest = self.highest
        if sequence > highest:
            if highest:
                self.missing += sequence - highest - 1
            else:
                self.first = sequence
            self.highest = sequence
            return None
        known = self._find(sequence)
        if known is not None:
            before, at = known
            return True if before in (tail, UNKNOWN) else at
        if sequence < self.first:
            self.missing += self.first - sequence - 1
            self.first = sequence
        elif sequence > highest - WINDOW and self.missing:
            self.missing -= 1
        return None

    def _find(self, sequence: int) -> tuple[bytes, FrameRef] | None:
        """Last octets and frame of the packet with this number."""
        ring = self._ring
        if ring is None:
            return None
        try:  # a list is searched in 2 microseconds, record by record it would be 30
            index = memoryview(ring).cast("I")[::_WORDS].tolist().index(sequence)
        except ValueError:
            return None
        _, tail, *at = _RECORD.unpack_from(ring, index * _SIZE)
        return tail, FrameRef(*at)

    @property
    def last(self) -> FrameRef | None:
        """The packet that was captured last."""
        ring = self._ring
        if ring is None:
            return None
        _, _, *at = _RECORD.unpack_from(ring, (self._oldest or len(ring)) - _SIZE)
        return FrameRef(*at)

    def frame(self, sequence: int) -> FrameRef | None:
        """The frame of the packet with this number, if it is remembered."""
        known = self._find(sequence)
        return known[1] if known is not None else None

    def between(self, after: int, before: int) -> Iterator[FrameRef]:
        """The packets that were captured between two times."""
        ring = self._ring or b""
        for part in (ring[self._oldest :], ring[: self._oldest]):
            for _, _, capture, number, time in _RECORD.iter_unpack(part):
                if after < time <= before:
                    yield FrameRef(capture, number, time)

    def has(self, sequence: int) -> bool:
        """Whether a packet with this number is remembered."""
        return self._find(sequence) is not None
