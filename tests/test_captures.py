"""The recordings of real software: what the audit finds in each is what was read in its frames, no more and no less."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from analyzer.profile import PROFILES
from analyzer.report.model import Report
from analyzer.run import Options, audit

CAPTURES = Path(__file__).parent.parent / "captures"
RECORDINGS = sorted(path.parent.name for path in CAPTURES.glob("*/expected.json"))
FILES = [
    (name, file) for name in RECORDINGS for file in json.loads((CAPTURES / name / "expected.json").read_text("utf-8"))
]

COPIED_ESP = {"netem_loss_dup_reorder_udp4.pcap": 8}
"""ESP packets that the emulated network doubled within the window of copies: the truth counts both."""
COPIED_CLEAR = {"netem_loss_dup_reorder_udp4.pcap": 1}


ONLY_BEHIND_THE_PCSCF = {"AUTH-13"}
"""Rows that need the core leg, so that they have nothing to say without it."""


@cache
def report(name: str, file: str, profile: str = "rel-17") -> Report:
    folder = CAPTURES / name
    options = Options(keys=[str(folder / "keys.toml")], profile=PROFILES[profile])
    return audit([str(folder / file)], options)


@cache
def load(name: str, kind: str) -> Any:
    return json.loads((CAPTURES / name / f"{name}.{kind}").read_text("utf-8"))


def found(made: Report) -> list[tuple[object, ...]]:
    rules = {finding.fingerprint: finding.rule for finding in made.findings}
    return sorted(
        (
            finding.frame,
            finding.rule,
            finding.fault,
            finding.actor,
            finding.verdict,
            finding.count,
            finding.subject or "",
            rules[finding.cause] if finding.cause else "",
        )
        for finding in made.findings
    )


@pytest.mark.parametrize("profile", ["rel-17", "sa3-29"])
@pytest.mark.parametrize(("name", "file"), FILES)
def test_the_findings_are_those_that_were_read_in_the_frames(name: str, file: str, profile: str) -> None:
    expected = json.loads((CAPTURES / name / "expected.json").read_text("utf-8"))[file][profile]
    made = report(name, file, profile)
    assert made.crashed == []
    assert found(made) == sorted(
        (
            each["frame"],
            each["rule"],
            each["fault"],
            each["actor"],
            each["verdict"],
            each["count"],
            each["subject"] or "",
            each["cause"] or "",
        )
        for each in expected
    )


@pytest.mark.parametrize(("name", "file"), FILES)
def test_the_sets_are_those_of_the_truth(name: str, file: str) -> None:
    made = report(name, file)
    sets = {
        (
            each.spi_uc,
            each.spi_us,
            each.spi_pc,
            each.spi_ps,
            each.port_uc,
            each.port_us,
            each.port_pc,
            each.port_ps,
        ): each
        for each in made.sa_sets
    }
    truth = [each for subscriber in load(name, "json")["subscribers"] for each in subscriber["sets"]]
    assert truth
    for each in truth:
        spis = [each[f"spi_{role}"] & 0xFFFFFFFF for role in ("uc", "us", "pc", "ps")]
        ports = [each[f"port_{role}"] for role in ("uc", "us", "pc", "ps")]
        candidates = [value for key, value in sets.items() if list(key) == [*spis, *ports]]
        assert candidates, f"set {spis} {ports} was not found"
        assert candidates[0].alg == each["alg"]
        assert candidates[0].ealg == each["ealg"]
        # A set that nobody ever used cannot be keyed: there is no packet to prove a key on
        assert candidates[0].keyed == (candidates[0].sm7 is not None and _used(name, each))


def _used(name: str, truth: dict[str, Any]) -> bool:
    """Whether a packet of this set is in the recording: the lab notes a set only for registrations that it finished."""
    lines = (CAPTURES / name / f"{name}.frames.txt").read_text("utf-8").splitlines()
    ports = {f"{truth['port_uc']}>{truth['port_ps']}", f"{truth['port_us']}>{truth['port_pc']}"}
    return any("ESP" in line and any(port in line for port in ports) for line in lines)


@pytest.mark.parametrize(("name", "file"), [(name, f"{name}.pcap") for name in RECORDINGS])
def test_the_counts_are_those_of_the_other_decryptor(name: str, file: str) -> None:
    made, truth = report(name, file), load(name, "check.json")["own_decryptor"]
    copied = COPIED_ESP.get(file, 0)
    assert made.esp.packets == truth["esp"] - copied
    assert made.esp.verified == truth["esp_ok"] - copied
    assert made.esp.bad_icv == made.esp.no_key == made.esp.replayed == 0
    assert made.sip.protected == truth["sip_in_esp"] - copied
    assert made.sip.clear == truth["sip_clear"] - COPIED_CLEAR.get(file, 0)
    assert made.sip.malformed == 0
    assert made.copies == copied + COPIED_CLEAR.get(file, 0)
    assert made.captures[0].frames == truth["frames"]


@pytest.mark.parametrize("name", RECORDINGS)
def test_the_core_leg_is_as_good_as_a_key_file(name: str) -> None:
    folder = CAPTURES / name
    made = audit([str(folder / f"{name}.pcap"), str(folder / f"{name}.core.pcap")], Options())
    alone = report(name, f"{name}.pcap")
    assert made.esp == alone.esp
    assert made.sip.core > 0
    assert [each for each in found(made) if each[1] not in ONLY_BEHIND_THE_PCSCF] == found(alone)
    tally = {each.id: each for each in made.rules}["NEG-18"]
    assert tally.passed > 0
    assert tally.violation == 0


def test_every_recording_says_why_its_findings_are_true() -> None:
    assert RECORDINGS
    for name in RECORDINGS:
        text = (CAPTURES / name / "README.md").read_text("utf-8")
        expected = json.loads((CAPTURES / name / "expected.json").read_text("utf-8"))
        for profiles in expected.values():
            for findings in profiles.values():
                for each in findings:
                    assert f"| {each['rule']} |" in text, f"{name} says nothing about {each['rule']}"
