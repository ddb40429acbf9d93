"""The documentation of one rule, and the catalogue of those in force: what stands in the rules' own declarations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from analyzer.profile import PROFILES, Profile
from analyzer.report.page import Page, several
from analyzer.report.traps import trap
from analyzer.rule import Rule

MARKS = {
    "S1": "S1 the change request of SA3#29",
    "S2": "S2 the discussion paper of SA3#29",
    "[T]": "[T] the text itself was read",
    "[D]": "[D] a derived text was read",
    "[M]": "[M] from memory",
}
"""What the marks in a rule's source mean (requirements catalogue, section 0)."""


def explain(rule: Rule, stream: TextIO, *, width: int | None = None) -> None:
    """Everything that a rule says about itself."""
    page = Page(stream, width)
    page.line((rule.id, "bold"), (f"  {_title(rule)}", "bold"))
    page.line()
    forced = [profile.name for profile in PROFILES.values() if rule.in_force(profile)]
    reads = "what is in clear or decrypted; a set without a key makes it inconclusive"
    fields = [
        ("clause", rule.clause),
        ("source", rule.source),
        ("level", f"{rule.level}, severity {rule.severity}"),
        ("binds", rule.actor),
        ("reads", reads if rule.plaintext else "what shows without keys"),
        ("judges", ", ".join(event.__name__ for event in rule.events)),
        ("in force", ", ".join(forced)),
    ]
    if meant := [words for mark, words in MARKS.items() if mark in rule.source]:
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
    page.line((f"{several(len(rules), 'rule')} in force in {profile.name}; gmaudit rule ID explains one", ""))


def _title(rule: Rule) -> str:
    return rule.name.replace("_", " ")


def _summary(rule: Rule) -> str:
    return " ".join(rule.documentation.split("\n\n")[0].split()) or _title(rule)


def _block(block: str, page: Page) -> None:
    """One paragraph, wrapped anew unless its lines are a list, a table or code."""
    lines = block.split("\n")
    if any(line.startswith((" ", "-", "*", "#", "|")) for line in lines):
        for line in lines:
            page.line((line, "bold" if line.startswith("#") else ""))
    else:
        page.hanging(("", ""), " ".join(lines))
