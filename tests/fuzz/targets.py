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

from analyzer.keys.export import toml, wireshark, xfrm
from analyzer.keys.keyring import Keyring
from analyzer.profile import PROFILES
from analyzer.report import outputs
from analyzer.report.model import Report
from analyzer.report.outputs import Output
from analyzer.report.pseudonyms import Pseudonyms
from analyzer.report.trace import Trace
from analyzer.rule import Rule, collect
from analyzer.run import Options, audit, keyed_associations
from analyzer.sources.walker import UnreadableCapture

from . import parsers, script

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
    seen = Trace()
    try:
        report = audit([str(capture)], options, on_message=seen.add)
        if choice & 0x60 == 0x60:
            _export([str(capture)], options)
    except UnreadableCapture as refusal:
        assert "\n" not in str(refusal)
        return None
    assert not report.crashed, report.crashed
    names = outputs.FORMATS[choice % len(outputs.FORMATS)], "json"
    show(report, seen if choice & 4 else None, dict.fromkeys(names), passes=choice & 16 > 0)
    if choice & 0x80:
        show(Pseudonyms(_KEY).report(report), None, names[:1])
    return report


def show(report: Report, seen: Trace | None, names: Iterable[str] = outputs.FORMATS, passes: bool = True) -> None:
    """Write the report in these formats; nothing in it may steer a terminal, and scripts must be able to read it."""
    for name in names:
        text = io.StringIO()
        outputs.write(report, [Output(name, None)], text, show_passes=passes, local=False)
        _harmless(text.getvalue(), name)
        if name == "json":
            assert json.loads(text.getvalue())["schema"]
    if seen is not None:
        text = io.StringIO()
        seen.write(report, text, width=100)
        _harmless(text.getvalue(), "trace")


def _harmless(text: str, name: str) -> None:
    assert text.replace("\n", "").isprintable(), f"the {name} report holds characters that do not print"


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
