"""What `analyzer.pcapng` writes, our walker reads again, and tshark as well."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from analyzer import pcapng
from analyzer.sources.files import Captures
from analyzer.sources.triage import Triage

SIP = b"\x45\x00\x00\x30\0\0\0\0\x40\x11\0\0\x0a\0\0\x01\x0a\0\0\x02\x13\xc4\x13\xc4\x00\x1c\0\0OPTIONS sip:a SIP/2"
RAW = 101
times = st.integers(0, (1 << 63) - 1)


def frames(path: Path, octets: bytes) -> tuple[list[tuple[int, int, bytes, int]], Captures]:
    path.write_bytes(octets)
    source = Captures([str(path)], Triage())
    return [(each.number, each.time, each.data, each.length) for each in source], source


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    octets = b"".join(
        (
            pcapng.section("gmaudit", ["of a test"]),
            pcapng.interface(RAW, name="eth0", description="a lab", filter="not arp"),
            pcapng.packet(0, 1_700_000_000_123_456_789, SIP, 90),
            pcapng.packet(0, 1_700_000_000_123_456_790, SIP + b"x", 49, comments=["PORT-02 violation"], lost_before=3),
            pcapng.statistics(0, 1_700_000_000_123_456_790, received=2, lost_by_interface=1, lost_by_system=4),
        )
    )
    found, source = frames(tmp_path / "a.pcapng", octets)
    assert found == [
        (1, 1_700_000_000_123_456_789, SIP, 90),
        (2, 1_700_000_000_123_456_790, SIP + b"x", 49),
    ]
    assert source.summaries[0].drops == 5


@given(st.lists(st.tuples(times, st.binary(max_size=40), st.lists(st.text(max_size=9), max_size=2)), max_size=8))
def test_comments_can_be_added_later(packets: list[tuple[int, bytes, list[str]]]) -> None:
    blocks = [
        pcapng.packet(0, time, SIP + tail, len(SIP) + len(tail), comments=comments) for time, tail, comments in packets
    ]
    plain = [pcapng.packet(0, time, SIP + tail, len(SIP) + len(tail)) for time, tail, _ in packets]
    again = [pcapng.commented(each, comments) for each, (_, _, comments) in zip(plain, packets, strict=True)]
    assert all(len(block) % 4 == 0 for block in blocks)
    assert [one for one, (_, _, comments) in zip(again, packets, strict=True) if comments] == [
        one for one, (_, _, comments) in zip(blocks, packets, strict=True) if comments
    ]


def test_a_comment_that_is_too_long_is_cut_between_letters() -> None:
    block = pcapng.packet(0, 0, b"", 0, comments=["ü" * 40_000])
    assert len(block) < 66_000
    assert block[32 : 32 + 65_534].decode() == "ü" * 32_767


def test_a_block_of_any_type() -> None:
    made = pcapng.block(0xBAD, b"12345", [(1, b"abc"), (2988, b"")])
    assert made.hex(" ", 4) == "ad0b0000 24000000 31323334 35000000 01000300 61626300 ac0b0000 00000000 24000000"
    assert pcapng.block(10, b"1234").hex(" ", 4) == "0a000000 10000000 31323334 10000000"


def test_a_section_says_what_recorded_it() -> None:
    made = pcapng.section("p", ["c"], hardware="h", system="s")
    options = "01000100 63000000 02000100 68000000 03000100 73000000 04000100 70000000 00000000"
    assert made[24:-4].hex(" ", 4) == options
