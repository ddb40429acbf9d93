"""Keys that come while a run goes on: what waited for them is judged as if they had been there from the beginning."""

from __future__ import annotations

import time
from collections import deque
from pathlib import Path
from typing import Any

import pytest

from analyzer.audit.audit import Audit, Options
from analyzer.engine.engine import Engine
from analyzer.frame import SECOND, Frame
from analyzer.keys.entries import NoKeys
from analyzer.keys.keyring import Keyring
from analyzer.sources.files import Captures
from analyzer.sources.triage import Triage
from analyzer.watch import holding
from analyzer.watch.holding import Holding
from tests.live.lab import CAPTURES
from tests.live.test_command import Command, lines
from tests.scenario import Scenario

RECORDING = CAPTURES / "udp4_sha1_aes" / "udp4_sha1_aes.pcap"
KEYS = (RECORDING.parent / "keys.toml").read_text("utf-8")
NOTHING_YET = "# the core writes here as it goes\n"


def findings(made: Audit) -> list[tuple[object, ...]]:
    return [
        (each.rule, each.verdict, each.frame, each.count, each.subject, each.message) for each in made.finish().findings
    ]


class Run:
    """An engine that waits for keys, with a clock in the hand of the test."""

    def __init__(self, path: Path) -> None:
        keyring = Keyring()
        with pytest.raises(NoKeys):
            keyring.add_file(path)
        self.audit = Audit(Options(), keyring)
        self.holding = Holding(self.audit.engine, keyring, [str(path)])
        self.now = 0

    def feed(self, frames: list[Frame]) -> None:
        for frame in frames:
            if self.holding.waiting:
                self.holding.take(frame)
            else:
                self.audit.engine.receive(frame)

    def pass_time(self, seconds: float) -> None:
        self.now += round(seconds * SECOND)
        self.holding.tick(self.now)


def whole(frames: list[Frame], keys: str) -> list[tuple[object, ...]]:
    keyring = Keyring()
    if keys != NOTHING_YET:
        keyring.add_text(keys, "keys")
    running = Audit(Options(), keyring)
    for frame in frames:
        running.engine.receive(frame)
    return findings(running)


@pytest.fixture
def frames() -> list[Frame]:
    return list(Captures([str(RECORDING)], Triage()))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "keys.toml"
    made.write_text(NOTHING_YET)
    made.chmod(0o600)
    return made


@pytest.mark.parametrize("at", [3, 6, 10, 25, 58])
def test_a_key_in_time_gives_what_the_whole_file_gives(frames: list[Frame], path: Path, at: int) -> None:
    run = Run(path)
    run.feed(frames[:at])
    path.write_text(KEYS)
    run.pass_time(2)
    assert not run.holding.waiting
    run.feed(frames[at:])
    run.holding.close()
    assert findings(run.audit) == whole(frames, KEYS)
    assert run.holding.notices == []


def test_without_a_key_it_goes_on_when_the_patience_is_at_its_end(frames: list[Frame], path: Path) -> None:
    run = Run(path)
    run.pass_time(1)
    run.feed(frames)
    assert len(run.holding.waiting) > 20
    run.pass_time(9)
    assert run.holding.waiting
    run.pass_time(2)
    run.holding.close()
    assert findings(run.audit) == whole(frames, NOTHING_YET)
    assert [note.split(" (")[0] for note in run.holding.notices] == [
        "sets whose packets were judged without a key, which had not come in time: 1"
    ]


def phones(*lives: tuple[int, float, int]) -> tuple[list[tuple[float, Frame]], str]:
    """Frames with the seconds at which they come, of phones that register so late and so often; the keys of all."""
    sent: list[Frame] = []
    keys = ""
    for number, at, times in lives:
        s = Scenario(seed=f"phone{number}")
        who = s.ue(number) if number > 1 else s.ues[0]
        s.wait(at)
        for _ in range(times):
            made = s.register(ue=who)
            s.request("ue", "MESSAGE", on=made)
            s.wait(20)
        sent += s.frames()
        keys += s.subscriber_toml() if number > 1 else ""
    sent.sort(key=lambda frame: frame.time)
    again = [frame._replace(number=place) for place, frame in enumerate(sent, 1)]
    return [((frame.time - again[0].time) / SECOND, frame) for frame in again], keys


def come(run: Run, frames: list[tuple[float, Frame]], until: float) -> list[float]:
    """Let them come when they were sent, and time pass to the end; how long the first has waited, at each moment."""
    waited: list[float] = []
    left, now = list(frames), 0.0
    while now < until:
        run.pass_time(0.5)
        now += 0.5
        while left and left[0][0] <= now:
            run.feed([left.pop(0)[1]])
        if run.holding.waiting:
            waited.append((run.now - run.holding.waiting[0][0]) / SECOND)
    return waited


def test_nothing_waits_longer_however_many_phones_have_no_key(path: Path) -> None:
    frames, _ = phones(*((number, 2.0 * number, 1) for number in range(2, 10)))
    run = Run(path)
    waited = come(run, frames, 60)
    assert 9 < max(waited) <= 10
    assert not run.holding.waiting
    run.holding.close()
    assert findings(run.audit) == whole([frame for _, frame in frames], NOTHING_YET)
    assert "in time: 8 (" in run.holding.notices[0]


def test_a_phone_whose_keys_never_come_is_waited_for_once(path: Path) -> None:
    frames, _ = phones((2, 0, 5))
    run = Run(path)
    assert len(come(run, frames, 120)) <= 21, "half seconds: those of the first of five sets"
    run.holding.close()
    assert findings(run.audit) == whole([frame for _, frame in frames], NOTHING_YET)
    assert "in time: 5 (" in run.holding.notices[0]


def test_it_is_waited_for_again_when_a_key_file_changes(path: Path) -> None:
    frames, keys = phones((2, 0, 3))
    run = Run(path)
    come(run, frames[:6], 15)
    assert not run.holding.waiting
    path.write_text('[[aka]]\nimpi = "another@home"\nck = "' + "11" * 16 + '"\nik = "' + "22" * 16 + '"\n')
    run.pass_time(5)
    run.feed([frame for _, frame in frames[6:12]])
    assert run.holding.waiting
    path.write_text(keys)
    run.pass_time(2)
    assert not run.holding.waiting
    assert run.audit.engine.tracker.packets.verified_count


def test_what_waits_is_bounded(frames: list[Frame], path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holding, "FRAMES", 5)
    run = Run(path)
    run.feed(frames)
    assert len(run.holding.waiting) <= 6
    run.holding.close()
    assert findings(run.audit) == whole(frames, NOTHING_YET)


def test_a_file_that_is_being_written_is_read_when_it_makes_sense(frames: list[Frame], path: Path) -> None:
    run = Run(path)
    run.feed(frames)
    path.write_text(KEYS[: len(KEYS) // 2] + "\n= = =")
    run.pass_time(2)
    assert any("the keys that it had before are used" in note for note in run.holding.notices)
    path.write_text(KEYS)
    run.pass_time(2)
    run.holding.close()
    assert findings(run.audit) == whole(frames, KEYS)
    assert run.holding.notices == []


def test_what_is_read_again_is_entered_once(path: Path) -> None:
    ring = Keyring()
    path.write_text(KEYS)
    ring.add_file(path)
    before = sum(1 for _ in ring._entries())
    assert before
    assert not ring.read_again(path)
    path.write_text(KEYS + '\n[[aka]]\nck = "' + "11" * 16 + '"\nik = "' + "22" * 16 + '"\n')
    assert ring.read_again(path)
    assert sum(1 for _ in ring._entries()) == before + 1


def test_without_key_files_nothing_waits(frames: list[Frame]) -> None:
    running = Audit(Options(), Keyring())
    Holding(running.engine, Keyring(), [])
    assert running.engine.keyless is None
    assert isinstance(running.engine, Engine)


def test_a_subscriber_that_comes_late() -> None:
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    ring = Keyring()
    running = Audit(Options(), ring)
    kept: deque[Any] = deque()

    def keep(datagram: Any) -> bool:
        kept.append(datagram)
        return True

    running.engine.keyless = keep
    sent = s.frames()
    for frame in sent:
        running.engine.receive(frame)
    assert len(kept) == 4
    ring.add_text(s.subscriber_toml(), "late")
    running.engine.keys_came()
    running.engine.keyless = None
    for datagram in kept:
        running.engine.once_more(datagram)
    assert running.engine.tracker.packets.verified_count == 4


def test_the_command_reads_its_key_file_again(path: Path, tmp_path: Path) -> None:
    written, octets = tmp_path / "w.pcapng", RECORDING.read_bytes()
    command = Command("-", "--keys", str(path), "--write", str(written))
    command.write(octets[: len(octets) // 2])
    assert command.line()["type"] == "header"
    time.sleep(0.5)
    path.write_text(KEYS)
    while command.line().get("rule") is None:
        pass
    command.write(octets[len(octets) // 2 :])
    status, out, _ = command.end()
    made = lines(out)[-1]
    assert status == 1
    assert (made["esp"]["no_key"], made["esp"]["packets"]) == (0, made["esp"]["verified"])
    assert made["verdict"] == "violation"
