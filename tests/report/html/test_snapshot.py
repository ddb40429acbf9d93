"""The whole page of two recordings, as it was when somebody last looked at it.

Style, script and the documentation of the rules are left out: they lie in files of their own.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from tests.report.html.made import page, recorded

HERE: Final = Path(__file__).parent
SNAPSHOTS: Final = {
    HERE / "with_findings.html": ("ue_misbehaves_after_rereg_udp4", "ue_misbehaves_after_rereg_udp4.pcap"),
    HERE / "tcp.html": ("tcp4_sha1_aes", "tcp4_sha1_aes.pcap"),
}
"""File of each, with the recording and its capture."""

_ISLAND = re.compile(r'<script type="application/json" id="([^"]+)">(.*?)</script>', re.DOTALL)


def shown(name: str, file: str) -> str:
    """The page of a recording, without the documentation of the rules."""
    return page(replace(recorded(name, file), rules={}))


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


@pytest.mark.parametrize("path", SNAPSHOTS, ids=lambda path: path.stem)
def test_the_page_is_as_it_was(path: Path) -> None:
    assert readable(shown(*SNAPSHOTS[path])) == path.read_text("utf-8"), "look at it, then python -m tests.report.html"


def test_the_same_page_twice() -> None:
    name = "ue_misbehaves_after_rereg_udp4"
    one, other = (page(recorded(name, f"{name}.pcap")) for _ in range(2))
    assert one == other
