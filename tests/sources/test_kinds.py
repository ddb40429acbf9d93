from __future__ import annotations

import gzip
import shlex
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.sources.blocks import MAGIC
from analyzer.sources.compressed import FORMS
from analyzer.sources.files import Captures, UnreadableCapture
from analyzer.sources.kinds import LONGEST, STRANGERS
from analyzer.sources.pcap import MAGICS
from analyzer.sources.triage import Triage
from analyzer.sources.walker import convert
from tests.sources.build import SIP4, pcap, read, section, write
from tests.sources.test_compressed import COMPRESS


@pytest.mark.parametrize(
    ("octets", "problem"),
    [
        (b"", "is empty; "),
        (b"\xd4", "is neither pcap nor pcapng; "),
        (b"no capture at all", "is neither pcap nor pcapng; "),
        (b"\x1f\x8b", "cannot be read: the gzip data is cut; "),
        (b"\x1f\x8b" + bytes(30), "cannot be read: the gzip data is damaged "),
        (b"BZh9" + bytes(30), "cannot be read: the bzip2 data is damaged "),
        (gzip.compress(b"text, but compressed"), "is neither pcap nor pcapng; "),
        (gzip.compress(b""), "is empty; "),
        (pcap([])[:23], "ends within the file header; "),
        (pcap([], magic=0x1C0001AC)[:27], "ends within the file header; "),
        (section()[:27], "ends within the section header; "),
    ],
)
def test_what_is_no_capture(tmp_path: Path, octets: bytes, problem: str) -> None:
    path = write(tmp_path, "x", octets)
    with pytest.raises(UnreadableCapture) as raised:
        Captures([path], Triage())
    assert str(raised.value).startswith(f"{path}: {problem}")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("start", STRANGERS, ids=lambda start: STRANGERS[start][0])
@pytest.mark.parametrize("compressed", [False, True])
def test_other_formats_come_with_the_command_that_converts_them(tmp_path: Path, start: bytes, compressed: bool) -> None:
    octets = start + bytes(50)
    path = write(tmp_path, "x", gzip.compress(octets) if compressed else octets)
    with pytest.raises(UnreadableCapture) as raised:
        Captures([path], Triage())
    what, command = STRANGERS[start]
    assert str(raised.value) == f"{path}: is {what}; make a capture of it first: {command(path)}"
    assert len(start) <= LONGEST


def test_a_stranger_may_come_octet_by_octet() -> None:
    with pytest.raises(UnreadableCapture, match="is a snoop capture"):
        read(b"snoop\0\0\0" + bytes(8), most=1)


def test_commands_can_be_pasted() -> None:
    assert shlex.split(convert("my $capture's.snoop")) == [
        "editcap",
        "-F",
        "pcapng",
        "my $capture's.snoop",
        "my $capture's.snoop.pcapng",
    ]
    assert convert("-") == "editcap -F pcapng - -"


@pytest.mark.tshark
@pytest.mark.parametrize("kind", ["5views", "netmon1", "netmon2", "ngsniffer", "ngwsniffer_2_0", "snoop", "visual"])
def test_what_editcap_writes_is_refused_and_read_after_its_command(tmp_path: Path, kind: str) -> None:
    start = write(tmp_path, "start.pcap", pcap([SIP4, SIP4]))
    path = str(tmp_path / "x y")
    subprocess.run(["editcap", "-F", kind, start, path], check=True, capture_output=True)
    with pytest.raises(UnreadableCapture) as raised:
        Captures([path], Triage())
    command = str(raised.value).rpartition(": ")[2]
    assert command == convert(path)
    subprocess.run(shlex.split(command), check=True, capture_output=True)
    assert [frame.data[:60] for frame in Captures([path + ".pcapng"], Triage())] == [SIP4[:60]] * 2


BEGINNINGS = [b"", *MAGICS, MAGIC, *STRANGERS, *(magic for form in FORMS for magic in form.magics)]


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(BEGINNINGS), st.binary(max_size=120), st.sampled_from([None, *COMPRESS]))
def test_any_octets_are_a_capture_or_refused(tmp_path: Path, start: bytes, rest: bytes, form: str | None) -> None:
    octets = start + rest if form is None else COMPRESS[form](start + rest)
    path = write(tmp_path, "x", octets)
    try:
        captures = Captures([path], Triage())
    except UnreadableCapture as error:
        assert str(error).startswith(f"{path}: ")
        assert "\n" not in str(error)
        return
    frames = list(captures)
    (summary,) = captures.summaries
    assert len(frames) <= summary.frames <= len(rest) // 12
    assert all("\n" not in notice for notice in summary.notices)
