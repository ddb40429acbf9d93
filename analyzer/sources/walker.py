"""What the walkers have in common: whom they walk for, how far they may go, and what they tell besides frames."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from shlex import quote
from typing import Final, NamedTuple

from msgspec import Struct, field

from analyzer.frame import Frame
from analyzer.layers.link import NAMES
from analyzer.sources.triage import Triage
from analyzer.sources.window import Window

FOREVER: Final = (1 << 63) - 1
"""The latest time there is, in nanoseconds (the year 2262)."""

NEVER: Final = -1
"""Before every time there is."""

new: Final = tuple.__new__
"""Makes a `Frame` in 123 ns, and the class itself in 224."""


MAX_LINKS: Final = 16
"""Reasons of one capture for which frames were not kept that are counted apart; the others are counted together."""


FREE_RECORDS: Final = 1 << 24
"""Records and blocks of a compressed capture (16.8 million, walked in 4 s if they are empty) that may cost nothing."""

RECORDS_PER_OCTET: Final = 10
"""How many of them, if there are more, an octet may stand for. Each has a time of its own: of equal frames the best
compressors needed 3 octets each, and 0.7 where they came every 20 ms to the microsecond. What is made to keep a reader
busy gets to 16 and beyond."""


def convert(path: str) -> str:
    """The command that makes something readable of what Wireshark can read and this package cannot."""
    return f"editcap -F pcapng {quote(path)} " + ("-" if path == "-" else quote(f"{path}.pcapng"))


def reason_for(link: int, known: bool) -> str:
    """Under which reason the frames of an interface are counted that are not kept."""
    name = NAMES.get(link)
    return "not signalling" if known else f"link type not supported: {name or 'number'} {link}"


class UnreadableCapture(Exception):
    """A capture that cannot be read at all; the message is one line that says what is wrong and what to do."""


class NoCapture(UnreadableCapture):
    """A file that does not even begin like a capture of any kind that is known here."""


class Summary(Struct):
    """What there is to tell about one capture, complete once its frames have been iterated."""

    path: str
    frames: int = 0
    """All frames in the file, kept or not: the number that Wireshark gives to the last of them."""
    first: int | None = None
    """Time of the first frame in the file, None if there is none."""
    last: int | None = None
    """Time of the last frame in the file."""
    until: int | None = None
    """Until when there was something to hear, if the recorder says so: what did not come until then was not there."""
    skipped: dict[str, int] = field(default_factory=dict)
    """How many frames were not kept, by reason; also the record that the end of the file cuts, which is no frame."""
    notices: list[str] = field(default_factory=list)
    """What the user must know to trust the result: a capture that ends too early, frames lost while capturing."""
    drops: int | None = None
    """Frames that the recorder lost, as it says itself; None if it does not say (a pcap file never does)."""
    cut: int = 0
    """How many of the frames that were kept are shorter than they were on the wire (`Frame.length` says by how much).
    Whether media were cut is not looked at."""
    snaplen: int = 0
    """Octets of the longest of the frames counted in `cut`: where the recorder really cut, whatever it says."""
    backwards: int = 0
    """How often a frame that was kept is earlier than the one kept before it in the same file."""
    furthest_back: int = 0
    """The longest of these steps, in nanoseconds."""
    timeless: int = 0
    """Frames that took the time of the frame before, having none of their own or one that cannot be."""


class Lost(NamedTuple):
    """Frames that were not recorded, as far as the recorder says."""

    by_interface: int = 0
    by_system: int = 0


class Walker(ABC):
    """Turns the octets of one capture into the frames that are kept.

    Several captures make one timeline, and triage must have seen every frame before it judges the next: so a walker
    does not run ahead. Before it judges a frame later than `limit`, it says how late in `reached` and yields None;
    whoever merges lets the other captures catch up and sets a new limit.
    """

    def __init__(self, window: Window, capture: int, triage: Triage, summary: Summary) -> None:
        self.limit = FOREVER
        """The last time that may be judged; looked at when the walker starts and after every None."""
        self.reached = NEVER
        """The time of the frame that was next when the walker yielded None."""
        self._window = window
        self._capture = capture
        self._triage = triage
        self._summary = summary
        self._dropped = 0
        self._previous = 0
        """Time of the last frame that was kept."""
        self._others = 0
        """Blocks that hold no frame."""

    @property
    def lost(self) -> Lost:
        """What is known to be lost so far."""
        return Lost()

    @abstractmethod
    def frames(self) -> Iterator[Frame | None]:
        """The frames that are kept, and None whenever another capture's turn has come."""

    def _need(self, count: int, what: str) -> None:
        """Have the first ``count`` octets in memory, the ``what``; raises UnreadableCapture if there are fewer."""
        if not self._window.fill(count):
            problem = self._window.failure or f"ends within the {what}"
            raise UnreadableCapture(f"{self._summary.path}: {problem}; copy or record it again")

    def _more(self, start: int) -> bool:
        """Read on, as `Window.more` does; not if the capture seems to be made to keep us busy."""
        records = self._summary.frames + self._others
        if records > FREE_RECORDS:
            taken = self._window.taken
            if taken is not None and taken * RECORDS_PER_OCTET < records:
                self._window.failure = (
                    f"{records:,} records in {taken:,} compressed octets, as no recorder writes them; "
                    "decompress it first"
                )
                return False
        return self._window.more(start)

    def _settle(self, frames: int, kept: int, reason: str) -> None:
        """Bring the counters up to date: ``frames`` were seen so far and ``kept`` kept; why not the others."""
        dropped = frames - kept - self._dropped
        self._dropped += dropped
        self._triage.dropped += dropped
        self._summary.frames = frames
        if dropped:
            skipped = self._summary.skipped
            if reason not in skipped and len(skipped) >= MAX_LINKS:
                reason = "other link types that are not supported"
            skipped[reason] = skipped.get(reason, 0) + dropped

    def _date(self, time: int) -> None:
        """Note the time of a frame: of the first one in the file, and of the last one before something else comes."""
        if time == NEVER:
            return
        if self._summary.first is None:
            self._summary.first = time
        self._summary.last = time

    def _earlier(self, time: int, previous: int) -> int:
        """The time of a frame that is to be kept and seems to be earlier than the one before it, which is noted."""
        summary = self._summary
        if time == NEVER:
            summary.timeless += 1
            return previous
        summary.backwards += 1
        summary.furthest_back = max(summary.furthest_back, previous - time)
        return time

    def _cut(self, size: int) -> None:
        """Note that ``size`` octets of a longer frame were recorded."""
        self._summary.cut += 1
        self._summary.snaplen = max(self._summary.snaplen, size)

    def _ends(self, remaining: int) -> None:
        """Say what is wrong with the end of the capture: ``remaining`` octets of a record are there, but not all."""
        frame = self._summary.frames + 1
        if self._window.failure:
            self._summary.notices.append(f"reading failed before frame {frame}: {self._window.failure}")
        elif remaining:
            self._summary.notices.append(
                f"ends in the middle of the record of frame {frame}: the recorder was killed or is still at work, "
                "or the file was not copied whole"
            )
            self._summary.skipped["truncated record"] = 1

    def _breaks(self, problem: str) -> None:
        """Say why the capture is not read any further."""
        frame = self._summary.frames + 1
        command = convert(self._summary.path)
        self._summary.notices.append(
            f"damaged before frame {frame}, and read only up to there: {problem}; if Wireshark reads more: {command}"
        )
