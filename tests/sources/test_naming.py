from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from analyzer.sources import naming
from analyzer.sources.files import Captures, UnreadableCapture
from analyzer.sources.naming import MAX_NAMES
from analyzer.sources.triage import Triage
from tests.sources.build import SIP4, pcap, pcapng, write

ONE = pcap([SIP4])


def opened(*names: str | Path) -> Captures:
    return Captures([str(name) for name in names], Triage())


def paths(captures: Captures, folder: Path) -> list[str]:
    return [os.path.relpath(summary.path, folder) for summary in captures.summaries]


class TestDirectories:
    def test_all_that_is_below_in_the_order_of_names(self, tmp_path: Path) -> None:
        for name in ("b.pcap", "a/z.pcap", "a/y/x.pcap", "c/w.pcap"):
            write(tmp_path, name, ONE)
        write(tmp_path, "a.pcap1", pcapng([SIP4]))
        write(tmp_path, "e", gzip.compress(ONE))
        captures = opened(tmp_path)
        assert paths(captures, tmp_path) == ["a.pcap1", "b.pcap", "e", "a/z.pcap", "a/y/x.pcap", "c/w.pcap"]
        assert len(list(captures)) == 6
        assert captures.notices == []

    def test_what_is_no_capture_is_left_out_and_said(self, tmp_path: Path) -> None:
        write(tmp_path, "x.pcap", ONE)
        write(tmp_path, "README.md", b"# What this is")
        write(tmp_path, "keys/keys.toml", b"")
        write(tmp_path, "text.gz", gzip.compress(b"text"))
        os.mkfifo(tmp_path / "pipe")
        (tmp_path / "broken").symlink_to("nowhere")
        captures = opened(tmp_path)
        assert paths(captures, tmp_path) == ["x.pcap"]
        assert captures.notices == [
            f"left out of {tmp_path}, being no captures: README.md, broken, pipe, text.gz, keys/keys.toml"
        ]

    def test_captures_that_cannot_be_read_are_left_out_each_with_its_reason(self, tmp_path: Path) -> None:
        write(tmp_path, "a", ONE)
        cut, snoop = write(tmp_path, "b", ONE[:20]), write(tmp_path, "c", b"snoop\0\0\0" + bytes(20))
        assert opened(tmp_path).notices == [
            f"left out: {cut}: ends within the file header; copy or record it again",
            f"left out: {snoop}: is a snoop capture; make a capture of it first: "
            f"editcap -F pcapng {snoop} {snoop}.pcapng",
        ]

    def test_few_are_named_and_the_others_counted(self, tmp_path: Path) -> None:
        write(tmp_path, "x.pcap", ONE)
        for index in range(MAX_NAMES + 1234):
            write(tmp_path, f"{index:04}.txt", b"text")
        for index in range(MAX_NAMES + 2):
            write(tmp_path, f"{index:04}.zip", b"PK\3\4")
        *refusals, more, others = opened(tmp_path).notices
        assert len(refusals) == MAX_NAMES
        assert more == f"left out: 2 more files of {tmp_path} that cannot be read"
        assert others == (
            f"left out of {tmp_path}, being no captures: 0000.txt, 0001.txt, 0002.txt, 0003.txt, 0004.txt "
            "and 1,234 more"
        )

    def test_a_directory_without_captures(self, tmp_path: Path) -> None:
        write(tmp_path, "a/b/c", b"text")
        with pytest.raises(UnreadableCapture) as raised:
            opened(tmp_path)
        assert str(raised.value) == f"{tmp_path}: holds no capture; name files or directories that do"
        bad = write(tmp_path, "a/b/d.zip", b"PK\3\4")
        with pytest.raises(UnreadableCapture, match=f"^{bad}: is a zip archive; "):
            opened(tmp_path)

    def test_links_to_directories_are_not_followed(self, tmp_path: Path) -> None:
        write(tmp_path, "a/x.pcap", ONE)
        (tmp_path / "a" / "up").symlink_to("..")
        captures = opened(tmp_path)
        assert paths(captures, tmp_path) == ["a/x.pcap"]
        assert captures.notices == [f"left out of {tmp_path}, being no captures: a/up"]
        assert paths(opened(tmp_path / "a" / "up"), tmp_path) == ["a/up/a/x.pcap"], "unless it is the one that is named"

    def test_a_directory_that_may_not_be_read_is_said(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        write(tmp_path, "x.pcap", ONE)
        write(tmp_path, "closed/y.pcap", ONE)
        scandir = os.scandir

        def closed(path: str) -> object:
            if path.endswith("closed"):  # root may read everything, so that the mode would not do
                raise PermissionError(13, "Permission denied")
            return scandir(path)

        monkeypatch.setattr(os, "scandir", closed)
        captures = opened(tmp_path)
        assert len(captures.summaries) == 1
        assert captures.notices == [
            f"left out: {tmp_path}/closed: Permission denied; check the name and the permissions"
        ]


class TestPatterns:
    def test_a_pattern(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("b.pcap", "a.pcap", "c.txt", "d/e/f.pcap"):
            write(tmp_path, name, ONE)
        assert paths(opened(tmp_path / "*.pcap"), tmp_path) == ["a.pcap", "b.pcap"]
        assert paths(opened(tmp_path / "**" / "*.pcap"), tmp_path) == ["a.pcap", "b.pcap", "d/e/f.pcap"]
        monkeypatch.chdir(tmp_path)
        assert [summary.path for summary in opened("[bc].*").summaries] == ["b.pcap", "c.txt"]
        assert [summary.path for summary in opened("[d]").summaries] == ["d/e/f.pcap"]

    def test_what_a_pattern_finds_is_named_by_the_user(self, tmp_path: Path) -> None:
        write(tmp_path, "a.pcap", ONE)
        bad = write(tmp_path, "b.pcap", b"text")
        with pytest.raises(UnreadableCapture, match=f"^{bad}: is neither"):
            opened(tmp_path / "*.pcap")

    def test_a_name_that_looks_like_a_pattern_is_a_name(self, tmp_path: Path) -> None:
        path = write(tmp_path, "[a]*.pcap", ONE)
        write(tmp_path, "a.pcap", ONE)
        assert [summary.path for summary in opened(path).summaries] == [path]

    @pytest.mark.parametrize("name", ["missing.pcap", "missing*.pcap"])
    def test_what_does_not_exist(self, name: str) -> None:
        with pytest.raises(UnreadableCapture) as raised:
            opened(name)
        assert str(raised.value) == f"{name}: No such file or directory; check the name and the permissions"


class TestTwice:
    def test_a_file_is_read_once_under_whatever_names(self, tmp_path: Path) -> None:
        path = write(tmp_path, "a.pcap", ONE)
        link, hard = tmp_path / "b.pcap", tmp_path / "c.pcap"
        link.symlink_to(path)
        hard.hardlink_to(path)
        captures = opened(tmp_path, link, path, tmp_path)
        assert paths(captures, tmp_path) == ["a.pcap"]
        assert captures.notices == [f"{link}: named twice, read once", f"{path}: named twice, read once"]
        assert paths(opened(hard, tmp_path), tmp_path) == ["c.pcap"]

    def test_a_named_file_that_is_no_capture_is_not_forgiven_in_a_directory(self, tmp_path: Path) -> None:
        write(tmp_path, "a.pcap", ONE)
        bad = write(tmp_path, "b.pcap", b"text")
        with pytest.raises(UnreadableCapture, match=f"^{bad}: "):
            opened(tmp_path / "a.pcap", bad, tmp_path)


def test_captures_have_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "abcd":
        write(tmp_path, name, ONE)
    write(tmp_path, "0", b"text")
    monkeypatch.setattr(naming, "MAX_CAPTURES", 4)
    assert len(opened(tmp_path).summaries) == 4, "what is left out does not count"
    monkeypatch.setattr(naming, "MAX_CAPTURES", 3)
    with pytest.raises(UnreadableCapture, match="d: is one more than 3 captures; name fewer at a time"):
        opened(tmp_path)
