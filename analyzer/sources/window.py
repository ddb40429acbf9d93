"""A stretch of a stream in one buffer that is used again and again.

Large blocks in, many frames out: a walker reads in `buffer` up to `end`, and when what begins at some octet is not
whole yet, it asks for `more`. Reading into one buffer was the fastest way (140 ns a frame together with walking from
record to record; mmap was the slowest), whether of 256 KB or 1 MB, and it serves files, pipes and decompressors alike.
"""

from __future__ import annotations

from typing import Final, Protocol

from analyzer.sources.triage import SLACK

BLOCK: Final = 1 << 19
"""Octets of a buffer, unless a single record needs more."""

LARGEST: Final = 1 << 24
"""The longest record or block that anybody may claim (16 MiB, as in Wireshark). Walkers stop at what claims more, so a
buffer never grows beyond twice this; and it doubles only when it is full of octets that really came."""


class Stream(Protocol):
    """What is read: a file, a pipe or a decompressor."""

    def readinto1(self, buffer: memoryview, /) -> int:
        """Fill what can be filled at once; 0 at the end."""

    @property
    def taken(self) -> int | None:
        """Octets that were read of something compressed; None if it is not."""

    def close(self) -> None:
        """Give the file back."""


class Window:
    """The octets of a stream that are in memory: ``buffer[:end]``, and `SLACK` octets behind them."""

    __slots__ = ("_capacity", "_stream", "buffer", "end", "failure", "view")

    def __init__(self, stream: Stream, capacity: int = BLOCK) -> None:
        self._stream = stream
        self._capacity = capacity
        self.buffer = bytearray(capacity + SLACK)
        self.view = memoryview(self.buffer)
        """The buffer again: ``view[a:b].tobytes()`` copies once, slicing the buffer twice (83 and 131 ns)."""
        self.end = 0
        self.failure = ""
        """Why reading ended before the stream did, or the empty string."""

    def more(self, start: int) -> bool:
        """Forget what lies before ``start``, let the rest begin at 0, and read on. False if nothing more comes.

        `buffer` and `view` may be other objects afterwards.
        """
        if start:
            self.buffer[: self.end - start] = self.view[start : self.end]
            self.end -= start
        elif self.end == self._capacity:
            self._capacity *= 2
            self.buffer = self.buffer[: self.end] + bytes(self._capacity + SLACK - self.end)
            self.view = memoryview(self.buffer)
        try:
            count = self._stream.readinto1(self.view[self.end : self._capacity])
        except (OSError, EOFError) as error:
            # A damaged file or disk: what came so far is still worth auditing.
            self.failure = str(error) or type(error).__name__
            return False
        self.end += count
        return count > 0

    @property
    def taken(self) -> int | None:
        """Octets that were read of something compressed; None if it is not."""
        return self._stream.taken

    def fill(self, count: int) -> bool:
        """Read until the first ``count`` octets are there; False if there are not so many."""
        while self.end < count:
            if not self.more(0):
                return False
        return True

    def close(self) -> None:
        """Give the file back; what is in memory stays."""
        self._stream.close()
