"""`analyzer.live` and the pytest fixture, as a lab's own tests use them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import analyzer
from analyzer.keys.keyring import KeyFileError
from analyzer.sources.files import UnreadableCapture
from tests.live.lab import CAPTURES, Cable, Lab, frames_of, inside

RECORDING = CAPTURES / "udp4_sha1_aes" / "udp4_sha1_aes.pcap"
KEYS = [str(RECORDING.parent / "keys.toml")]
CLEAN = CAPTURES / "synthetic" / "clean_udp" / "clean_udp.pcap"

pytestmark = pytest.mark.netns


def test_findings_come_while_the_block_runs(lab: Lab) -> None:
    cable = lab.cable()
    with inside(lab.listener), analyzer.live(cable.name, keys=KEYS) as run:
        cable.send(frames_of(RECORDING))
        first = next(iter(run))
        run.wait("registered", timeout=20)
        run.wait("2-registrations", timeout=20)
        with pytest.raises(TimeoutError, match="not yet: 900-registrations"):
            run.wait("900-registrations", timeout=0.3)
    assert first.rule in {each.rule for each in run.report.findings}
    assert [each.rule for each in run] == [each.rule for each in run._findings]
    assert run.violations
    assert run.report.captures[0].frames == 58


def test_a_phone_that_does_everything_right(lab: Lab, tmp_path: Path) -> None:
    cable, written = lab.cable(), tmp_path / "w.pcapng"
    keys = [str(CLEAN.parent / "keys.toml")]
    with inside(lab.listener), analyzer.live(cable.name, keys=keys, write=str(written)) as run:
        cable.send(frames_of(CLEAN))
        run.wait("registered", timeout=20)
        assert not run.violations
    assert not run.violations
    assert run.report.verdict in ("pass", "note")
    assert written.stat().st_size > 1000
    with pytest.raises(TimeoutError, match="the run ended before"):
        run.wait("900-registrations")


def test_what_cannot_be_heard_is_told_on_entering(lab: Lab) -> None:
    with pytest.raises(UnreadableCapture, match="there is no interface nosuch0"), analyzer.live("nosuch0"):
        raise AssertionError("never reached")
    with pytest.raises(KeyFileError):
        analyzer.live("lo", keys=["/nonexistent/keys.toml"])
    with pytest.raises(ValueError, match="no profile is called rel-99"):
        analyzer.live("lo", profile="rel-99")
    with pytest.raises(AttributeError):
        analyzer.nothing  # noqa: B018


def test_an_error_in_the_block_ends_the_run(lab: Lab) -> None:
    cable = lab.cable()
    with pytest.raises(KeyError), inside(lab.listener), analyzer.live(cable.name) as run:
        raise KeyError("of the test")
    assert not run._thread.is_alive()


LAB_TEST = """
import pytest, subprocess, sys

def test_the_phone(gmaudit_live):
    run = gmaudit_live({name!r}, keys={keys!r})
    subprocess.run([sys.executable, "-m", "tests.live.send", {sender!r}, {end!r}, {path!r}], check=True, cwd={root!r})
    run.wait("registered", timeout=20)
    assert not run.violations
"""


@pytest.mark.parametrize(("path", "status"), [(CLEAN, 0), (RECORDING, 1)])
def test_the_fixture(lab: Lab, tmp_path: Path, path: Path, status: int) -> None:
    cable: Cable = lab.cable()
    text = LAB_TEST.format(
        name=cable.name,
        keys=[str(path.parent / "keys.toml")],
        sender=lab.sender,
        end=cable.name.replace("gm", "tx"),
        path=str(path),
        root=str(CAPTURES.parent),
    )
    (tmp_path / "test_phone.py").write_text(text)
    with inside(lab.listener):
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:gmaudit", "-p", "analyzer.watch.fixture", str(tmp_path)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == status, done.stdout + done.stderr
    assert ("assert not run.violations" in done.stdout) == bool(status)
