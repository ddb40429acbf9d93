"""`gmaudit check --waivers`: the file, the clock, the exit status."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from analyzer.cli import clock
from tests.report.reports import finding, report
from tests.report.schema import load
from tests.test_cli import Auditor, Run, auditor, run

__all__ = ["auditor", "run"]


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "today", lambda: date(2026, 6, 30))


def written(folder: Path, text: str) -> str:
    path = folder / "w.toml"
    path.write_text(text)
    return str(path)


def test_what_is_waived_does_not_decide_the_exit_status(run: Run, auditor: Auditor, tmp_path: Path) -> None:
    auditor.outcome = report(findings=[finding(), finding("CLR-01")])
    ports = '[[waiver]]\nrule = "PORT"\nreason = "known"\n'
    assert run("check", "x.pcap", "--waivers", written(tmp_path, ports))[0] == 1
    both = ports + '[[waiver]]\nrule = "CLR-01"\nreason = "known too"\nexpires = 2026-06-30\n'
    status, out, _ = run("check", "x.pcap", "--waivers", written(tmp_path, both), "--format", "json")
    assert status == 0
    assert [each["waived"]["reason"] for each in load(out)["findings"]] == ["known", "known too"]


def test_what_has_expired_decides_it_again_and_is_told(run: Run, auditor: Auditor, tmp_path: Path) -> None:
    auditor.outcome = report(findings=[finding()])
    path = written(tmp_path, '[[waiver]]\nrule = "PORT"\nreason = "known"\nexpires = 2026-06-29\n')
    status, out, _ = run("check", "x.pcap", "--waivers", path, "--format", "json")
    assert status == 1
    assert any("held until 2026-06-29 and waives nothing any more" in each for each in load(out)["notices"])


def test_several_files(run: Run, auditor: Auditor, tmp_path: Path) -> None:
    auditor.outcome = report(findings=[finding(), finding("CLR-01")])
    one, two = tmp_path / "one.toml", tmp_path / "two.toml"
    one.write_text('[[waiver]]\nrule = "PORT"\nreason = "known"\n')
    two.write_text('[[waiver]]\nrule = "CLR"\nreason = "known"\n')
    assert run("check", "x.pcap", "--waivers", str(one), "--waivers", str(two))[0] == 0


def test_the_true_identity_is_what_the_pattern_means(run: Run, auditor: Auditor, tmp_path: Path) -> None:
    auditor.outcome = report(findings=[finding()])
    path = written(tmp_path, '[[waiver]]\nrule = "PORT"\nsubject = "001010000000101@*"\nreason = "known"\n')
    status, out, _ = run("check", "x.pcap", "--waivers", path, "--format", "json", "--pseudonymise")
    assert status == 0
    assert load(out)["waivers"][0]["state"] == "used"
    assert "001010000000101" not in out


def test_a_file_that_makes_no_sense_is_2_before_any_work(run: Run, auditor: Auditor, tmp_path: Path) -> None:
    path = written(tmp_path, '[[waiver]]\nrule = "PORT"\n')
    status, out, err = run("check", "x.pcap", "--waivers", path)
    assert (status, out) == (2, "")
    assert err == f"gmaudit: {path}, waiver 1 (line 1): reason is missing: nothing is waived without one\n"
    assert auditor.captures == []


def test_a_file_that_is_not_there_is_2(run: Run, tmp_path: Path) -> None:
    status, _, err = run("check", "x.pcap", "--waivers", str(tmp_path / "no.toml"))
    assert status == 2
    assert "No such file" in err
    assert err.count("\n") == 1


def test_waivers_are_no_place_for_a_report(run: Run, tmp_path: Path) -> None:
    path = written(tmp_path, '[[waiver]]\nrule = "PORT"\nreason = "known"\n')
    status, _, err = run("check", "x.pcap", "--waivers", path, "--output", path)
    assert status == 2
    assert "would overwrite an input" in err
