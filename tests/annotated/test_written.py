"""Every frame is there again: whatever the captures are, and in whatever they were written."""

from __future__ import annotations

import bz2
import gzip
import io
from pathlib import Path
from struct import pack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.annotated import render as rendering
from analyzer.annotated import writer
from analyzer.report.outputs import OutputError
from analyzer.report.renderers import Material
from analyzer.sources.files import Captures
from analyzer.sources.records import Heading, Interface, Other, Packet, Statistics, records
from analyzer.sources.triage import Triage
from tests.annotated.again import again, audited
from tests.report.reports import finding
from tests.sources import build

FRAMES = st.lists(
    st.sampled_from((build.ESP4, build.SIP4)) | st.binary(max_size=40).map(build.ESP4.__add__), max_size=6
)
LINKS = st.sampled_from((1, 0, 113, 276, 101, 228, 147, 65535))
Frame = tuple[int, int, int, bytes, int]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("annotated")


def read(path: str) -> list[Frame]:
    """All frames of a capture: number, time, link type, octets, length on the wire."""
    source = Captures([path], Triage())
    for _ in source:
        pass
    return [
        (number, each.time, each.interface.link, each.data, each.length)
        for number, each in records(path, source.summaries[0].frames)
        if isinstance(each, Packet)
    ]


@given(
    FRAMES,
    LINKS,
    st.sampled_from("<>"),
    st.sampled_from((0xA1B2C3D4, 0xA1B23C4D)),
    st.integers(-3, 3),
    st.integers(0, 9),
    st.dictionaries(st.integers(1, 6), st.text(max_size=9), max_size=3),
)
@settings(deadline=None)
def test_any_pcap_of_ours(
    folder: Path,
    frames: list[bytes],
    link: int,
    order: str,
    magic: int,
    step: int,
    more: int,
    messages: dict[int, str],
) -> None:
    octets = build.pcap(frames, order=order, magic=magic, link=link, step=step * 1_000_001_000, lengths=more)
    path = build.write(folder, "a.pcap", octets)
    findings = [
        finding(frame=frame, message=f"it is so {text}") for frame, text in messages.items() if frame <= len(frames)
    ]
    made = build.write(folder, "b.pcapng", again([path], findings))
    assert read(made) == read(path)
    assert [each[3] for each in read(made)] == frames


@given(st.lists(st.tuples(st.sampled_from("<>"), LINKS, FRAMES), min_size=1, max_size=3))
@settings(deadline=None)
def test_any_pcapng_of_ours_and_once_more(folder: Path, sections: list[tuple[str, int, list[bytes]]]) -> None:
    octets = b"".join(build.pcapng(frames, order=order, link=link) for order, link, frames in sections)
    path = build.write(folder, "a.pcapng", octets)
    once = build.write(folder, "b.pcapng", again([path]))
    assert read(once) == read(path)
    assert read(build.write(folder, "c.pcapng", again([once]))) == read(path)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 3), FRAMES), min_size=2, max_size=4))
@settings(deadline=None)
def test_several_captures_are_in_the_order_of_the_audit(
    folder: Path, captures: list[tuple[int, int, list[bytes]]]
) -> None:
    paths = [
        build.write(folder, f"{place}.pcap", build.pcap(frames, start=build.START + start, step=step, magic=0xA1B23C4D))
        for place, (start, step, frames) in enumerate(captures)
    ]
    expected = [(frame.time, frame.data) for frame in Captures(paths, Triage())]
    made = build.write(folder, "all.pcapng", again(paths))
    assert [(time, data) for _, time, _, data, _ in read(made)] == expected


def test_compressed_captures(tmp_path: Path) -> None:
    octets = build.pcap([build.ESP4, build.RTP])
    plain = read(build.write(tmp_path, "a.pcap", octets))
    for name, made in (("a.gz", gzip.compress(octets)), ("a.bz2", bz2.compress(octets))):
        assert read(build.write(tmp_path, f"{name}.out", again([build.write(tmp_path, name, made)]))) == plain


def test_what_a_pcapng_capture_says_beside_is_kept(tmp_path: Path) -> None:
    beside = build.option(1, b"seen by hand") + build.option(2, pack("<I", 2)) + build.option(4, pack("<Q", 3))
    body = pack("<IIIII", 0, 0, 5, len(build.ESP4), len(build.ESP4)) + build.ESP4 + bytes(-len(build.ESP4) % 4)
    names = pack("<HH", 1, 9) + b"\x0a\0\0\1pcscf" + bytes(7)
    octets = (
        build.block(0x0A0D0D0A, pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + build.option(1, b"lab") + build.option(3, b"os"))
        + build.interface(snaplen=500, options=build.option(2, b"rmnet0"))
        + build.interface(link=101)
        + build.block(4, names)
        + build.block(6, body + beside)
        + build.block(9, b"MESSAGE=x")
        + build.enhanced(build.SIP4, index=1)
        + build.block(5, pack("<III", 0, 0, 9) + build.option(5, pack("<Q", 2)))
    )
    path = build.write(tmp_path, "a.pcapng", octets)
    made = build.write(tmp_path, "b.pcapng", again([path], [finding(frame=1, message="wrong")]))
    found = [record for _, record in records(made, 3)]
    heading, named, first, journal, second, counted = found
    assert isinstance(heading, Heading)
    assert (1, b"lab") in heading.options
    assert (3, b"os") in heading.options
    assert named == Other(4, names, (), False)
    assert isinstance(first, Packet)
    assert first.interface == Interface(1, 500, ((2, b"rmnet0"),), 10**9, 10**9, 0)
    assert [code for code, _ in first.options] == [1, 2, 4, 1]
    assert first.options[0] == (1, b"seen by hand")
    assert first.options[3][1].startswith(b"gmaudit violation[PORT-09] P-CSCF: wrong. ")
    assert journal == Other(9, b"MESSAGE=x\0\0\0", (), True)
    assert isinstance(second, Packet)
    assert (second.which, second.interface.link) == (1, 101)
    assert isinstance(counted, Statistics)
    assert counted.options == ((5, pack("<Q", 2)),)
    source = Captures([made], Triage())
    assert [frame.data for frame in source] == [build.ESP4]
    assert source.summaries[0].drops == 3


def test_which_of_several_captures_an_interface_is_from(tmp_path: Path) -> None:
    named = build.section() + build.interface(options=build.option(2, b"eth0")) + build.enhanced(build.ESP4)
    paths = [
        build.write(tmp_path, "ue.pcap", build.pcap([build.ESP4])),
        build.write(tmp_path, "net.pcapng", named),
        build.write(tmp_path, "empty.pcap", build.pcap([])),
    ]
    made = build.write(tmp_path, "all", again(paths))
    found = [record.interface.options for _, record in records(made, 2) if isinstance(record, Packet)]
    assert found == [((2, b"ue.pcap"),), ((2, b"eth0"), (1, b"from net.pcapng"))]


def test_too_many_interfaces_are_more_sections(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "MAX_INTERFACES", 2)
    octets = build.section() + b"".join(build.interface(link=link) for link in (1, 101, 113))
    octets += b"".join(build.enhanced(build.ESP4, index=index) for index in (0, 1, 2, 0, 1, 2))
    path = build.write(tmp_path, "a.pcapng", octets)
    made = build.write(tmp_path, "b.pcapng", again([path]))
    assert read(made) == read(path)
    assert sum(isinstance(record, Heading) for _, record in records(made, 6)) == 3


def test_a_capture_without_frames(tmp_path: Path) -> None:
    made = build.write(tmp_path, "b", again([build.write(tmp_path, "a", build.pcap([]))]))
    assert read(made) == []


def test_a_comment_never_makes_a_block_that_nobody_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "LARGEST", 200)
    path = build.write(tmp_path, "a", build.pcap([build.ESP4]))
    made = build.write(tmp_path, "b", again([path], [finding(frame=1)]))
    assert read(made) == read(path)


def test_what_has_changed_since_it_was_audited(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(build.pcap([build.ESP4, build.SIP4]))
    report = audited([str(path)])
    path.write_bytes(build.pcap([build.ESP4]))
    with pytest.raises(OutputError, match=r"reads the captures again: .*a\.pcap: has changed since"):
        rendering.render(Material(report=report), io.BytesIO())
    path.write_bytes(build.pcap([build.ESP4, build.SIP4, build.RTP]))
    with (tmp_path / "b").open("wb") as sink:
        rendering.render(Material(report=report), sink)
    assert len(read(str(tmp_path / "b"))) == 2
