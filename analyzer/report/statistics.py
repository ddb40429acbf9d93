"""`--statistics`: how often each rule gave which verdict, and in words why those that never judged did not."""

from __future__ import annotations

from analyzer.finding import Tally
from analyzer.report.model import Report
from analyzer.report.page import STYLES, Cell, Page, several
from analyzer.report.safe import clean

COLUMNS = ("violation", "warning", "probable", "inconclusive", "note", "error", "pass")


def write(report: Report, page: Page) -> None:
    """One row for every rule that judged, one line for every other, and the rules that are not in force."""
    judged = [tally for tally in report.rules if tally.exercised]
    if judged:
        columns = [name for name in COLUMNS if name == "pass" or any(counts(tally)[name] for tally in judged)]
        rows: list[tuple[Cell, ...]] = [("rule", *columns, "events seen")]
        for tally in judged:
            given = counts(tally)
            cells = ((f"{given[name]:,}", STYLES[name]) if given[name] else (".", "dim") for name in columns)
            rows.append((clean(tally.id), *cells, f"{tally.seen:,}"))
        page.table(rows, right=range(1, len(columns) + 2))
    idle = {clean(tally.id): clean(tally.why_not) for tally in report.rules if not tally.exercised}
    _listed(f"Not exercised, and why: {several(len(idle), 'rule')}", idle, page)
    if report.not_in_force:
        page.heading(f"Not in force in {clean(report.profile)}: {several(len(report.not_in_force), 'rule')}")
        by_reason: dict[str, list[str]] = {}
        for rule, why in report.not_in_force.items():
            by_reason.setdefault(clean(why), []).append(clean(rule))
        for why, ids in by_reason.items():
            page.hanging((f"  {why}: ", ""), ", ".join(ids), indent=4)


def counts(tally: Tally) -> dict[str, int]:
    """How often a rule gave each verdict, in the order in which reports show them."""
    return {name: tally.passed if name == "pass" else getattr(tally, name) for name in COLUMNS}


def _listed(title: str, reasons: dict[str, str], page: Page) -> None:
    if not reasons:
        return
    page.heading(title)
    room = max(map(len, reasons))
    for rule, why in reasons.items():
        page.hanging((f"  {rule:{room}}  ", ""), why)
