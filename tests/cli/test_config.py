"""Options from `gmaudit.toml`: where it is looked for, what comes first, and what it must not say."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import analyzer.run
from analyzer import cli
from analyzer.audit.audit import Options
from analyzer.cli.check import check
from analyzer.cli.config import LARGEST
from analyzer.cli.live import live
from analyzer.cli.trace import trace
from analyzer.report.model import Report
from tests.report.reports import report

CAPTURE = "x.pcap"


class Auditor:
    """Stands in for the audit and remembers what it was asked."""

    options = Options()

    def __call__(self, captures: Any, options: Options, **_: object) -> Report:
        self.options = options
        return report()


@pytest.fixture
def auditor(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Auditor:
    made = Auditor()
    monkeypatch.setattr(analyzer.run, "audit", made)
    monkeypatch.delenv("GMAUDIT_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    return made


@pytest.fixture
def run(auditor: Auditor, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def call(*arguments: str) -> tuple[int, str, str]:
        status = cli.main(arguments)
        return status, *capsys.readouterr()

    return call


Run = Callable[..., tuple[int, str, str]]


# --- where it is --------------------------------------------------------------------------------------------------


def test_without_a_file_nothing_changes(run: Run) -> None:
    assert run("check", CAPTURE)[0] == 1


@pytest.mark.parametrize(
    ("name", "text"),
    [("gmaudit.toml", 'fail-on = "never"'), ("pyproject.toml", '[tool.gmaudit]\nfail-on = "never"')],
)
def test_the_file_is_found_from_below_in_a_checkout(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str
) -> None:
    (tmp_path / name).write_text(text, "utf-8")
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert run("check", CAPTURE)[0] == 1, "a file further up may be anybody's"
    (tmp_path / ".git").mkdir()
    status, out, _ = run("check", CAPTURE)
    assert status == 0
    assert f"options from {tmp_path / name}, times in UTC" in " ".join(out.split())


def test_nothing_above_the_root_of_the_checkout_counts(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "gmaudit.toml").write_text('fail-on = "never"', "utf-8")
    inner = tmp_path / "inner"
    (inner / ".git").mkdir(parents=True)
    monkeypatch.chdir(inner)
    assert run("check", CAPTURE)[0] == 1


def test_the_nearest_file_is_the_only_one(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "gmaudit.toml").write_text('fail-on = "never"', "utf-8")
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "pyproject.toml").write_text("[tool.other]\n", "utf-8")
    monkeypatch.chdir(inner)
    assert run("check", CAPTURE)[0] == 0
    (inner / "gmaudit.toml").write_text("statistics = true", "utf-8")
    status, out, _ = run("check", CAPTURE)
    assert status == 1
    assert "Not exercised, and why" in out


def test_a_file_can_be_named_or_left_out(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gmaudit.toml").write_text('fail-on = "never"', "utf-8")
    (tmp_path / "other.toml").write_text("", "utf-8")
    assert run("check", CAPTURE)[0] == 0
    assert run("check", CAPTURE, "--config", "none")[0] == 1
    assert run("check", CAPTURE, "--config", "other.toml")[0] == 1
    monkeypatch.setenv("GMAUDIT_CONFIG", "none")
    assert run("check", CAPTURE)[0] == 1
    assert run("check", CAPTURE, "--config", "gmaudit.toml")[0] == 0


# --- what comes first ---------------------------------------------------------------------------------------------


def test_the_command_line_comes_before_the_file(run: Run, auditor: Auditor, tmp_path: Path) -> None:
    text = 'fail-on = "never"\nstatistics = true\nselect = ["NEG", "PORT"]\nkeys = "a.toml"\nlocal = true\n'
    (tmp_path / "gmaudit.toml").write_text(text, "utf-8")
    _, out, _ = run("check", CAPTURE)
    assert auditor.options.rules is not None
    assert {rule.id.split("-")[0] for rule in auditor.options.rules} == {"NEG", "PORT"}
    assert auditor.options.keys == ["a.toml"]
    assert "Not exercised, and why" in out and "times in local time" in out
    status, out, _ = run(
        *("check", CAPTURE, "--fail-on", "violation", "--select", "SA", "--no-statistics", "--utc", "--keys", "b")
    )
    assert status == 1
    assert {rule.id.split("-")[0] for rule in auditor.options.rules} == {"SA"}
    assert auditor.options.keys == ["b"]
    assert "Not exercised, and why" not in out and "times in UTC" in out


def test_a_table_of_one_command_comes_before_what_all_have(run: Run, auditor: Auditor, tmp_path: Path) -> None:
    (tmp_path / "gmaudit.toml").write_text('vantage = "ue"\n[trace]\nvantage = "middle"\n[live]\nbulk = "443"', "utf-8")
    run("check", CAPTURE)
    assert auditor.options.vantage == "ue"
    run("trace", CAPTURE)
    assert auditor.options.vantage == "middle"


def test_an_option_that_one_command_lacks_is_no_mistake(run: Run, tmp_path: Path) -> None:
    (tmp_path / "gmaudit.toml").write_text('fail-on = "warning"\ninterface = "any"', "utf-8")
    assert run("trace", CAPTURE)[0] == 0


def test_paths_are_those_of_the_file(run: Run, auditor: Auditor, tmp_path: Path) -> None:
    text = 'keys = ["k.toml", "/abs/k"]\nprofile = "lab.toml"\nreports = [{ output = "o.json" }, { format = "text" }]'
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab" / "gm.toml").write_text(text, "utf-8")
    (tmp_path / "lab" / "lab.toml").write_text('base = "rel-11"\nname = "lab"\n', "utf-8")
    status, out, err = run("check", CAPTURE, "--config", "lab/gm.toml")
    assert (status, err) == (1, "")
    assert auditor.options.keys == ["lab/k.toml", "/abs/k"]
    assert auditor.options.profile.name == "lab"
    assert (tmp_path / "lab" / "o.json").read_text("utf-8").startswith("{")
    assert out.startswith("gmaudit ")


def test_reports_of_the_command_line_replace_those_of_the_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "gmaudit.toml").write_text('reports = [{ format = "json", output = "o.json" }]', "utf-8")
    assert run("check", CAPTURE, "--format", "json")[1].startswith("{")
    assert not (tmp_path / "o.json").exists()
    assert run("check", CAPTURE)[1] == ""
    assert (tmp_path / "o.json").exists()


def test_times_may_be_times_of_toml(run: Run, auditor: Auditor, tmp_path: Path) -> None:
    (tmp_path / "gmaudit.toml").write_text('from = 2026-01-10T06:00:00Z\nto = "1768032000"', "utf-8")
    run("check", CAPTURE)
    assert (auditor.options.start, auditor.options.end) == (1_768_024_800 * 10**9, 1_768_032_000 * 10**9)


# --- what it must not say -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('fial-on = "x"', "fial-on: there is no such option; did you mean fail-on?"),
        ("xyzzy = 1", "xyzzy: there is no such option; docs/configuration.md lists them all"),
        (
            'fail-on = "warn"',
            "fail-on: 'warn' is not one of 'violation', 'warning', 'probable', 'inconclusive', 'never'",
        ),
        ("keys = 3", "keys: must be a string, or a list of them"),
        ('keys = ["a", true]', "keys: must be a string, or a list of them"),
        ('subject = ["a"]', "subject: must be a string"),
        ("statistics = 1", "statistics: must be true or false"),
        ("utc = true\nlocal = true", "local: says the same as utc; keep one of them"),
        ('profile = "rel-18"', "profile: there are sa3-29, rel-6, rel-11, rel-14, rel-17, and files that end in .toml"),
        ("reports = 3", "reports: must be a list of tables with format and output"),
        ('reports = [{ form = "a" }]', "reports.form: must be format or output, each a string"),
        (
            'format = "json"',
            'format: there is no such option; write reports = [{ format = "html", output = "',
        ),
        ("config = 'x'", "config: there is no such option"),
        ("check = 2", "check: must be a table"),
        ('[check]\nfilter = "x"', "check.filter: there is no such option"),
        ('[live]\nkeep-files = "a"', "live.keep-files: must be a whole number"),
        ("[live]\nkeep-files = 0", "live.keep-files: 0 is not in the range x>=1"),
        ("[trace]\n[trace.check]", "trace.check: there is no such option"),
        ("x = [", "no TOML: "),
        ("a = " + "[" * 5000, "no TOML: "),
        ("a." * 5000 + "b = 1", "no TOML: line 1: a name has more than 32 dots"),
        ("a = " + "9" * 5000, "no TOML: Exceeds the limit"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_key(run: Run, tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "gmaudit.toml").write_text(text, "utf-8")
    for command in ("check", "trace"):
        status, out, err = run(command, CAPTURE)
        assert (status, out) == (2, "")
        assert err.startswith(f"gmaudit: {tmp_path}/gmaudit.toml: {why}")
        assert err.count("\n") == 1


def test_no_path_has_a_null_character(run: Run, tmp_path: Path) -> None:
    (tmp_path / "gmaudit.toml").write_text('keys = "a\\u0000b"\n', "utf-8")
    status, _, err = run("trace", CAPTURE)
    assert (status, err) == (2, f"gmaudit: {tmp_path}/gmaudit.toml: keys: must not hold a null character\n")


NAMES = st.sampled_from(["keys", "fail-on", "from", "profile", "statistics", "local", "reports", "check", "live", "x"])
VALUES = st.recursive(
    st.sampled_from(["1", "-2.5", "true", "inf", '""', '"rel-17"', '"a\\u0000b"', "2026-01-10", "06:00:00"]),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda each: f"[{', '.join(each)}]")
        | st.dictionaries(NAMES, inner, max_size=2).map(
            lambda each: "{" + ", ".join(f"{key} = {value}" for key, value in each.items()) + "}"
        )
    ),
    max_leaves=6,
)
TABLES = st.dictionaries(NAMES, VALUES, max_size=3).map(
    lambda each: "\n".join(f"{key} = {value}" for key, value in each.items()).encode()
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(st.binary(max_size=60) | TABLES)
def test_any_file_is_used_or_refused(run: Run, tmp_path: Path, octets: bytes) -> None:
    (tmp_path / "gmaudit.toml").write_bytes(octets)
    status, _, err = run("trace", CAPTURE)
    assert status in (0, 2)
    assert "internal error" not in err
    assert err.count("\n") == (status == 2) and err.replace("\n", "").isprintable()


def test_keys_of_a_project_file_are_named_in_full(run: Run, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.gmaudit]\nstatistics = 1", "utf-8")
    assert "pyproject.toml: tool.gmaudit.statistics: must be true or false" in run("check", CAPTURE)[2]
    (tmp_path / "pyproject.toml").write_text("[tool]\ngmaudit = 1", "utf-8")
    assert "pyproject.toml: tool.gmaudit: must be a table" in run("check", CAPTURE)[2]


def test_a_file_that_cannot_be_used(run: Run, tmp_path: Path) -> None:
    assert "missing.toml: No such file or directory" in run("check", CAPTURE, "--config", "missing.toml")[2]
    (tmp_path / "pyproject.toml").write_text("", "utf-8")
    assert "it has no table [tool.gmaudit]" in run("check", CAPTURE, "--config", "pyproject.toml")[2]
    (tmp_path / "gmaudit.toml").write_bytes(b"a = '\xff'")
    assert "no TOML" in run("check", CAPTURE)[2]
    (tmp_path / "gmaudit.toml").write_bytes(b"#" * (LARGEST + 1))
    assert "larger than any file of options" in run("check", CAPTURE)[2]


# --- what is documented -------------------------------------------------------------------------------------------


def test_the_documentation_names_every_key_and_its_example_is_valid(run: Run, tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text("utf-8")
    for command in (check, live, trace):
        for option in (each for each in command.params if isinstance(each, click.Option)):
            if option.expose_value and option.name not in ("format", "output"):
                name = option.opts[-1 if option.opts[-1].startswith("--") else 0][2:]
                assert f"`{name}`" in text, name
    example = text.split("```toml\n")[1].split("```")[0]
    (tmp_path / "gmaudit.toml").write_text(example, "utf-8")
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "lab.toml").write_text('base = "rel-17"\nname = "lab"\n', "utf-8")
    assert run("trace", CAPTURE)[0] == 0


def test_help_and_other_commands_look_for_no_file(tmp_path: Path) -> None:
    (tmp_path / "gmaudit.toml").write_text("nonsense", "utf-8")
    for arguments in (["check", "--help"], ["rules"], ["--version"]):
        done = subprocess.run(
            [sys.executable, "-m", "analyzer", *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
