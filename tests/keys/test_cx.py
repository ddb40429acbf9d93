"""The keys of Cx reach the key ring over TCP and over SCTP, and open what is protected on Gm."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import IP, TCP
from scapy.layers.l2 import Ether
from scapy.packet import Packet, Raw

from analyzer.frame import SECOND, Frame, FrameRef
from analyzer.keys import cx
from analyzer.keys.cx import CxKeys
from analyzer.keys.keyring import Keyring
from analyzer.network.stream import Connection, Data, Hole
from analyzer.run import audit_frames
from analyzer.sources.files import Captures
from analyzer.sources.triage import Triage
from tests.keys.diameter import CK, IK, RAND, answer, avp, chunk, item, message, sctp

AT = FrameRef(0, 402, SECOND)
FOLDER = Path(__file__).parents[2] / "captures" / "udp4_sha1_aes"


class Ring(Keyring):
    """A key ring that shows what it was told."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[tuple[bytes, bytes, bytes, str]] = []

    def learn(self, rand: bytes, ck: bytes, ik: bytes, origin: str) -> None:
        self.heard.append((rand, ck, ik, origin))


HEARD = (RAND, CK, IK, "Diameter Cx answer, frame 402")


def connection(port: int = 33164) -> Connection:
    return Connection((b"\x0a\x1e\0\x01", cx.PORT), (b"\x0a\x1e\0\x02", port))


def test_tcp_in_pieces_in_both_directions_and_behind_a_hole() -> None:
    ring = Ring()
    watched, one = CxKeys(ring), connection()
    whole = answer()
    watched.stream(Data(one, 0, whole[:99], AT, (AT,), None, 0, 99))
    watched.stream(Data(one, 1, whole[99:], AT, (AT,), None, 0, 99))
    assert ring.heard == []
    watched.stream(Data(one, 0, whole[99:], AT, (AT,), None, 99, len(whole)))
    assert ring.heard == [HEARD]
    watched.stream(Hole(one, 1, 50, AT))
    watched.stream(Data(one, 1, whole[200:] + whole, AT, (AT,), None, 50, 900))
    assert ring.heard == [HEARD, HEARD]


def test_the_connections_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cx, "CONNECTIONS", 2)
    ring = Ring()
    watched, connections, whole = CxKeys(ring), [connection(port) for port in range(3)], answer()
    for one in connections:
        watched.stream(Data(one, 0, whole[:50], AT, (AT,), None, 0, 50))
    assert watched.evicted == 1
    for one in (connections[2], connections[1], connections[0]):
        watched.stream(Data(one, 0, whole[50:], AT, (AT,), None, 50, len(whole)))
    assert ring.heard == [HEARD, HEARD]  # the first had been silent longest


def test_sctp_with_a_message_in_one_chunk_among_others() -> None:
    ring = Ring()
    watched = CxKeys(ring)
    other = chunk(message(avp(1, b"user"), code=301))
    watched.sctp(sctp([chunk(b"\0" * 9, kind=3), other, chunk(answer()), other]), AT)
    assert ring.heard == [HEARD]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("first", [5, 0xFFFFFFFE])
def test_sctp_with_a_message_in_three_chunks_in_any_order(order: tuple[int, ...], first: int) -> None:
    ring = Ring()
    watched, whole = CxKeys(ring), answer()
    parts = [(whole[:100], 2), (whole[100:200], 0), (whole[200:], 1)]
    for number in order:
        content, flags = parts[number]
        watched.sctp(sctp([chunk(content, first + number & 0xFFFFFFFF, flags)]), AT)
        watched.sctp(sctp([chunk(content, first + number & 0xFFFFFFFF, flags)], tag=number), AT)
    assert ring.heard == [HEARD]


def test_parts_that_never_become_whole_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cx, "PARTS", 4)
    monkeypatch.setattr(cx, "CONNECTIONS", 3)
    watched, whole = CxKeys(Ring()), answer()
    for number in range(10):
        watched.sctp(sctp([chunk(whole[:100], number, 0)]), AT)
    assert watched.evicted == 6
    for tag in range(10, 15):
        watched.sctp(sctp([chunk(whole[:100], 1, 2)], tag), AT)
    assert watched.evicted == 6 + 3
    ring = Ring()
    watched = CxKeys(ring)
    for number, flags in ((1, 2), (2, 1)):
        watched.sctp(sctp([chunk(bytes(40_000), number, flags)]), AT)
    assert ring.heard == []


@given(st.binary(max_size=120))
def test_any_packet(octets: bytes) -> None:
    ring = Ring()
    watched = CxKeys(ring)
    watched.sctp(octets, AT)
    watched.sctp(sctp([octets]), AT)
    assert ring.heard == []


def test_a_ring_of_parts_without_begin_or_end_ends() -> None:
    watched = CxKeys(Ring())
    for number in (0, 1, 2, 0xFFFFFFFF):
        watched.sctp(sctp([chunk(b"abcd", number, 0)]), AT)


def recorded() -> list[Frame]:
    return list(Captures([str(FOLDER / "udp4_sha1_aes.pcap")], Triage()))


def over_tcp(data: bytes) -> list[Packet]:
    cut = len(data) // 2
    head = IP(src="10.30.0.9", dst="10.30.0.2") / TCP(sport=3868, dport=33164, flags="PA", seq=1000, ack=1)
    behind = IP(src="10.30.0.9", dst="10.30.0.2") / TCP(sport=3868, dport=33164, flags="PA", seq=1000 + cut, ack=1)
    return [head / Raw(data[:cut]), behind / Raw(data[cut:])]


def over_sctp(data: bytes) -> list[Packet]:
    head = IP(src="10.30.0.9", dst="10.30.0.2", proto=132)
    return [head / Raw(sctp([chunk(data[:90], 1, 2)])), head / Raw(sctp([chunk(data[90:], 2, 1)]))]


@pytest.mark.parametrize("carried", [over_tcp, over_sctp])
def test_the_answers_of_the_hss_are_as_good_as_a_key_file(carried: type) -> None:
    """The recording of Gm, and before it what the HSS would have sent for its challenges."""
    (subscriber,) = json.loads((FOLDER / "udp4_sha1_aes.json").read_text("utf-8"))["subscribers"]
    items = [
        item(bytes.fromhex(each["rand"]), bytes.fromhex(each["ck"]), bytes.fromhex(each["ik"]))
        for each in subscriber["sets"]
    ]
    frames = recorded()
    begin = frames[0].time - SECOND
    before = [
        Frame(0, 0, begin + number, 1, bytes(Ether() / packet), len(bytes(Ether() / packet)))
        for number, packet in enumerate(carried(answer(*items)))
    ]
    assert all(Triage().keeps(frame.link, frame.data) for frame in before)
    assert audit_frames(frames).esp.verified == 0
    with_keys = audit_frames([*before, *frames])
    assert with_keys.esp.verified == with_keys.esp.packets > 0
    assert not any(bytes.fromhex(each["ck"]).hex() in repr(with_keys) for each in subscriber["sets"])
