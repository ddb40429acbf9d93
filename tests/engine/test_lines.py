"""What waits on TCP connections for the rest of a SIP message: how much of it, and what becomes of it."""

from __future__ import annotations

import pytest

from analyzer.engine import lines as module
from analyzer.engine.lines import CROWDED, Line, Lines
from analyzer.frame import FrameRef
from analyzer.network.stream import Connection, Data, Hole
from analyzer.sip.framing import OVERHEAD, Framed

WHOLE = b"OPTIONS sip:a@h SIP/2.0\r\nContent-Length: 0\r\n\r\n"
BEGUN = b"OPTIONS sip:a@h SIP/2.0\r\nSubject: "
BODILESS = b"INFO sip:a@h SIP/2.0\r\nContent-Length: 9000\r\n\r\n"


class Wires:
    """Many connections into one `Lines`."""

    def __init__(self) -> None:
        self.found: list[tuple[int, Framed]] = []
        self.told: list[str] = []
        self.lines = Lines(self._deliver, self.told.append)
        self.connections: dict[int, Connection] = {}
        self.ends: dict[int, int] = {}
        self.number = 0

    def _deliver(self, line: Line, framed: Framed) -> None:
        self.found.append((line.connection.endpoints[0][1], framed))

    def _connection(self, port: int) -> Connection:
        return self.connections.setdefault(port, Connection((b"\x0a\0\0\1", port), (b"\x0a\0\0\2", 5060)))

    def send(self, port: int, data: bytes) -> None:
        self.number += 1
        start = self.ends.get(port, 0)
        end = self.ends[port] = start + len(data)
        at = FrameRef(0, self.number, self.number)
        self.lines.feed(Data(self._connection(port), 0, data, at, (at,), None, start, end))

    def lose(self, port: int, octets: int) -> None:
        self.ends[port] = self.ends.get(port, 0) + octets
        self.lines.hole(Hole(self._connection(port), 0, octets, FrameRef(0, self.number, self.number)))

    def kinds(self) -> list[tuple[int, str]]:
        return [(port, framed.kind) for port, framed in self.found]


def test_each_direction_is_a_text_of_its_own() -> None:
    wires = Wires()
    wires.send(1, WHOLE[:20])
    wires.send(2, WHOLE[:7])
    wires.send(1, WHOLE[20:])
    wires.send(2, WHOLE[7:])
    assert [(port, framed.data) for port, framed in wires.found] == [(1, WHOLE), (2, WHOLE)]
    assert wires.lines._held == 0
    assert not wires.lines._unfinished


def test_what_waits_longest_is_given_up_when_it_is_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "OCTETS", 3 * (1000 + OVERHEAD))
    wires = Wires()
    for port in (1, 2, 3):
        wires.send(port, BEGUN.ljust(900, b"x"))
    wires.send(1, b"x")
    assert wires.told == []
    wires.send(4, BEGUN.ljust(900, b"x"))
    assert wires.told == [CROWDED]
    assert wires.lines._held <= module.OCTETS
    for port in (1, 2, 3, 4):
        wires.send(port, b"\r\nContent-Length: 0\r\n\r\n")
    assert wires.kinds() == [(1, "message"), (3, "message"), (4, "message")]
    wires.send(2, WHOLE)
    assert wires.kinds()[-1] == (2, "message")
    assert wires.lines._held == 0


def test_headers_that_are_whole_are_delivered_without_the_body_that_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "OCTETS", 5000)
    wires = Wires()
    wires.send(1, BODILESS + bytes(2000))
    wires.send(2, BODILESS + bytes(4000))
    assert wires.kinds() == [(1, "message")]
    assert len(wires.found[0][1].data) == len(BODILESS) + 2000


def test_an_octet_in_a_segment_is_charged_as_what_it_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "OCTETS", 100 * OVERHEAD)
    wires = Wires()
    for octet in BEGUN * 4:
        wires.send(1, bytes((octet,)))
    assert CROWDED in wires.told


def test_a_direction_that_was_forgotten_begins_anew_at_a_start_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LINES", 2)
    wires = Wires()
    wires.send(1, BODILESS + bytes(100))
    for port in (2, 3, 2):
        wires.send(port, WHOLE)
    assert wires.kinds() == [(2, "message"), (1, "message"), (3, "message"), (2, "message")]
    wires.send(1, b"torn\r\n" + WHOLE)
    assert wires.found[-1][1].data == WHOLE
    assert all(kind == "message" for _, kind in wires.kinds())
    assert len(wires.lines.table) == 2


def test_a_hole_loses_what_is_unfinished() -> None:
    wires = Wires()
    wires.send(1, BEGUN)
    wires.lose(1, 50)
    wires.send(1, b"\r\n\r\n" + WHOLE)
    assert [framed.data for _, framed in wires.found] == [WHOLE]
    assert wires.lines._held == 0


def test_nothing_is_kept_of_a_connection_that_is_forgotten() -> None:
    wires = Wires()
    wires.send(1, WHOLE)
    wires.send(2, BEGUN)
    for port in (1, 2):
        wires.lines.forget(wires.connections[port])
        wires.lines.forget(wires.connections[port])
    assert not wires.lines.table and not wires.lines._unfinished and wires.lines._held == 0
    assert wires.kinds() == [(1, "message")]
