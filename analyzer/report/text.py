"""The report for people: what was read, each finding with its proof, what was not judged and why, and a summary.

Made to be read on a terminal and to be sent to a vendor as it is: the worst stands first, and the end fits one screen,
since that is what a terminal shows when the command is done. Everything that comes from a capture goes through
`safe.clean`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TextIO

from analyzer.report import opinion, statistics, text_end, text_read
from analyzer.report.model import Report
from analyzer.report.order import Case, cases
from analyzer.report.page import Page
from analyzer.report.renderers import Material
from analyzer.report.safe import clean
from analyzer.report.text_case import CaseWriter
from analyzer.report.text_names import Names

if TYPE_CHECKING:
    from analyzer.rule import Rule


def render(material: Material, sink: TextIO) -> None:
    """Write the report as the user asked for it."""
    write(
        material.report,
        sink,
        rules=material.rules,
        show_passes=material.show_passes,
        with_statistics=material.statistics,
        configuration=material.configuration,
        local=material.local,
    )


def write(
    report: Report,
    stream: TextIO,
    *,
    rules: Mapping[str, Rule] | None = None,
    show_passes: bool = False,
    with_statistics: bool = False,
    configuration: str = "",
    local: bool = False,
    width: int | None = None,
) -> None:
    """Write the whole report.

    ``rules`` have the sentences that stand beside passes; ``show_passes`` lists the rules that were met,
    ``with_statistics`` gives every rule a row, or says why it did not judge; ``configuration`` is the file that options
    came from; ``local`` shows times in the zone of this machine; ``width`` overrules the terminal's (columns).
    """
    page, names = Page(stream, width), Names(report, local=local)
    zone = "local time" if local else "UTC"
    options = f"options from {clean(configuration)}, " if configuration else ""
    page.line((f"gmaudit {report.version}, profile {clean(report.profile)}, {options}times in {zone}", "dim"))
    text_read.read(report, page, names)
    text_read.subjects(report, page, names)
    page.line()
    told = cases(report.findings)
    shown = [case for case in told if not blind(case)]
    if shown:
        page.line(("Findings", "bold"))
        page.line()
        writer = CaseWriter(page, names)
        for case in shown:
            writer.write(case)
    if show_passes:
        text_end.passes(report, rules or {}, page)
    text_end.unjudged(report, [case for case in told if blind(case)], page, names)
    if with_statistics:
        page.line(("Rules", "bold"))
        statistics.write(report, page)
        page.line()
    if report.second_opinion is not None:
        opinion.write(report.second_opinion, page, names.captures)
        page.line()
    text_end.summary(report, told, page, names, hints=not (show_passes or with_statistics))


def blind(case: Case) -> bool:
    """Whether a case says only that something could not be judged."""
    return case.finding.verdict == "inconclusive" and not case.follow_ups
