"""Writes what is made of the rules themselves: rules/README.md, rules/COVERAGE.md, and the frames of `gmaudit rule`.

    python -m tools.catalogue            writes them
    python -m tools.catalogue --check    says which are out of date, and ends with status 1 if one is

A test holds them fresh.
"""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import rules
from analyzer.profile import PROFILES
from analyzer.report.text_names import named
from analyzer.rule import Rule, collect
from tools import shown

ROOT = Path(__file__).parent.parent
MADE = "<!-- made by `python -m tools.catalogue`; do not edit -->"
EXAMPLES = 4
"""Frames of captures that a rule's documentation shows."""
TESTS = 2
"""Tests of each kind that the coverage names for a rule."""
PAPERS = {"S1": "the change request to TS 33.203 clause 7.4", "S2": "the discussion paper"}


def main(arguments: list[str]) -> int:
    """Write the files, or check them."""
    stale = [path for path, text in made().items() if not path.exists() or path.read_text("utf-8") != text]
    for path in stale:
        if "--check" in arguments:
            sys.stderr.write(f"{path.relative_to(ROOT)} is out of date; run python -m tools.catalogue\n")
        else:
            path.write_text(made()[path], "utf-8")
            sys.stdout.write(f"{path.relative_to(ROOT)}\n")
    return int(bool(stale) and "--check" in arguments)


def made() -> dict[Path, str]:
    """All files with what should stand in them."""
    there = collect([rules])
    data = coverage()
    frames, tests = shown.frames(), shown.tests(data["shown"])
    return {
        ROOT / "rules" / "README.md": readme(there, data),
        ROOT / "rules" / "COVERAGE.md": covered(there, data, frames, tests),
        ROOT / "analyzer" / "report" / "examples.json": examples(frames),
    }


def coverage() -> dict[str, Any]:
    """The data of rules/coverage.toml."""
    return tomllib.loads((ROOT / "rules" / "coverage.toml").read_text("utf-8"))


def examples(frames: dict[str, list[shown.Frame]]) -> str:
    """The frames that `gmaudit rule` shows: a line for each rule."""
    lines = [f"  {json.dumps(rule)}: {json.dumps(found[:EXAMPLES])}" for rule, found in frames.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def rows(data: dict[str, Any]) -> list[str]:
    """The ids of all rows of the catalogue."""
    return [f"{family}-{number:02}" for family, count in data["rows"].items() for number in range(1, count + 1)]


def readme(there: list[Rule], data: dict[str, Any]) -> str:
    """The catalogue of the rules."""
    lines = ["# The rules", "", MADE, ""]
    lines += [
        f"{len(there)} rules. `gmaudit rule ID` explains one: what it checks and why, what looks like the fault but is "
        "none, the clause, the profiles, and frames that break it. How to write rules of your own: "
        "[docs/own-rules.md](../docs/own-rules.md). What the papers of 2003 ask for, and which rules hold it: "
        "[COVERAGE.md](COVERAGE.md).",
        "",
        "The level is the row's; a finding may have a lower one where the standard says so. Traps are situations that "
        "look like the fault and have to be ruled out: while one is open, the finding is `probable`. A rule is in "
        "force in all five profiles (`sa3-29`, `rel-6`, `rel-11`, `rel-14`, `rel-17`), or where the column says. "
        "Clauses with [M] are cited from memory and not verified.",
        "",
    ]
    head = ("rule", "name", "level", "severity", "binds", "traps", "in force", "what it says", "clause")
    lines += table(head, [_row(rule) for rule in there])
    absent = [row for row in rows(data) if row not in {rule.id for rule in there}]
    if absent:
        lines += ["", f"Rows of the requirements catalogue without a rule yet: {', '.join(absent)}."]
    lines += [
        "",
        "## What cannot be a rule",
        "",
        "A passive observer cannot decide these; the nearest thing that it can see is judged instead.",
        "",
    ]
    unseen = [(each["what"], each["why"], each["nearest"]) for each in data["unobservable"]]
    lines += table(("what", "why not", "nearest"), unseen)
    return "\n".join(lines) + "\n"


def _row(rule: Rule) -> tuple[str, ...]:
    forced = [profile.name for profile in PROFILES.values() if rule.in_force(profile)]
    return (
        rule.id,
        named(rule),
        str(rule.level),
        str(rule.severity),
        rule.actor,
        " ".join(rule.traps),
        "all" if len(forced) == len(PROFILES) else "rel-*" if len(forced) == len(PROFILES) - 1 else " ".join(forced),
        first_sentence(rule.documentation),
        rule.clause,
    )


def covered(there: list[Rule], data: dict[str, Any], frames: dict[str, list[shown.Frame]], tests: shown.Tests) -> str:
    """Which rules hold each sentence of the papers, and what shows each rule broken and met."""
    known = {rule.id for rule in there}
    lines = ["# What the papers of 2003 ask for, and which rules hold it", "", MADE, ""]
    lines += [
        "Two papers of 3GPP SA3#29 (2003) asked for fixed server ports and changing client ports. This is what they "
        "say, sentence by sentence and in our own words, with the rules that hold it. The last table says what shows "
        "each rule broken and met. Rules in brackets are not written yet.",
    ]
    for paper, what in PAPERS.items():
        lines += ["", f"## {paper}, {what}", ""]
        silent = {name.removeprefix(f"{paper}-"): why for name, why in data["silent"].items() if name.startswith(paper)}
        told = {number: (says, _named(ids, known)) for number, (says, *ids) in data[paper].items()}
        told |= {number: (f"{why}", "none") for number, why in silent.items()}
        lines += table(("item", "what it says", "rules"), [(f"{paper}-{no}", *told[no]) for no in sorted(told)])
    lines += ["", "## What shows each rule broken and met", ""]
    lines += ["Captures are in [captures](../captures), tests in [tests/rules](../tests/rules).", ""]
    shown_rows = [
        (
            rule.id,
            ", ".join(f"{each.capture} frame {each.frame}" for each in frames.get(rule.id, [])[:TESTS]) or "-",
            ", ".join(tests.broken.get(rule.id, [])[:TESTS]) or "-",
            ", ".join(tests.met.get(rule.id, [])[:TESTS]) or "-",
        )
        for rule in there
    ]
    lines += table(("rule", "broken in captures", "broken in tests", "met in tests"), shown_rows)
    return "\n".join(lines) + "\n"


def _named(ids: list[str], known: set[str]) -> str:
    return ", ".join(each if each in known else f"({each})" for each in ids)


def first_sentence(text: str) -> str:
    """The first sentence of a documentation."""
    words = " ".join(text.split("\n\n")[0].split())
    head, mark, _ = words.partition(". ")
    return head + mark.strip()


def table(head: tuple[str, ...], body: Sequence[tuple[str, ...]]) -> list[str]:
    """A Markdown table."""
    rule = "|".join("---" for _ in head)
    return [
        f"| {' | '.join(head)} |",
        f"|{rule}|",
        *(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in body),
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
