"""`gmaudit diff`: the exit status, the places to read from and to write to."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from analyzer import cli
from analyzer.finding import Finding, Waived
from analyzer.report.json import write
from tests.report.reports import finding, report

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: str) -> tuple[int, str, str]:
        status = cli.main(["diff", *arguments])
        return status, *capsys.readouterr()

    return call


def written(folder: Path, name: str, *findings: Finding) -> str:
    path = folder / name
    with path.open("w") as stream:
        write(report(findings=list(findings)), stream)
    return str(path)


def test_the_exit_status(run: Run, tmp_path: Path) -> None:
    one = written(tmp_path, "one", finding())
    both = written(tmp_path, "both", finding(), finding("NEG-07"))
    waived = written(tmp_path, "waived", finding(), finding("NEG-07", waived=Waived("so", None)))
    assert run(one, both)[0] == 1
    assert run(both, one)[0] == 0
    assert run(one, one)[0] == 0
    status, out, err = run(one, waived)
    assert (status, err) == (0, "")
    assert "1 new (1 waived), 0 fixed, 1 unchanged" in out


def test_forms_and_places(run: Run, tmp_path: Path) -> None:
    one, two = written(tmp_path, "one", finding()), written(tmp_path, "two", finding("NEG-07"))
    status, out, _ = run(one, two, "--format", "json")
    assert status == 1
    assert json.loads(out)["schema"] == "gmaudit.diff/1"
    made = tmp_path / "made.md"
    status, out, _ = run(one, two, "--format", "markdown", "--output", str(made))
    assert (status, out) == (1, "")
    assert made.read_text().startswith("## gmaudit: 1 new, 1 fixed, 0 unchanged")
    assert run(one, two, "--output", "-")[1].startswith("Two reports\n")


def test_standard_input_is_one_of_them(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = Path(written(tmp_path, "one", finding()))
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(one.read_bytes())))
    status, out, _ = run(str(one), "-")
    assert status == 0
    assert "standard input: violation" in out
    assert run("-", "-") == (2, "", "gmaudit: two reports are needed, and standard input is one; name a file\n")


def test_what_cannot_be_used_is_2_and_one_line(run: Run, tmp_path: Path) -> None:
    one = written(tmp_path, "one", finding())
    bad = tmp_path / "bad.json"
    bad.write_text('{"schema": "gmaudit.report/1", "profile": "rel-17"}')
    for arguments, words in (
        ((one, str(bad)), f"{bad}: version is missing; it has to be a text"),
        ((str(tmp_path / "none"), one), "No such file"),
        ((str(tmp_path), one), "Is a directory"),
        ((one, one, "--output", one), "would overwrite an input"),
        ((one, one, "--output", str(tmp_path / "no" / "x")), "there is no directory"),
    ):
        status, out, err = run(*arguments)
        assert (status, out) == (2, "")
        assert words in err
        assert err.count("\n") == 1
