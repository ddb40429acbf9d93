from __future__ import annotations

from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.sources.kinds import recognise
from analyzer.sources.triage import SLACK, Triage
from analyzer.sources.walker import Summary
from analyzer.sources.window import Window
from tests.sources.build import SECOND, SIP4, START, Trickle, pcap


def take(window: Window, size: int) -> bytes:
    """Read on in pieces of ``size``, as a walker does."""
    octets, at = b"", 0
    while True:
        while window.end - at >= size:
            octets += window.view[at : at + size].tobytes()
            at += size
        if not window.more(at):
            return octets + bytes(window.buffer[: window.end])
        at = 0


@given(st.binary(max_size=300), st.integers(1, 40), st.integers(1, 50), st.integers(1, 60))
def test_every_octet_comes_once_and_in_order(octets: bytes, capacity: int, most: int, size: int) -> None:
    assert take(Window(Trickle(octets, most), capacity), size) == octets


def test_the_buffer_grows_only_when_it_is_full() -> None:
    window = Window(Trickle(bytes(100), 100), 32)
    assert window.more(0)
    assert (window.end, len(window.buffer)) == (32, 32 + SLACK)
    assert window.more(16)
    assert (window.end, len(window.buffer)) == (32, 32 + SLACK)
    assert window.more(0)
    assert (window.end, len(window.buffer)) == (64, 64 + SLACK)


def test_there_is_slack_behind_the_end() -> None:
    window = Window(Trickle(b"\xff" * 64, 64), 64)
    window.more(0)
    assert window.end == 64
    assert len(window.buffer) - window.end >= SLACK


def test_fill_waits_for_as_much_as_is_asked_for() -> None:
    window = Window(Trickle(bytes(range(20)), 3), 64)
    assert window.fill(7)
    assert window.end >= 7
    assert window.fill(20)
    assert not window.fill(21)
    assert window.end == 20


class Broken(Trickle):
    def __init__(self, octets: bytes, error: Exception) -> None:
        super().__init__(octets, 10)
        self.error = error

    def readinto1(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        count = super().readinto1(buffer)
        if not count:
            raise self.error
        return count


@pytest.mark.parametrize("error", [OSError("Input/output error"), EOFError(), EOFError("it is cut")], ids=repr)
def test_a_stream_that_fails_ends_with_the_reason(error: Exception) -> None:
    window = Window(Broken(bytes(25), error), 64)
    assert take(window, 64) == bytes(25)
    assert window.failure == (str(error) or "EOFError")


def test_close_closes_the_stream() -> None:
    stream = Trickle(b"", 1)
    Window(stream, 8).close()
    assert stream.closed


class Endless(Trickle):
    """So many records of 15 MB, and one more record behind them; what is in the large ones is nobody's business."""

    SIZE = 15 << 20
    HEADER = pack("<IIII", START // SECOND, 0, SIZE, SIZE)

    def __init__(self, count: int, last: bytes) -> None:
        super().__init__(pcap([]), 1 << 30)
        self.count, self.last, self.given = count, last, 0
        self._at = 0

    def readinto1(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        if not self.given:
            count = super().readinto1(buffer)
        elif self.count:
            # The rest of a record, or all of its header.
            left = (self.SIZE - self._at) if self._at else len(self.HEADER)
            count = min(left, len(buffer))
            if self._at:
                self._at += count
                if self._at == self.SIZE:
                    self._at, self.count = 0, self.count - 1
            else:
                assert count == left
                buffer[:count] = self.HEADER
                self._at = 1  # and an octet, so that zero means a header
                count += 1
        else:
            self.count, buffer[: len(self.last)] = 0, self.last
            count, self.last = len(self.last), b""
        self.given += count
        return count


def test_captures_of_more_than_4_gib() -> None:
    stream = Endless(300, pcap([SIP4])[24:])
    summary = Summary("x")
    walker = recognise(Window(stream), 0, Triage(), summary)
    assert [(frame.number, frame.data) for frame in walker.frames() if frame] == [(301, SIP4)]
    assert stream.given > 1 << 32
    assert (summary.frames, summary.notices) == (301, [])
