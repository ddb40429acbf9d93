"""What holds for every form of a report: it is as stored, always the same, and hides who the subscribers are."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from functools import cache

import pytest
from msgspec.structs import replace

from analyzer.report.chronicle import Chronicle
from analyzer.report.pseudonyms import Pseudonyms
from analyzer.report.renderers import RENDERERS, Material
from analyzer.rule import collect
from analyzer.run import Options, audit
from tests.report import snapshots
from tests.test_captures import CAPTURES

TEXTS = [name for name, form in RENDERERS.items() if not form.binary]
NAME = "udp4_sha1_aes"
IDENTITIES = ("001010000000101", "10.20.0.11", "10.20.0.1", "callee@")
"""Of subscribers, of hosts, and of somebody who was called."""


@cache
def hidden(key: bytes) -> Material:
    """A report with pseudonyms, and the messages with them."""
    folder, chronicle, names = CAPTURES / NAME, Chronicle(), Pseudonyms(key)
    options = Options(keys=[str(folder / "keys.toml")])
    report = names.report(audit([str(folder / f"{NAME}.pcap")], options, chronicle=chronicle))
    rules = {rule.id: rule for rule in collect()}
    told = chronicle.through(names)
    return Material(report=report, rules=rules, chronicle=told, pseudonyms=names, show_passes=True)


def written(made: Material, form: str) -> str:
    stream = io.StringIO(newline="")
    RENDERERS[form].load()(made, stream)
    return stream.getvalue()


@pytest.mark.parametrize("recording", snapshots.RECORDINGS)
@pytest.mark.parametrize("form", snapshots.FORMS)
def test_a_report_is_as_stored(recording: str, form: str) -> None:
    """If it is not, and is better: python -m tests.report.snapshots."""
    stored = snapshots.path(recording, form).read_bytes().decode("utf-8")
    made = snapshots.made(recording, form)
    assert made.splitlines() == stored.splitlines()
    assert made == stored


@pytest.mark.parametrize("form", TEXTS)
def test_pseudonyms_hold(form: str) -> None:
    text = written(hidden(b"a key of thirty-two octets or so"), form)
    assert not [identity for identity in IDENTITIES if identity in text]
    assert text == written(hidden(b"a key of thirty-two octets or so"), form)
    assert text != written(hidden(b"another key of thirty-two octets"), form)


@pytest.mark.parametrize("form", TEXTS)
def test_a_report_without_anything_is_written(form: str) -> None:
    empty = replace(hidden(b"a key of thirty-two octets or so").report, captures=[], subjects=[], sa_sets=[])
    made = Material(report=replace(empty, rules=[], findings=[]), chronicle=Chronicle())
    assert written(made, form)


def test_only_what_is_asked_for_is_imported() -> None:
    capture = str(CAPTURES / NAME / f"{NAME}.pcap")
    code = (
        "import sys, json; from analyzer.cli import main\n"
        f"main(['check', {capture!r}, '--format', 'csv', '--output', '/dev/null'])\n"
        "print(json.dumps(list(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stdout))
    assert "analyzer.report.csv" in loaded
    assert not loaded & {"rich", "jinja2", "scapy", "pyshark"}
    others = {form.module for form in RENDERERS.values()} - {"analyzer.report.csv", "analyzer.report.json"}
    assert not loaded & others
