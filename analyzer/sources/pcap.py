"""Walks through a pcap capture, https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-05.html.

Both byte orders, microseconds and nanoseconds; the modified form whose record header is eight octets longer; and lcap
of IXIA's testers, whose file header is four octets longer (wiretap/libpcap.c of Wireshark). The snaplen in the file
header is not believed: many writers leave 0 there, and some write more than they say. Three old systems wrote longer
record headers and nothing that tells so; their files are recognised by what makes sense.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct, unpack_from
from typing import Final

from analyzer.frame import SECOND, Frame
from analyzer.sources.proofs import LATE, MORE, UNPROVEN, Judge, Records
from analyzer.sources.triage import ByteOrder, Triage
from analyzer.sources.walker import FOREVER, Summary, UnreadableCapture, Walker, convert, new, reason_for
from analyzer.sources.window import LARGEST, Window

HEADER: Final = 24
"""Octets of the usual file header."""

MAGICS: Final[dict[bytes, tuple[ByteOrder, int, int, int]]] = {
    b"\xa1\xb2\xc3\xd4": (">", 1000, 16, HEADER),
    b"\xd4\xc3\xb2\xa1": ("<", 1000, 16, HEADER),
    b"\xa1\xb2\x3c\x4d": (">", 1, 16, HEADER),
    b"\x4d\x3c\xb2\xa1": ("<", 1, 16, HEADER),
    b"\xa1\xb2\xcd\x34": (">", 1000, 24, HEADER),
    b"\x34\xcd\xb2\xa1": ("<", 1000, 24, HEADER),
    b"\x1c\x00\x01\xac": (">", 1, 16, HEADER + 4),
    b"\xac\x01\x00\x1c": ("<", 1, 16, HEADER + 4),
    b"\x1c\x00\x01\xab": (">", 1000, 16, HEADER + 4),
    b"\xab\x01\x00\x1c": ("<", 1000, 16, HEADER + 4),
}
"""How a pcap file begins: byte order, nanoseconds of a tick, octets of a record header and of the file header."""


OLD: Final = {16: (24, 20), 24: (28,)}
"""Octets of the record headers that old systems wrote instead of the usual: those of Red Hat 6.1 and Nokia's IPSO, and
under the modified form's magic that of SuSE 6.3."""

TRIED: Final = 4
"""Records that have to make sense."""


class PcapWalker(Walker):
    """The frames of a pcap capture."""

    def __init__(self, window: Window, capture: int, triage: Triage, summary: Summary) -> None:
        """Raises UnreadableCapture if the file header is cut or of another version."""
        super().__init__(window, capture, triage, summary)
        order, self._tick, self._record, self._header = MAGICS[bytes(window.buffer[:4])]
        self._need(self._header, "file header")
        major, minor, link = unpack_from(order + "HH12xI", window.buffer, 4)
        if (major, minor) != (2, 4):
            raise UnreadableCapture(
                f"{summary.path}: is pcap of version {major}.{minor}; convert it: {convert(summary.path)}"
            )
        self._order = order
        self._link = link & 0xFFFF  # above it: the length of a checksum behind each frame, and reserved bits
        self._fields = Struct(order + "IIII").unpack_from
        if self._sensible(self._record) is None:
            old = (record for record in OLD[self._record] if (self._sensible(record) or 0) > 1)
            self._record = next(old, self._record)

    def _sensible(self, record: int) -> int | None:
        """How many of the first records are in memory, with record headers of this length; None if one is nonsense."""
        buffer, end, start = self._window.buffer, self._window.end, self._header
        for tried in range(TRIED):
            if start + 16 > end:
                return tried
            _, ticks, size, length = self._fields(buffer, start)
            if ticks * self._tick >= SECOND or size > min(length, LARGEST):
                return None
            start += record + size
        return TRIED

    def frames(self) -> Iterator[Frame | None]:
        """The frames that are kept, and None whenever another capture's turn has come."""
        window, capture, link, tick, record = self._window, self._capture, self._link, self._tick, self._record
        fields, sieve = self._fields, self._triage.sieve()
        judge = Judge(self._triage, _records(self._order, tick, record), link, sieve)
        shape = judge.shape
        reason = reason_for(link, shape.known)
        start = after = self._header
        number = kept = previous = 0
        while True:
            buffer, view, end, opening = window.buffer, window.view, window.end, after
            if after + record <= end:
                judge.look(buffer, after + record, end)
            why = LATE
            while why != MORE:
                if self.limit < FOREVER and after + 16 <= end and self._time(after) > self.limit:
                    self.reached = self._time(after)
                    yield None
                    continue
                walk = judge.walk(bounded=self.limit < FOREVER)
                stops = walk(buffer, view, start, after, end, number, self.limit)
                for start, after, number, why in stops:
                    if why:
                        if why != UNPROVEN:
                            break
                        if judge.turn(buffer, start + record, after):
                            after = start
                            break
                        if not shape.keeps(buffer, start + record, after):
                            continue
                    kept += 1
                    seconds, ticks, size, length = fields(buffer, start)
                    time = seconds * SECOND + ticks * tick
                    if time < previous:
                        self._earlier(time, previous)
                    previous = time
                    if length > size:
                        self._cut(size)
                    data = view[start + record : after].tobytes()
                    yield new(Frame, (capture, number + 1, time, link, data, length))
            self._settle(number, kept + sieve.count, reason)
            if after > opening:
                self._date(self._time(opening))
                self._date(self._time(start))
            if not self._proceed(after):
                return
            after = 0

    def _time(self, start: int) -> int:
        seconds, ticks, _, _ = self._fields(self._window.buffer, start)
        return int(seconds * SECOND + ticks * self._tick)

    def _proceed(self, start: int) -> bool:
        """Read on, since the record at ``start`` is not whole; False if there is nothing more to read."""
        remaining = self._window.end - start
        if remaining >= self._record:
            _, _, size, _ = self._fields(self._window.buffer, start)
            if size > LARGEST:
                self._breaks(f"a record claims {size} octets")
                return False
        if self._more(start):
            return True
        self._ends(remaining)
        return False


def _records(order: ByteOrder, tick: int, record: int) -> Records:
    """How records lie in the buffer whose headers have ``record`` octets."""
    return Records(
        order=order,
        data=record,
        plain=(f"8xI{record - 12}x", "size"),
        bounded=(f"III{record - 12}x", "seconds, ticks, size"),
        following=f"after + {record} + size",
        stop="following > end",  # and so it is, whatever the size, if the record header itself is not whole
        late=f"seconds * {SECOND} + ticks * {tick} > limit",
        close="after",
        clock="II",
    )
