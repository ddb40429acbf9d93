from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.layers import told
from analyzer.layers.told import Framed, Told
from tests.layers.build import chunk, exported, hep
from tests.network.build import PCSCF, PCSCF6, UE, UE6, ethernet, ipv4, tcp, udp

SIP = b"REGISTER sip:a SIP/2.0\r\n\r\n"


def test_a_message_exported_by_wireshark() -> None:
    octets = exported(SIP, src4=UE, dst4=PCSCF, kind=3, sport=5062, dport=5060, frame=7)
    assert told.exported(octets) == Told(UE, PCSCF, 5062, 5060, 17, len(octets) - len(SIP), len(octets), False)
    six = told.exported(exported(SIP, b"sip.tcp", src6=UE6, dst6=PCSCF6, kind=2, sport=5062, dport=5060))
    assert isinstance(six, Told)
    assert six[:5] == (UE6, PCSCF6, 5062, 5060, 6)


@pytest.mark.parametrize("name", [b"udp.port", b"tcp.port"])
def test_the_table_may_stand_for_the_protocol(name: bytes) -> None:
    found = told.exported(exported(SIP, name, 14, src4=UE, dst4=PCSCF, kind=3, sport=5062, dport=5060))
    assert isinstance(found, Told)
    assert not found.made_up


@pytest.mark.parametrize(("name", "content"), [(b"udp", udp(SIP, 7, 8)), (b"tcp", tcp(SIP, sport=7, dport=8))])
def test_what_esp_held_is_exported_with_its_header(name: bytes, content: bytes) -> None:
    octets = exported(content, name, src4=UE, dst4=PCSCF, kind=0, sport=0, dport=0)
    found = told.exported(octets)
    assert isinstance(found, Told)
    assert (found.sport, found.dport, octets[found.begin : found.end], found.made_up) == (7, 8, SIP, False)


@pytest.mark.parametrize(
    "ends",
    [
        {},
        {"src4": UE, "dst4": PCSCF},
        {"src4": UE, "sport": 1, "dport": 2},
        {"src4": UE, "dst6": PCSCF6, "sport": 1, "dport": 2},
        {"src4": UE, "dst4": PCSCF, "sport": 1, "dport": 70000},
        {"src4": b"odd", "dst4": b"odd", "sport": 1, "dport": 2},
    ],
)
def test_ends_that_are_not_all_known_are_made_up(ends: dict[str, int | bytes]) -> None:
    found = told.exported(exported(SIP, b"sip", 12, **ends))
    assert isinstance(found, Told)
    assert found.made_up
    assert (found.source, found.destination, found.sport, found.dport) == (bytes(4), bytes(4), 0, 0)


def test_packets_and_frames_are_left_to_the_reader() -> None:
    packet = ipv4(17, udp(SIP))
    for name, content, link in ((b"ip", packet, 101), (b"eth_withoutfcs", ethernet(packet), 1)):
        octets = exported(content, name)
        assert told.exported(octets) == Framed(link, len(octets) - len(content))


def test_exported_pdus_that_are_nothing() -> None:
    assert told.exported(exported(b"x", b"http")) == told.FOREIGN
    assert told.exported(exported(SIP, b"udp")[:-20]) == told.MALFORMED
    assert told.exported(exported(SIP)[:7]) == told.MALFORMED
    assert told.exported(b"\0\0\xff\xff") == told.MALFORMED
    assert told.exported(b"") == told.MALFORMED


@pytest.mark.parametrize(("source", "destination"), [(UE, PCSCF), (UE6, PCSCF6)])
def test_hep(source: bytes, destination: bytes) -> None:
    octets = b"12345678" + hep(SIP, source=source, destination=destination, more=chunk(12, bytes(4)), sport=5064)
    found = told.hep(octets, 8, len(octets))
    assert found == Told(source, destination, 5064, 5061, 17, len(octets) - len(SIP), len(octets), False)
    assert told.hep(octets + bytes(9), 8, len(octets) + 9) == found


def test_hep_that_is_no_sip_from_anybody_to_anybody() -> None:
    good = hep(SIP, source=UE, destination=PCSCF)
    for octets in (
        hep(SIP, source=UE, destination=PCSCF, kind=5),
        hep(SIP, source=UE, destination=PCSCF6),
        hep(SIP, source=UE, destination=PCSCF, more=b"\0\0\0\1\0\5" + bytes(8)),
        hep(SIP, source=UE, destination=PCSCF, more=b"\0\0\0\1\xff\xff"),
        good[: -len(SIP) - 6],
        good[:-1],
        b"HEP2" + good[4:],
        b"HEP3\0\5" + good[6:],
        b"HEP3",
        b"",
    ):
        assert told.hep(octets, 0, len(octets)) is None
    vendor = hep(SIP, source=UE, destination=PCSCF, more=chunk(15, b"theirs", vendor=9))
    found = told.hep(vendor, 0, len(vendor))
    assert found is not None
    assert vendor[found.begin : found.end] == SIP


@given(st.binary(max_size=200))
def test_any_octets_are_a_pdu_or_not(octets: bytes) -> None:
    for found in told.exported(octets), told.hep(b"HEP3" + octets, 0, len(octets) + 4):
        if isinstance(found, Told):
            assert 0 <= found.begin <= found.end <= len(octets) + 4
            assert len(found.source) == len(found.destination) in (4, 16)


@given(st.binary(max_size=200), st.integers(0, 200))
def test_any_octets_are_made_up_or_not(octets: bytes, begin: int) -> None:
    assert told.made_up(octets, begin, len(octets)) in (True, False)
