"""`gmaudit live` as a user runs it: pipes, lines, conditions, signals, exit status."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from analyzer import pcapng
from tests.live.lab import CAPTURES, Lab, inside

RECORDING = CAPTURES / "udp4_sha1_aes" / "udp4_sha1_aes.pcap"
CLEAN = CAPTURES / "synthetic" / "clean_udp" / "clean_udp.pcap"
KEYS = str(RECORDING.parent / "keys.toml")


class Command:
    """`gmaudit live`, running."""

    def __init__(self, *arguments: str, before: tuple[str, ...] = ()) -> None:
        self.process = subprocess.Popen(
            [*before, sys.executable, "-m", "analyzer", "live", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONWARNINGS": "ignore"},
        )
        assert self.process.stdin is not None and self.process.stdout is not None
        self.input, self.output = self.process.stdin, self.process.stdout

    def write(self, octets: bytes) -> None:
        self.input.write(octets)
        self.input.flush()

    def line(self) -> dict[str, Any]:
        text = self.output.readline()
        assert text, self.end()
        made: dict[str, Any] = json.loads(text)
        return made

    def end(self) -> tuple[int, str, str]:
        out, error = self.process.communicate(timeout=60)
        return self.process.returncode, out.decode(), error.decode()


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_pipe_is_judged_as_it_comes() -> None:
    command, octets = Command("-", "--keys", KEYS), RECORDING.read_bytes()
    command.write(octets[: len(octets) // 2])
    assert command.line()["type"] == "header"
    first = command.line()  # while the pipe is open and half of the capture has not come
    assert (first["type"], first["path"]) == ("finding", "-")
    command.write(octets[len(octets) // 2 :])
    status, out, error = command.end()
    rest = lines(out)
    assert (status, error) == (1, "")
    assert [each["type"] for each in rest] == ["finding"] * (len(rest) - 1) + ["summary"]
    assert rest[-1]["verdict"] == "violation"
    assert rest[-1]["counts"]["violation"] == sum(each["verdict"] == "violation" for each in [first, *rest[:-1]])


def test_reports_of_every_kind_at_the_end(tmp_path: Path) -> None:
    report, table = tmp_path / "r.json", tmp_path / "r.csv"
    command = Command(
        "-", "--keys", KEYS, "--format", "json", "--output", str(report), "--format", "csv", "--output", str(table)
    )
    command.write(RECORDING.read_bytes())
    status, out, error = command.end()
    assert (status, out, error) == (1, "", "")
    assert json.loads(report.read_text("utf-8"))["captures"][0]["frames"] == 58
    assert len(table.read_text("utf-8").splitlines()) > 5


def test_nothing_to_complain_of_and_nothing_at_all() -> None:
    keys = str(CLEAN.parent / "keys.toml")
    command = Command("-", "--keys", keys)
    command.write(CLEAN.read_bytes())
    status, out, _ = command.end()
    assert (status, lines(out)[-1]["verdict"] in ("pass", "note")) == (0, True)
    assert Command("-").end()[0] == 2  # that was no capture
    empty = Command("-")
    empty.write(pcapng.section() + pcapng.interface(1))
    assert empty.end()[0] == 5


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_the_report(number: signal.Signals) -> None:
    command = Command("-", "--keys", KEYS)
    command.write(RECORDING.read_bytes())
    while command.line()["type"] != "finding":
        pass
    command.process.send_signal(number)
    status, out, error = command.end()
    found = lines(out)[-1]
    assert (status, error) == (1, "")
    assert found["captures"][0]["frames"] == 58
    assert f"the run was ended: by {number.name}" in found["notices"]


def test_the_first_finding_ends_it() -> None:
    command = Command("-", "--keys", KEYS, "--fail-fast")
    command.write(RECORDING.read_bytes())
    status, out, _ = command.end()
    assert status == 1
    assert "the run was ended: --fail-fast: there is a finding" in lines(out)[-1]["notices"]


@pytest.mark.parametrize("condition", ["registered", "1-finding", "200ms", "idle 200 ms"])
def test_conditions_end_it(condition: str) -> None:
    command = Command("-", "--keys", KEYS, "--until", condition)
    command.write(RECORDING.read_bytes())
    _, out, _ = _ended(command)
    assert any(line.startswith("the run was ended: --until") for line in lines(out)[-1]["notices"])


def _ended(command: Command) -> tuple[int, str, str]:
    """Without closing its input."""
    out = command.output.read().decode()
    status, _, error = command.end()
    return status, out, error


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ([], "name interfaces with -i, or give -"),
        (["-", "-i", "lo"], "name interfaces with -i, or give -"),
        (["x.pcap"], "name interfaces with -i, or give -"),
        (["-i", "nosuch0"], "there is no interface nosuch0"),
        (["-", "--until", "tomorrow"], "--until tomorrow: is no condition"),
        (["-", "--bulk", "70000"], "--bulk 70000: is no port"),
        (["-", "--bulk", "1", "--filter", "udp"], "--filter and --bulk"),
        (["-", "--rotate", "1MB"], "need --write"),
        (["-", "--write", "x", "--rotate", "huge"], "is no size and no time"),
        (["-", "--write", "/nonexistent/x.pcapng"], "there is no directory"),
        (["-", "--write", "x", "--pseudonymise"], "pseudonyms cannot hide them"),
        (["-i", "lo", "--filter", "no filter"], "the filter 'no filter' cannot be used"),
    ],
)
def test_what_cannot_be_done_is_one_line(arguments: list[str], why: str) -> None:
    status, out, error = Command(*arguments).end()
    assert (status, out) == (2, "")
    assert error.startswith("gmaudit: ") and error.count("\n") == 1
    assert why in error


@pytest.mark.netns
def test_without_the_right_to_capture_one_line_says_how_to_get_it(lab: Lab) -> None:
    without = ("setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw")
    status, out, error = Command("-i", "lo", before=without).end()
    assert (status, out, error.count("\n")) == (2, "", 1)
    assert error.startswith("gmaudit: lo: no right to capture; run it as root, or allow it once with sudo setcap")


@pytest.mark.netns
def test_an_interface_is_judged_within_a_second_of_the_packet(lab: Lab) -> None:
    from tests.live.lab import frames_of

    cable = lab.cable()
    with inside(lab.listener):
        command = Command("-i", cable.name, "--keys", KEYS)
    assert command.line()["type"] == "header"  # from here on nothing is missed
    began = time.monotonic()
    cable.send(frames_of(RECORDING))
    assert command.line()["type"] == "finding"
    assert time.monotonic() - began < 10
    command.process.send_signal(signal.SIGTERM)
    status, out, error = command.end()
    assert (status, error) == (1, "")
    assert lines(out)[-1]["captures"][0]["path"] == cable.name
