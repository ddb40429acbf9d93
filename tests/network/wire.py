"""A TCP connection for the tests: segments of both sides, and what the tracker says about them."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.frame import FrameRef
from analyzer.network.tcp import Closing, Connection, Data, Event, Forgotten, Hole, Opened, Segment, TcpTracker
from tests.network.build import MILLISECOND, PCSCF, START, UE

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16

UE_END = (UE, 5062)
PCSCF_END = (PCSCF, 5060)
ISN = (1000, 0xFFFF_FF00)
"""Initial sequence numbers of the UE and the P-CSCF; the second is about to wrap around."""


Told = Opened | Data | Hole | Closing


class Wire:
    """Sends segments with sequence numbers counted as stream offsets, a millisecond apart."""

    def __init__(self, isn: tuple[int, int] = ISN) -> None:
        self.told: list[str] = []
        self.tracker = TcpTracker(self.told.append)
        self.isn = isn
        self.number = 0
        self.time = START
        self.events: list[Event] = []
        self.forgotten: list[Connection] = []

    def send(
        self,
        by: int,
        offset: int,
        payload: bytes = b"",
        flags: int = ACK,
        *,
        ack: int | None = 0,
        tag: object = None,
        after: int = MILLISECOND,
        ends: tuple[tuple[bytes, int], tuple[bytes, int]] = (UE_END, PCSCF_END),
    ) -> Sequence[Told]:
        """``offset`` and ``ack`` count from the first octet of data; None for a segment without ACK."""
        self.number += 1
        self.time += after
        at = FrameRef(0, self.number, self.time)
        source, destination = ends[by], ends[1 - by]
        number = (self.isn[by] + 1 + offset) & 0xFFFFFFFF
        acked = 0 if ack is None else (self.isn[1 - by] + 1 + ack) & 0xFFFFFFFF
        flags = flags & ~ACK if ack is None else flags | ACK
        told = self.tracker.receive(
            Segment(at, (at,), source[0], destination[0], source[1], destination[1], number, acked, flags, payload, tag)
        )
        events = [event for event in told if not isinstance(event, Forgotten)]
        self.forgotten += [event.connection for event in told if isinstance(event, Forgotten)]
        self.events.extend(events)
        return events

    def open(self, tag: object = None) -> Sequence[Told]:
        """Shake hands; the UE opens."""
        events = [
            *self.send(0, -1, flags=SYN, ack=None, tag=tag),
            *self.send(1, -1, flags=SYN, tag=tag),
            *self.send(0, 0, tag=tag),
        ]
        assert [type(event) for event in events] == [Opened]
        return events

    def stream(self, by: int) -> bytes:
        """What was delivered of one direction so far, holes left out; checks the offsets on the way."""
        text, position = b"", 0
        for event in self.events:
            if isinstance(event, Hole) and event.by == by:
                position += event.octets
            elif isinstance(event, Data) and event.by == by:
                assert event.start == position
                assert event.end == position + len(event.data)
                assert event.at == event.frames[-1]
                position = event.end
                text += event.data
        return text

    @property
    def holes(self) -> list[tuple[int, int]]:
        return [(event.by, event.octets) for event in self.events if isinstance(event, Hole)]

    @property
    def closings(self) -> list[tuple[int, str]]:
        return [(event.by, event.how) for event in self.events if isinstance(event, Closing)]


def brief(events: Sequence[Event]) -> list[object]:
    """Events without connection, frames and tags."""
    short: list[object] = []
    for event in events:
        if isinstance(event, Data):
            short.append((event.start, event.data))
        elif isinstance(event, Hole):
            short.append(("hole", event.octets))
        elif isinstance(event, Closing):
            short.append((event.by, event.how))
        elif isinstance(event, Opened):
            short.append(("opened", event.by))
    return short
