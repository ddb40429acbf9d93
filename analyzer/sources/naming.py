"""What the user named: files, directories with all that is below them, patterns, and standard input.

Who names a file means a capture, and if it is none, that is an error. In a directory anything may lie: what is no
capture is left out, and that is said.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from analyzer.sources.inputs import STDIN, no_access
from analyzer.sources.walker import NoCapture, UnreadableCapture

MAX_CAPTURES: Final = 100_000
"""Captures of one audit (100 MB for what there is to tell about them)."""

MAX_NAMES: Final = 5
"""Files of one directory that are named in a notice; the others are counted."""


class Candidate(NamedTuple):
    """A file that may be a capture."""

    path: str
    folder: str | None
    """The directory that was named and that it was found below; None if the file itself was named."""


class Naming:
    """The files that are meant, each once under whatever names; and what is to be said of those that are left out."""

    def __init__(self, names: Sequence[str]) -> None:
        self.notices: list[str] = []
        self._names = names
        self._seen: set[tuple[int, int]] = set()
        self._found = 0
        self._others: list[str] = []
        """Files of the directory at hand that are no captures."""
        self._refusals: list[str] = []
        """Why files of the directory at hand, which may be captures, cannot be read."""

    def __iter__(self) -> Iterator[Candidate]:
        """The candidates in the order of naming; of a directory, in the order of their names.

        Whoever takes them calls `leave_out` for those that turn out to be nothing, before the next one. Raises
        UnreadableCapture if a name stands for no capture, or all of them for too many.
        """
        for name in self._names:
            try:
                for path in _matching(name):
                    if path != STDIN and Path(path).is_dir():
                        yield from self._below(path)
                    elif self._is_new(path):
                        yield self._take(path, None)
                    else:
                        self.notices.append(f"{path}: named twice, read once")
            except OSError as error:
                raise no_access(name, error) from None

    def leave_out(self, candidate: Candidate, why: UnreadableCapture) -> None:
        """Go on without the last candidate; raises ``why`` if the user named it himself."""
        if candidate.folder is None:
            raise why
        self._found -= 1
        if isinstance(why, NoCapture):
            self._others.append(os.path.relpath(candidate.path, candidate.folder))
        else:
            self._refusals.append(str(why))

    def _below(self, folder: str) -> Iterator[Candidate]:
        before, known = self._found, False
        for path in self._files(folder):
            if not Path(path).is_file():  # a pipe, a device, a link that leads nowhere or to another directory
                self._others.append(os.path.relpath(path, folder))
            elif self._is_new(path):
                yield self._take(path, folder)
            else:
                known = True
        others, refusals = self._others, self._refusals
        self._others, self._refusals = [], []
        if self._found == before and not known:
            raise UnreadableCapture(
                refusals[0] if refusals else f"{folder}: holds no capture; name files or directories that do"
            )
        self.notices += [f"left out: {refusal}" for refusal in refusals[:MAX_NAMES]]
        if len(refusals) > MAX_NAMES:
            self.notices.append(f"left out: {len(refusals) - MAX_NAMES:,} more files of {folder} that cannot be read")
        if others:
            more = f" and {len(others) - MAX_NAMES:,} more" if len(others) > MAX_NAMES else ""
            self.notices.append(f"left out of {folder}, being no captures: {', '.join(others[:MAX_NAMES])}{more}")

    def _files(self, folder: str) -> Iterator[str]:
        """All that is below a directory and is none itself, in order. Links to directories are not followed."""
        waiting = [folder]
        while waiting:
            here = waiting.pop()
            try:
                with os.scandir(here) as entries:
                    found = sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries)
            except OSError as error:
                self._refusals.append(str(no_access(here, error)))
                continue
            yield from (os.path.join(here, name) for name, is_folder in found if not is_folder)  # noqa: PTH118
            waiting += [os.path.join(here, name) for name, is_folder in reversed(found) if is_folder]  # noqa: PTH118

    def _is_new(self, path: str) -> bool:
        """Whether this file was not met before; raises OSError if there is none."""
        status = None if path == STDIN else Path(path).stat()
        key = (-1, -1) if status is None else (status.st_dev, status.st_ino)
        if key in self._seen:
            return False
        self._seen.add(key)
        return True

    def _take(self, path: str, folder: str | None) -> Candidate:
        if self._found == MAX_CAPTURES:
            raise UnreadableCapture(f"{path}: is one more than {MAX_CAPTURES:,} captures; name fewer at a time")
        self._found += 1
        return Candidate(path, folder)


def _matching(name: str) -> list[str]:
    """What a name stands for: itself if there is such a file, else what fits it as a pattern."""
    if name == STDIN or Path(name).exists():
        return [name]
    return sorted(glob.glob(name, recursive=True)) or [name]  # noqa: PTH207 -- Path.glob takes no absolute pattern
