"""The second opinion in the report for people: how much agrees, what is known to differ, and what nothing explains."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from analyzer.opinion.model import Difference, Explained, SecondOpinion
from analyzer.report.page import STYLES, Page, listed, several
from analyzer.report.safe import clean

SHOWN: Final = 20
"""Unexplained differences that are shown; the JSON report has more."""

ABOUT: Final = {"esp": "ESP", "sip": "SIP", "sec-agree": "sec-agree"}


def write(opinion: SecondOpinion, page: Page, names: Sequence[str]) -> None:
    """Write the section; ``names`` is what the captures are called."""
    page.line((f"Second opinion: {clean(opinion.program)}", "bold"))
    counts = [
        several(opinion.esp, "ESP packet"),
        several(opinion.sip, "SIP message"),
        several(opinion.sec_agree, "Security-* header"),
    ]
    page.hanging(("  both see the same: ", STYLES["pass"]), ", ".join(counts), indent=4)
    for explained in opinion.explained.values():
        page.hanging(("  - ", ""), _explained(explained, names))
    for note in opinion.notes:
        page.hanging(("  - not compared: ", STYLES["inconclusive"]), clean(note), indent=4)
    if not opinion.unexplained:
        what = "nothing else differs" if opinion.explained else "nothing differs"
        page.line((f"  {what}", ""))
        return
    page.line((f"  {several(opinion.unexplained, 'difference')} that nothing explains:", STYLES["warning"]))
    for difference in opinion.differences[:SHOWN]:
        _difference(difference, page, names)
    if (more := opinion.unexplained - SHOWN) > 0:
        page.line((f"  … {more:,} more; the JSON report has them", ""))


def _explained(explained: Explained, names: Sequence[str]) -> str:
    frames: dict[int, list[int]] = {}
    for capture, frame in explained.frames:
        frames.setdefault(capture, []).append(frame)
    places = "; ".join(f"{names[capture]} {listed(numbers)}" for capture, numbers in frames.items())
    return f"{several(explained.count, 'time')}: {explained.reason.sentence} (frames of {places})"


def _difference(difference: Difference, page: Page, names: Sequence[str]) -> None:
    page.line((f"  {ABOUT[difference.about]} in {names[difference.capture]} frame {difference.frame}", ""))
    for who, what in (("gmaudit", difference.ours), ("tshark", difference.theirs)):
        page.hanging((f"    {who:8}", "dim"), clean(what))
