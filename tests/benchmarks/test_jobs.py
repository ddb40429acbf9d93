from __future__ import annotations

from pathlib import Path

from analyzer.sources.files import Captures
from analyzer.sources.triage import Triage
from benchmarks.jobs import split
from benchmarks.workloads import WORKLOADS, write


def test_a_capture_in_two_halves_is_the_same_timeline(tmp_path: Path) -> None:
    made = write(WORKLOADS["C"], tmp_path, 0.002)
    whole = [frame.data for frame in Captures([str(made.capture)], Triage())]
    halves = split(made.capture)
    source = Captures([str(half) for half in halves], Triage())
    assert [frame.data for frame in source] == whole
    first, second = (summary.frames for summary in source.summaries)
    assert first + second == made.frames
    assert abs(first - second) < made.frames / 20
    assert not made.capture.exists()
