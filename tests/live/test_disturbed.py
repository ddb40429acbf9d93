"""What goes wrong while somebody listens: a full disk, an interface that goes down, clocks, queues that overflow.

Nothing is silently lost: the report says it, and the file that was written gives the same findings all the same.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from analyzer import pcapng
from analyzer.audit.audit import Options
from analyzer.frame import SECOND
from analyzer.run import audit
from analyzer.sources.files import Captures
from analyzer.sources.recording import Recording, Rotation
from analyzer.sources.triage import Triage
from tests.live.lab import CAPTURES, Cable, Lab, Listening, frames_of, told
from tests.live.test_command import Command, lines

RECORDING = CAPTURES / "udp4_sha1_aes" / "udp4_sha1_aes.pcap"
KEYS = [str(RECORDING.parent / "keys.toml")]
OPTIONS = Options(keys=KEYS)

pytestmark = pytest.mark.netns


@pytest.fixture
def cable(lab: Lab) -> Cable:
    return lab.cable()


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 KiB."""
    where = tmp_path / "small"
    where.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(where)], check=True)
    yield where
    subprocess.run(["umount", str(where)], check=True)


def filler(count: int, size: int = 1400) -> list[tuple[float, bytes]]:
    """Frames that do not matter: UDP from port 9 to port 9."""
    ip = bytes.fromhex("4500000000000000401100000a0000010a000002")
    udp = bytes.fromhex("00090009") + (8 + size).to_bytes(2) + b"\0\0"
    packet = ip[:2] + (28 + size).to_bytes(2) + ip[4:] + udp
    return [(0.0, b"\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x08\0" + packet + bytes(size))] * count


def test_a_full_disk(cable: Cable, small: Path) -> None:
    """The audit goes on; what is in the file is whole, and the report says where it ends."""
    frames, written = frames_of(RECORDING), small / "w.pcapng"
    run = Listening(cable, OPTIONS, Recording(str(written)))
    cable.send(filler(30))
    cable.send(frames)
    done = run.stop()
    assert done.report.captures[0].frames == 30 + len(frames)
    assert done.report.verdict == "violation"
    assert any("No space left on device" in line and str(written) in line for line in done.report.notices)
    again = Captures([str(written)], Triage())
    for _ in again:
        pass
    assert 0 < again.summaries[0].frames < 30 + len(frames)
    assert not again.summaries[0].notices


def test_no_room_for_comments_leaves_the_file_as_it_was(cable: Cable, small: Path) -> None:
    written = small / "w.pcapng"
    run = Listening(cable, OPTIONS, Recording(str(written)))
    cable.send(frames_of(RECORDING))
    done = run.stop()
    before = written.read_bytes()
    with pytest.raises(OSError, match="No space left on device"):
        done.session.annotate(done.report)
    assert written.read_bytes() == before
    assert [each.name for each in small.iterdir()] == ["w.pcapng"]


def test_an_interface_goes_down_and_comes_back(cable: Cable, tmp_path: Path) -> None:
    frames, written = frames_of(RECORDING), tmp_path / "w.pcapng"
    run = Listening(cable, OPTIONS, Recording(str(written)))
    cable.send(frames[:30])
    run.heard(30)
    cable.set("down")
    time.sleep(0.3)
    cable.set("up")
    time.sleep(0.3)
    cable.send(frames[30:])
    run.heard(len(frames))
    done = run.stop()
    assert done.report.captures[0].frames == len(frames)
    assert done.report.captures[0].drops == 1  # nobody knows how many: at least it is known that some may be missing
    assert any("cannot be heard (Network is down)" in line for line in done.report.captures[0].notices)
    offline = told(audit([str(written)], OPTIONS))
    live = told(done.report)
    assert live["findings"] == offline["findings"]
    assert live["quality"] == offline["quality"]


def test_an_interface_is_removed_and_made_again(lab: Lab) -> None:
    first = lab.cable()
    run = Listening(first, OPTIONS)
    first.send(frames_of(RECORDING)[:20])
    run.heard(20)
    second = lab.again(first)
    deadline = time.monotonic() + 10
    while not any("is heard again" in line for line in run.session.live.notes) and time.monotonic() < deadline:
        time.sleep(0.05)
    second.send(frames_of(RECORDING)[20:])
    run.heard(58)
    done = run.stop()
    assert done.report.captures[0].frames == 58
    assert done.report.captures[0].drops


def test_the_queue_overflows(cable: Cable, tmp_path: Path) -> None:
    """Whoever audits is busy; the recorder drops what it has no room for, and counts it."""
    frames, written, busy, free = frames_of(RECORDING), tmp_path / "w.pcapng", threading.Event(), threading.Event()

    def tick() -> None:
        if busy.is_set():
            free.wait(30)

    run = Listening(cable, OPTIONS, Recording(str(written)), queue=100_000, on_tick=tick)
    busy.set()
    cable.send(frames)
    cable.send(filler(4000))
    time.sleep(0.5)
    free.set()
    done = run.stop()
    summary = done.report.captures[0]
    assert summary.drops is not None and summary.drops > 0
    assert summary.frames + summary.drops == len(frames) + 4000
    assert done.session.live.lost.by_interface == summary.drops
    assert any(f"the recorder lost {summary.drops:,} frames" in line for line in summary.notices)
    assert told(done.report) == told(audit([str(written)], OPTIONS))


def test_the_kernel_has_no_room(cable: Cable) -> None:
    run = Listening(cable, OPTIONS)
    recorder = run.session.live._recorder
    assert recorder is not None
    os.kill(recorder.pid, signal.SIGSTOP)
    cable.send(filler(60_000))
    os.kill(recorder.pid, signal.SIGCONT)
    done = run.stop()
    summary, lost = done.report.captures[0], done.session.live.lost
    assert lost.by_system > 0 and summary.drops == sum(lost)
    assert summary.frames + sum(lost) == 60_000


@pytest.mark.parametrize("step", [-3600, 7200])
def test_a_clock_that_steps(tmp_path: Path, step: int) -> None:
    """In the middle of a run; nobody is accused of what only the clock did, live or afterwards."""
    source, written, report = Captures([str(RECORDING)], Triage()), tmp_path / "w.pcapng", tmp_path / "r.json"
    frames = list(source)
    shift = [0 if place < 25 else step * SECOND for place in range(len(frames))]
    command = Command(
        *("-", "--keys", KEYS[0], "--write", str(written), "--format", "jsonl", "--format", "json"),
        *("--output", str(report)),
    )
    command.write(pcapng.section() + pcapng.interface(1))
    for frame, by in zip(frames, shift, strict=True):
        command.write(pcapng.packet(0, frame.time + by, frame.data, frame.length))
        if frame is frames[24]:
            time.sleep(0.5)
    status, out, error = command.end()
    assert (status, error) == (1, "")
    made = lines(out)[-1]
    offline = told(audit([str(written)], OPTIONS))
    assert made["quality"] == offline["quality"]
    assert made["counts"]["violation"] == sum(each["verdict"] == "violation" for each in offline["findings"])
    if step < 0:
        assert made["quality"]["clock_steps"] == 1


def test_a_row_of_files(cable: Cable, tmp_path: Path) -> None:
    """Each can be read alone, and together they hold every frame once."""
    frames, written = frames_of(RECORDING), tmp_path / "w.pcapng"
    recording = Recording(str(written), Rotation(size=10_000))
    run = Listening(cable, OPTIONS, recording)
    cable.send(frames)
    done = run.stop()
    done.session.annotate(done.report)
    paths = sorted(str(path) for path in tmp_path.glob("w-*.pcapng"))
    assert len(paths) > 3 and [each.path for each in recording.files] == paths
    assert all(Path(path).stat().st_size < 30_000 for path in paths)
    offline = audit(paths, OPTIONS)
    assert sum(each.frames for each in offline.captures) == len(frames)
    assert {(each.rule, each.verdict) for each in offline.findings} == {
        (each.rule, each.verdict) for each in done.report.findings
    }


def test_only_the_newest_files_are_kept(tmp_path: Path) -> None:
    recording = Recording(str(tmp_path / "w.pcapng"), Rotation(every=10 * SECOND, keep=2))
    recording.feed(pcapng.section("gmaudit live") + pcapng.interface(1))
    for moment in range(0, 60, 5):
        recording.feed(pcapng.packet(0, (1000 + moment) * SECOND, b"x" * 60, 60))
    recording.finish(None)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["w-00005.pcapng", "w-00006.pcapng"]
    assert [each.first for each in recording.files] == [9, 11]
