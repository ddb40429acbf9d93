"""Two JSON reports side by side: what is new, fixed and unchanged, by the fingerprints of the findings.

A fingerprint holds nothing that differs from run to run, so reports on two firmware builds can be compared. What is not
found again is fixed only if its rule judged in the new report; silence is never a pass. A report is read as any input
is: fields that are missing or make no sense are an error that names them, fields that nobody knows are left alone.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple, NoReturn

from msgspec import Struct, field

from analyzer.finding import RANK
from analyzer.report.json import SCHEMA

LARGEST: Final = 1 << 28
"""Octets of a report (256 MiB, some 50,000 findings with their evidence)."""

JUDGED: Final = ("pass", "violation", "warning", "note", "probable")
"""Counts of a rule that show that it judged; where it was only inconclusive, nothing is known."""

COUNTS: Final = (*JUDGED, "inconclusive", "error")


class DiffError(ValueError):
    """A report cannot be compared; the text says which and why, in one line."""


class Fault(Struct, kw_only=True):
    """The findings of one report that have the same fingerprint."""

    fingerprint: str
    rule: str
    actor: str
    clause: str
    message: str
    """That of the first, which is the worst."""
    place: str
    """Capture and frame of the first."""
    verdict: str
    """The worst of them."""
    findings: int = 0
    """How many there are: subjects, captures."""
    count: int = 0
    """How often they were met, together."""
    waived: int = 0
    """How many of them a waiver accepts."""


class Past(Struct, kw_only=True):
    """What a comparison needs of one report."""

    name: str
    """How the user called it."""
    version: str
    profile: str
    verdict: str
    captures: list[str]
    exercised: dict[str, bool]
    """The rules, in their order, and whether they judged or tried to."""
    judged: set[str] = field(default_factory=set)
    """Those that judged."""
    faults: dict[str, Fault] = field(default_factory=dict)
    """By fingerprint, in the order of the report."""
    names: list[str] = field(default_factory=list)
    """What to call the captures: by file name where that is enough to tell them apart."""


class Change(NamedTuple):
    """One fault in both reports, or in one of them."""

    old: Fault | None
    new: Fault | None
    judged: bool
    """Whether its rule judged in the report that does not have it; so it did where both have it."""

    @property
    def fault(self) -> Fault:
        """The newer of the two."""
        found = self.new or self.old
        assert found is not None
        return found

    @property
    def verdict_changed(self) -> bool:
        """It is in both, and more or less sure."""
        return self.old is not None and self.new is not None and self.old.verdict != self.new.verdict

    @property
    def count_changed(self) -> bool:
        """It is in both, and was met more or less often."""
        return self.old is not None and self.new is not None and self.old.count != self.new.count

    @property
    def accepted(self) -> bool:
        """Waivers accept all that there is of it in the newer report."""
        return self.fault.waived == self.fault.findings


class Comparison(Struct, kw_only=True):
    """What two reports have in common, and what not."""

    old: Past
    new: Past
    added: list[Change]
    """New faults."""
    fixed: list[Change]
    """Faults that are not found again; those whose rule did not judge (`Change.judged`) may still be there."""
    unchanged: list[Change]
    newly_exercised: list[str]
    no_longer_exercised: list[str]
    only_old: list[str]
    """Rules that the new report does not have."""
    only_new: list[str]

    @property
    def worse(self) -> bool:
        """Something is new that no waiver accepts."""
        return any(not change.accepted for change in self.added)


def compare(old: Past, new: Past) -> Comparison:
    """Compare two reports; of two with the same faults nothing is new."""

    def changes(prints: Sequence[str]) -> list[Change]:
        return [_change(old, new, each) for each in prints]

    both = old.exercised.keys() & new.exercised.keys()
    return Comparison(
        old=old,
        new=new,
        added=changes([each for each in new.faults if each not in old.faults]),
        fixed=changes([each for each in old.faults if each not in new.faults]),
        unchanged=changes([each for each in new.faults if each in old.faults]),
        newly_exercised=[each for each in new.exercised if each in both and _turned(each, old, new)],
        no_longer_exercised=[each for each in old.exercised if each in both and _turned(each, new, old)],
        only_old=[each for each in old.exercised if each not in both],
        only_new=[each for each in new.exercised if each not in both],
    )


def _change(old: Past, new: Past, fingerprint: str) -> Change:
    before, after = old.faults.get(fingerprint), new.faults.get(fingerprint)
    if before is None:
        return Change(None, after, new.faults[fingerprint].rule in old.judged)
    return Change(before, after, after is not None or before.rule in new.judged)


def _turned(rule: str, before: Past, after: Past) -> bool:
    return after.exercised[rule] and not before.exercised[rule]


# --- reading a report -----------------------------------------------------------------------------------------------


def read(octets: bytes, name: str) -> Past:
    """What a JSON report says, as far as it is compared. Raises DiffError."""
    if len(octets) > LARGEST:
        raise DiffError(f"{name}: has more than {LARGEST >> 20} MiB, which no report has")
    try:
        whole = json.loads(octets.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        line = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise DiffError(f"{name}{line}: is no JSON; make it with gmaudit check --format json --output FILE") from None
    if not isinstance(whole, dict) or whole.get("schema") != SCHEMA:
        raise DiffError(f"{name}: is no report {SCHEMA}; make it with gmaudit check --format json --output FILE")
    report = _Object(whole, name, "")
    made = Past(
        name=name,
        version=report.text("version"),
        profile=report.text("profile"),
        verdict=report.text("verdict"),
        captures=[capture.text("path") for capture in report.objects("captures")],
        exercised={},
    )
    short = Counter(map(_file, made.captures))
    made.names = [path if short[_file(path)] > 1 else _file(path) for path in made.captures]
    for rule in report.objects("rules"):
        name_of_rule = rule.text("id")
        counts = {count: rule.number(count) for count in COUNTS}
        made.exercised[name_of_rule] = any(counts.values())
        if any(counts[count] for count in JUDGED):
            made.judged.add(name_of_rule)
    for finding in report.objects("findings"):
        _add(made, finding)
    return made


def _file(path: str) -> str:
    return path.rpartition("/")[2] or path


def _add(made: Past, finding: _Object) -> None:
    """Put a finding to those with its fingerprint; the worst of them speaks for all."""
    verdict = finding.text("verdict")
    if verdict not in RANK:
        finding.wrong("verdict", f"one of {', '.join(RANK)}")
    capture = finding.number("capture")
    if capture >= len(made.captures):
        finding.wrong("capture", "the place of a capture")
    fingerprint = finding.text("fingerprint")
    fault = Fault(
        fingerprint=fingerprint,
        rule=finding.text("rule"),
        actor=finding.text("actor"),
        clause=finding.text("clause"),
        message=finding.text("message"),
        place=f"{made.names[capture]} frame {finding.number('frame')}",
        verdict=verdict,
    )
    known = made.faults.setdefault(fingerprint, fault)
    if RANK.index(verdict) < RANK.index(known.verdict):
        known.verdict, known.message, known.place = verdict, fault.message, fault.place
    known.findings += 1
    known.count += finding.number("count")
    known.waived += finding.given("waived")


class _Object:
    """One object of a report, read field by field."""

    def __init__(self, fields: Mapping[str, Any], name: str, place: str) -> None:
        self._fields = fields
        self._name = name
        self._place = place

    def wrong(self, field: str, wanted: str) -> NoReturn:
        """Raise the error that a field is not what it has to be."""
        what = "is not" if field in self._fields else "is missing; it has to be"
        raise DiffError(f"{self._name}: {self._place}{field} {what} {wanted}")

    def _take(self, field: str, sound: Callable[[Any], bool], wanted: str) -> Any:
        value = self._fields.get(field)
        if not sound(value):
            self.wrong(field, wanted)
        return value

    def text(self, field: str) -> str:
        """A text, without lone surrogates."""
        text: str = self._take(field, lambda value: isinstance(value, str), "a text")
        return text if text.isascii() else text.encode("utf-8", "replace").decode()

    def number(self, field: str) -> int:
        """A whole number, none below zero."""
        number: int = self._take(field, lambda value: type(value) is int and value >= 0, "a whole number")
        return number

    def given(self, field: str) -> bool:
        """Whether an object stands there; null and nothing are none."""
        return self._fields.get(field) is not None

    def objects(self, field: str) -> list[_Object]:
        """A list of objects."""

        def sound(value: Any) -> bool:
            return isinstance(value, list) and all(isinstance(each, dict) for each in value)

        found: list[Mapping[str, Any]] = self._take(field, sound, "a list of objects")
        return [_Object(each, self._name, f"{field}[{place}].") for place, each in enumerate(found)]
