"""A finding: what a report tells about one fault of one subject, and the tally of a rule.

The fields are those of the JSON report, version 1; `audit/` makes them, `report/` shows them.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from msgspec import Struct, field

from analyzer.evidence import Evidence
from analyzer.hashes import blake2s
from analyzer.verdict import Level, Severity

RANK = ("violation", "warning", "probable", "inconclusive", "note", "pass")
"""Verdict names, the worst first; ``--fail-on`` and the top verdict of a report go by this order."""

OCCURRENCES = 1000
"""How many frames a finding lists; beyond them only its count grows."""


class Waived(NamedTuple):
    """Why somebody has accepted a finding, and until when."""

    reason: str
    expires: date | None
    """The last day on which that holds; None: no end was set."""


class Finding(Struct, kw_only=True):
    """One fault of one subject, however often it was repeated."""

    rule: str
    verdict: str
    """``violation``, ``warning``, ``note``, ``probable`` or ``inconclusive``."""
    level: Level
    severity: Severity
    actor: str
    subject: str | None
    """Id of the subject, or None where it belongs to no registration."""
    capture: int
    frame: int
    time: int
    """Capture time of the first occurrence, nanoseconds since the epoch."""
    message: str
    expected: str
    observed: str
    clause: str
    fault: str
    """Slug of the kind of fault: part of the fingerprint."""
    related: tuple[int, ...] = ()
    related_other: tuple[tuple[int, int], ...] = ()
    """(capture, frame) of frames in other captures than the finding's own."""
    count: int = 1
    occurrences: list[int] = field(default_factory=list)
    traps: tuple[str, ...] = ()
    argument: str = ""
    """How the traps were excluded, or why one could not be."""
    cause: str | None = None
    """Fingerprint of the finding that explains this one."""
    evidence: Evidence | None = None
    """What its row asks to show (E1 to E8); None for a finding that was made by hand."""
    waived: Waived | None = None
    """The user's waiver: the finding is shown with it and does not count for the exit status."""

    @property
    def excluded(self) -> tuple[str, ...]:
        """Traps of the row that were ruled out; none are claimed to be while the finding is in doubt."""
        if self.evidence is None or self.verdict in ("probable", "inconclusive"):
            return ()
        return tuple(code for code in self.evidence.traps if code not in self.traps)

    @property
    def fingerprint(self) -> str:
        """Made of rule, actor and kind of fault, so that audits of two builds can be compared by it."""
        return blake2s(f"{self.rule}\n{self.actor}\n{self.fault}".encode(), digest_size=8).hexdigest()


class Tally(Struct, kw_only=True):
    """How often a rule gave which verdict; all zeros means not exercised."""

    id: str
    passed: int = 0
    violation: int = 0
    warning: int = 0
    note: int = 0
    probable: int = 0
    inconclusive: int = 0
    error: int = 0
    seen: int = 0
    """Events that the rule was asked about, its condition met or not."""
    why_not: str = ""
    """Why its condition never arose; empty if it did."""

    @property
    def exercised(self) -> bool:
        """Whether the rule's condition arose at all."""
        return any((self.passed, self.violation, self.warning, self.note, self.probable, self.inconclusive, self.error))
