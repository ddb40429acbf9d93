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

TAIL: Final = 12
"""Last octets of a packet that tell it from another with the same number: the ICV of the HMACs."""

_RECORD: Final = Struct(f"=I{TAIL}sQq")
"""Number, last octets, and frame of one packet: 32 octets, where objects would need 300."""
_SIZE: Final = _RECORD.size
_WORDS: Final = _SIZE // 4
_CAPTURE: Final = 40
"""The bits of a frame's number; the index of its capture stands above them."""
_NUMBER: Final = (1 << _CAPTURE) - 1

FRAME: Final = Struct("=Qq")
"""A frame as the end of a record has it."""
_FRAME: Final = _SIZE - FRAME.size

_pack = _RECORD.pack
_pack_into = _RECORD.pack_into


def octets_of(at: FrameRef) -> bytes:
    """A frame as the end of a record has it."""
    capture, number, time = at
    return FRAME.pack(capture << _CAPTURE | number, time)


def frame_in(octets: bytes | bytearray, place: int) -> FrameRef:
    """The frame that these octets stand for."""
    where, time = FRAME.unpack_from(octets, place)
    return FrameRef(where >> _CAPTURE, where & _NUMBER, time)


class Ledger:
    """Sequence numbers of one association (RFC 4303 2.2).

    The latest packets lie as records in a ring, in the order in which they were captured. It grows with the packets
    until it is full: most associations of a large capture see few, and then it has no octet more than they need.
    """

    __slots__ = ("_oldest", "_ring", "first", "highest", "missing")

    def __init__(self) -> None:
        self._ring: bytes | bytearray = b""
        self._oldest = 0
        """Where in the ring the oldest record begins."""
        self.first = 0
        self.highest = 0
        self.missing = 0
        """Numbers between the first and the highest that were not captured."""

    def __len__(self) -> int:
        """How many packets are remembered."""
        return len(self._ring) // _SIZE

    def holds(self, packets: int) -> bool:
        """Whether it remembers so many, and the next one does not take the place of any."""
        size = len(self._ring)
        return size == packets * _SIZE and size < WINDOW * _SIZE

    def note(self, sequence: int, tail: bytes, at: FrameRef) -> FrameRef | bool | None:
        """Enter a packet by its number and its last octets, `TAIL` at most.

        Returns None if the number is new, True if it is a repetition of the same packet, or the frame that had the
        number before with other content; False if it lies so far behind the highest that it was there before, and
        nobody knows any more with what content.
        """
        highest, tail = self.highest, _whole(tail)
        if sequence == highest + 1 and highest:
            self.highest = sequence
        elif (known := self._out_of_order(sequence, tail)) is not None:
            return known
        self.enter(sequence, tail, at)
        return None

    def enter(self, sequence: int, tail: bytes, at: FrameRef) -> None:
        """Enter a packet with a number that is known to be new, and its last `TAIL` octets; if the number is the
        highest, the caller has said so."""
        ring = self._ring
        capture, number, time = at
        if len(ring) < WINDOW * _SIZE:
            ring += _pack(sequence, tail, capture << _CAPTURE | number, time)
            self._ring = ring if len(ring) < WINDOW * _SIZE else bytearray(ring)
        else:
            oldest = self._oldest
            _pack_into(ring, oldest, sequence, tail, capture << _CAPTURE | number, time)
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
            return True if before in (tail, _NOTHING) else at
        if sequence < self.first:
            self.missing += self.first - sequence - 1
            self.first = sequence
        elif sequence > highest - WINDOW:
            self.missing -= self.missing > 0
        elif len(self) == WINDOW and self.missing < WINDOW:  # else it may have been left out by a jump
            return False
        return None

    def _find(self, sequence: int) -> tuple[bytes, FrameRef] | None:
        """Last octets and frame of the packet with this number."""
        ring = self._ring
        try:  # a list is searched in 2 microseconds, record by record it would be 30
            index = memoryview(ring).cast("I")[::_WORDS].tolist().index(sequence)
        except ValueError:
            return None
        place = index * _SIZE
        return bytes(ring[place + 4 : place + 4 + TAIL]), frame_in(ring, place + _FRAME)

    @property
    def last(self) -> FrameRef | None:
        """The packet that was captured last."""
        ring = self._ring
        return frame_in(ring, (self._oldest or len(ring)) - FRAME.size) if ring else None

    def captures(self) -> set[int]:
        """The captures that its packets came from, as far as they are remembered."""
        ring = self._ring
        return {frame_in(ring, place).capture for place in range(_FRAME, len(ring), _SIZE)}

    def frames(self, most: int) -> bytes:
        """The frames of so many packets, as `frame_in` reads them: of those that were entered first, if none was
        overwritten."""
        ring = self._ring[: most * _SIZE]
        return b"".join([ring[end - FRAME.size : end] for end in range(_SIZE, len(ring) + 1, _SIZE)])

    def at(self, index: int) -> FrameRef:
        """The packet that was entered after so many others, before any was overwritten."""
        return frame_in(self._ring, index * _SIZE + _FRAME)

    def frame(self, sequence: int) -> FrameRef | None:
        """The frame of the packet with this number, if it is remembered."""
        known = self._find(sequence)
        return known[1] if known is not None else None

    def between(self, after: int, before: int) -> Iterator[FrameRef]:
        """The packets that were captured between two times."""
        ring = self._ring
        for part in (ring[self._oldest :], ring[: self._oldest]):
            for _, _, where, time in _RECORD.iter_unpack(part):
                if after < time <= before:
                    yield FrameRef(where >> _CAPTURE, where & _NUMBER, time)

    def has(self, sequence: int) -> bool:
        """Whether a packet with this number is remembered."""
        return self._find(sequence) is not None


def _whole(tail: bytes) -> bytes:
    """Last octets of which there are fewer than `TAIL`, in a form that hardly any others have."""
    return tail if len(tail) == TAIL else tail.ljust(TAIL - 1, b"\xff") + bytes((len(tail),))


_NOTHING: Final = _whole(UNKNOWN)
