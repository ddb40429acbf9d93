"""One capture as a stream of octets: a file, a pipe or standard input, decompressed if need be.

Nothing here waits for more than there is. What a pipe brings is handed on at once, and a pause of its writer is not
its end, so a capture can be read while it is made.
"""

from __future__ import annotations

import io
import select
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from analyzer.sources.compressed import MAGIC, Expanded, form_of
from analyzer.sources.walker import UnreadableCapture

STDIN: Final = "-"
"""The name of standard input."""


def no_access(path: str, error: OSError) -> UnreadableCapture:
    """What to say if a file cannot be opened."""
    return UnreadableCapture(f"{path}: {error.strerror or error}; check the name and the permissions")


def size_of(path: str) -> int | None:
    """Octets of a file; None for a pipe, which can be opened only once. Raises UnreadableCapture."""
    if path == STDIN:
        return None
    try:
        status = Path(path).stat()
    except OSError as error:
        raise no_access(path, error) from None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


class Input:
    """The octets of one capture: what a `Window` reads."""

    def __init__(
        self, path: str, progress: Callable[[int], None] | None = None, file: io.RawIOBase | None = None
    ) -> None:
        """Open it and look how it begins, which waits for the first octets of a pipe.

        ``progress`` is called with the number of octets read, as they are in the file; ``file`` is read where somebody
        else has opened it, and will close it. Raises OSError if there is no such file or it may not be read, and
        UnreadableCapture if standard input is none.
        """
        self._owned = file is None and path != STDIN
        self._progress = progress
        self._head = b""
        self._file: io.RawIOBase = file or (io.FileIO(path) if self._owned else standard_input())
        try:
            while len(self._head) < MAGIC:
                octets = self._read(MAGIC - len(self._head))
                if not octets:
                    break
                self._head += octets
        except BaseException:
            self.close()
            raise
        form = form_of(self._head)
        self._expanded = None if form is None else Expanded(form, self._take)

    @property
    def taken(self) -> int | None:
        """Octets that were read of a compressed file; None of another."""
        return None if self._expanded is None else self._expanded.taken

    def readinto1(self, buffer: memoryview, /) -> int:
        """Fill what can be filled at once; 0 at the end. Raises OSError or EOFError where reading fails."""
        if self._expanded is not None:
            return self._expanded.readinto1(buffer)
        if self._head:
            head, self._head = self._head[: len(buffer)], self._head[len(buffer) :]
            buffer[: len(head)] = head
            return len(head)
        return self._readinto(buffer)

    def close(self) -> None:
        """Give the file back; standard input stays open."""
        if self._owned:
            self._file.close()

    def _take(self, most: int) -> bytes:
        """The next octets as they are in the file, the first ones once more."""
        head, self._head = self._head, b""
        return head or self._read(most)

    def _read(self, most: int) -> bytes:
        buffer = bytearray(most)
        return bytes(buffer[: self._readinto(memoryview(buffer))])

    def _readinto(self, buffer: memoryview) -> int:
        while True:
            # mypy has no word for a buffer that `readinto` takes and a memoryview is.
            count: int | None = self._file.readinto(buffer)
            if count is not None:
                break
            select.select([self._file], [], [])  # standard input that somebody made non-blocking: wait for it
        if self._progress is not None:
            self._progress(count)
        return count


def standard_input() -> io.RawIOBase:
    """Standard input without the buffer in front of it: a pipe is to be read as its octets come.

    Raises UnreadableCapture if there is none, or it is a terminal.
    """
    if sys.stdin is None:
        raise UnreadableCapture("-: there is no standard input; name a file")
    if sys.stdin.isatty():
        raise UnreadableCapture(
            "-: standard input is a terminal; pipe a capture into it: tcpdump -U -w - | gmaudit ..."
        )
    buffered: Any = sys.stdin.buffer
    file: io.RawIOBase = getattr(buffered, "raw", buffered)
    return file
