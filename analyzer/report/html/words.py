"""Words and signs of the HTML report: verdicts with a symbol each, and times, frames and subjects as it names them."""

from __future__ import annotations

from typing import Final

from analyzer.report.clauses import CRASHED, UNEXERCISED, WAIVED
from analyzer.report.model import Report
from analyzer.report.safe import clean
from analyzer.report.text_names import Names, known
from analyzer.report.times import shown

SYMBOLS: Final = {
    "violation": "✕",
    "warning": "!",
    "probable": "≈",
    "inconclusive": "?",
    "note": "i",
    "pass": "✓",
    WAIVED: "w",
    CRASHED: "#",
    UNEXERCISED: "\N{EN DASH}",
}
"""A sign for each verdict and each state of a rule: nothing is said by colour alone."""

PLURALS: Final = {"violation": "violations", "warning": "warnings", "note": "notes"}


class Words(Names):
    """The names of one report, and numbers with their nouns."""

    def __init__(self, report: Report, *, local: bool) -> None:
        super().__init__(report, local=local)
        self.zone = "local time" if local else "UTC"
        self.numbers: dict[str | None, int] = {}
        """Number of each subject that the page shows, from 1: what links say."""

    def full(self, time: int) -> str:
        """Date and time to the second."""
        return shown(time, local=self.local)[:19]

    def exact(self, time: int) -> str:
        """Date and time to the millisecond."""
        return shown(time, local=self.local)

    def at(self, capture: int, frame: int) -> str:
        """``frame 43``, or ``frame 43 of udp.pcap`` where there are several captures."""
        return f"frame {frame:,}" if self.alone else f"frame {frame:,} of {self.captures[capture]}"

    def whose(self, subject: str | None) -> str:
        """The subject as short as people name it."""
        found = self._subjects.get(subject) if subject is not None else None
        return clean(known(found), 120) if found is not None else clean(subject or "no subject", 120)


def several(number: int, one: str, many: str = "") -> str:
    """A number with its noun: ``1 frame``, ``1,071 frames``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def counted(number: int, verdict: str) -> str:
    """``3 violations``, ``2 probable``."""
    return several(number, verdict, PLURALS.get(verdict, verdict))
