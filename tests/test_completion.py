"""Completion, asked for as the shells do it: by the environment, and by a real bash."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from analyzer.cli import main

BEGIN = {"bash": "_gmaudit_completion() {", "zsh": "#compdef gmaudit", "fish": "function _gmaudit_completion"}


def words(line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What could stand where the line ends; files as ``file``."""
    given = line.split(" ")
    monkeypatch.setenv("_GMAUDIT_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(len(given) - 1))
    assert main([]) == 0
    found = [one.partition(",") for one in capsys.readouterr().out.splitlines()]
    return [value if kind == "plain" else kind for kind, _, value in found]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("gmaudit ch", ["check"]),
        ("gmaudit check --form", ["--format"]),
        ("gmaudit check x --format s", ["sarif"]),
        ("gmaudit check x --fail-on w", ["warning"]),
        ("gmaudit check --keys ", ["file"]),
        ("gmaudit check cap", ["file"]),
        ("gmaudit check x --format html --output ", ["file"]),
        ("gmaudit check x --profile rel-1", ["rel-11", "rel-14", "rel-17"]),
        ("gmaudit check x --profile our", ["file"]),
        ("gmaudit check x --flag ir", ["ir92"]),
        ("gmaudit check x --select neg-2", ["NEG-20", "NEG-21"]),
        ("gmaudit check x --ignore NEG-01,CR", ["NEG-01,CRY", *(f"NEG-01,CRY-0{number}" for number in range(1, 8))]),
        ("gmaudit rule SA-2", ["SA-20", "SA-21"]),
        ("gmaudit rule S", [f"SA-{number:02}" for number in range(1, 22)]),
        ("gmaudit keys --format x", ["xfrm"]),
    ],
)
def test_how_a_line_could_go_on(
    line: str, found: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert words(line, monkeypatch, capsys) == found


@pytest.mark.parametrize("shell", BEGIN)
def test_the_shells_get_their_script(
    shell: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("_GMAUDIT_COMPLETE", f"{shell}_source")
    assert main([]) == 0
    assert BEGIN[shell] in capsys.readouterr().out


def test_what_no_shell_asks_is_no_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_GMAUDIT_COMPLETE", "tcsh_source")
    assert main([]) != 0


def test_bash_completes(tmp_path: Path) -> None:
    """The line of the README in a bash that knows nothing else."""
    program = tmp_path / "gmaudit"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m analyzer "$@"\n')
    program.chmod(0o755)
    script = (
        'eval "$(_GMAUDIT_COMPLETE=bash_source gmaudit)"\n'
        "COMP_WORDS=(gmaudit check x.pcap --format m) COMP_CWORD=4\n"
        "complete -p gmaudit && _gmaudit_completion gmaudit && echo ${COMPREPLY[@]}\n"
    )
    environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "--norc", "-c", script], env=environment, cwd=Path.cwd(), capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    declared, offered = done.stdout.splitlines()
    assert declared.startswith("complete -o nosort -F _gmaudit_completion gmaudit")
    assert offered == "markdown"
