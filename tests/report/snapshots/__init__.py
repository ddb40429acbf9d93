"""Whole reports on two recordings in every form of text, and the ladders of `gmaudit trace`, stored beside this file.

They show what a change does to what users and their scripts read. ``python -m tests.report.snapshots`` writes them
again; what changed is then in the diff, to be read before it is committed.
"""

from __future__ import annotations

import io
from datetime import date
from functools import cache
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from analyzer.report import trace
from analyzer.report.chronicle import Chronicle
from analyzer.report.renderers import RENDERERS, Material
from analyzer.report.waivers import Waiver, waive
from analyzer.rule import collect
from analyzer.run import Options, audit
from tests.report.html.made import readable
from tests.test_captures import CAPTURES

FOLDER: Final = Path(__file__).parent

RECORDINGS: Final = ("udp4_sha1_aes", "tcp4_sha1_aes")
"""One over UDP, as users call for it first; one over TCP, with passes, waived findings and warnings that decide."""

LADDER: Final = "trace"
FORMS: Final = ("text", "json", "jsonl", "sarif", "junit", "markdown", "csv", "html", LADDER)

WAIVED: Final = Waiver(place="waivers.toml, waiver 1", rule="PORT-13", reason="known to the vendor, ticket 4711")
UNUSED: Final = Waiver(place="waivers.toml, waiver 2", rule="ESP-09", reason="long gone", expires=date(2026, 1, 1))
TODAY: Final = date(2026, 11, 22)


def path(recording: str, form: str) -> Path:
    """Where a snapshot lies."""
    return FOLDER / f"{recording}{'.trace.txt' if form == LADDER else RENDERERS[form].suffixes[0]}"


@cache
def material(recording: str) -> Material:
    """What the snapshots are made of."""
    folder = CAPTURES / recording
    chronicle = Chronicle()
    options = Options(keys=[str(folder / "keys.toml")])
    report = audit([str(folder / f"{recording}.pcap")], options, chronicle=chronicle)
    report = replace(
        report,
        captures=[replace(each, path=f"captures/{recording}.pcap") for each in report.captures],
        notices=[notice for notice in report.notices if "chmod 600" not in notice],  # git keeps no such modes
    )
    second = recording == RECORDINGS[1]
    if second:
        report = waive(report, [WAIVED, UNUSED], TODAY)
    return Material(
        report=report,
        chronicle=chronicle,
        rules={rule.id: rule for rule in collect()},
        deciding=("violation", "warning") if second else ("violation",),
        show_passes=second,
        statistics=second,
    )


def made(recording: str, form: str) -> str:
    """The report as it is today."""
    given, stream = material(recording), io.StringIO(newline="")
    if form == LADDER:
        assert given.chronicle is not None
        trace.write(given.chronicle, given.report, stream)
        return stream.getvalue()
    if form in (
        "sarif",
        "html",
    ):  # only rules with findings: a new sentence of another rule is no change here
        found = {finding.rule for finding in given.report.findings}
        given = replace(given, rules={name: rule for name, rule in given.rules.items() if name in found})
    RENDERERS[form].load()(given, stream)
    return readable(stream.getvalue()) if form == "html" else stream.getvalue()


def write() -> None:
    """Store the reports as they are today."""
    for recording in RECORDINGS:
        for form in FORMS:
            path(recording, form).write_bytes(made(recording, form).encode("utf-8"))
