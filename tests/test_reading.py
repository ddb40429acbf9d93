"""Whatever form a capture comes in, the report is the same; what cannot be read is one line that says what to do."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.sources.test_compressed import COMPRESS

FOLDER = Path(__file__).parent.parent / "captures" / "udp4_sha1_aes"
CAPTURE = FOLDER / "udp4_sha1_aes.pcap"


def run(*arguments: str | Path, stdin: bytes = b"", cwd: Path | None = None) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "analyzer", *map(str, arguments)]
    return subprocess.run(command, input=stdin, capture_output=True, cwd=cwd, check=False)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("keys") / "keys.toml"
    shutil.copy(FOLDER / "keys.toml", copy)
    copy.chmod(0o600)
    return copy


def audited(keys: Path, *captures: str | Path, stdin: bytes = b"") -> dict[str, Any]:
    shown = run("check", "--keys", keys, "--format", "json", "--fail-on", "never", *captures, stdin=stdin)
    assert (shown.returncode, shown.stderr) == (0, b"")
    outcome: dict[str, Any] = json.loads(shown.stdout)
    for capture in outcome["captures"]:
        del capture["path"]
    return outcome


@pytest.fixture(scope="module")
def expected(keys: Path) -> dict[str, Any]:
    outcome = audited(keys, CAPTURE)
    assert outcome["verdict"] == "violation"
    return outcome


@pytest.mark.parametrize("form", COMPRESS)
def test_the_report_of_a_compressed_capture_is_the_same(
    form: str, keys: Path, expected: dict[str, Any], tmp_path: Path
) -> None:
    octets = COMPRESS[form](CAPTURE.read_bytes())
    (tmp_path / "x").write_bytes(octets)
    assert audited(keys, tmp_path / "x") == expected
    if form in ("gzip", "zstd"):
        assert audited(keys, "-", stdin=octets) == expected


def test_a_capture_cut_in_pieces_is_one_timeline(keys: Path, expected: dict[str, Any], tmp_path: Path) -> None:
    octets = CAPTURE.read_bytes()
    head, records, at = octets[:24], [], 24
    while at < len(octets):
        size = 16 + int.from_bytes(octets[at + 8 : at + 12], "little")
        records.append(octets[at : at + size])
        at += size
    for turn in range(0, len(records), 10):
        # The names do not tell the order.
        piece = tmp_path / f"{99 - turn}.pcap"
        piece.write_bytes(head + b"".join(records[turn : turn + 10]))
    (tmp_path / "notes.txt").write_text("nothing", "utf-8")
    outcome = audited(keys, tmp_path)
    assert len(outcome["captures"]) == -(-len(records) // 10)
    assert outcome["esp"] == expected["esp"]
    assert outcome["sip"] == expected["sip"]
    assert outcome["rules"] == expected["rules"]
    # A finding names the frames of one capture: the same fault in two of them is two findings.
    assert {finding["fingerprint"] for finding in outcome["findings"]} == {
        finding["fingerprint"] for finding in expected["findings"]
    }
    assert sum(finding["count"] for finding in outcome["findings"]) == sum(
        finding["count"] for finding in expected["findings"]
    )
    assert f"left out of {tmp_path}, being no captures: notes.txt" in outcome["notices"]


def test_a_quoted_pattern(keys: Path, expected: dict[str, Any], tmp_path: Path) -> None:
    shutil.copy(CAPTURE, tmp_path / "a.pcap")
    assert audited(keys, tmp_path / "*.pcap") == expected


def test_what_cannot_be_read_is_one_line_and_status_2(tmp_path: Path) -> None:
    for name, octets, line in (
        ("a b.snoop", b"snoop\0\0\0" + bytes(9), "editcap -F pcapng 'a b.snoop' 'a b.snoop.pcapng'"),
        ("empty", b"", "empty: is empty; was the capture finished, and did anything arrive?"),
        ("cut.gz", COMPRESS["gzip"](CAPTURE.read_bytes())[:12], "cannot be read: the gzip data is cut; copy the file"),
    ):
        (tmp_path / name).write_bytes(octets)
        shown = run("check", name, cwd=tmp_path)
        assert (shown.returncode, shown.stdout) == (2, b"")
        text = shown.stderr.decode()
        assert line in text
        assert text.count("\n") == 1


def test_a_cut_capture_is_audited_up_to_there_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "x.gz"
    path.write_bytes(COMPRESS["gzip"](CAPTURE.read_bytes())[:-2000])
    shown = run("check", "--fail-on", "never", path)
    assert shown.returncode == 0
    assert "the gzip data is cut; copy the file again" in " ".join(shown.stdout.decode().split())
