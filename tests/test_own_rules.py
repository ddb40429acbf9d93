"""A lab's own rules: the package in tests/lab is found by its entry point, and docs/own-rules.md says the truth."""

from __future__ import annotations

import importlib
import json
import re
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from analyzer.cli import main
from analyzer.report.model import Report
from analyzer.rule import GROUP, collect
from analyzer.run import Options, audit
from tests.scenario import Scenario

LAB = Path(__file__).parent / "lab"
PAGE = (Path(__file__).parent.parent / "docs" / "own-rules.md").read_text("utf-8")


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The package as pip would put it on the path: modules, and the metadata beside them."""
    monkeypatch.syspath_prepend(str(LAB))
    importlib.invalidate_caches()
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "acme_gm"]:
        del sys.modules[name]


def recorded(tmp_path: Path, *, cell: bool) -> tuple[str, str]:
    """A capture of a registration and its keys, as files; with the header that the lab asks for, or without."""
    s = Scenario()
    s.register(sm7={"headers": {"P-Access-Network-Info": "3GPP-E-UTRAN-FDD" if cell else None}})
    capture, keys = tmp_path / "capture.pcap", tmp_path / "keys.toml"
    capture.write_bytes(s.pcap())
    keys.write_text(s.keys_toml(), "utf-8")
    return str(capture), str(keys)


def test_it_is_found_beside_the_rules_of_gmaudit() -> None:
    ids = [rule.id for rule in collect()]
    assert "ACME-01" in ids and "SA-04" in ids


def test_it_accuses_shows_evidence_and_sets_the_exit_status(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capture, keys = recorded(tmp_path, cell=False)
    assert main(["check", capture, "--keys", keys, "--select", "ACME"]) == 1
    out = capsys.readouterr().out
    assert "violation[ACME-01]: the UE does not say where it registers from" in out
    assert "UE      REGISTER sip:" in out and "set 1 uc>ps" in out
    assert main(["check", capture, "--keys", keys, "--select", "ACME", "--format", "json"]) == 1
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert [each["method"] for each in finding["evidence"]["transactions"]] == ["REGISTER", "REGISTER"]


def test_it_is_met(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capture, keys = recorded(tmp_path, cell=True)
    assert main(["check", capture, "--keys", keys, "--select", "ACME"]) == 0
    assert "no findings; 1 of 1 rule exercised" in capsys.readouterr().out


def test_it_is_explained_and_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rule", "acme-01"]) == 0
    out = capsys.readouterr().out
    assert "ACME test plan 4.2" in out and "cannot be routed by cell" in out and "not in sa3-29" in out
    assert main(["rules"]) == 0
    assert "ACME-01  MUST    low       UE" in capsys.readouterr().out


def test_it_can_be_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capture, keys = recorded(tmp_path, cell=False)
    main(["check", capture, "--keys", keys, "--ignore", "ACME"])
    assert "ACME-01" not in capsys.readouterr().out


# --- the page --------------------------------------------------------------------------------------------------------


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_the_rule_of_the_page_is_that_of_the_package() -> None:
    assert blocks("python")[0] == (LAB / "acme_gm" / "access_network_unknown.py").read_text("utf-8")


def test_the_entry_point_of_the_page_is_that_of_the_package() -> None:
    (text,) = blocks("toml")
    points = tomllib.loads(text)["project"]["entry-points"][GROUP]
    metadata = (LAB / "acme_gm-1.0.dist-info" / "entry_points.txt").read_text("utf-8")
    assert metadata == f"[{GROUP}]\n" + "".join(f"{name} = {value}\n" for name, value in points.items())


def test_the_test_of_the_page_runs(tmp_path: Path) -> None:
    names: dict[str, Callable[..., None]] = {}
    exec(compile(blocks("python")[1], "docs/own-rules.md", "exec"), names)
    names["test_it_is_broken"](*recorded(tmp_path, cell=False))
    with pytest.raises(AssertionError):
        names["test_it_is_broken"](*recorded(tmp_path, cell=True))


def test_the_commands_of_the_page_are_those_of_the_tests_above() -> None:
    (text,) = blocks("sh")
    assert [line.partition("  #")[0].strip() for line in text.splitlines()] == [
        "pip install -e acme-gm",
        "gmaudit rule ACME-01",
        "gmaudit check capture.pcap --keys keys.toml --select ACME",
    ]


def test_a_rule_that_crashes_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the page says: the others run, and the report names it."""

    def crash(event: object) -> None:
        raise KeyError("acme")

    acme = next(rule for rule in collect() if rule.id == "ACME-01")
    capture, keys = recorded(tmp_path, cell=False)
    others = [rule for rule in collect() if rule.id == "SA-04"]
    report: Report = audit([capture], Options(keys=[keys], rules=[replace(acme, function=crash), *others]))
    assert report.crashed == ["ACME-01 (KeyError)"]
    assert next(tally for tally in report.rules if tally.id == "SA-04").passed == 1
