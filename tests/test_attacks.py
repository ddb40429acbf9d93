"""What the attacks of `python -m benchmarks.adversarial` do at a small size: a right report, whatever is sent.

Time and memory at their full size are measured there; here is only what the report says of them.
"""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path

import pytest

from analyzer.report import trace
from analyzer.report.chronicle import Chronicle
from analyzer.report.model import Report
from analyzer.report.renderers import RENDERERS
from analyzer.rule import Rule, collect
from analyzer.run import Options, audit
from benchmarks.attacks import ATTACKS, Attack
from benchmarks.frames import Writer
from tests.report.reports import material

MAKE = {attack.name: attack.make for attack in ATTACKS}
HARMLESS = ("fragments-overlapping", "gtp-in-gtp", "half-open-connections", "unknown-spis-of-strangers")


@cache
def rules() -> list[Rule]:
    return collect()


def attacked(name: str, count: int, folder: Path, chronicle: Chronicle | None = None) -> Report:
    capture, keys = folder / "attack.pcap", folder / "keys.toml"
    with capture.open("wb") as file:
        text = MAKE[name](Writer(file), count)
    options = Options(rules=rules())
    if text:
        keys.write_text(text, "utf-8")
        keys.chmod(0o600)
        options.keys = [str(keys)]
    return audit([str(capture)], options, chronicle=chronicle)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_there_is_a_report_in_every_form(attack: Attack, tmp_path: Path) -> None:
    seen = Chronicle()
    report = attacked(attack.name, min(30, max(2, attack.size // 100)), tmp_path, seen)
    assert report.crashed == []
    made = material(report, chronicle=seen, captures=[str(tmp_path / "attack.pcap")], show_passes=True)
    for renderer in RENDERERS.values():
        renderer.load()(made, io.BytesIO() if renderer.binary else io.StringIO())
    trace.write(seen, report, io.StringIO(), width=100)


@pytest.mark.parametrize("name", HARMLESS)
def test_noise_is_no_ones_fault(name: str, tmp_path: Path) -> None:
    assert attacked(name, 60, tmp_path).findings == []


def test_replayed_packets_are_counted_and_not_read_again(tmp_path: Path) -> None:
    report = attacked("replays", 40, tmp_path)
    assert report.esp.replayed == 38  # the first two packets are the clear ones of the registration
    assert report.sip.protected == 52


def test_packets_that_fail_do_not_hide_those_that_are_right(tmp_path: Path) -> None:
    report = attacked("packets-that-fail", 300, tmp_path)
    assert report.esp.bad_icv == 300
    assert report.esp.verified == 5


def test_a_message_in_octets_is_read_like_any_other(tmp_path: Path) -> None:
    """And one whose header never ends is none."""
    assert attacked("segments-of-one-octet", 60, tmp_path).sip.malformed == 0
    assert attacked("a-header-without-end", 70, tmp_path).sip.messages == 0


def test_whatever_content_length_says_the_message_is_read(tmp_path: Path) -> None:
    report = attacked("lengths-that-lie", 40, tmp_path)
    assert report.esp.verified == report.esp.packets
    assert report.sip.protected == 42


def test_a_hundred_subjects_are_a_hundred(tmp_path: Path) -> None:
    report = attacked("subjects", 100, tmp_path)
    assert len(report.subjects) == len(report.sa_sets) == 100
    assert len({each.ue for each in report.subjects}) == 100
