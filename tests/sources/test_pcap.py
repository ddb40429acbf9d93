from __future__ import annotations

import subprocess
from pathlib import Path
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.frame import Frame
from analyzer.sources.walker import UnreadableCapture
from analyzer.sources.window import LARGEST
from tests.sources.build import ESP4, RTP, SECOND, SIP4, START, pcap, read, split, write

FRAMES = [RTP, SIP4, b"", RTP, ESP4]
MAGICS = [0xA1B2C3D4, 0xA1B23C4D, 0xA1B2CD34, 0x1C0001AC, 0x1C0001AB]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("magic", MAGICS, ids=hex)
def test_every_variant_yields_the_same_frames(order: str, magic: int) -> None:
    frames, summary = read(pcap(FRAMES, order=order, magic=magic, lengths=3, step=1_500_000_000))
    assert frames == [
        Frame(0, 2, START + 1_500_000_000, 1, SIP4, len(SIP4) + 3),
        Frame(0, 5, START + 6 * SECOND, 1, ESP4, len(ESP4) + 3),
    ]
    assert (summary.frames, summary.first, summary.last) == (5, START, START + 6 * SECOND)
    assert summary.skipped == {"not signalling": 3}
    assert summary.notices == []


def test_nanoseconds_are_kept_to_the_last() -> None:
    frames, _ = read(pcap([SIP4], magic=0xA1B23C4D, start=START + 123_456_789))
    assert frames[0].time == START + 123_456_789
    frames, _ = read(pcap([SIP4], start=START + 123_456_789))
    assert frames[0].time == START + 123_456_000


def test_times_reach_beyond_2038() -> None:
    late = 4_200_000_000 * SECOND
    frames, summary = read(pcap([SIP4], start=late))
    assert frames[0].time == summary.last == late


def test_a_capture_without_frames() -> None:
    frames, summary = read(pcap([]))
    assert frames == []
    assert (summary.frames, summary.first, summary.last, summary.skipped, summary.notices) == (0, None, None, {}, [])


@pytest.mark.parametrize("capacity", [64, 100, 171, 1000])
@pytest.mark.parametrize("most", [1, 7, 1000])
def test_records_may_lie_across_blocks(capacity: int, most: int) -> None:
    octets = pcap(FRAMES * 7)
    assert read(octets, capacity=capacity, most=most) == read(octets)


def test_unknown_link_types_are_counted_by_reason() -> None:
    frames, summary = read(pcap(FRAMES, link=147))
    assert frames == []
    assert (summary.frames, summary.skipped) == (5, {"link type not supported: number 147": 5})


@pytest.mark.parametrize("upper", [0x0400_0000, 0x2400_0000, 0xF400_0000, 0x0800_0000, 0x0001_0000], ids=hex)
def test_the_upper_half_of_the_link_type_is_the_length_of_a_checksum(upper: int) -> None:
    frames, _ = read(pcap([SIP4 + bytes(4)], link=1 | upper))
    assert (frames[0].link, frames[0].data) == (1, SIP4 + bytes(4))


@pytest.mark.parametrize("snaplen", [0, 1, 60, 0xFFFFFFFF])
def test_the_snaplen_of_the_header_is_not_believed(snaplen: int) -> None:
    octets = bytearray(pcap([SIP4, RTP, ESP4]))
    octets[16:20] = pack("<I", snaplen)
    assert read(bytes(octets)) == read(pcap([SIP4, RTP, ESP4]))


class TestQuality:
    def test_cut_frames_are_counted_and_their_length_told(self) -> None:
        whole, cut = pcap([SIP4, RTP]), pcap([SIP4[:60], ESP4[:50], RTP[:50]], lengths=40)[24:]
        frames, summary = read(whole + cut)
        assert [(len(frame.data), frame.length) for frame in frames] == [(len(SIP4), len(SIP4)), (60, 100), (50, 90)]
        assert (summary.cut, summary.snaplen) == (2, 60)
        assert read(whole)[1].cut == 0

    def test_steps_back_between_frames_that_are_kept(self) -> None:
        octets = pcap([])
        for time, frame in ((5, SIP4), (4, RTP), (6, ESP4), (6, ESP4), (3, SIP4), (9, RTP), (8, SIP4), (7, ESP4)):
            octets += pcap([frame], start=START + time * SECOND)[24:]
        _, summary = read(octets)
        assert (summary.backwards, summary.furthest_back) == (2, 3 * SECOND)
        assert (summary.first, summary.last) == (START + 5 * SECOND, START + 7 * SECOND)
        assert read(octets, capacity=100, most=30)[1] == summary

    def test_pcap_does_not_tell_what_was_lost(self) -> None:
        assert read(pcap([SIP4]))[1].drops is None


class TestOldForms:
    @pytest.mark.parametrize("order", ["<", ">"])
    @pytest.mark.parametrize(("magic", "extra", "usual"), [(0xA1B2C3D4, 4, 0), (0xA1B2C3D4, 8, 0), (0xA1B2CD34, 12, 8)])
    def test_longer_record_headers_are_recognised(self, order: str, magic: int, extra: int, usual: int) -> None:
        octets = pcap([], order=order, magic=magic)
        for frame in FRAMES:
            record = pcap([frame], order=order)[24:]
            octets += record[:16] + bytes(range(1, extra + 1)) + record[16:]
        frames, summary = read(octets)
        assert [frame.data for frame in frames] == [SIP4, ESP4]
        assert (summary.frames, summary.notices) == (len(FRAMES), [])
        assert extra != usual

    def test_one_record_proves_nothing(self) -> None:
        octets = pcap([SIP4]) + pack("<IIII", 1, 0xFFFFFFFF, 0, 0)
        assert [frame.data for frame in read(octets)[0]] == [SIP4]

    def test_nonsense_in_every_form_is_read_in_the_usual_one(self) -> None:
        octets = pcap([SIP4]) + pack("<IIII", 1, 0xFFFFFFFF, 0, 0) * 20 + pcap([ESP4])[24:]
        assert [frame.data for frame in read(octets)[0]] == [SIP4, ESP4]

    @pytest.mark.tshark
    @pytest.mark.parametrize("kind", ["nokiapcap", "rh6_1pcap", "suse6_3pcap", "modpcap", "nsecpcap"])
    def test_what_editcap_writes(self, tmp_path: Path, kind: str) -> None:
        start, path = write(tmp_path, "start.pcap", pcap(FRAMES * 3)), tmp_path / "x"
        subprocess.run(["editcap", "-F", kind, start, path], check=True, capture_output=True)
        assert path.read_bytes() != pcap(FRAMES * 3)
        assert read(path.read_bytes()) == read(pcap(FRAMES * 3))


@pytest.mark.parametrize("magic", MAGICS, ids=hex)
def test_a_capture_cut_at_any_octet_is_read_up_to_there(magic: int) -> None:
    ends = [len(pcap(FRAMES[:count], magic=magic)) for count in range(len(FRAMES) + 1)]
    for octets in split(pcap(FRAMES, magic=magic)):
        if len(octets) < len(pcap([], magic=magic)):
            with pytest.raises(UnreadableCapture, match=r"^x: "):
                read(octets)
            continue
        whole = max(count for count, end in enumerate(ends) if end <= len(octets))
        frames, summary = read(octets)
        assert summary.frames == whole
        assert [frame.number for frame in frames] == [number for number in (2, 5) if number <= whole]
        cut = len(octets) not in ends
        assert [notice.partition(":")[0] for notice in summary.notices] == [
            f"ends in the middle of the record of frame {whole + 1}"
        ] * cut
        assert summary.skipped.get("truncated record", 0) == cut


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("size", [LARGEST + 1, 1 << 31, 0xFFFFFFFF])
def test_an_absurd_length_ends_reading(size: int, order: str) -> None:
    octets = pcap([SIP4], order=order) + pack(order + "IIII", 0, 0, size, size) + bytes(1000)
    frames, summary = read(octets)
    assert len(frames) == summary.frames == 1
    assert summary.notices == [
        f"damaged before frame 2, and read only up to there: a record claims {size} octets; "
        "if Wireshark reads more: editcap -F pcapng x x.pcapng"
    ]


def test_a_length_is_believed_only_as_far_as_octets_come() -> None:
    octets = pcap([SIP4]) + pack("<IIII", 0, 0, LARGEST, LARGEST) + bytes(3000)
    frames, summary = read(octets, capacity=1024)
    assert len(frames) == 1
    assert summary.notices == [
        "ends in the middle of the record of frame 2: the recorder was killed or is still at work, "
        "or the file was not copied whole"
    ]


def test_a_frame_longer_than_the_buffer() -> None:
    large = SIP4 + bytes(5000)
    frames, _ = read(pcap([RTP, large, SIP4]), capacity=256)
    assert [frame.data for frame in frames] == [large, SIP4]


@pytest.mark.parametrize("version", [(2, 3), (3, 0), (0, 0), (4, 2)])
def test_other_versions_are_refused(version: tuple[int, int]) -> None:
    octets = bytearray(pcap([SIP4]))
    octets[4:8] = pack("<HH", *version)
    with pytest.raises(UnreadableCapture, match=rf"x: is pcap of version {version[0]}\.{version[1]}; .*editcap"):
        read(bytes(octets))


@given(
    st.binary(max_size=400), st.sampled_from("<>"), st.sampled_from(MAGICS), st.sampled_from([1, 101, 113, 276, 147])
)
def test_any_records_give_frames_and_a_summary(octets: bytes, order: str, magic: int, link: int) -> None:
    frames, summary = read(pcap([], order=order, magic=magic, link=link) + octets, capacity=64, most=50)
    assert summary.frames * 16 <= len(octets)
    assert len(frames) + sum(summary.skipped.values()) - summary.skipped.get("truncated record", 0) == summary.frames


@given(st.data())
def test_a_valid_capture_with_changed_octets_gives_frames_and_a_summary(data: st.DataObject) -> None:
    octets = bytearray(pcap(FRAMES, order=data.draw(st.sampled_from("<>")), magic=data.draw(st.sampled_from(MAGICS))))
    for _ in range(data.draw(st.integers(1, 4))):
        octets[data.draw(st.integers(24, len(octets) - 1))] = data.draw(st.integers(0, 255))
    frames, summary = read(bytes(octets))
    assert len(frames) <= summary.frames <= len(octets) // 16
    assert len(summary.notices) <= 1
