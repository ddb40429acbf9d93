"""What is made of measurements: costs of a process, ratios by pair, verdicts on what is asked, the picture."""

from __future__ import annotations

import shutil
import sys
from multiprocessing import get_context
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks import __main__ as program
from benchmarks import compare as comparing
from benchmarks import measure
from benchmarks.chart import Panel, svg
from benchmarks.compare import Outcome, Pair
from benchmarks.measure import Cost, Failed
from benchmarks.scaling import series
from benchmarks.workloads import WORKLOADS, Made, Workload


def test_the_memory_of_a_process_is_its_own() -> None:
    # In a small process of its own, as the benchmarks are: this one has grown with the tests before.
    commands = [[sys.executable, "-c", code] for code in ("pass", "kept = b'x' * 300_000_000")]
    with get_context("spawn").Pool(1) as pool:
        small, large = pool.map(measure.run, commands)
    assert large.memory - small.memory > 150
    assert small.cpu > 0


def test_a_process_that_fails_is_no_measurement() -> None:
    with pytest.raises(Failed, match=r"exits with 3: no such thing"):
        measure.run([sys.executable, "-c", "import sys; sys.stderr.write('no such thing'); sys.exit(3)"])


def test_ratios_are_taken_pair_by_pair() -> None:
    pairs = [Pair(Cost(1, 50), Cost(9, 300)), Pair(Cost(2, 52), Cost(16, 300)), Pair(Cost(1, 51), Cost(7, 300))]
    outcome = Outcome(WORKLOADS["A5"], 200_000, pairs)
    assert outcome.ratios() == pytest.approx([7, 8, 9])
    assert "8.0 (7.0 to 9.0)" in outcome.line()
    assert "8: met, 64 MB: met" in outcome.line()
    assert "5 µs, 200,000/s, 52 MB" in outcome.line()


def test_what_is_missed_is_said() -> None:
    outcome = Outcome(WORKLOADS["A5"], 200_000, [Pair(Cost(1, 65), Cost(7, 300))])
    assert "8: MISSED, 64 MB: MISSED" in outcome.line()


def test_a_part_read_by_tshark_counts_by_packet() -> None:
    outcome = Outcome(WORKLOADS["A"], 200_000, [Pair(Cost(4, 100), Cost(10, 300))])
    assert outcome.ratios() == pytest.approx([250])


def test_without_tshark_there_is_no_ratio() -> None:
    outcome = Outcome(WORKLOADS["A5"], 200_000, [Pair(Cost(4, 60), None)])
    assert outcome.ratios() == []
    assert outcome.line().endswith("64 MB: met")


def test_a_quick_comparison_prints_a_line_for_each(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[tuple[str, str]] = []

    def tshark(workload: Workload, files: Made) -> Cost:
        asked.append((workload.name, files.capture.name))
        return Cost(0.0001, 1)

    monkeypatch.setattr(comparing, "tshark", tshark)
    monkeypatch.setattr(shutil, "which", lambda name: name)
    program.main(["--quick", "--share", "0.001", "--only", "A5-40k, D5"])
    printed = capsys.readouterr().out
    assert asked == [("A5-40k", "A5-40k.pcap"), ("D5", "D5.pcap")]
    assert printed.count("gmaudit: pass") == 2
    assert printed.count("MISSED") >= 2


def test_a_workload_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        program.main(["--only", "A5,Z"])
    assert stopped.value.code == 2
    assert "no workload Z; there are A, A5" in capsys.readouterr().err


def test_one_thing_grows_in_each_series() -> None:
    lengths, alone, phones, again = (each.points for each in series(1))
    assert [point.esp for point in lengths][0::4] == [20_000, 2_000_000]
    assert [point.phones for point in phones][0::4] == [5, 20_000]
    assert [point.registrations for point in again][0::4] == [1, 100]
    assert len({point.phones for point in lengths}) == len({point.esp for point in phones}) == 1
    assert [(point.phones, point.esp) for point in alone] == [(point.phones, point.esp) for point in phones]
    assert {round(point.phones * point.registrations, -3) for point in alone} == {40_000}
    assert {point.registrations for point in phones} == {2}
    assert len({(point.esp, point.phones) for point in again}) == 1


def test_the_picture_is_well_formed(tmp_path: Path) -> None:
    points = [(20_000.0, 10.0), (200_000.0, 11.0), (2_000_000.0, 12.5)]
    drawn = svg("a < b", [Panel("one", "packets", points, (8, 12)), Panel("two", "UEs", points, (0, 20))])
    root = ElementTree.fromstring(drawn)
    circles = list(root.iter("{http://www.w3.org/2000/svg}circle"))
    assert len(circles) == 6
    heights = [float(circle.attrib["cy"]) for circle in circles[:3]]
    assert heights == sorted(heights, reverse=True)
    assert {"20k", "200k", "2M"} <= {each.text for each in root.iter("{http://www.w3.org/2000/svg}text")}
