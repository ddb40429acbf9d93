"""The stored synthetic captures: what is found in them, that they are what the code writes, and what tshark says."""

from __future__ import annotations

import json
import os
import subprocess
from functools import cache
from pathlib import Path

import pytest

from analyzer.keys.export import unnamed, wireshark
from analyzer.profile import PROFILES
from analyzer.report.model import Report
from analyzer.run import Options, audit, keyed_associations
from tests.test_captures import found

from .build import FOLDER, files
from .stored import BOTH, STORED, Stored

MOST = 60_000
"""Octets that a capture may have."""

by_name = pytest.mark.parametrize("stored", STORED, ids=lambda stored: stored.name)


@cache
def report(name: str, profile: str = "rel-17") -> Report:
    options = Options(keys=[str(FOLDER / name / "keys.toml")], profile=PROFILES[profile])
    return audit([str(FOLDER / name / f"{name}.pcap")], options)


@by_name
def test_what_is_stored_is_what_the_code_writes(stored: Stored) -> None:
    made = files(stored)
    kept = {path.name: path.read_bytes() for path in (FOLDER / stored.name).iterdir()}
    assert kept == made
    assert len(made[f"{stored.name}.pcap"]) < MOST


def test_nothing_else_is_stored() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {stored.name for stored in STORED}


@pytest.mark.parametrize("profile", BOTH)
@by_name
def test_the_findings_are_the_expected_ones(stored: Stored, profile: str) -> None:
    text = (FOLDER / stored.name / "expected.json").read_text("utf-8")
    made = report(stored.name, profile)
    assert made.crashed == []
    assert found(made) == sorted(
        (
            each["frame"],
            each["rule"],
            each["fault"],
            each["actor"],
            each["verdict"],
            each["count"],
            each["subject"],
            each["cause"] or "",
        )
        for each in json.loads(text)[f"{stored.name}.pcap"][profile]
    )


@by_name
def test_every_packet_is_read(stored: Stored) -> None:
    made = report(stored.name)
    assert made.esp.verified == made.esp.packets > 0
    assert (made.esp.bad_icv, made.esp.no_key, made.sip.malformed) == (0, 0, 0)


@pytest.mark.tshark
@by_name
def test_tshark_opens_as_many_packets_and_reads_as_many_messages(stored: Stored, tmp_path: Path) -> None:
    """With the keys that gmaudit exports for Wireshark."""
    capture = FOLDER / stored.name / f"{stored.name}.pcap"
    keyed = keyed_associations([str(capture)], Options(keys=[str(capture.with_name("keys.toml"))], rules=()))
    assert not unnamed(keyed, "wireshark")
    (text,) = wireshark(keyed)
    (tmp_path / "esp_sa").write_text(text.text)
    made = report(stored.name)
    copies = 2 if made.copies else 1
    assert len(listed(capture, tmp_path, "esp.icv_good == 1")) == made.esp.verified * copies
    assert len(listed(capture, tmp_path, "sip")) == (made.sip.protected + made.sip.clear) * copies


def listed(capture: Path, folder: Path, wanted: str) -> list[str]:
    """The frames that tshark shows under a filter."""
    command = ["tshark", "-r", str(capture), "-Y", wanted, "-T", "fields", "-e", "frame.number"]
    for option in ("esp.enable_encryption_decode", "esp.enable_authentication_check", "tcp.try_heuristic_first"):
        command += ["-o", f"{option}:TRUE"]
    environment = os.environ | {"WIRESHARK_CONFIG_DIR": str(folder), "HOME": str(folder)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.split()
