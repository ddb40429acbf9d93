"""Writes captures/synthetic: for each capture the pcap, its keys, the findings that it deserves, and the reasons."""

from __future__ import annotations

import json
from pathlib import Path

from tests.mutation.model import Mutated

from .stored import BOTH, STORED, Stored, Wanted

FOLDER = Path(__file__).parents[2] / "captures" / "synthetic"


def write(folder: Path) -> None:
    """All captures below this folder, byte for byte the same each time."""
    for stored in STORED:
        target = folder / stored.name
        target.mkdir(parents=True, exist_ok=True)
        for name, octets in files(stored).items():
            (target / name).write_bytes(octets)


def files(stored: Stored) -> dict[str, bytes]:
    """Names and contents of one capture's files."""
    made = stored.mutation.build()
    keys = f"# The vectors of this capture; they are test vectors (TS 35.208 and chance).\n\n{made.keys_toml()}"
    return {
        f"{stored.name}.pcap": made.pcap(),
        "keys.toml": keys.encode(),
        "expected.json": (json.dumps(_expected(stored, made), indent=1) + "\n").encode(),
        "README.md": _readme(stored, made).encode(),
    }


def _expected(stored: Stored, made: Mutated) -> dict[str, object]:
    ue = made.ues[0]
    subject = f"{ue.impi}@{ue.seen_as}"
    profiles = {
        profile: [
            {
                "rule": each.rule,
                "verdict": each.verdict,
                "actor": each.actor,
                "subject": subject,
                "frame": made.frame(each.at),
                "count": 1,
                "fault": each.fault,
                "cause": each.cause,
            }
            for each in stored.wanted
            if profile in each.profiles
        ]
        for profile in BOTH
    }
    return {f"{stored.name}.pcap": profiles}


def _readme(stored: Stored, made: Mutated) -> str:
    lines = [
        f"# {stored.name}",
        "",
        stored.about,
        "",
        "Synthetic: written by `make captures` (tests/synthetic), with ESP of scapy; nothing in it was recorded.",
        "",
        "## Why each finding is true",
        "",
    ]
    if not stored.wanted:
        lines.append(
            "There is none: both sides do what TS 33.203 and TS 24.229 ask, under `rel-17` and under `sa3-29`."
        )
    else:
        lines += [
            f"Frames are those of `{stored.name}.pcap`. `expected.json` has all findings under `rel-17` and `sa3-29`.",
            "",
            "| rule | verdict | of | frame | cause | why |",
            "|---|---|---|---|---|---|",
            *(f"| {_row(each, made)} |" for each in stored.wanted),
        ]
    return "\n".join([*lines, ""])


def _row(each: Wanted, made: Mutated) -> str:
    where = "" if len(each.profiles) > 1 else f" ({each.profiles[0]})"
    cells = (each.rule, each.verdict + where, each.actor, str(made.frame(each.at)), each.cause or "", each.why)
    return " | ".join(cells)
