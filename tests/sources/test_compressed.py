from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from struct import pack

import lz4.frame
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.sources import compressed, walker
from analyzer.sources.compressed import FORMS, LARGEST_WINDOW, Expanded, form_of
from analyzer.sources.files import Captures, UnreadableCapture
from analyzer.sources.triage import Triage
from tests.sources.build import ESP4, RTP, SIP4, block, enhanced, pcap, pcapng, write

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

FRAMES = [RTP, SIP4, RTP, ESP4]

COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "zstd": zstd.compress,
    "xz": lzma.compress,
    "lz4": lz4.frame.compress,
    "bzip2": bz2.compress,
}

every_form = pytest.mark.parametrize("form", COMPRESS)


def expand(octets: bytes, *, most: int = 1 << 30, room: int = 1 << 16) -> bytes:
    """All that comes out, when the source gives ``most`` octets at once and there is ``room`` for so many."""
    file, form = io.BytesIO(octets), form_of(octets)
    assert form is not None
    stream = Expanded(form, lambda count: file.read(min(count, most)))
    out, buffer = bytearray(), memoryview(bytearray(room))
    while count := stream.readinto1(buffer):
        out += buffer[:count]
    return bytes(out)


def test_there_is_a_test_of_every_form() -> None:
    assert [form.name for form in FORMS] == list(COMPRESS)


@every_form
@given(octets=st.binary(max_size=300), repeat=st.integers(1, 300), most=st.integers(1, 5000), room=st.integers(1, 5000))
@settings(max_examples=30)
def test_what_went_in_comes_out(form: str, octets: bytes, repeat: int, most: int, room: int) -> None:
    # A large step in a small room is slow and nothing else.
    octets *= max(1, repeat * room // 5000)
    assert expand(COMPRESS[form](octets), most=most, room=room) == octets


@every_form
@given(st.lists(st.binary(max_size=50), min_size=1, max_size=6), st.integers(0, 9), st.integers(1, 40))
@settings(max_examples=30)
def test_several_members_are_one_stream(form: str, parts: list[bytes], padding: int, most: int) -> None:
    octets = b"".join(COMPRESS[form](part) + bytes(padding) for part in parts)
    assert expand(octets, most=most) == b"".join(parts)


def test_frames_of_zstd_without_data_are_stepped_over() -> None:
    nothing = b"\x53\x2a\x4d\x18" + pack("<I", 4) + b"1234"
    assert expand(nothing + zstd.compress(b"a") + nothing + zstd.compress(b"b") + nothing) == b"ab"


@every_form
def test_a_cut_stream_gives_what_comes_before_the_cut(form: str) -> None:
    octets = os.urandom(4000)
    whole = COMPRESS[form](octets) + COMPRESS[form](octets)
    for end in range(6, len(whole) - 1, 97):
        file, kind = io.BytesIO(whole[:end]), form_of(whole)
        assert kind is not None
        stream, out, buffer = Expanded(kind, file.read), b"", memoryview(bytearray(1 << 16))
        if end == len(whole) // 2:
            continue
        with pytest.raises(EOFError, match=f"the {form} data is cut"):
            while count := stream.readinto1(buffer):
                out += buffer[:count]
        assert (octets * 2).startswith(out)
        if form in ("gzip", "zstd"):  # the others hold a block back until it is complete
            assert len(out) > end - 4200 if form == "zstd" else len(out) > end - 200


@every_form
@pytest.mark.parametrize("behind", [b"garbage", b"\0\0garbage", b"\x1f"], ids=repr)
def test_something_else_behind_a_member_is_said(form: str, behind: bytes) -> None:
    if form == "gzip" and behind == b"\x1f":
        behind = b"\x1e"
    with pytest.raises(OSError, match=f"behind the {form} data stands something else, which is not read"):
        expand(COMPRESS[form](b"x" * 100) + behind)


@every_form
@given(st.data())
@settings(max_examples=40)
def test_damage_is_an_error_that_is_named(form: str, data: st.DataObject) -> None:
    octets = bytearray(COMPRESS[form](bytes(range(200)) * 3))
    first = len(next(kind for kind in FORMS if kind.name == form).magics[0])
    for _ in range(data.draw(st.integers(1, 3))):
        octets[data.draw(st.integers(first, len(octets) - 1))] = data.draw(st.integers(0, 255))
    try:
        expand(bytes(octets), most=data.draw(st.integers(1, 100)))
    except (OSError, EOFError) as error:
        assert form in str(error)
        assert "\n" not in str(error)


@given(st.sampled_from(FORMS), st.binary(max_size=200), st.integers(1, 20))
def test_anything_behind_the_magic_is_an_error_or_octets(form: compressed.Form, octets: bytes, most: int) -> None:
    try:
        expand(form.magics[0] + octets, most=most)
    except (OSError, EOFError) as error:
        assert "\n" not in str(error)


class TestLimits:
    @every_form
    def test_no_more_comes_out_than_there_is_room_for(self, form: str) -> None:
        octets = COMPRESS[form](bytes(20_000_000))
        file, kind = io.BytesIO(octets), form_of(octets)
        assert kind is not None
        made = kind.start()
        asked: list[int] = []

        class Watching:
            """Passes on, and notes what came of it."""

            eof = property(lambda self: made.eof)
            needs_input = property(lambda self: made.needs_input)
            unused_data = property(lambda self: made.unused_data)

            def decompress(self, data: bytes, max_length: int) -> bytes:
                out = made.decompress(data, max_length)
                asked.append(len(out))
                return out

        stream, buffer = Expanded(kind._replace(start=Watching), file.read), memoryview(bytearray(100_000))
        total = 0
        while count := stream.readinto1(buffer):
            total += count
        assert total == sum(asked) == 20_000_000
        assert max(asked) <= 100_000

    @every_form
    def test_a_file_full_of_empty_members_is_read_in_linear_time(self, form: str) -> None:
        empty = COMPRESS[form](b"")
        given = 0
        kind = form_of(empty)
        assert kind is not None
        start = kind.start

        class Counting:
            """Passes on, and counts what it is given."""

            def __init__(self) -> None:
                self._made = start()

            eof = property(lambda self: self._made.eof)
            needs_input = property(lambda self: self._made.needs_input)
            unused_data = property(lambda self: self._made.unused_data)

            def decompress(self, data: bytes, max_length: int) -> bytes:
                nonlocal given
                given += len(data)
                return self._made.decompress(data, max_length)

        octets = empty * 5000
        stream = Expanded(kind._replace(start=Counting), io.BytesIO(octets).read)
        assert stream.readinto1(memoryview(bytearray(100))) == 0
        assert given < 5000 * 2 * compressed.TASTE
        with pytest.raises(OSError, match=f"the {form} data has 10,000 parts without content in a row"):
            expand(empty * (compressed.EMPTY + 2))
        assert expand(empty * compressed.EMPTY + COMPRESS[form](b"a") + empty * 10) == b"a"

    @every_form
    def test_expansion_without_end_is_ended(self, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(compressed, "FREE", 1 << 20)
        octets = COMPRESS[form](bytes(20_000_000))
        if len(octets) * compressed.LARGEST_RATIO > 20_000_000:  # lz4 gets no further than 255, gzip than 1,032
            assert len(expand(octets)) == 20_000_000
            return
        with pytest.raises(OSError, match="becomes more than 5,000 times its size, as no capture does"):
            expand(octets)

    def test_up_to_1_gib_the_ratio_is_free(self) -> None:
        assert compressed.FREE == 1 << 30
        assert len(expand(zstd.compress(bytes(3_000_000)))) == 3_000_000

    def test_zstd_windows_have_a_limit(self) -> None:
        def frame(logarithm: int) -> bytes:
            """A frame of unknown size, whose window has so many bits, with one raw block."""
            return b"\x28\xb5\x2f\xfd\0" + bytes((logarithm - 10 << 3,)) + (1 | 5 << 3).to_bytes(3, "little") + b"hello"

        assert expand(frame(27)) == b"hello"
        with pytest.raises(OSError, match="the zstd data asks for more than 128 MiB of memory; decompress it first"):
            expand(frame(28))
        assert LARGEST_WINDOW == 1 << 27

    def test_xz_dictionaries_have_a_limit(self) -> None:
        def stream(dictionary: int) -> bytes:
            """A stream whose only block claims a dictionary of this size, written as the format has it."""
            octets = bytearray(lzma.compress(b"hello", check=lzma.CHECK_CRC32))
            length = (octets[12] + 1) * 4
            assert octets[14:16] == b"\x21\x01", "LZMA2 with one octet of properties"
            octets[16] = dictionary
            octets[12 + length - 4 : 12 + length] = pack("<I", zlib.crc32(octets[12 : 12 + length - 4]))
            return bytes(octets)

        assert expand(stream(28)) == b"hello", "64 MiB"
        with pytest.raises(OSError, match="the xz data asks for more than 128 MiB of memory; decompress it first"):
            expand(stream(32))


class TestCaptures:
    @every_form
    @pytest.mark.parametrize("write_capture", [pcap, pcapng])
    def test_a_compressed_capture(
        self, form: str, write_capture: Callable[[list[bytes]], bytes], tmp_path: Path
    ) -> None:
        octets = COMPRESS[form](write_capture(FRAMES))
        read: list[int] = []
        captures = Captures([write(tmp_path, "x", octets)], Triage(), progress=read.append)
        assert [frame.number for frame in captures] == [2, 4]
        assert captures.size == sum(read) == len(octets)
        assert captures.summaries[0].notices == []

    @every_form
    def test_a_cut_one_is_read_up_to_there(self, form: str, tmp_path: Path) -> None:
        frames = [SIP4 + os.urandom(500) for _ in range(2000)]
        octets = COMPRESS[form](pcap(frames))
        captures = Captures([write(tmp_path, "x", octets[: len(octets) * 9 // 10])], Triage())
        count = len(list(captures))
        assert 1000 < count < 2000
        (summary,) = captures.summaries
        assert summary.frames == count
        assert summary.notices == [
            f"reading failed before frame {count + 1}: the {form} data is cut; copy the file again"
        ]

    def test_every_beginning_is_read_or_refused(self, tmp_path: Path) -> None:
        octets = gzip.compress(pcap([SIP4, RTP, ESP4]))
        for end in range(0, len(octets), 3):
            path = write(tmp_path, "x", octets[:end])
            try:
                captures = Captures([path], Triage())
            except UnreadableCapture as error:
                assert str(error).startswith(f"{path}: ")
            else:
                list(captures)
                assert captures.summaries[0].notices

    @pytest.mark.parametrize(
        ("form", "octets"),
        [
            *((form, pcap([]) + bytes(16) * 200_000) for form in COMPRESS),
            ("xz", pcapng([]) + block(77, b"") * 100_000),
            ("xz", pcapng([]) + enhanced(b"") * 100_000),
        ],
        ids=[*COMPRESS, "blocks", "packets"],
    )
    def test_a_bomb_of_empty_records_ends_with_one_line(
        self, form: str, octets: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(walker, "FREE_RECORDS", 10_000)
        captures = Captures([write(tmp_path, "x", COMPRESS[form](octets))], Triage())
        assert list(captures) == []
        (summary,) = captures.summaries
        (notice,) = summary.notices
        assert notice.startswith(f"reading failed before frame {summary.frames + 1}: ")
        assert notice.endswith(" compressed octets, as no recorder writes them; decompress it first")
        assert summary.frames < 200_000
        captures = Captures([write(tmp_path, "x", octets)], Triage())
        assert list(captures) == []
        assert captures.summaries[0].notices == [], "a file that is as large as it claims"

    @pytest.mark.parametrize("size", [0, 60, 1500])
    def test_frames_that_differ_in_nothing_but_their_time_are_no_bomb(
        self, size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(walker, "FREE_RECORDS", 1000)
        monkeypatch.setattr(compressed, "FREE", 1 << 20)
        octets = pcap([RTP[:size] + bytes(size - len(RTP[:size]))] * 5000, step=20_000_000)
        for form in COMPRESS.values():
            captures = Captures([write(tmp_path, "x", form(octets))], Triage())
            assert list(captures) == []
            assert (captures.summaries[0].frames, captures.summaries[0].notices) == (5000, [])

    def test_twice_compressed_is_refused(self, tmp_path: Path) -> None:
        path = write(tmp_path, "x", gzip.compress(lzma.compress(pcap(FRAMES))))
        with pytest.raises(UnreadableCapture, match="x: is compressed more than once; decompress it until one layer"):
            Captures([path], Triage())


def test_libraries_are_imported_only_for_what_needs_them(tmp_path: Path) -> None:
    path = write(tmp_path, "x", gzip.compress(pcap(FRAMES)))
    program = (
        "import sys; from analyzer.sources.files import Captures; from analyzer.sources.triage import Triage; "
        f"list(Captures([{path!r}], Triage())); "
        "print(*sorted({'lz4', 'backports', 'compression.zstd', 'lzma', 'bz2'} & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == ""
