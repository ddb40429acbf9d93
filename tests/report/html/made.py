"""Reports for the tests of the HTML form: from scenarios, and from recordings."""

from __future__ import annotations

import io
import json
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from analyzer.report.chronicle import Chronicle
from analyzer.report.html import render
from analyzer.report.renderers import Material
from analyzer.rule import Rule, collect
from analyzer.run import Options, audit
from tests.scenario import Scenario
from tests.test_captures import CAPTURES

_ISLAND: Final = re.compile(r'<script type="application/json" id="([^"]+)">(.*?)</script>', re.DOTALL)
RULES: Mapping[str, Rule] = {rule.id: rule for rule in collect()}


def material(s: Scenario) -> Material:
    """What the renderer gets for a scenario."""
    with tempfile.TemporaryDirectory() as place:
        capture, keys = Path(place) / "gm.pcap", Path(place) / "keys.toml"
        capture.write_bytes(s.pcap())
        keys.write_text(s.keys_toml(), "utf-8")
        made = audited([str(capture)], [str(keys)])
    made.report.captures[0].path = "gm.pcap"
    return made


def audited(captures: Sequence[str], keys: Sequence[str] = ()) -> Material:
    """What the renderer gets for captures."""
    chronicle = Chronicle()
    report = audit(captures, Options(keys=keys), chronicle=chronicle)
    return Material(report=report, rules=RULES, chronicle=chronicle)


def recorded(name: str, *files: str) -> Material:
    """What the renderer gets for a recording, with the paths as the project has them."""
    place = CAPTURES / name
    keys = place / "keys.toml"
    made = audited([str(place / file) for file in files], [str(keys)] if keys.exists() else [])
    for capture in made.report.captures:
        capture.path = Path(capture.path).name
    return made


def page(made: Material) -> str:
    """The page as text."""
    sink = io.StringIO()
    render(made, sink)
    return sink.getvalue()


def readable(text: str) -> str:
    """The page with the parts in it that open later written out, and without script and style."""
    text = re.sub(r"sha256-[\w+/=]+", "sha256-…", text)
    text = re.sub(r"<style>.*?</style>", "<style>…</style>", text, flags=re.DOTALL)
    text = re.sub(r"<script>.*?</script>", "<script>…</script>", text, flags=re.DOTALL)
    return _ISLAND.sub(lambda found: f"<!-- {found[1]} -->\n{_written(json.loads(found[2]))}", text)


def _written(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "\n".join(map(_written, value))
    if isinstance(value, dict):
        return "\n".join(f"{name}: {_written(each)}" for name, each in value.items())
    return str(value)
