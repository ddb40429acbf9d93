"""A process that walks over captures ahead of the audit, and hands over the frames that may matter (`scouts.py`).

Whom the audit will watch nobody knows here. So a frame is left out only if nothing but a watched address and port
could make it matter, and who sent it to whom is noted. Whatever is less simple is handed over, for triage to judge. In
the end the audit tells whom it watched, and this process, whether a frame was left out that it had to see.

Standard input brings a line of JSON for each order: ``{"read": path, "into": path}``, or ``{"watched": [hex]}``.
Standard output has a line for each answer: ``{"octets": written, "read": from the capture}`` as it goes on, then
``{"summary": …}`` or ``{"error": …}``; and ``{"missed": true or false}``.
"""

from __future__ import annotations

import json
import signal
import sys
from contextlib import suppress
from dataclasses import asdict
from io import RawIOBase
from pathlib import Path
from struct import Struct
from typing import Any, Final

from analyzer.frame import SECOND
from analyzer.sources.inputs import Input, no_access
from analyzer.sources.kinds import recognise
from analyzer.sources.triage import Octets, Shape, Triage
from analyzer.sources.walker import Summary, UnreadableCapture
from analyzer.sources.watched import Flows
from analyzer.sources.window import Window

HEADER: Final = Struct("<QQIIII")
"""What stands before each frame: its number, seconds and nanoseconds, link type, length on the wire, octets here."""

BLOCK: Final = 1 << 18
"""Octets that are written at once."""


SILENT: Final = 1 << 24
"""Octets of a capture that are read without a word."""


class Scout(Triage):
    """Keeps whatever it has no proof against, and notes the flows of what it has."""

    def __init__(self) -> None:
        super().__init__()
        self.noted = self.flows = Flows(self.ports(">"))

    def shape(self, link: int) -> Shape:
        """Only of link types that nobody can read nothing is kept."""
        shape = super().shape(link)
        return shape._replace(tests={}, otherwise=_always) if shape.known else shape


class Sink:
    """Where the frames of one capture go; says how far it is."""

    def __init__(self, file: RawIOBase) -> None:
        self._file = file
        self._pieces: list[bytes] = []
        self._waiting = self._written = self._read = self._told = 0

    def put(self, header: bytes, data: bytes) -> None:
        """One frame."""
        self._pieces += (header, data)
        self._waiting += len(header) + len(data)
        if self._waiting > BLOCK:
            self.flush()

    def flush(self) -> None:
        """Write what waits, and tell."""
        waiting = memoryview(b"".join(self._pieces))
        self._pieces.clear()
        self._written += len(waiting)
        while waiting:
            waiting = waiting[self._file.write(waiting) or 0 :]
        self._waiting, self._told = 0, self._read
        _tell({"octets": self._written, "read": self._read})

    def count(self, octets: int) -> None:
        """So many octets of the capture were read."""
        self._read += octets
        if self._read - self._told > SILENT:
            self.flush()


def walk(triage: Triage, path: str, into: str) -> None:
    """Walk over one capture."""
    summary = Summary(path)
    try:
        with Path(into).open("xb", buffering=0) as file:
            sink = Sink(file)
            try:
                source = Input(path, sink.count)
            except OSError as error:
                raise no_access(path, error) from None
            try:
                pack = HEADER.pack
                for frame in recognise(Window(source), 0, triage, summary).frames():
                    if frame is not None:
                        _, number, time, link, data, length = frame
                        sink.put(pack(number, *divmod(time, SECOND), link, length, len(data)), data)
            finally:
                source.close()
            sink.flush()
    except (UnreadableCapture, OSError) as error:
        _tell({"error": str(error)})
        return
    _tell({"summary": asdict(summary)})


def main() -> None:
    """Do what is ordered until nothing more is."""
    triage = Scout()
    for line in sys.stdin:
        order: dict[str, Any] = json.loads(line)
        if "read" in order:
            walk(triage, order["read"], order["into"])
        else:
            _tell({"missed": triage.noted.meet({bytes.fromhex(pair) for pair in order["watched"]})})


def _tell(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def _always(buffer: Octets, at: int, end: int) -> bool:
    return True


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started this one ends it, too
    with suppress(BrokenPipeError):
        main()
