"""The express way of TCP segments leaves behind what the long way does, whatever comes on the connection.

That whole audits come to the same is tested beside the short way of messages.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from struct import pack
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.engine import lines as lines_module
from analyzer.engine.lines import Line, Lines
from analyzer.engine.segments import Segments
from analyzer.frame import FrameRef
from analyzer.ims.session import Packet
from analyzer.ims.tracker import Tracker
from analyzer.network import tcp
from analyzer.network.stream import Data, Event, Forgotten, Hole, Segment
from analyzer.network.tcp import ACK, FIN, RST, SYN, TcpTracker, parse_segment
from analyzer.sip.framing import Framed, Framer, says_whole
from analyzer.sip.usual import usual_shape

UE, PCSCF = b"\x0a\0\0\1", b"\x0a\0\0\2"
PORTS = (5064, 5066)
MASK = 0xFFFFFFFF


def message(length: str = "Content-Length: %d\r\n", body: bytes = b"", blank: bytes = b"\r\n") -> bytes:
    """A request of the usual shape, whose header says how long its body is, or not."""
    stated = (length % len(body) if "%" in length else length).encode()
    via = b"Via: SIP/2.0/TCP 10.0.0.1:5064;branch=z9hG4bKa\r\n"
    return b"OPTIONS sip:a@h SIP/2.0\r\n" + via + b"Call-ID: a\r\nCSeq: 1 OPTIONS\r\n" + stated + blank + body


WHOLE = message()
LONG = message(body=b"v=0\r\n" * 300 + WHOLE + b"a=x\r\n" * 300)
"""In whose body another message lies."""
PARTS = (LONG[:1360], LONG[1360:2720], LONG[2720:])
UNUSUAL = (
    message(""),
    message("l: %d\r\n", b"body"),
    message("Content-Length:4\r\n", b"body"),
    message("Content-Length: 4\n", b"body", b"\n"),
    message("Content-Length: 4\n", b"body"),
)
"""Whole too, but not in the form that is looked for."""

TEXTS = (
    WHOLE,
    message(body=b"v=0\r\n\r\nm=audio\r\n"),
    WHOLE + WHOLE,
    WHOLE[:40],
    WHOLE[40:],
    b"\r\n\r\n",
    b"nothing\r\n",
    b"x",
    message("Content-Length: 4\r\n", b"body and more\r\n"),
    message("Content-Length: 30\r\n", b"less"),
    message("Content-Length: 4\r\nContent-Length: 15\r\n", b"body and more\r\n"),
    message("Content-Length: +4\r\n", b"body"),
    *UNUSUAL,
    *PARTS,
    LONG[2720:] + WHOLE[:40],
    WHOLE[:-2],
    b"\r\n" + WHOLE,
)


class Bound(SimpleNamespace):
    """Stands for a binding, which is hashed by identity."""

    def __hash__(self) -> int:  # type: ignore[override]
        return id(self)


def sequences(framed: Framed) -> tuple[int, ...]:
    """The numbers of the packets that a message came in."""
    return tuple(tag.sequence for tag in framed.tags if isinstance(tag, Packet))


@dataclass
class Wire:
    """One connection inside ESP, followed with the express way or without."""

    express: bool
    told: list[object] = field(default_factory=list)
    taken: int = 0
    number: int = 0
    next: list[int] = field(default_factory=lambda: [MASK - 1000, 7_000])

    def __post_init__(self) -> None:
        self.streams = TcpTracker(self.told.append)
        self.lines = Lines(self._framed, self.told.append)
        self.tracker = SimpleNamespace(calm=SimpleNamespace(takes=self._calm))
        self.segments = Segments(self.streams, self.lines, cast(Tracker, self.tracker))
        flows = (UE, PCSCF, PORTS), (PCSCF, UE, PORTS[::-1])
        self.bindings: list[Any] = [
            Bound(
                course=None, wrapping=None, address=source, association=SimpleNamespace(destination=target), ports=ports
            )
            for source, target, ports in flows
        ]

    def _calm(
        self, binding: Any, sequence: int, at: FrameRef, frames: tuple[FrameRef, ...], data: bytes, _: Any
    ) -> bool:
        found = usual_shape(data.decode("latin-1"))
        if found is None or not says_whole(data, found.end()):
            return False
        assert self.segments.framed is not None
        self.told.append((at, frames, data, self.segments.framed.end, (sequence,)))
        self.taken += 1
        return True

    def _framed(self, line: Line, framed: Framed) -> None:
        line.is_sip |= framed.kind == "message"
        if framed.kind == "message" and usual_shape(framed.data.decode("latin-1")):
            self.segments.framed = framed
            self.told.append((framed.at, framed.frames, framed.data, framed.end, sequences(framed)))
        else:
            self.told.append(framed._replace(tags=sequences(framed)))

    def _events(self, events: Any) -> None:
        event: Event
        for event in events:
            if isinstance(event, Data):
                self.lines.feed(event)
            elif isinstance(event, Hole):
                self.lines.hole(event)
                self.told.append((event.by, event.octets))
            elif isinstance(event, Forgotten):
                self.lines.forget(event.connection)
            else:
                self.told.append((type(event).__name__, event.by))

    def send(
        self,
        by: int,
        text: bytes,
        flags: int = ACK,
        back: int = 0,
        lost: bool = False,
        sport: int = 0,
        unheard: int = 0,
    ) -> None:
        """A segment with these octets, so many before what comes next, which acknowledges all but so many of what it
        was sent; only sent, not captured, if lost.
        """
        self.number += 1
        at = FrameRef(0, self.number, self.number * 500_000_000)
        mine, ack = self.next[by], (self.next[1 - by] - unheard) & MASK
        ports = PORTS if not by else PORTS[::-1]
        header = pack(">HHIIBBHHH", sport or ports[0], ports[1], (mine - back) & MASK, ack, 0x50, flags, 0, 0, 0)
        if not back:
            self.next[by] = (mine + len(text) + bool(flags & (SYN | FIN))) & MASK
        if lost:
            return
        self._events(self.streams.advance(at.time))  # as the engine does, before it looks which way a frame goes
        if self.express and not sport and self.segments.takes(self.bindings[by], self.number, at, header + text):
            return
        source, target = (UE, PCSCF) if not by else (PCSCF, UE)
        tag = Packet(self.bindings[by], self.number)
        segment = parse_segment(header + text, at, (at,), source, target, tag)
        assert segment is not None
        self._events(self.streams.receive(segment))

    def left(self) -> object:
        """All that the two ways have to leave behind in the same way."""
        self._events(self.streams.close())
        connections = [
            (each.endpoints, each.touched, [(s.base, s.next, s.acked, len(s.queue), s.closing) for s in each.sides])
            for each in self.streams.order
        ]
        lines = [(line.connection.endpoints, line.by, line.held) for line in self.lines.table.values()]
        last = self.segments.framed
        return self.told, connections, lines, self.streams.strays, last and (last.at, last.data, last.end)


STEP = st.tuples(
    st.integers(0, 1),
    st.sampled_from(TEXTS) | st.just(WHOLE) | st.just(b"") | st.sampled_from(PARTS),
    st.sampled_from((ACK,) * 12 + (ACK | FIN, RST, SYN, SYN | ACK, 0)),
    st.sampled_from((0,) * 8 + (1, 20, len(WHOLE), 2 * len(WHOLE), 2 * len(WHOLE), 1 << 25)),
    st.sampled_from((False,) * 6 + (True,)),
    st.sampled_from((0,) * 12 + (9, 10)),
    st.sampled_from((0, 0, 1, 1000, 1 << 25)),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(STEP, max_size=40), st.booleans())
def test_whatever_comes(steps: list[tuple[int, bytes, int, int, bool, int, int]], begun: bool) -> None:
    with pytest.MonkeyPatch.context() as limits:
        limits.setattr(tcp, "CONNECTIONS", 2)
        limits.setattr(lines_module, "LINES", 2)
        left = []
        for express in (True, False):
            wire = Wire(express)
            if begun:
                wire.send(0, b"", SYN)
                wire.send(1, b"", SYN | ACK)
            for step in steps:
                wire.send(*step)
            left.append(wire.left())
    assert left[0] == left[1]


def test_what_waits_comes_out_when_the_hole_is_filled() -> None:
    wires = [Wire(True), Wire(False)]
    for wire in wires:
        for by in (0, 1, 0, 1, 0, 1):
            wire.send(by, WHOLE)
        wire.send(0, WHOLE, lost=True)
        wire.send(0, WHOLE)
        wire.send(0, WHOLE, back=2 * len(WHOLE))
        assert sum(isinstance(each, tuple) and len(each) == 5 for each in wire.told) == 8
    assert wires[0].left() == wires[1].left()


def test_what_is_ordinary_is_taken() -> None:
    wire = Wire(True)
    for by in (0, 1, 0, 1, 0, 1):
        wire.send(by, WHOLE)
    assert wire.taken == 2  # the first two of each side tell what is what
    before = len(wire.told)
    wire.send(0, b"")
    assert len(wire.told) == before
    assert wire.segments.framed == Framed(
        "message",
        WHOLE,
        FrameRef(0, 6, 3 * 10**9),
        (FrameRef(0, 6, 3 * 10**9),),
        ((wire.bindings[1], 6, None),),
        3 * len(WHOLE),
    )


def test_the_parts_of_a_long_message_are_taken() -> None:
    """Whole, torn, repeated, out of order, and with the beginning of another message behind."""
    wires = [Wire(True), Wire(False)]
    for wire in wires:
        for by in (0, 1, 0, 1, 0, 1):
            wire.send(by, WHOLE)
        for parts in (PARTS, (*PARTS[:2], PARTS[2] + WHOLE[:40], WHOLE[40:]), (LONG[:-1], LONG[-1:])):
            for part in parts:
                wire.send(0, part)
        wire.send(0, PARTS[2], back=len(PARTS[2]))
        wire.send(0, PARTS[0])
        wire.send(0, PARTS[1], lost=True)
        wire.send(0, PARTS[2])
        wire.send(0, PARTS[1], back=len(PARTS[1] + PARTS[2]))
        for part in PARTS:
            wire.send(0, part, lost=part is PARTS[1])
        wire.send(0, b"", unheard=0)
        for _ in range(2):
            wire.send(0, WHOLE)
    assert wires[0].told == wires[1].told
    assert sum(each[2] == LONG for each in wires[0].told if isinstance(each, tuple) and len(each) == 5) == 4
    assert wires[0].left() == wires[1].left()


def test_only_what_is_next_goes_past_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which segments are put in order, once both sides are known to speak SIP."""
    wire, ordered = Wire(True), list[int]()
    for by in (0, 1, 0, 1):
        wire.send(by, WHOLE)
    receive = wire.streams.receive

    def listen(self: TcpTracker, segment: Segment) -> Any:
        ordered.append(wire.number)
        return receive(segment)

    monkeypatch.setattr(TcpTracker, "receive", listen)
    for part in (*PARTS, WHOLE[:40], WHOLE[40:], b"\r\n\r\n", WHOLE + WHOLE, b"nothing\r\n", WHOLE):
        wire.send(0, part)
    assert ordered == []
    wire.send(0, WHOLE, back=len(WHOLE))
    wire.send(0, WHOLE, lost=True)
    wire.send(0, WHOLE)
    assert ordered == [wire.number - 2, wire.number]


def test_a_connection_that_was_forgotten_is_looked_up_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tcp, "CONNECTIONS", 1)
    wire = Wire(True)
    for by in (0, 1, 0, 1, 0, 1):
        wire.send(by, WHOLE)
    first = wire.bindings[0].course[0]
    wire.send(0, WHOLE, sport=9)
    taken = wire.taken
    for by in (0, 1, 0, 1, 0, 1):
        wire.send(by, WHOLE)
    assert wire.bindings[0].course[0] is not first
    assert wire.taken == taken + 2


@pytest.mark.parametrize("text", [each + more for each in TEXTS for more in (b"", b"\r\n", b"x", WHOLE)])
def test_what_says_it_is_whole_is_one_message(text: bytes) -> None:
    found = usual_shape(text.decode("latin-1"))
    cut = [framed.data for framed in Framer().feed(text, FrameRef(0, 1, 1), (), None, len(text))]
    if found is not None and says_whole(text, found.end()):
        assert cut == [text]
    elif found is not None:
        assert cut != [text] or text in UNUSUAL
