"""The reports on the recordings of real software: valid, printable, and the same by way of the commands."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from analyzer import cli
from analyzer.report import json, text
from tests.report.schema import load
from tests.test_captures import CAPTURES, FILES, report

DEMO = CAPTURES / "udp4_sha1_aes"
CAPTURE, KEYS = str(DEMO / "udp4_sha1_aes.pcap"), str(DEMO / "keys.toml")


def loaded(name: str, file: str) -> dict[str, Any]:
    stream = io.StringIO()
    json.write(report(name, file), stream)
    return load(stream.getvalue())


@pytest.mark.parametrize(("name", "file"), FILES)
def test_the_json_report_is_valid(name: str, file: str) -> None:
    made = loaded(name, file)
    ids = {subject["id"] for subject in made["subjects"]}
    assert {one["subject"] for one in made["sa_sets"]} <= ids
    assert {one["subject"] for one in made["findings"]} <= ids | {None}
    for one in made["findings"]:
        assert one["occurrences"][0] == one["frame"]
        assert len(one["occurrences"]) == min(one["count"], 1000)
        assert one["capture"] < len(made["captures"])
    kinds = ("violation", "warning", "note", "probable", "inconclusive")
    for kind in kinds:
        told = sum(one["count"] for one in made["findings"] if one["verdict"] == kind)
        assert told == sum(row[kind] for row in made["rules"]), kind


@pytest.mark.parametrize(("name", "file"), FILES)
def test_the_text_report_prints(name: str, file: str) -> None:
    made, stream = report(name, file), io.StringIO()
    text.write(made, stream)
    page = stream.getvalue()
    assert page.replace("\n", "").isprintable()
    for finding in made.findings:
        assert f"{finding.verdict}[{finding.rule}]" in page or "rules]" in page


def test_the_command_finds_what_the_library_finds() -> None:
    command = [sys.executable, "-m", "analyzer", "check", CAPTURE, "--keys", KEYS, "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    made = load(done.stdout)
    assert made["findings"] == loaded("udp4_sha1_aes", "udp4_sha1_aes.pcap")["findings"]


def test_the_ladder_has_every_message(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["trace", CAPTURE, "--keys", KEYS]) == 0
    out = capsys.readouterr().out
    made = report("udp4_sha1_aes", "udp4_sha1_aes.pcap")
    arrows = [line.split("|")[1] for line in out.splitlines() if line.count("|") == 2 and "UDP" in line]
    assert sum("=" in one for one in arrows) == made.sip.protected
    assert sum(".." in one for one in arrows) == made.sip.clear


@pytest.mark.parametrize("command", [["check"], ["trace"]])
def test_the_readme_shows_what_is_printed(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    readme = (CAPTURES.parent / "README.md").read_text("utf-8")
    blocks = [block.split("```")[0].splitlines() for block in readme.split("```text\n")[1:3]]
    cli.main([*command, CAPTURE, "--keys", KEYS, "--config", "none"])
    printed = capsys.readouterr().out.splitlines()
    shown = [line for line in blocks[command == ["trace"]] if line.strip() != "..."]
    assert len(shown) > 15
    assert [line for line in shown if line not in printed] == []


@pytest.mark.tshark
def test_wireshark_opens_with_the_exported_keys_what_we_opened(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = str(tmp_path / "esp_sa")
    assert cli.main(["keys", CAPTURE, "--keys", KEYS, "--format", "wireshark", "--output", output]) == 0
    command = ["tshark", "-r", CAPTURE, "-Y", "sip && esp.icv_good"]
    for option in ("enable_encryption_decode", "enable_authentication_check"):
        command += ["-o", f"esp.{option}:TRUE"]
    environment = os.environ | {"WIRESHARK_CONFIG_DIR": str(tmp_path), "HOME": str(tmp_path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert len(done.stdout.splitlines()) == report("udp4_sha1_aes", "udp4_sha1_aes.pcap").sip.protected
