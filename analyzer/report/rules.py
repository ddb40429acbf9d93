"""The documentation of one rule, the catalogue of those in force, and what a profile switches."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib import resources
from typing import NamedTuple, TextIO

from analyzer.audit.conditions import condition, told, why_not_in_force
from analyzer.evidence import ALWAYS, MEANINGS
from analyzer.profile import DEFAULT, PROFILES, Profile
from analyzer.report.differences import switches, touching
from analyzer.report.page import Page, several
from analyzer.report.safe import clean
from analyzer.report.text_names import named
from analyzer.report.traps import trap
from analyzer.rule import Rule

MARKS = {
    "S1": "S1 the change request of SA3#29",
    "S2": "S2 the discussion paper of SA3#29",
    "[T]": "[T] the text itself was read",
    "[D]": "[D] a derived text was read",
    "[M]": "[M] from memory, unverified",
}
"""What the marks in a rule's source mean (requirements catalogue, section 0)."""

PAPERS = "sa3-29"

EXAMPLES = "examples.json"
"""Frames of this project's captures that break a rule; made by `python -m tools.catalogue`."""


class Example(NamedTuple):
    """A frame that breaks a rule."""

    capture: str
    frame: int
    verdict: str
    profile: str


def examples(rule: str) -> list[Example]:
    """Frames of the captures that come with the project's source."""
    text = resources.files("analyzer.report").joinpath(EXAMPLES).read_text("utf-8")
    return [Example(*each) for each in json.loads(text).get(rule, ())]


def explain(rule: Rule, stream: TextIO, *, width: int | None = None) -> None:
    """Everything that a rule says about itself."""
    page = Page(stream, width)
    page.line((rule.id, "bold"), (f"  {named(rule)}", "bold"))
    page.line()
    reads = "what is in clear or decrypted; a set without a key makes it inconclusive"
    fields = [
        ("clause", rule.clause),
        ("source", rule.source),
        ("level", f"{rule.level}, severity {rule.severity}"),
        ("binds", rule.actor),
        ("reads", reads if rule.plaintext else "what shows without keys"),
        ("judges", condition(rule)),
        ("told", told(rule)),
        ("shows", "; ".join(MEANINGS[code] for code in sorted({*ALWAYS, *rule.evidence}))),
    ]
    if meant := [words for mark, words in MARKS.items() if mark in f"{rule.source} {rule.clause}"]:
        fields.insert(2, ("", f"({'; '.join(meant)})"))
    for label, value in fields:
        page.hanging((f"  {label:9} ", "blue"), value)
    for block in rule.documentation.split("\n\n"):
        page.line()
        _block(block, page)
    if rule.traps:
        page.heading("What must be ruled out before it is a fault")
        for code in rule.traps:
            page.hanging(("  - ", ""), trap(code))
    _profiles(rule, page)
    if found := examples(rule.id):
        page.heading("Frames that break it, in the captures of this project")
        for each in found:
            where = "" if each.profile == DEFAULT else f", in {each.profile} alone"
            page.hanging(("  - ", ""), f"{each.capture} frame {each.frame}: {each.verdict}{where}")


def _profiles(rule: Rule, page: Page) -> None:
    """Where the rule is in force, and what differs there."""
    page.heading("In the profiles")
    forced = [profile.name for profile in PROFILES.values() if rule.in_force(profile)]
    page.hanging(("  - ", ""), f"in force in {', '.join(forced) or 'none of them'}")
    for profile in PROFILES.values():
        if why := why_not_in_force(rule, profile):
            page.hanging(("  - ", ""), f"not in {profile.name}: {why}")
    for each in touching(rule.id):
        papers = f"sa3-29: {each.papers}; " if PAPERS in forced else ""
        page.hanging(("  - ", ""), f"{each.number}: {papers}since then: {each.today}")


def switched(profile: Profile, stream: TextIO, *, width: int | None = None) -> None:
    """What a profile says where releases differ, and its constants, beside the default profile."""
    page, default = Page(stream, width), PROFILES[DEFAULT]
    page.heading(f"What {clean(profile.name)} says where profiles differ, and its constants")
    rows = [("", clean(profile.name), "" if profile == default else DEFAULT, "about")]
    rows += [(number, mine, theirs, topic) for number, topic, mine, theirs in switches(profile, default)]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for place, (*cells, topic) in enumerate(rows):
        lead = "  ".join(f"{cell:{room}}" for cell, room in zip(cells, widths, strict=True)) + "  "
        page.hanging((f"  {lead}", "" if place else "dim"), topic, "" if place else "dim")
    for title, words in (
        ("flags", ", ".join(sorted(profile.flags))),
        ("levels", ", ".join(f"{rule} {level or 'off'}" for rule, level in sorted(profile.levels.items()))),
        ("policy", ", ".join(f"{name} {value}" for name, value in sorted(profile.policy.items()))),
    ):
        if words:
            page.hanging((f"  {title}: ", "blue"), words)


def catalogue(rules: Sequence[Rule], profile: Profile, stream: TextIO, *, width: int | None = None) -> None:
    """One entry a rule: id, level, severity, whom it binds, and the first sentence of its documentation."""
    page = Page(stream, width)
    columns = [("rule", *(rule.id for rule in rules)), ("level", *(str(rule.level) for rule in rules))]
    columns += [("severity", *(str(rule.severity) for rule in rules)), ("binds", *(rule.actor for rule in rules))]
    widths = [max(map(len, column)) for column in columns]
    for place, row in enumerate(zip(*columns, strict=True)):
        lead = "  ".join(f"{cell:{room}}" for cell, room in zip(row, widths, strict=True)) + "  "
        if place == 0:
            page.line((f"{lead}what it says", "dim"))
        else:
            page.hanging((lead, ""), _summary(rules[place - 1]))
    page.line()
    page.line((f"{several(len(rules), 'rule')} in force in {clean(profile.name)}; gmaudit rule ID explains one", ""))


def _summary(rule: Rule) -> str:
    return " ".join(rule.documentation.split("\n\n")[0].split()) or named(rule)


def _block(block: str, page: Page) -> None:
    """One paragraph, wrapped anew unless its lines are a list, a table or code."""
    lines = block.split("\n")
    if any(line.startswith((" ", "-", "*", "#", "|")) for line in lines):
        for line in lines:
            page.line((line, "bold" if line.startswith("#") else ""))
    else:
        page.hanging(("", ""), " ".join(lines))
