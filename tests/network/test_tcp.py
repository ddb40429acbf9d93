from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.frame import FrameRef
from analyzer.network import tcp
from analyzer.network.tcp import Connection, Data, Opened, TcpTracker, parse_segment
from tests.network.build import PCSCF, UE
from tests.network.build import tcp as header
from tests.network.wire import ACK, FIN, PCSCF_END, PSH, RST, SYN, UE_END, Wire, brief

AT = FrameRef(0, 9, 5)
FRAMES = (FrameRef(0, 8, 4), AT)


def test_a_segment_is_read_with_its_options() -> None:
    data = header(b"REGISTER", seq=5, ack=7, flags=PSH | ACK, options=bytes(12))
    segment = parse_segment(data, AT, FRAMES, UE, PCSCF, "SA")
    assert segment == (AT, FRAMES, UE, PCSCF, 5062, 5060, 5, 7, PSH | ACK, b"REGISTER", "SA")
    segment = parse_segment(header(), AT, FRAMES, UE, PCSCF)
    assert segment is not None
    assert (segment.payload, segment.tag) == (b"", None)


def test_headers_that_make_no_sense_are_refused() -> None:
    data = header(options=bytes(8))
    for broken in (b"", data[:19], data[:27], data[:12] + b"\x40" + data[13:], data[:12] + b"\xf0" + data[13:]):
        assert parse_segment(broken, AT, FRAMES, UE, PCSCF) is None


@given(st.lists(st.binary(max_size=60), max_size=20))
def test_any_bytes_are_a_segment_or_not(packets: list[bytes]) -> None:
    tracker = TcpTracker()
    for data in packets:
        segment = parse_segment(data, AT, FRAMES, UE, PCSCF)
        if segment is not None:
            assert data.endswith(segment.payload)
            tracker.receive(segment)
    tracker.close()


def only(wire: Wire) -> Connection:
    (connection,) = {event.connection for event in wire.events}
    return connection


def test_the_handshake_opens_once() -> None:
    wire = Wire()
    events = wire.send(0, -1, flags=SYN, ack=None, tag="SA A")
    connection = only(wire)
    assert events == [Opened(connection, FrameRef(0, 1, wire.time), 0)]
    assert wire.send(0, -1, flags=SYN, ack=None, tag="SA A") == []
    assert wire.send(1, -1, flags=SYN, tag="SA B") == []
    assert wire.send(1, -1, flags=SYN, tag="SA B") == []
    assert wire.send(0, 0) == []
    assert connection.endpoints == (UE_END, PCSCF_END)
    assert connection.opener == UE_END
    assert connection.opened is not None
    assert connection.opened.number == 1
    assert connection.closed is None


def test_the_opener_may_be_either() -> None:
    wire = Wire()
    wire.send(1, -1, flags=SYN, ack=None)
    connection = only(wire)
    assert connection.opener == connection.endpoints[0] == PCSCF_END
    wire.send(0, -1, flags=SYN)
    (event,) = wire.send(0, 0, b"hello")
    assert isinstance(event, Data)
    assert event.by == 1
    assert connection.endpoints[event.by] == UE_END


def test_an_answer_alone_tells_the_opener() -> None:
    wire = Wire()
    assert wire.send(1, -1, flags=SYN) == []
    (event,) = wire.send(0, 0, b"abc")
    connection = event.connection
    assert (connection.opener, connection.opened) == (UE_END, None)
    assert brief(wire.send(1, 0, b"xyz", ack=3)) == [(0, b"xyz")]
    assert wire.tracker.acknowledged(connection, event.by) == 3


def test_a_syn_that_was_captured_late() -> None:
    wire = Wire()
    wire.send(1, -1, flags=SYN)
    events = wire.send(0, -1, flags=SYN, ack=None, tag="SA")
    assert brief(events) == [("opened", 1)]
    assert events[0].connection.opener == UE_END
    wire = Wire()
    wire.send(0, 0, b"abc")
    assert brief(wire.send(0, -1, flags=SYN, ack=None)) == [("opened", 0)]
    assert brief(wire.send(0, 3, b"def")) == [(3, b"def")]
    assert len({event.connection for event in wire.events}) == 1


def test_data_on_a_syn() -> None:
    wire = Wire()
    assert brief(wire.send(0, -1, b"fast", SYN, ack=None)) == [("opened", 0), (0, b"fast")]
    assert wire.send(0, -1, b"fast", SYN, ack=None) == []
    assert wire.send(1, -1, flags=SYN, ack=4) == []
    assert brief(wire.send(0, 4, b"er")) == [(4, b"er")]
    assert brief(wire.send(1, 0, b"answer", ack=6)) == [(0, b"answer")]
    assert wire.tracker.acknowledged(only(wire), 0) == 6


def test_a_server_may_answer_with_another_number() -> None:
    wire = Wire()
    wire.send(0, -1, flags=SYN, ack=None)
    wire.send(1, -1, flags=SYN)
    wire.isn = (wire.isn[0], 777)
    assert wire.send(1, -1, flags=SYN) == []
    assert brief(wire.send(1, 0, b"answer")) == [(0, b"answer")]
    assert len({event.connection for event in wire.events}) == 1


def test_ports_that_are_used_again() -> None:
    wire = Wire()
    wire.open()
    wire.send(0, 0, b"abc")
    wire.send(0, 5, b"fg")
    wire.isn = (900_000, 1)
    events = wire.send(0, -1, flags=SYN, ack=None)
    assert brief(events) == [("hole", 2), (5, b"fg"), ("opened", 0)]
    first, second = events[0].connection, events[-1].connection
    assert first is not second
    assert second.opener == UE_END
    wire.send(1, -1, flags=SYN)
    (event,) = wire.send(0, 0, b"new")
    assert event.connection is second
    assert wire.tracker.waiting == 0


def test_ports_that_are_used_again_unseen() -> None:
    wire = Wire()
    wire.open()
    wire.send(0, 0, b"abc")
    old = only(wire)
    wire.send(0, 3, flags=FIN)
    wire.send(1, 0, flags=FIN)
    wire.isn = (0x7000_0000, 0x7000_0000)
    # Only the answer to the new SYN was captured.
    wire.send(1, -1, flags=SYN)
    (event,) = wire.send(0, 0, b"new")
    assert event.connection is not old
    assert event.connection.opener == UE_END
    # And of the third connection nothing but data.
    wire.isn = (0x1000_0000, 0x1000_0000)
    (third,) = wire.send(0, 0, b"third", after=tcp.STALE + 1)
    assert third.connection is not event.connection
    assert third.connection.opener is None


def test_data_after_the_end_still_belongs_to_the_connection() -> None:
    wire = Wire()
    wire.open()
    wire.send(1, 0, flags=RST)
    assert brief(wire.send(0, 0, b"late", FIN)) == [(0, b"late"), (0, "FIN")]
    assert only(wire).closing[0][:2] == (1, "RST")


def test_fins_of_both_sides_close() -> None:
    wire = Wire()
    wire.open()
    connection = only(wire)
    assert brief(wire.send(0, 0, b"bye", FIN, tag="SA")) == [(0, b"bye"), (0, "FIN")]
    assert connection.closed is None
    assert wire.send(0, 0, b"bye", FIN) == []
    assert brief(wire.send(1, 0, ack=4)) == []
    assert brief(wire.send(1, 0, flags=FIN, ack=4)) == [(1, "FIN")]
    assert connection.closed is not None
    assert connection.closed.number == wire.number
    assert wire.send(1, 0, flags=FIN, ack=4) == []
    assert wire.send(0, 4, ack=1) == []
    assert [(by, how, at.number) for by, how, at in connection.closing] == [(0, "FIN", 4), (1, "FIN", 7)]
    assert wire.tracker.acknowledged(connection, 0) == 4
    assert wire.tracker.acknowledged(connection, 1) == 1


def test_resets_are_told_once_a_side() -> None:
    wire = Wire()
    wire.open()
    assert brief(wire.send(1, 0, b"go away", RST, tag="SA")) == [(1, "RST")]
    assert wire.events[-1].tag == "SA"  # type: ignore[union-attr]
    assert wire.send(1, 0, flags=RST) == []
    closed = only(wire).closed
    assert brief(wire.send(0, 0, flags=RST | FIN | SYN)) == [(0, "RST")]
    assert only(wire).closed == closed
    assert wire.closings == [(1, "RST"), (0, "RST")]


def test_a_refused_connection() -> None:
    wire = Wire()
    wire.send(0, -1, flags=SYN, ack=None)
    assert brief(wire.send(1, 0, flags=RST)) == [(1, "RST")]
    assert only(wire).closed is not None
    wire.isn = (5, 5)
    assert brief(wire.send(0, -1, flags=SYN, ack=None)) == [("opened", 0)]


@pytest.mark.parametrize("flags", [RST, FIN])
def test_the_end_of_a_connection_that_nothing_is_known_of(flags: int) -> None:
    wire = Wire()
    events = wire.send(0, 0, flags=flags)
    assert brief(events) == [(0, "RST" if flags == RST else "FIN")]
    assert events[0].connection.opener is None


def test_clear_and_protected_segments_are_one_connection() -> None:
    wire = Wire()
    wire.open(tag="SA")
    wire.send(0, 0, b"REGISTER", tag="SA")
    wire.send(1, 0, b"200", ack=8)
    assert [event.tag for event in wire.events if isinstance(event, Data)] == ["SA", None]
    only(wire)


def test_connections_are_told_apart_by_every_part_of_their_ends() -> None:
    wire = Wire()
    ends = [
        (UE_END, PCSCF_END),
        ((UE, 5063), PCSCF_END),
        (UE_END, (PCSCF, 5061)),
        ((b"\n\x14\0\x0c", 5062), PCSCF_END),
        (UE_END, (b"\n\x14\0\x02", 5060)),
    ]
    for number, pair in enumerate(ends):
        wire.send(0, 100 * number, b"hello", ends=pair)
    assert len({event.connection for event in wire.events}) == len(ends)


def test_a_connection_with_itself() -> None:
    wire = Wire()
    ends = (UE_END, UE_END)
    wire.send(0, -1, flags=SYN, ack=None, ends=ends)
    assert brief(wire.send(0, 0, b"abc", ends=ends)) == [(0, b"abc")]
    wire.isn = (77, 77)
    assert brief(wire.send(0, -1, flags=SYN, ack=None, ends=ends)) == [("opened", 0)]


def test_the_number_of_connections_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tcp, "CONNECTIONS", 3)
    wire = Wire()
    ends = [((UE, port), PCSCF_END) for port in range(5)]
    for pair in ends[:3]:
        wire.send(0, -1, flags=SYN, ack=None, ends=pair)
    wire.send(0, 2, b"waits", ends=ends[1])
    wire.send(0, 0, b"keeps it", ends=ends[0])
    wire.send(0, -1, flags=SYN, ack=None, ends=ends[3])
    # The third was silent longest; then the second, whose octets are not lost.
    assert brief(wire.send(0, -1, flags=SYN, ack=None, ends=ends[4])) == [("hole", 2), (2, b"waits"), ("opened", 0)]
    assert wire.tracker.evicted == 2
    assert wire.told == [tcp.EVICTED] * 2
    assert wire.tracker.waiting == 0
    first = wire.events[0].connection
    assert wire.send(0, 8, b"!", ends=ends[0])[0].connection is first
    (again,) = wire.send(0, 0, b"again", ends=ends[2])
    assert again.connection.opener is None


def test_a_tracker_without_listener(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tcp, "CONNECTIONS", 1)
    tracker = TcpTracker()
    for port in (1, 2):
        segment = parse_segment(header(b"x", sport=port), AT, FRAMES, UE, PCSCF)
        assert segment is not None
        tracker.receive(segment)
    assert tracker.evicted == 1


MINUTE = 60 * 10**9


def opened(wire: Wire, port: int, after: int = MINUTE) -> Connection:
    """Another connection of the UE, that much later."""
    wire.isn = (port, 77)
    (event,) = wire.send(0, -1, flags=SYN, ack=None, ends=((UE, port), PCSCF_END), after=after)
    return event.connection


def test_a_connection_that_was_silent_for_long_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tcp, "FEW", 3)
    wire = Wire()
    busy, quiet = opened(wire, 1), opened(wire, 2)
    later = [opened(wire, port) for port in range(3, 18)]
    for port in range(18, 40):
        wire.isn = (1, 77)
        wire.send(0, 0, ends=((UE, 1), PCSCF_END))
        opened(wire, port)
    assert wire.forgotten[0] is quiet
    assert busy not in wire.forgotten and busy in wire.tracker.order
    assert wire.tracker.find((UE, 2), PCSCF_END) is None
    assert later[0] in wire.forgotten
    now = wire.time
    assert all(now - each.touched < 20 * MINUTE for each in wire.tracker.order)
    assert all(now - each.touched >= 15 * MINUTE for each in wire.forgotten)
    assert wire.told == [] and wire.tracker.evicted == 0


def test_few_connections_are_kept_however_silent_they_are() -> None:
    wire = Wire()
    for port in range(20):
        opened(wire, port, 10 * MINUTE)
    assert wire.forgotten == []


def test_a_clock_that_jumps_forgets_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tcp, "FEW", 1)
    wire = Wire()
    for port in range(1, 9):
        opened(wire, port)
    opened(wire, 9, 24 * 60 * MINUTE)
    opened(wire, 10)
    assert wire.forgotten == []


def test_a_connection_on_the_ports_of_another_takes_its_place() -> None:
    wire = Wire()
    first = opened(wire, 1)
    wire.isn = (5000, 77)
    wire.send(0, -1, flags=SYN, ack=None, ends=((UE, 1), PCSCF_END))
    assert wire.forgotten == [first]
