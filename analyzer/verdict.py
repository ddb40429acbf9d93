"""What a rule can say about one event.

A rule answers ``None`` when its condition did not arise, else one of the four verdicts here. The names of the report
(`violation`, `warning`, `note`, `probable`, `inconclusive`, `pass`) follow from verdict and level by ruling R13:
the level belongs to the finding, so a rule may say that this case is only a SHOULD.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NamedTuple

from msgspec import Struct

from analyzer.frame import FrameRef


class Level(StrEnum):
    """How strongly the standard asks (0 of the requirements catalogue)."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    INFO = "INFO"


class Severity(StrEnum):
    """Impact on security; independent of the level (R13)."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Actor(StrEnum):
    """Who is held responsible (R15)."""

    UE = "UE"
    PCSCF = "P-CSCF"
    SCSCF = "S-CSCF"
    NETWORK = "network"
    UNKNOWN = "unknown"


class Table(NamedTuple):
    """Values side by side (evidence E3): what was agreed and what was seen, say."""

    title: str
    columns: tuple[str, ...]
    """Heads of all columns; the first column names the parameter."""
    rows: tuple[tuple[str, ...], ...]
    """One row a parameter, as many cells as there are columns."""
    compares: bool = True
    """The cells of a row should be equal; where they differ, a report marks the row."""


class Broken(Struct, frozen=True, kw_only=True):
    """The requirement was not met and every trap of the row is excluded."""

    fault: str
    """The kind of fault, a short slug without any value of this capture: it goes into the fingerprint."""
    message: str
    """One sentence for the reader."""
    actor: Actor
    expected: str = ""
    observed: str = ""
    related: tuple[FrameRef, ...] = ()
    """The other frames that prove it, besides the event's own."""
    level: Level | None = None
    """Only where this case differs from the rule's level."""
    severity: Severity | None = None
    """Only where this case differs from the rule's severity."""
    cause: str | None = None
    """Id of the rule whose finding explains this one (R23)."""
    argument: str = ""
    """How the traps were excluded: completeness, who knew what, and by which evidence (E7)."""
    tables: tuple[Table, ...] = ()
    """What was compared (E3), where the row asks for it."""


class Probable(Broken, frozen=True, kw_only=True):
    """It looks broken, but the named traps could not be excluded."""

    traps: tuple[str, ...] = ()


class Inconclusive(Struct, frozen=True, kw_only=True):
    """The condition arose, but state is missing: no key, a late start, loss."""

    reason: str
    actor: Actor = Actor.UNKNOWN
    related: tuple[FrameRef, ...] = ()
    traps: tuple[str, ...] = ()
    fault: str = "state-missing"


class Pass(Struct, frozen=True, kw_only=True):
    """The condition arose and the requirement was met; a note may tell what is worth knowing all the same (R12)."""

    note: Broken | None = None


PASS = Pass()
"""The plain pass: one object, since most verdicts are this one."""

Verdict = Pass | Broken | Probable | Inconclusive


def judged(*, sure: bool, traps: tuple[str, ...], **fields: Any) -> Broken:
    """`Broken` if the traps are excluded, else `Probable` with their names; `fields` are those of `Broken`."""
    return Broken(**fields) if sure else Probable(traps=traps, **fields)
