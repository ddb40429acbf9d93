"""A process that walks over captures ahead of the audit, and hands over the frames that may matter (`scouts.py`).

Whom the audit will watch nobody knows here. So a frame is left out only if nothing but a watched address and port
could make it matter, and who sent it to whom is noted. Whatever is less simple is handed over. In the end the audit
tells whom it watched, and this process, whether a frame was left out that it had to see.

The audit is one process that has to look at each frame, so it gets them as it needs them, many at a time, each with
what there is left to judge about it: as bare records, which it had to take apart, they cost 3 µs instead of 1.

Standard input brings a line of JSON for each order: ``{"read": path, "as": capture, "into": path}``, or ``{"watched":
[hex]}``. Standard output has a line for each answer: ``{"octets": written, "read": from the capture}`` as it goes on,
then ``{"summary": …}`` or ``{"error": …}``; and ``{"missed": true or false}``. Who was started with ``--in-turn`` also
says ``{"waits": true}`` now and then, and goes on when it hears ``{"until": "end"}``, or else for a while.
"""

from __future__ import annotations

import json
import marshal
import signal
import sys
from contextlib import suppress
from dataclasses import asdict
from io import RawIOBase
from pathlib import Path
from struct import Struct
from typing import Any, Final

from analyzer.frame import Frame
from analyzer.sources.inputs import Input, no_access
from analyzer.sources.kinds import recognise
from analyzer.sources.strangers import Dismiss, Sieve, fields
from analyzer.sources.triage import SLACK, Octets, Shape, Triage
from analyzer.sources.walker import Summary, UnreadableCapture
from analyzer.sources.watched import Flows
from analyzer.sources.window import Window

SIZE: Final = Struct("<Q")
"""What stands before each batch of frames: its octets."""

BLOCK: Final = 1 << 18
"""Octets of frames that are written at once."""

OVERHEAD: Final = 64
"""What a frame takes besides its octets, about."""

SILENT: Final = 1 << 24
"""Octets of a capture that are read without a word."""

SLICE: Final = 1 << 24
"""Octets of a capture that are read in one turn, 20 ms or so."""

IN_TURN: Final = "--in-turn"
"""The option of a process that only works when it is let."""

Open = bool | bytes
"""What is left to judge about a frame: nothing, since it is kept whoever is watched (True); all (False); or whether it
is a stranger's, with the association and the number of its ESP packet as they stand in it."""


class Notes(Sieve):
    """Lets all ESP packets through, and notes what the audit has to know to leave out those of strangers."""

    def __init__(self, triage: Triage) -> None:
        super().__init__(triage.strangers)
        self.watchful = True
        self.noted = b""
        """Of the frame that came last."""

    def over(self, order: str, clock: str, ticks: int, ip: int, width: int) -> Dismiss:
        """What looks at ESP; see `Sieve.over`."""
        unpack, uncounted, least = fields(order, clock, ip, width)

        def note(buffer: Octets, start: int, end: int) -> bool:
            _, _, high, low, key, sequence = unpack(buffer, start)
            if least <= uncounted + (high << 8 | low) <= end - start - ip:
                self.noted = key + sequence
            return False

        return note


class Scout(Triage):
    """Keeps whatever it has no proof against, and notes the flows of what it has."""

    def __init__(self) -> None:
        super().__init__()
        self.noted = self.flows = Flows(self.ports(">"))
        self.notes = Notes(self)
        self._nobody = Triage()
        """Knows what is kept although nobody is watched."""
        self._shapes: dict[int, Shape] = {}

    def shape(self, link: int) -> Shape:
        """Only of link types that nobody can read nothing is kept."""
        shape = super().shape(link)
        return shape._replace(tests={}, otherwise=_always) if shape.known else shape

    def sieve(self) -> Sieve:
        """What looks at the ESP packets of a capture: there is one capture at a time."""
        return self.notes

    def open(self, frame: Frame) -> Open:
        """What is left to judge about the frame that came last."""
        noted = self.notes.noted
        if noted:
            self.notes.noted = b""
            return noted
        shape = self._shapes.get(frame.link)
        if shape is None:
            shape = self._shapes[frame.link] = self._nobody.shape(frame.link)
        return shape.keeps(frame.data + bytes(SLACK), 0, len(frame.data))


class Sink:
    """Where the frames of one capture go; says how far it is."""

    def __init__(self, file: RawIOBase, *, in_turn: bool) -> None:
        self._file = file
        self._in_turn = in_turn
        self._open: list[Open] = []
        self._frames: list[tuple[int | bytes, ...]] = []
        self._waiting = self._written = self._read = self._told = self._let = 0

    def put(self, left: Open, frame: Frame) -> None:
        """One frame, with what is left to judge."""
        self._open.append(left)
        self._frames.append(tuple(frame))
        self._waiting += len(frame.data) + OVERHEAD
        if self._waiting > BLOCK:
            self.flush()

    def flush(self) -> None:
        """Write what waits, and tell."""
        if self._frames:
            batch = marshal.dumps((self._open, self._frames))
            waiting = memoryview(SIZE.pack(len(batch)) + batch)
            self._written += len(waiting)
            self._open, self._frames, self._waiting = [], [], 0
            while waiting:
                waiting = waiting[self._file.write(waiting) or 0 :]
        self._told = self._read
        _tell({"octets": self._written, "read": self._read})

    def count(self, octets: int) -> None:
        """So many octets of the capture were read."""
        self._read += octets
        if self._read - self._told > SILENT:
            self.flush()
        if self._in_turn and self._read - self._let > SLICE:
            self._let = self._read
            _tell({"waits": True})
            answer = sys.stdin.readline()
            if not answer:
                raise SystemExit  # nobody is there any more
            self._in_turn = json.loads(answer)["until"] != "end"


def walk(triage: Scout, path: str, capture: int, into: str) -> None:
    """Walk over one capture."""
    summary = Summary(path)
    try:
        with Path(into).open("xb", buffering=0) as file:
            sink = Sink(file, in_turn=IN_TURN in sys.argv)
            try:
                source = Input(path, sink.count)
            except OSError as error:
                raise no_access(path, error) from None
            try:
                for frame in recognise(Window(source), capture, triage, summary).frames():
                    if frame is not None:
                        sink.put(triage.open(frame), frame)
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
            walk(triage, order["read"], order["as"], order["into"])
            triage.noted.gather()
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
