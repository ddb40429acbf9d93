"""A frame as it was captured, and the way to point at one.

Time is the frame's own: whole nanoseconds since the epoch, so that nothing below the sources ever needs a clock
and no rounding can change the order of two frames. Everything in the package imports this module; it imports
nothing of ours.
"""

from __future__ import annotations

from typing import NamedTuple

SECOND = 1_000_000_000
"""One second in the unit of every time in this package (nanoseconds)."""


class FrameRef(NamedTuple):
    """Where something was seen: what a finding shows and Wireshark finds again."""

    capture: int
    """Index of the capture in the order in which the user named them, from 0."""
    number: int
    """The frame's number in that capture as Wireshark shows it: the first frame is 1."""
    time: int
    """Capture time in nanoseconds since the epoch."""


class Frame(NamedTuple):
    """One captured link-layer frame."""

    capture: int
    """Index of the capture, from 0."""
    number: int
    """Number in that capture, from 1."""
    time: int
    """Capture time in nanoseconds since the epoch."""
    link: int
    """Link type as in https://www.tcpdump.org/linktypes.html (1 is Ethernet, 113 Linux SLL, 101 raw IP ...)."""
    data: bytes
    """The octets that were kept, from the link header on."""
    length: int
    """How long the frame was on the wire; greater than ``len(data)`` where the capture cut it."""

    @property
    def ref(self) -> FrameRef:
        """The reference under which findings name this frame."""
        return FrameRef(self.capture, self.number, self.time)
