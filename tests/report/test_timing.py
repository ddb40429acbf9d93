"""Where the time went: stages by the innermost function that belongs to one."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pytest

from analyzer.report import timing as module
from analyzer.report.timing import ESP, PACKAGE, READING, REPORT, RULES, STAGES, START, STATE, Timing, stage_of

FOLDER = Path(__file__).parents[2] / "captures" / "udp4_sha1_aes"


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Half a second of CPU time goes by between two looks."""
    ticks = iter(range(1000))
    monkeypatch.setattr("analyzer.report.timing.time.process_time", lambda: next(ticks) / 2)
    yield
    assert signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0)


def frame(*files: str, name: str = "work") -> FrameType:
    """A stack of calls, outermost first, of functions in these files."""
    code = "def {name}():\n    return sys._getframe() if not rest else rest.pop(0)()"
    rest: list[object] = []
    for file in files:
        space: dict[str, object] = {"sys": sys, "rest": rest}
        exec(compile(code.format(name=name), file, "exec"), space)
        rest.append(space[name])
    found: FrameType = rest.pop(0)()  # type: ignore[operator]
    return found


def test_every_module_has_a_stage_or_that_of_its_caller() -> None:
    assert stage_of(str(PACKAGE / "sources" / "pcap.py")) == READING
    assert stage_of(str(PACKAGE / "report" / "html" / "page.py")) == REPORT
    assert stage_of(str(PACKAGE.parent / "rules" / "ports" / "port_02.py")) == RULES
    assert stage_of(str(PACKAGE / "verdict.py")) is None
    assert stage_of("<string>") is None
    there = {path.name for path in PACKAGE.iterdir()}
    assert set(module.PLACES) <= there, "places that are no more"
    assert set(module.PLACES.values()) | {START} == set(STAGES)


def test_the_innermost_stage_has_the_time() -> None:
    made = Timing()
    made.begin()
    engine, opened = str(PACKAGE / "engine" / "engine.py"), str(PACKAGE / "ipsec" / "esp.py")
    made._sample(0, frame(engine, opened, "/usr/lib/python3/hmac.py"))
    made._sample(0, frame(engine, str(PACKAGE / "frame.py")))
    made._sample(0, frame(engine, opened, module.IMPORTS))
    made._sample(0, None)
    made.end()
    assert {stage: seconds for stage, seconds in made._seconds.items() if seconds} == {ESP: 0.5, STATE: 0.5, START: 1.0}


def test_what_is_done_to_import_a_module_is_start_up() -> None:
    space: dict[str, object] = {"sys": sys}
    exec(compile("found = sys._getframe()", str(PACKAGE / "ims" / "x.py"), "exec"), space)
    found = space["found"]
    assert isinstance(found, FrameType)
    made = Timing()
    made._sample(0, found)
    assert made._seconds[START] == 0.0
    made._sample(0, found)
    assert made._seconds[START] == 0.5


def test_the_table_adds_up() -> None:
    made = Timing()
    made.begin()
    for place in "sources", "sip", "ims", "ims":
        made._sample(0, frame(str(PACKAGE / place / "x.py")))
    made.end()
    stream = io.StringIO()
    made.write(stream)
    head, *rows = stream.getvalue().splitlines()
    assert head.startswith("CPU time 2.00 s, in 4 samples; waited ")
    assert [row.split()[-1] for row in rows] == ["0.0%", "25.0%", "0.0%", "0.0%", "25.0%", "50.0%", "0.0%", "0.0%"]


def test_without_samples_the_table_says_so() -> None:
    stream = io.StringIO()
    Timing().write(stream)
    assert stream.getvalue() == "CPU time 0.00 s; where it went cannot be told here\n"


@pytest.mark.parametrize("wanted", [True, False])
def test_on_the_command_line(wanted: bool) -> None:
    command = [sys.executable, "-m", "analyzer", "check", str(FOLDER / "udp4_sha1_aes.pcap"), "--format", "json"]
    command += ["--keys", str(FOLDER / "keys.toml"), "--fail-on", "never", *(["--timing"] if wanted else [])]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["schema"] == "gmaudit.report/1"
    assert [line[2:30].strip() for line in done.stderr.splitlines()[1:]] == (list(STAGES) if wanted else [])
