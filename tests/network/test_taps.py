"""What second sightings tell of the points of capture, and checksums of the host."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.packet import Raw

from analyzer.network.checksums import Checksum, look
from analyzer.network.taps import FAR, REPEATS, Taps

MS = 1_000_000


@pytest.mark.parametrize(
    ("captures", "ttls", "elapsed", "differ"),
    [
        ((0, 0), (64, 57), 300 * MS, False),
        ((0, 1), (64, 57), 300 * MS, False),
        ((0, 0), (57, 64), 300 * MS, True),
        ((1, 0), (57, 64), 300 * MS, True),
        ((0, 0), (57, 64), 10 * MS, False),
        ((0, 1), (64, 64), 300 * MS, True),
        ((0, 1), (64, 64), 100 * MS, False),
        ((0, 1), None, 3000 * MS, True),
        ((0, 0), (64, 57), 3000 * MS, True),
    ],
)
def test_a_second_sighting(captures: tuple[int, int], ttls: tuple[int, int], elapsed: int, differ: bool) -> None:
    taps = Taps()
    taps.again(captures, ttls, elapsed)
    assert taps.sightings == 1
    assert (taps.clocks, taps.delay) == (({(min(captures), max(captures)): elapsed}, 0) if differ else ({}, elapsed))


def test_packets_that_all_come_again_at_the_same_distance() -> None:
    steady, scattered = Taps(), Taps()
    for n in range(REPEATS):
        steady.repeated(0, 5000 * MS + n * MS)
        scattered.repeated(0, 5000 * MS + n * 900 * MS)
    steady.close()
    scattered.close()
    assert steady.clocks == {(0, 0): 5000 * MS}
    assert scattered.clocks == {}


def test_answers_before_requests_need_company() -> None:
    taps = Taps()
    taps.early((1, 0), 50 * MS)
    assert not taps.clocks
    taps.early((1, 0), 40 * MS)
    assert taps.clocks == {(0, 1): 50 * MS}


def test_pairs_of_captures_are_bounded_and_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analyzer.network.taps.PAIRS", 3)
    taps = Taps()
    for capture in range(1, 6):
        taps.again((0, capture), None, FAR + 1)
    assert (len(taps.clocks), taps.crowded) == (3, 2)
    taps.again((0, 1), None, FAR + 5)
    assert (taps.clocks[0, 1], taps.crowded) == (FAR + 5, 2)
    for capture in range(6, 11):
        taps.early((0, capture), MS)
    assert taps.crowded == 4


@given(st.binary(max_size=60), st.booleans(), st.booleans())
def test_checksums_as_scapy_makes_them(octets: bytes, version6: bool, datagram: bool) -> None:
    header = IPv6(src="fd00::1", dst="fd00::2") if version6 else IP(src="10.0.0.1", dst="10.0.0.2")
    packet = bytes(header / (UDP(sport=5060, dport=5060) if datagram else TCP(sport=5060, dport=5060)) / Raw(octets))
    source, destination, begin = (packet[8:24], packet[24:40], 40) if version6 else (packet[12:16], packet[16:20], 20)
    protocol, payload = (17, packet[begin:]) if datagram else (6, packet[begin:])
    assert look(source, destination, protocol, payload) is Checksum.RIGHT
    place = 6 if datagram else 16
    found = int.from_bytes(payload[place : place + 2], "big")
    wrong = payload[:place] + ((found + 1) % 0xFFFF or 1).to_bytes(2, "big") + payload[place + 2 :]
    assert look(source, destination, protocol, wrong) in (Checksum.WRONG, Checksum.PARTIAL)


@given(st.binary(max_size=40))
def test_no_octets_break_it(octets: bytes) -> None:
    for protocol in (6, 17):
        assert look(b"\0" * 4, b"\0" * 4, protocol, octets) in Checksum
