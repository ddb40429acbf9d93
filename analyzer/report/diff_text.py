"""A comparison of two reports for people: what is new first, what is fixed, and what neither report can tell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from analyzer.report.diff import Change, Comparison, Fault, Past
from analyzer.report.page import STYLES, Page, Part, several
from analyzer.report.safe import clean
from analyzer.report.text_names import families


def write(found: Comparison, stream: TextIO, *, width: int | None = None) -> None:
    """Write the whole comparison; ``width`` overrules the terminal's (columns)."""
    page = Page(stream, width)
    page.line(("Two reports", "bold"))
    for label, past in (("old", found.old), ("new", found.new)):
        page.hanging((f"  {label}  ", ""), _past(past))
    for remark in remarks(found):
        page.hanging(("  - ", STYLES["inconclusive"]), remark)
    gone = [change for change in found.fixed if not change.judged]
    _section(page, "New", found.added)
    _section(page, "Fixed", [change for change in found.fixed if change.judged])
    _section(page, "Neither found again nor judged again: nothing shows that it is fixed", gone)
    _section(page, "Unchanged", found.unchanged, brief=True)
    changes = rule_changes(found)
    if changes:
        page.heading("Rules")
    for label, rules in changes:
        page.hanging((f"  {label}: ", ""), families(rules), indent=4)
    page.line()
    page.line(*in_numbers(found))


def remarks(found: Comparison) -> list[str]:
    """What makes two reports hard to compare."""
    old, new = found.old, found.new
    lines = []
    if old.profile != new.profile:
        lines.append(
            f"the profiles differ, {clean(old.profile)} and {clean(new.profile)}: the same traffic is judged anew"
        )
    if old.version != new.version:
        lines.append(f"gmaudit {clean(old.version)} made the old one, {clean(new.version)} the new one")
    lines += [f"{clean(past.name)}: nothing was judged there" for past in (old, new) if not past.judged]
    return lines


def rule_changes(found: Comparison) -> list[tuple[str, list[str]]]:
    """What became of the rules, as far as anything did."""
    kinds = (
        ("newly exercised", found.newly_exercised),
        ("no longer exercised", found.no_longer_exercised),
        ("only in the old report", found.only_old),
        ("only in the new report", found.only_new),
    )
    return [(label, rules) for label, rules in kinds if rules]


def changed(change: Change) -> list[str]:
    """What differs between the two, in words; empty where nothing does or only one has it."""
    old, new = change.old, change.new
    if old is None or new is None:
        return []
    words = [f"{old.verdict} before"] if change.verdict_changed else []
    if change.count_changed:
        words.append(f"{several(old.count, 'time')} before")
    if old.findings != new.findings:
        words.append(f"{several(old.findings, 'finding')} before")
    if (old.waived == old.findings) != change.accepted:
        words.append("waived before" if old.waived == old.findings else "not waived before")
    return words


def _past(past: Past) -> str:
    captures = clean(past.names[0]) if len(past.captures) == 1 else several(len(past.captures), "capture")
    kinds = several(len(past.faults), "kind") + " of fault"
    return (
        f"{clean(past.name)}: {clean(past.verdict)}, {kinds}; {captures}, profile {clean(past.profile)}, "
        f"{sum(past.exercised.values())} of {several(len(past.exercised), 'rule')} exercised"
    )


def _section(page: Page, title: str, changes: Sequence[Change], *, brief: bool = False) -> None:
    """Faults under a heading; in brief without place and clause, for what nobody has to look up."""
    if not changes:
        return
    page.heading(title)
    for change in changes:
        fault = change.fault
        head = f"  {fault.verdict}[{clean(fault.rule)}]{' (waived)' if change.accepted else ''} "
        text = f"{clean(fault.actor)}: {clean(fault.message)}"
        notes = changed(change)
        if brief and notes:
            text += f" ({'; '.join((_times(fault), *notes))})"
        page.hanging((head, STYLES.get(fault.verdict, "")), text, indent=4)
        if not brief:
            page.hanging(("    --> ", "blue"), _where(fault))
            if change.old is None and not change.judged:
                page.hanging(("    --> ", "blue"), "its rule did not judge in the old report")


def _where(fault: Fault) -> str:
    text = f"{clean(fault.place)}; {_times(fault)}"
    return f"{text}; {clean(fault.clause)}" if fault.clause else text


def _times(fault: Fault) -> str:
    text = several(fault.count, "time")
    if fault.findings > 1:
        text += f" in {several(fault.findings, 'finding')}"
    if 0 < fault.waived < fault.findings:
        text += f", {fault.waived:,} of them waived"
    return text


def in_numbers(found: Comparison) -> list[Part]:
    """How much is new, fixed, not judged again and unchanged, on one line."""
    waived = sum(change.accepted for change in found.added)
    gone = sum(not change.judged for change in found.fixed)
    new = f"{len(found.added):,} new" + (f" ({waived:,} waived)" if waived else "")
    parts: list[Part] = [(new, STYLES["violation"] if found.worse else ""), (", ", "")]
    fixed = len(found.fixed) - gone
    parts.append((f"{fixed:,} fixed", STYLES["pass"] if fixed else ""))
    if gone:
        parts += [(", ", ""), (f"{gone:,} not judged again", STYLES["inconclusive"])]
    parts.append((f", {len(found.unchanged):,} unchanged", ""))
    differing = sum(bool(changed(change)) for change in found.unchanged)
    if differing:
        parts.append((f" ({differing:,} with other counts or verdicts)", ""))
    return parts
