"""The fuzzing itself: its corpus is the one that is stored, its scripts are sealed rightly, and its seeds pass."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz import CORPUS, __main__, mutate, script, targets
from tests.fuzz.script import Record
from tests.fuzz.seeds import corpus

SEEDS = {(target, name): data for target, name, data in corpus()}
SCRIPTS = [data for (target, _), data in SEEDS.items() if target == "engine"]

RECORDS = st.builds(Record, st.integers(0, 255), st.integers(0, 2**24 - 1), st.binary(max_size=80))


def test_the_stored_corpus_is_the_one_that_is_made() -> None:
    stored = {(path.parent.name, path.name): path.read_bytes() for path in CORPUS.glob("*/*")}
    assert stored.keys() == SEEDS.keys()
    assert [key for key, data in stored.items() if data != SEEDS[key]] == []
    assert sum(map(len, stored.values())) < 300_000


def test_every_target_has_a_name_and_seeds() -> None:
    assert tuple(targets.TARGETS) == __main__.NAMES
    assert {target for target, _ in SEEDS} == set(__main__.NAMES)


@pytest.mark.parametrize("target", __main__.NAMES)
def test_the_seeds_are_no_crashes(target: str) -> None:
    for (name, _), data in SEEDS.items():
        if name == target:
            targets.TARGETS[target](data)


@given(st.binary(max_size=400))
def test_any_octets_are_a_script(data: bytes) -> None:
    for frame in script.frames(data):
        assert len(frame.data) == frame.length


@given(st.lists(RECORDS, max_size=8))
def test_records_are_read_as_they_were_written(records: list[Record]) -> None:
    assert script.read(script.write(records)) == records


@pytest.mark.parametrize("name", ["udp", "again", "tcp", "call", "goodbye"])
def test_the_packets_of_a_script_have_right_icvs(name: str) -> None:
    report = targets.audited(script.pcap(script.frames(SEEDS["engine", name][1:])))
    assert report is not None
    assert report.esp.packets == report.esp.verified > 4
    assert report.sip.malformed == 0


def test_a_changed_script_is_still_sealed_rightly() -> None:
    """The point of scripts: a change of what is inside reaches the rules, and does not die at the ICV."""
    before = SEEDS["engine", "udp"][1:]
    after = before.replace(b"Security-Verify: ipsec-3gpp", b"Security-Verify: ipsec-4gpp")
    assert after != before
    report = targets.audited(script.pcap(script.frames(after)))
    assert report is not None
    assert report.esp.packets == report.esp.verified
    assert "NEG-08" in {finding.rule for finding in report.findings}


@given(st.sampled_from(SCRIPTS), st.integers(0, 2**32 - 1), st.integers(50, 9000))
def test_changes_keep_to_the_limit(data: bytes, seed: int, limit: int) -> None:
    rng = random.Random(seed)
    changed = mutate.mutate(data, limit, seed, lambda octets, size: rng.randbytes(min(size, 30)))
    assert len(changed) <= limit
    assert len(mutate.cross(changed, data, limit, seed)) <= limit
    script.frames(changed[1:])


def test_the_dictionary_is_one_that_can_be_read() -> None:
    for line in mutate.dictionary().splitlines():
        assert line[0] == line[-1] == '"'
        assert '"' not in line[1:-1].replace('\\"', "")


def test_replaying_shows_a_crash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "input"
    path.write_bytes(b"abc")
    seen: list[bytes] = []
    monkeypatch.setitem(targets.TARGETS, "message", seen.append)
    monkeypatch.setattr("sys.argv", ["fuzz", "message", "--replay", str(path)])
    assert __main__.main() == 0
    assert seen == [b"abc"]
