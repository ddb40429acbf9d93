"""Every stored capture is sent over a cable and listened to: the findings are those of the file that was written."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.audit.audit import Options
from analyzer.run import audit
from analyzer.sources.recording import Recording
from tests.live.lab import Lab, Listening, captures, frames_of, keys_of, told

pytestmark = pytest.mark.netns


@pytest.mark.parametrize("path", captures(), ids=lambda path: path.name)
def test_what_is_heard_equals_what_is_written(lab: Lab, path: Path, tmp_path: Path) -> None:
    options, written = Options(keys=keys_of(path)), tmp_path / "written.pcapng"
    frames, cable = frames_of(path), lab.cable()
    listening = Listening(cable, options, Recording(str(written)))
    cable.send(frames)
    run = listening.stop()
    assert run.report.captures[0].frames == len(frames)
    assert run.report.captures[0].drops == 0
    offline = told(audit([str(written)], options))
    assert told(run.report) == offline
    assert {(each.rule, each.frame) for each in run.findings} == {
        (each["rule"], each["frame"]) for each in offline["findings"]
    }
