"""The commands that the README gives for reports and for CI: each runs as it stands there, and writes what it says."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from pathlib import Path

import pytest

from analyzer import cli
from analyzer.report.renderers import RENDERERS, recognised
from tests.test_captures import CAPTURES

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
REPORTS = README[README.index("### Reports") :].partition("\n### ")[0]
COMMANDS = [" ".join(found.split()) for found in re.findall(r"gmaudit check [^'\n]+(?:\n +--[^'\n]+)*", REPORTS)]
NAME = "udp4_sha1_aes"


def test_the_readme_has_a_recipe_for_each_ci() -> None:
    assert len(COMMANDS) >= 5
    for name in ("codeql-action/upload-sarif", "junit: gmaudit.xml", "junit 'gmaudit.xml'"):
        assert name in REPORTS


@pytest.mark.parametrize("command", COMMANDS)
def test_a_recipe_works(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = tmp_path / "keys.toml"
    shutil.copy(CAPTURES / NAME / "keys.toml", keys)
    keys.chmod(0o600)
    (tmp_path / "waivers.toml").write_text('[[waiver]]\nrule = "PORT-13"\nreason = "known"\n')
    (tmp_path / "captures").mkdir()
    for target in (tmp_path / "capture.pcap", tmp_path / "captures" / "one.pcap"):
        shutil.copy(CAPTURES / NAME / f"{NAME}.pcap", target)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GM_KEYS", str(keys))
    monkeypatch.setenv("RUNNER_TEMP", str(tmp_path))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))
    words = shlex.split(os.path.expandvars(command))[1:]
    assert cli.main(words) == (0 if "never" in words else 1)
    assert capsys.readouterr().err == ""
    written = [words[place + 1] for place, word in enumerate(words) if word == "--output"]
    assert len(written) == command.count("--output") >= 1
    for name in written:
        assert Path(name).stat().st_size > 1_000


@pytest.mark.parametrize("form", re.findall(r"^\| `(\w+)` \| `(\.\w+)` \|", REPORTS, re.MULTILINE))
def test_the_table_of_forms_is_that_of_the_program(form: tuple[str, str]) -> None:
    name, suffix = form
    assert recognised(f"report{suffix}") == name
    assert len(re.findall(r"^\| `(\w+)` \| `(\.\w+)` \|", REPORTS, re.MULTILINE)) == len(RENDERERS)
