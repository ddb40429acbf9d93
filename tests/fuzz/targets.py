"""What is fuzzed: one function a target, which takes any octets and raises only if something is wrong with the tool.

`engine` plays a script (see `script.py`) and `capture` reads the octets as a file; both run the whole audit with all
rules and write every report. The others are one parser each, with what must hold of its result whatever the octets.
"""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from analyzer.keys.export import toml, wireshark, xfrm
from analyzer.keys.keyring import Keyring
from analyzer.profile import PROFILES
from analyzer.report import trace
from analyzer.report.chronicle import Chronicle
from analyzer.report.model import Report
from analyzer.report.pseudonyms import Pseudonyms
from analyzer.report.renderers import RENDERERS, Material
from analyzer.rule import Rule, collect
from analyzer.run import Options, audit, keyed_associations
from analyzer.sources.walker import UnreadableCapture

from . import parsers, script

FORMS: Final = tuple(RENDERERS)
"""Every form of a report."""

_KEY: Final = b"a key of thirty-two octets or so"


@cache
def _folder() -> Path:
    """Where the files of this process lie: in memory where there is such a place."""
    fast = Path("/dev/shm")
    made = tempfile.TemporaryDirectory(prefix="gmaudit-fuzz-", dir=fast if fast.is_dir() else None)
    _kept.append(made)
    keys = Path(made.name) / "keys.toml"
    keys.write_text(script.KEYS, "utf-8")
    keys.chmod(0o600)
    return Path(made.name)


_kept: list[tempfile.TemporaryDirectory[str]] = []


@cache
def _rules(profile: str) -> list[Rule]:
    return [rule for rule in collect() if rule.in_force(PROFILES[profile])]


def audited(data: bytes, *, choice: int = 0) -> Report | None:
    """Audit a capture file and report on it; None if it is refused. ``choice`` varies options and formats.

    The JSON report is always written, and one other: the fuzzer chooses which, since all of them take longer than the
    audit.
    """
    capture = _folder() / "capture"
    capture.write_bytes(data)
    profile = "sa3-29" if choice & 1 else "rel-17"
    options = Options(
        keys=[str(_folder() / "keys.toml")],
        profile=PROFILES[profile],
        rules=_rules(profile),
        vantage=("auto", "ue", "pcscf", "middle")[choice >> 1 & 3],
        subject="001010000000001" if choice & 24 == 24 else None,
    )
    names = FORMS[choice % len(FORMS)], "json"
    chronicle = Chronicle() if choice & 4 or RENDERERS[names[0]].chronicle else None
    try:
        report = audit([str(capture)], options, chronicle=chronicle)
        if choice & 0x60 == 0x60:
            _export([str(capture)], options)
    except UnreadableCapture as refusal:
        assert "\n" not in str(refusal)
        return None
    assert not report.crashed, report.crashed
    rules = {rule.id: rule for rule in _rules(profile)}
    material = Material(
        report=report, rules=rules, chronicle=chronicle, captures=[str(capture)], show_passes=choice & 16 > 0
    )
    show(material, dict.fromkeys(names))
    if choice & 0x80 and not RENDERERS[names[0]].verbatim:
        hidden = Pseudonyms(_KEY)
        report = hidden.report(report)
        told = None if chronicle is None else chronicle.through(hidden)
        show(replace(material, report=report, chronicle=told, pseudonyms=hidden), names[:1])
    return report


def show(material: Material, names: Iterable[str] = FORMS) -> None:
    """Write the report in these forms; nothing in it may steer a terminal, and scripts must be able to read it."""
    for name in names:
        renderer = RENDERERS[name]
        if renderer.binary:
            renderer.load()(material, io.BytesIO())
            continue
        text = io.StringIO(newline="")
        renderer.load()(material, text)
        _harmless(text.getvalue(), name)
        if name == "json":
            assert json.loads(text.getvalue())["schema"]
    if material.chronicle is not None:
        text = io.StringIO()
        trace.write(material.chronicle, material.report, text, width=100)
        _harmless(text.getvalue(), "trace")


def _harmless(text: str, name: str) -> None:
    plain = text.replace("\r\n" if name == "csv" else "\n", "")
    assert plain.isprintable(), f"the {name} report holds characters that do not print"


def _export(captures: list[str], options: Options) -> None:
    keyed = keyed_associations(captures, options)
    for text in (*wireshark(keyed), xfrm(keyed), toml(keyed)):
        assert text.text.isascii()
        assert text.text.replace("\n", "").replace("\t", "").isprintable()
    if keyed:
        again = Keyring()
        again.add_text(toml(keyed).text, "keys")
        assert len(again.associations()) <= len(keyed)


def capture(data: bytes) -> None:
    """A capture file of any format."""
    audited(data[1:], choice=data[0] if data else 0)


def engine(data: bytes) -> None:
    """A script, as a capture file."""
    made = script.frames(data[1:])
    report = audited(script.pcap(made), choice=data[0] if data else 0)
    assert report is not None
    assert report.captures[0].frames == len(made)


TARGETS: Final[dict[str, Callable[[bytes], None]]] = {
    "engine": engine,
    "capture": capture,
    "packets": parsers.packets,
    "fragments": parsers.fragments,
    "tcp": parsers.tcp,
    "lines": parsers.lines,
    "message": parsers.message,
    "framing": parsers.framing,
    "headers": parsers.headers,
    "esp": parsers.esp,
    "keyfile": parsers.keyfile,
    "diameter": parsers.diameter,
}
"""By name, the most expensive first."""
