"""What a plain command imports: the start-up is a part of every audit, and of most it is the largest."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "captures" / "udp4_sha1_aes"
CHECK = ["check", str(FOLDER / "udp4_sha1_aes.pcap"), "--keys", str(FOLDER / "keys.toml"), "--fail-on", "never"]

OURS = {"analyzer", "rules"}
BASE = {"click", "msgspec"}
CRYPTOGRAPHY = {"cryptography", "_cffi_backend", "_openssl"}
RICH = {"rich"}

NEVER = {
    "asyncio",
    "concurrent",
    "ctypes",
    "difflib",
    "doctest",
    "email.message",
    "html",
    "http",
    "importlib.metadata",
    "logging",
    "multiprocessing",
    "pdb",
    "pydoc",
    "sqlite3",
    "ssl",
    "subprocess",
    "tempfile",
    "unittest",
    "xml",
    "analyzer.opinion.compare",
    "analyzer.second",
    "analyzer.sources.live",
    "analyzer.sources.tshark",
    "analyzer.watch.session",
    "rich.live",
    "rich.markdown",
    "rich.progress",
    "rich.syntax",
    "rich.table",
    "rich.traceback",
}
"""Modules of which a plain command has no need."""


def imported(arguments: list[str]) -> set[str]:
    code = (
        "import sys, json; before = set(sys.modules)\n"
        f"from analyzer.cli import main; main({arguments!r})\n"
        "print(json.dumps(sorted(set(sys.modules) - before)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(done.stderr.splitlines()[-1]))


@pytest.mark.parametrize(
    ("arguments", "allowed"),
    [
        (["--help"], BASE),
        (["check", "--help"], BASE),
        ([*CHECK, "--format", "json"], BASE | CRYPTOGRAPHY),
        ([*CHECK, "--format", "text"], BASE | CRYPTOGRAPHY | RICH),
    ],
    ids=["help", "help of check", "json", "text"],
)
def test_no_package_that_is_not_needed(arguments: list[str], allowed: set[str]) -> None:
    modules = imported(arguments)
    packages = {name.partition(".")[0] for name in modules} - {"typing_extensions"}  # msgspec takes it where it is
    assert packages - sys.stdlib_module_names == OURS - ({"rules"} if "--help" in arguments else set()) | allowed
    assert not modules & NEVER


def test_help_touches_neither_the_engine_nor_a_rule() -> None:
    modules = imported(["--help"])
    assert not any(name.startswith(("analyzer.ims", "analyzer.sources.", "analyzer.network")) for name in modules)
    assert len(modules) < 250


def test_only_a_process_that_ends_keeps_what_it_has() -> None:
    """Who calls `main` with arguments goes on afterwards, and needs its garbage collected."""
    code = (
        "import gc, sys; from analyzer.cli import main; before = gc.get_freeze_count()\n"
        "main(['rules']); assert gc.get_freeze_count() == before\n"
        "sys.argv = ['gmaudit', 'rules']; main(); assert gc.get_freeze_count() > before"
    )
    subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL, check=True)
