"""The capture that a scenario writes: frames with labels, what a tap may do to them, and the two forms of output."""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace

from analyzer.frame import SECOND, Frame

from . import crypto
from .state import Who

START = 1_704_067_200 * SECOND
"""2024-01-01, the first second of every scenario."""

GTP_DELAY = 200_000
"""Nanoseconds between the two copies of a packet."""


@dataclass(slots=True)
class Record:
    """One frame before it has a number."""

    label: str
    time: int
    data: bytes
    uplink: bool | None
    length: int
    shift: int = 0
    """What the clock of the capture was wrong by when it was written (ns); the order is that of ``time``."""


class Recorder:
    """Keeps the frames of a scenario and changes them after the fact."""

    def __init__(self, copies: str | None) -> None:
        self.copies = copies
        self.now = START
        self.records: list[Record] = []

    def wait(self, seconds: float) -> None:
        """Let time pass in the capture."""
        self.now += round(seconds * 1_000_000) * 1000

    def record(self, label: str, data: bytes, uplink: bool | None) -> None:
        """A frame at this moment."""
        self.records.append(Record(label, self.now, data, uplink, len(data)))

    # What a network or a tap does.

    def lose(self, *labels: str) -> None:
        """The capture does not have these messages, though they were sent and counted."""
        for label in labels:
            gone = self._of(label)
            self.records = [record for record in self.records if record not in gone]

    def only(self, who: Who) -> None:
        """A capture of one direction: what the other side sent is missing."""
        self.records = [record for record in self.records if record.uplink in (None, who == "ue")]

    def start_at(self, label: str) -> None:
        """The capture begins with this message: nothing before it was written."""
        first = min(record.time for record in self._of(label))
        self.records = [record for record in self.records if record.time >= first]

    def duplicate(self, label: str, delay: float = 0.001) -> None:
        """Each frame of the message once more, byte for byte; the copy is called ``label.dup``."""
        for record in self._of(label):
            later = record.time + round(delay * 1_000_000) * 1000
            self.records.append(replace(record, label=f"{label}.dup", time=later))

    def swap(self, first: str, second: str) -> None:
        """The capture has the two messages in the other order (both of one frame)."""
        (a,), (b,) = self._of(first), self._of(second)
        a.time, b.time = b.time, a.time

    def corrupt(self, label: str) -> None:
        """The last octet of the message's last frame is wrong: with ESP a bit of the ICV."""
        record = self._of(label)[-1]
        record.data = record.data[:-1] + bytes((record.data[-1] ^ 1,))

    def cut(self, label: str, octets: int) -> None:
        """The capture kept only that many octets of the message's last frame."""
        record = self._of(label)[-1]
        record.data = record.data[:octets]

    def fragment(self, label: str, size: int = 800) -> None:
        """The message's frames in IP fragments of at most that many octets."""
        for record in self._of(label):
            place = self.records.index(record)
            parts = crypto.fragments(record.data, size)
            self.records[place : place + 1] = [
                replace(record, data=part, length=len(part), time=record.time + n * 10_000)
                for n, part in enumerate(parts)
            ]

    # What a test reads.

    def frame(self, label: str) -> int:
        """Number of the message's frame, of its last one if it has several. Raises KeyError if it is not there."""
        numbers = [n for n, record in enumerate(self._written(), 1) if record.label == label]
        if not numbers:
            raise KeyError(label)
        return numbers[-1]

    def label_of(self, number: int) -> str:
        """The label of a frame."""
        written = self._written()
        return written[number - 1].label if 0 < number <= len(written) else "?"

    def tail(self, label: str, octets: int = 16, icv: int = 12) -> bytes:
        """The octets before the ICV of a message's last frame: the last cipher block of an ESP packet."""
        data = self._of(label)[-1].data
        return data[len(data) - icv - octets : len(data) - icv]

    def frames(self) -> list[Frame]:
        """The capture as the engine takes it."""
        return [
            Frame(0, number, record.time + record.shift, 1, record.data, record.length)
            for number, record in enumerate(self._written(), 1)
        ]

    def pcap(self) -> bytes:
        """The capture as a file: Ethernet, microseconds."""
        parts = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)]
        for record in self._written():
            seconds, rest = divmod(record.time + record.shift, SECOND)
            parts.append(struct.pack("<IIII", seconds, rest // 1000, len(record.data), record.length))
            parts.append(record.data)
        return b"".join(parts)

    def _of(self, label: str) -> list[Record]:
        found = [record for record in self.records if record.label == label]
        if not found:
            raise KeyError(f"no frame is called {label!r}; there are {sorted({r.label for r in self.records})}")
        return found

    def _written(self) -> list[Record]:
        records = self.records
        if self.copies == "gtp":
            records = [copied for record in records for copied in self._twice(record)]
        return sorted(records, key=lambda record: record.time)

    def _twice(self, record: Record) -> list[Record]:
        if record.uplink is None:
            return [record]
        wrapped = crypto.gtp_copy(record.data, record.uplink)
        tunnelled = replace(record, data=wrapped, length=len(wrapped))
        first, second = (tunnelled, record) if record.uplink else (record, tunnelled)
        return [first, replace(second, label=f"{record.label}.copy", time=record.time + GTP_DELAY)]
