"""A process that walks over captures ahead of the audit, and hands over the frames that may matter (`scouts.py`).

Whom the audit will watch nobody knows here. So a frame is left out only if nothing but a watched address and port
could make it matter, and who sent it to whom is noted. Whatever is less simple is handed over. In the end the audit
tells whom it watched, and this process, whether a frame was left out that it had to see.

The audit is one process that has to look at each frame, so it gets them as it needs them, many at a time, each with
what there is left to judge about it: as bare records, which it had to take apart, they cost 3 µs instead of 1.

Standard input brings a line of JSON for each order: ``{"read": path, "as": capture, "into": path, "most": octets}``, or
``{"watched": [hex]}``. Standard output has a line for each answer: ``{"octets": written, "read": from the capture}`` as
it goes on, then ``{"summary": …}`` or ``{"error": …}``; and ``{"missed": true or false}``. After so many octets, and
now and then if it was started with ``--in-turn``, it says ``{"waits": true}``, and goes on when it hears ``{"turns":
true}``, or ``{"turns": false}``: then this capture needs no more turns.
"""

from __future__ import annotations

import json
import marshal
import signal
import sys
from contextlib import closing, suppress
from io import FileIO
from struct import Struct
from typing import Any, Final

from msgspec.structs import asdict

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
    """Where the frames of one capture go: files, each of which may go when it was read. Says how far it is."""

    def __init__(self, into: str, most: int, *, in_turn: bool) -> None:
        self._into = into
        self._most = most
        self._in_turn = in_turn
        self._parts = 0
        self._file = self._next()
        self._open: list[Open] = []
        self._frames: list[tuple[int | bytes, ...]] = []
        self._waiting = self._written = self._part = self._read = self._told = self._let = 0

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
            self._open, self._frames, self._waiting = [], [], 0
            for octets in SIZE.pack(len(batch)), batch:
                self._write(octets)
            self._part += SIZE.size + len(batch)
            self._written += SIZE.size + len(batch)
        self._told = self._read
        _tell({"octets": self._written, "read": self._read})
        if self._part >= self._most:
            self._file.close()
            self._file = self._next()
            self._part = 0
            self._wait()

    def count(self, octets: int) -> None:
        """So many octets of the capture were read."""
        self._read += octets
        if self._read - self._told > SILENT:
            self.flush()
        if self._in_turn and self._read - self._let > SLICE:
            self._let = self._read
            self._wait()

    def close(self) -> None:
        """No more."""
        self._file.close()

    def _write(self, octets: bytes) -> None:
        left = memoryview(octets)
        try:
            while left:
                left = left[self._file.write(left) or 0 :]
        except OSError as error:
            raise self._full(error) from None

    def _next(self) -> FileIO:
        self._parts += 1
        try:
            return FileIO(part(self._into, self._parts), "xb")
        except OSError as error:
            raise self._full(error) from None

    def _full(self, error: OSError) -> UnreadableCapture:
        return UnreadableCapture(
            f"{self._into}: {error.strerror}; set TMPDIR to where there is room, or leave out --jobs"
        )

    def _wait(self) -> None:
        _tell({"waits": True})
        answer = sys.stdin.readline()
        if not answer:
            raise SystemExit  # nobody is there any more
        self._in_turn &= json.loads(answer)["turns"]


def part(spool: str, number: int) -> str:
    """The path of a part of what is handed over, counted from 1."""
    return f"{spool}.{number}"


def walk(triage: Scout, path: str, capture: int, into: str, most: int) -> None:
    """Walk over one capture."""
    summary = Summary(path)
    try:
        with closing(Sink(into, most, in_turn=IN_TURN in sys.argv)) as sink:
            try:
                source = Input(path, sink.count)
            except OSError as error:
                raise no_access(path, error) from None
            with closing(source):
                for frame in recognise(Window(source), capture, triage, summary).frames():
                    if frame is not None:
                        sink.put(triage.open(frame), frame)
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
            walk(triage, order["read"], order["as"], order["into"], order["most"])
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
