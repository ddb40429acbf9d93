from __future__ import annotations

import pytest

from analyzer.frame import Frame
from analyzer.sources.walker import FOREVER, NEVER, new
from tests.sources.build import ESP4, RTP, SECOND, SIP4, START, Writer, obsolete, pcap, pcapng, section, walk
from tests.sources.build import interface as description


def test_new_makes_the_same_as_the_class() -> None:
    frame = new(Frame, (1, 2, 3, 4, b"5", 6))
    assert frame == Frame(1, 2, 3, 4, b"5", 6)
    assert type(frame) is Frame
    assert frame.length == 6


@pytest.mark.parametrize("write", [pcap, pcapng])
@pytest.mark.parametrize("order", ["<", ">"])
def test_a_walker_judges_nothing_later_than_its_limit(write: Writer, order: str) -> None:
    walker, summary = walk(write([SIP4, RTP, ESP4, RTP, SIP4], order=order))
    frames = walker.frames()
    walker.limit = NEVER
    assert next(frames) is None
    assert walker.reached == START
    walker.limit = START + SECOND
    first = next(frames)
    assert first is not None
    assert (first.number, first.time) == (1, START)
    assert next(frames) is None
    assert walker.reached == START + 2 * SECOND
    assert next(frames) is None, "nothing has changed"
    walker.limit = START + 2 * SECOND - 1
    assert next(frames) is None
    walker.limit = START + 2 * SECOND
    third = next(frames)
    assert third is not None
    assert third.number == 3
    walker.limit = FOREVER
    assert [frame.number for frame in frames if frame] == [5]
    assert summary.frames == 5
    assert summary.skipped == {"not signalling": 2}


def test_obsolete_packets_wait_as_well() -> None:
    walker, _ = walk(section() + description() + obsolete(SIP4) + obsolete(ESP4, ticks=START // 1000 + 1))
    walker.limit = NEVER
    frames = walker.frames()
    assert next(frames) is None
    assert walker.reached == START
    walker.limit = START
    assert next(frames) is not None
    assert next(frames) is None
    assert walker.reached == START + 1000
    walker.limit = FOREVER
    assert [frame.number for frame in frames if frame] == [2]
