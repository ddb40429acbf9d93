"""When a live run is over: what ``--until`` takes, and whether it has come true."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from analyzer.frame import SECOND

UNITS: Final = {"": 1.0, "s": 1.0, "sec": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0, "ms": 0.001, "d": 86400.0}
_DURATION: Final = re.compile(r"(\d{1,9}(?:\.\d{1,9})?) ?([a-z]*)\Z")
_COUNTED: Final = re.compile(r"(\d{1,9})-(finding|registration)s?\Z")
FORMS: Final = "registered, 2-registrations, 3-findings, 10min, idle 30s"


class Standing(NamedTuple):
    """How a run stands, as far as a condition may ask."""

    elapsed: int
    """Nanoseconds since listening began."""
    idle: int
    """Nanoseconds since the last frame that mattered, or since the beginning."""
    findings: int
    """Findings that count for the exit status."""
    registrations: int
    """How often a phone was registered with a new set."""


class Until(NamedTuple):
    """One condition."""

    text: str
    kind: str
    value: int = 0

    def reached(self, standing: Standing) -> bool:
        """Whether it has come true."""
        if self.kind == "registration":
            return standing.registrations >= self.value
        if self.kind == "finding":
            return standing.findings >= self.value
        return (standing.idle if self.kind == "idle" else standing.elapsed) >= self.value


def read(text: str) -> Until:
    """A condition as the user wrote it. Raises ValueError."""
    plain = " ".join(text.lower().split())
    if plain == "registered":
        return Until(plain, "registration", 1)
    found = _COUNTED.match(plain)
    if found is not None and int(found[1]):
        return Until(plain, found[2], int(found[1]))
    if plain.startswith("idle "):
        return Until(plain, "idle", duration(plain.removeprefix("idle ")))
    return Until(plain, "elapsed", duration(plain))


def duration(text: str) -> int:
    """Nanoseconds of a length of time: ``30``, ``30s``, ``1.5 h``. Raises ValueError, also if it is none."""
    found = _DURATION.match(text.strip().lower())
    if found is None or found[2] not in UNITS:
        raise ValueError(text)
    value = round(float(found[1]) * UNITS[found[2]] * SECOND)
    if not value:
        raise ValueError(text)
    return value
