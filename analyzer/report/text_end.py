"""The last part of the text report: what was not judged and why, and a summary that fits one screen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from analyzer.finding import RANK, Tally
from analyzer.report.model import Report
from analyzer.report.order import Case
from analyzer.report.page import STYLES, Page, Part, several, shortened
from analyzer.report.safe import clean
from analyzer.report.text_case import display_filter, waived
from analyzer.report.text_names import Names, families
from analyzer.report.traps import trap

if TYPE_CHECKING:
    from analyzer.rule import Rule

REASONS: Final = 20
"""How many reasons for an inconclusive verdict are told; beyond them there is only a count."""

ROWS: Final = 12
"""Rows of the summary: with its other lines it fits a terminal of 24."""

SPARED: Final = ("severity", "times", "subjects", "since")
"""Columns that a narrower one does without, the first one first."""

ROOMY, LEAST = 28, 16
"""Columns that a message should have in the summary, and those without which it is left out."""


def unjudged(report: Report, cases: Sequence[Case], page: Page, names: Names) -> None:
    """Notices, and what the captures could not tell, with the reason; ``cases`` are those that are inconclusive."""
    told = {clean(case.finding.message) for case in cases[:REASONS]}
    notices = [clean(notice) for notice in report.notices]
    notices = [text for text in notices if not any(text.endswith(f": {reason}") for reason in told)]
    if notices:
        page.line(("Notices", "bold"))
        for text in notices:
            page.hanging(("  - ", ""), text)
        page.line()
    idle = [tally.id for tally in report.rules if not tally.exercised]
    if not (cases or report.crashed or idle):
        return
    page.line(("Not judged, and why", "bold"))
    for crash in report.crashed:
        page.hanging(("  - ", ""), f"a rule crashed: {clean(crash)}", STYLES["error"])
    known: set[str] = set()  # lists of rules, and traps, that stand there already
    for case in cases[:REASONS]:
        finding = case.finding
        ids = [finding.rule, *(one.rule for one in case.alike)]
        rule = clean(finding.rule) if len(ids) == 1 else several(len(ids), "rule")
        head = f"  - inconclusive[{rule}]{waived(finding)}: "
        where = f"{names.place(finding)}, {names.moment(finding.time)}"
        times = f", {finding.count:,} times" if finding.count > 1 else ""
        whose = f"; {names.subject(finding.subject)}" if names.several or finding.subject is None else ""
        actor = f"; it would be the {clean(finding.actor)}'s" if len(ids) == 1 and finding.actor != "unknown" else ""
        about = f"{where}{times}{whose}{actor}"
        page.hanging((head, STYLES["inconclusive"]), f"{clean(finding.message)} ({about})", indent=4)
        if len(ids) > 1:
            listed = families(sorted(ids))
            page.hanging(("    ", ""), "the same rules" if listed in known else listed, "dim")
            known.add(listed)
        if finding.traps:
            codes = [clean(code) for code in finding.traps]
            open_ = "; ".join(code if code in known else trap(code) for code in codes)
            page.hanging(("    not ruled out: ", "dim"), open_, indent=6)
            known.update(codes)
        if finding.argument:
            page.hanging(("    in doubt: ", "dim"), clean(finding.argument))
        if finding.waived is not None:
            page.hanging(("    waived: ", "dim"), clean(finding.waived.reason))
        if case.same:
            page.hanging(("    ", ""), f"the same with {several(len(case.same), 'other subject')}", "dim")
    if (more := len(cases) - REASONS) > 0:
        page.hanging(("  - ", ""), f"{several(more, 'more inconclusive finding')}, in the JSON report")
    if idle:
        what = f"not exercised, since what they judge never happened, {several(len(idle), 'rule')}: {families(idle)}"
        page.hanging(("  - ", ""), what)
    page.line()


def passes(report: Report, rules: Mapping[str, Rule], page: Page) -> None:
    """`--show-passes`: every rule that was met at least once, how often, and what it asks."""
    met = [tally for tally in report.rules if tally.passed]
    if not met:
        return
    page.line(("Passed", "bold"))
    ids = {tally.id: clean(tally.id) for tally in met}
    room, digits = max(map(len, ids.values())), max(len(f"{tally.passed:,}") for tally in met)
    for tally in met:
        rule = rules.get(tally.id)
        lead = f"  pass[{ids[tally.id]}]{'':{room - len(ids[tally.id])}}  {tally.passed:>{digits},} x  "
        page.hanging((lead, STYLES["pass"]), "" if rule is None else clean(_first(rule.documentation)))
    page.line()


def _first(documentation: str) -> str:
    """The first sentence of a rule's documentation, which says what is asked."""
    return " ".join(documentation.split("\n\n")[0].split())


def summary(report: Report, cases: Sequence[Case], page: Page, names: Names, *, hints: bool) -> None:
    """What is wrong, by whom and since when, in one screen; the last line says it all in one sentence.

    ``hints`` names the options that tell more.
    """
    told = [case for case in cases if case.finding.verdict != "inconclusive"]
    if told:
        page.line(("Summary", "bold"))
        _overview(told, page, names)
    _rules(report, page, hints=hints)
    for place, hint in enumerate(_next(report, told)):
        page.hanging(("         " if place else "  next   ", "dim"), hint)
    if report.rules or told:
        page.line()
    exercised = f"{sum(tally.exercised for tally in report.rules)} of {several(len(report.rules), 'rule')} exercised"
    if report.verdict == "nothing-to-judge":
        why = "no registration with IPsec was found"
        if report.sa_sets:
            why = "no rule had a case (--select, --subject, --from, --to)"
        if report.esp.unread:
            why = f"{several(report.esp.unread, 'ESP packet')} could not be read; give keys with --keys"
        page.hanging(("nothing to judge: ", STYLES["inconclusive"]), f"{why}; {exercised}", indent=2)
    elif not report.findings:
        page.line(("no findings", STYLES["pass"]), (f"; {exercised}", ""))
    else:
        counts = Counter(finding.verdict for finding in report.findings if finding.waived is None)
        parts: list[Part] = []
        for name in RANK:
            if counts[name]:
                same = name if name in ("probable", "inconclusive") else ""
                parts += [(", ", ""), (several(counts[name], name, same), STYLES[name])]
        if accepted := len(report.findings) - counts.total():
            parts += [(", ", ""), (f"{accepted:,} waived", "dim")]
        rest = f"in {several(len(report.captures), 'capture')}; {exercised}"
        if sum(cell_len(part) for part, _ in parts[1:]) + 1 + cell_len(rest) <= page.width:
            page.line(*parts[1:], (f" {rest}", ""))
        else:
            page.line(*parts[1:])
            page.line((rest, ""))


def _overview(cases: Sequence[Case], page: Page, names: Names) -> None:
    """One row for each kind of fault, the worst first, with as many columns as there is room for."""
    kinds: dict[tuple[object, ...], list[Case]] = {}
    for case in cases:
        kind = case.finding.verdict, case.finding.fingerprint, case.finding.waived is not None
        kinds.setdefault(kind, []).extend((case, *case.same))
    shown = list(kinds.values())[:ROWS]
    told: list[dict[str, Part]] = []
    for alike in shown:
        finding, more = alike[0].finding, max(len(case.follow_ups) for case in alike)
        row: dict[str, Part] = {
            "verdict": ("waived", "dim") if finding.waived else (finding.verdict, STYLES[finding.verdict]),
            "severity": (finding.severity, ""),
            "by": (clean(finding.actor), ""),
            "rule": (clean(finding.rule) + (f" +{more}" if more else ""), ""),
            "times": (f"{sum(case.finding.count for case in alike):,}", ""),
            "subjects": (f"{len({case.finding.subject for case in alike}):,}", ""),
            "since": (names.second(finding.time), ""),
            "frame": (names.frame(finding.capture, finding.frame, 0 if names.alone else -1), ""),
        }
        if not names.several:
            del row["subjects"]
        told.append(row)
    heads = list(told[0])
    wide = {head: 2 + max(map(cell_len, (head, *(each[head][0] for each in told)))) for head in heads}
    for spared in SPARED:
        if spared in heads and page.width - 2 - sum(wide[head] for head in heads) < ROOMY:
            heads.remove(spared)
    rows = [[each[head] for head in heads] for each in told]
    if (room := page.width - 2 - sum(wide[head] for head in heads)) >= LEAST:
        heads.append("what")
        for cells, alike in zip(rows, shown, strict=True):
            cells.append((shortened(clean(alike[0].finding.message), room), ""))
    page.table([heads, *rows], right=[heads.index(head) for head in ("times", "subjects", "frame") if head in heads])
    if any(case.follow_ups for alike in shown for case in alike):
        page.hanging(("  +N  ", "dim"), "so many other findings follow from this one", "dim")
    if (more := len(kinds) - ROWS) > 0:
        page.line((f"  and {several(more, 'more fault')}, above", ""))


def _rules(report: Report, page: Page, *, hints: bool) -> None:
    """How many rules have findings, only passed, only could not judge, or never came to it."""
    if not report.rules:
        return
    faulty = sum(_faulty(tally) for tally in report.rules)
    passed = sum(bool(tally.passed) and not _faulty(tally) for tally in report.rules)
    idle = sum(not tally.exercised for tally in report.rules)
    other = len(report.rules) - faulty - passed - idle
    counts = ((faulty, "with findings"), (passed, "passed"), (other, "inconclusive"), (idle, "not exercised"))
    text = ", ".join(f"{number:,} {what}" for number, what in counts if number)
    page.hanging(("  rules  ", "dim"), f"{text} (--show-passes and --statistics tell more)" if hints else text)


def _faulty(tally: Tally) -> bool:
    return any((tally.violation, tally.warning, tally.probable, tally.note, tally.error))


def _next(report: Report, cases: Sequence[Case]) -> Iterator[str]:
    """What the reader can do now."""
    if report.esp.unread and report.verdict != "nothing-to-judge":
        unread = f"{report.esp.unread:,} of {several(report.esp.packets, 'ESP packet')} could not be read"
        yield f"{unread}: give keys with --keys FILE"
    if cases:
        worst = cases[0]
        explained = f"gmaudit rule {clean(worst.finding.rule)} explains the worst; gmaudit trace draws every message"
        yield f"{explained}; in Wireshark {display_filter(worst)}"
