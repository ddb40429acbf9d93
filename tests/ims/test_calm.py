"""The short way of calm messages and the long one lead to the same report, whatever goes on between the two."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest

from analyzer import run
from analyzer.audit import Audit
from analyzer.report.json import document
from analyzer.run import Options, audit
from analyzer.sources.files import UnreadableCapture
from tests.fuzz.damage import CAPTURES, load, recordings, rough
from tests.scenario import Scenario


class Hearing(Audit):
    """An audit that wants to hear each event, so that nothing goes the short way."""

    def __init__(self, *arguments: object, **options: object) -> None:
        super().__init__(*arguments, **options)  # type: ignore[arg-type]
        self._every, self._unheard = True, None


def reports(path: Path, keys: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[object, object, int]:
    """What comes out in the usual way, what if each event is heard, and how many messages went the short way."""
    made: list[Audit] = []

    def watched(kind: type[Audit]) -> Callable[..., Audit]:
        def make(*arguments: object, **options: object) -> Audit:
            made.append(kind(*arguments, **options))  # type: ignore[arg-type]
            return made[-1]

        return make

    options = Options(keys=[str(keys)])
    monkeypatch.setattr(run, "Audit", watched(Audit))
    quick = document(audit([str(path)], options))
    monkeypatch.setattr(run, "Audit", watched(Hearing))
    slow = document(audit([str(path)], options))
    taken = [each.engine.tracker.calm.taken for each in made]
    assert taken[1] == 0
    return quick, slow, taken[0]


@pytest.mark.parametrize(("folder", "file"), recordings())
def test_the_recordings(folder: str, file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    quick, slow, _ = reports(CAPTURES / folder / file, CAPTURES / folder / "keys.toml", monkeypatch)
    assert quick == slow


@pytest.mark.parametrize(("folder", "file"), recordings())
def test_damaged_recordings(folder: str, file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recording = load(folder, file)
    for seed in range(2):
        path = tmp_path / f"{seed}.pcap"
        path.write_bytes(rough(recording, seed))
        try:
            quick, slow, _ = reports(path, CAPTURES / folder / "keys.toml", monkeypatch)
        except UnreadableCapture:
            continue
        assert quick == slow, seed


def life(seed: int) -> Scenario:
    """Much talk on a few sets, and now and then something else."""
    rng = random.Random(seed)
    s = Scenario(
        transport=rng.choice(("udp", "tcp")),
        ealg=rng.choice(("aes-cbc", "null")),
        ipv6=rng.random() < 0.3,
        vantage=rng.choice(("ue", "pcscf", "middle")),
        copies=rng.choice((None, None, "gtp")),
        seed=f"calm {seed}",
    )
    last = s.register()
    names: list[str] = []
    for turn in range(40):
        side: Literal["ue", "pcscf"] = "ue" if rng.random() < 0.5 else "pcscf"
        name = f"m{turn}"
        kind = rng.random()
        on = None if kind > 0.97 else last
        if kind < 0.6:
            s.request(side, rng.choice(("MESSAGE", "OPTIONS", "INFO")), on=on, label=name, answered=rng.random() < 0.9)
            names.append(name)
        elif kind < 0.75:
            s.call(side, on=last)
        elif kind < 0.8 and names and s.transport == "udp":
            s.again(rng.choice(names[-3:]), on=last)
        elif kind < 0.85:
            s.request(side, "MESSAGE", on=last, label=name, status=rng.choice((200, 202, 403, 404, 500)))
        elif kind < 0.9:
            last = s.register(over=last)
        elif kind < 0.92:
            s.refresh(on=last)
        elif kind < 0.95:
            s.request(
                side,
                "MESSAGE",
                on=on,
                label=name,
                role=rng.choice(("uc>ps", "us>pc") if side == "ue" else ("pc>us", "ps>uc")),
            )
        elif kind < 0.97 and names:
            s.duplicate(rng.choice(names[-3:]), rng.choice((0.001, 0.5)))
        else:
            s.request(side, "MESSAGE", on=on, label=name)
        if rng.random() < 0.1:
            s.wait(rng.choice((1.0, 40.0, 200.0, 1000.0)))
    if rng.random() < 0.5:
        s.deregister(on=last)
    for name in rng.sample(names, k=min(len(names), rng.randrange(4))):
        rng.choice((s.lose, s.corrupt, lambda label: s.cut(label, 60)))(name)
    return s


@pytest.mark.parametrize("seed", range(30))
def test_lives(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = life(seed)
    path, keys = tmp_path / "life.pcap", tmp_path / "keys.toml"
    path.write_bytes(made.pcap())
    keys.write_text(made.keys_toml(), "utf-8")
    quick, slow, taken = reports(path, keys, monkeypatch)
    assert quick == slow
    assert taken > 0
