"""A sample of what ``python -m tests.fuzz.damage --all`` tries: damaged recordings give a report, or equal findings."""

from __future__ import annotations

import random

import pytest

from analyzer.network.copies import WINDOW
from tests.fuzz import damage

ROUGH_WAYS = 12
GENTLE_WAYS = 8


@pytest.mark.parametrize(("folder", "file"), damage.recordings())
def test_a_damaged_recording_gives_a_report(folder: str, file: str) -> None:
    recording = damage.load(folder, file)
    wrong = {seed: text for seed in range(ROUGH_WAYS) if (text := damage.tried(recording, seed, "rough"))}
    assert wrong == {}


@pytest.mark.parametrize(("folder", "file"), damage.recordings())
def test_copies_and_swapped_neighbours_change_no_finding(folder: str, file: str) -> None:
    recording = damage.load(folder, file)
    wrong = {seed: text for seed in range(GENTLE_WAYS) if (text := damage.tried(recording, seed, "gentle"))}
    assert wrong == {}


def test_a_recording_is_written_as_it_was_read() -> None:
    recording = damage.load("udp4_sha1_aes", "udp4_sha1_aes.pcap")
    report = damage.report_of(recording, damage.file_of(recording.head, recording.packets))
    assert report.captures[0].frames == len(recording.packets)
    assert report.captures[0].first == recording.packets[0].time
    assert damage.original("udp4_sha1_aes", "udp4_sha1_aes.pcap").findings


@pytest.mark.parametrize("way", damage.ROUGH)
def test_rough_damage_is_damage(way: damage.Way) -> None:
    recording = damage.load("udp4_sha1_aes", "udp4_sha1_aes.pcap")
    changed = [way(recording, random.Random(seed)) != recording.packets for seed in range(10)]
    assert any(changed)


def test_gentle_damage_keeps_within_what_a_capture_may_do() -> None:
    recording = damage.load("tcp4_sha1_aes", "tcp4_sha1_aes.pcap")
    times: dict[bytes, list[int]] = {}
    for each in recording.packets:
        times.setdefault(each.data, []).append(each.time)
    added = moved = 0
    for seed in range(20):
        packets = damage.gentle(recording, seed)
        assert [each.time for each in packets] == sorted(each.time for each in packets)
        assert {each.data for each in packets} == {each.data for each in recording.packets}
        allowed = WINDOW + damage.NEIGHBOURS
        assert all(min(abs(each.time - time) for time in times[each.data]) <= allowed for each in packets)
        added += len(packets) > len(recording.packets)
        moved += [each.origin for each in packets] != sorted(each.origin for each in packets)
    assert added > 3
    assert moved > 3
