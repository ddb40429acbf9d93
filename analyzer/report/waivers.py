"""Waivers: findings that the user has accepted, in a TOML file; which of them a report has, and which fit nothing.

    [[waiver]]
    rule = "PORT-13"                # an id, or how several begin: "PORT"
    actor = "UE"                    # optional: UE, P-CSCF, S-CSCF, network, unknown
    subject = "00101000000010*"     # optional: what identifies a subject; * stands for anything
    fingerprint = "0123456789abcdef"    # optional: this kind of fault alone
    reason = "fixed in firmware 4.2, ticket 1234"
    expires = 2026-12-31            # optional: the last day on which it holds

A waived finding is shown and counted like any other, with the reason; it only does not decide the exit status. There
is no clock here: what day it is, the command line says. Errors name the file and the entry in one line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final, Literal, NoReturn

from msgspec import Struct
from msgspec.structs import replace

from analyzer import toml
from analyzer.finding import Finding, Waived
from analyzer.report.model import Report, SubjectSummary, WaiverSummary
from analyzer.verdict import Actor

LARGEST: Final = 1 << 20
"""Octets of a file of waivers."""

MOST: Final = 1_000
"""Waivers of one file: each is held against each of up to 10,000 findings."""

LONGEST: Final = 500
"""Characters of a text in a waiver."""

MOST_TOLD: Final = 50
"""Waivers that are told of one by one as expired or unused; the others are counted."""

FIELDS: Final = ("rule", "actor", "subject", "fingerprint", "reason", "expires")

_HEADING: Final = re.compile(r"[ \t]*\[\[[ \t]*[\"']?waiver[\"']?[ \t]*\]\]")
_FINGERPRINT: Final = re.compile(r"[0-9a-f]{16}")
_ACTORS: Final = {str(actor).lower(): str(actor) for actor in Actor}


class WaiverError(ValueError):
    """The file of waivers cannot be used; the text says where and why, in one line."""


class Waiver(Struct, frozen=True, kw_only=True):
    """One entry of the file."""

    place: str
    rule: str
    actor: str | None = None
    subject: str | None = None
    fingerprint: str | None = None
    reason: str
    expires: date | None = None

    def fits(self, finding: Finding, identities: Sequence[str]) -> bool:
        """Whether it means this finding, whose subject is known under these names; not whether it still holds."""
        return (
            finding.rule.upper().startswith(self.rule)
            and self.actor in (None, finding.actor)
            and self.fingerprint in (None, finding.fingerprint)
            and (self.subject is None or any(matches(self.subject, identity) for identity in identities))
        )

    def expired(self, today: date) -> bool:
        """Whether its last day has passed."""
        return self.expires is not None and self.expires < today


def matches(pattern: str, text: str) -> bool:
    """Whether the pattern is the whole text, in which each ``*`` stands for anything; capitals are no difference."""
    first, *others = pattern.lower().split("*")
    text = text.lower()
    if not others:
        return text == first
    *middle, last = others
    if len(first) + len(last) > len(text) or not text.startswith(first) or not text.endswith(last):
        return False
    at, end = len(first), len(text) - len(last)
    for piece in middle:
        found = text.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True


def waive(report: Report, waivers: Sequence[Waiver], today: date) -> Report:
    """The same report with its findings waived, as far as a waiver fits that has not expired; the first one counts.

    The report must still have the true identities. Expired and unused waivers are told among the notices.
    """
    identities = {subject.id: _identities(subject) for subject in report.subjects}
    fitting = [0] * len(waivers)
    findings = []
    for finding in report.findings:
        names = () if finding.subject is None else identities.get(finding.subject, (finding.subject,))
        waived: Waived | None = None
        for place, waiver in enumerate(waivers):
            if waiver.fits(finding, names):
                fitting[place] += 1
                if waived is None and not waiver.expired(today):
                    waived = Waived(waiver.reason, waiver.expires)
        findings.append(finding if waived is None else replace(finding, waived=waived))
    summaries = [_summary(waiver, count, today) for waiver, count in zip(waivers, fitting, strict=True)]
    return replace(report, findings=findings, waivers=summaries, notices=[*report.notices, *_notices(summaries)])


def _identities(subject: SubjectSummary) -> tuple[str, ...]:
    given = (subject.id, subject.impi, *subject.impus, subject.contact, subject.ue, subject.pcscf)
    return tuple(each for each in given if each)


def _summary(waiver: Waiver, count: int, today: date) -> WaiverSummary:
    state: Literal["used", "unused", "expired"] = "used" if count else "unused"
    return WaiverSummary(
        place=waiver.place,
        rule=waiver.rule,
        actor=waiver.actor,
        subject=waiver.subject,
        fingerprint=waiver.fingerprint,
        reason=waiver.reason,
        expires=waiver.expires,
        state="expired" if waiver.expired(today) else state,
        findings=count,
    )


def _notices(summaries: Iterable[WaiverSummary]) -> list[str]:
    lines = []
    for each in summaries:
        if each.state == "expired":
            plural = "" if each.findings == 1 else "s"
            lines.append(
                f"{each.place} ({each.rule}) held until {each.expires} and waives nothing any more; "
                f"it fits {each.findings or 'no'} finding{plural}"
            )
        elif each.state == "unused":
            lines.append(f"{each.place} ({each.rule}) fits no finding; if the fault is gone, the waiver can go")
    more = len(lines) - MOST_TOLD
    return lines if more <= 0 else [*lines[:MOST_TOLD], f"{more:,} more waivers that are expired or fit no finding"]


# --- the file --------------------------------------------------------------------------------------------------------


def read(octets: bytes, origin: str) -> list[Waiver]:
    """The waivers of a file; ``origin`` is its name, for errors and for the report. Raises WaiverError."""
    if len(octets) > LARGEST:
        raise WaiverError(f"{origin}: has more than {LARGEST >> 20} MiB, which no list of waivers has")
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = octets.count(b"\n", 0, error.start) + 1
        raise WaiverError(f"{origin}, line {line}: this is not UTF-8") from None
    try:
        content = toml.loads(text)
    except toml.TomlError as error:
        line = error.line or text.rstrip().count("\n") + 1
        problem = "this is not TOML: look for a missing quotation mark, bracket or equals sign"
        problem = "names with dots have no meaning here" if error.deep else problem
        raise WaiverError(f"{origin}, line {line}: {problem}") from None
    for name in content:
        if name != "waiver":
            raise WaiverError(f"{origin}: only [[waiver]] tables have a meaning here, another one stands there")
    tables = content.get("waiver", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise WaiverError(f"{origin}: waiver must be written with two brackets: [[waiver]]")
    if len(tables) > MOST:
        raise WaiverError(f"{origin}: has more than {MOST:,} waivers; select rules with --ignore instead")
    lines = [number for number, written in enumerate(text.split("\n"), 1) if _HEADING.match(written)]
    known = len(lines) == len(tables)  # tables in another notation have no heading to point at
    return [
        _waiver(table, f"{origin}, waiver {place}", f" (line {lines[place - 1]})" if known else "")
        for place, table in enumerate(tables, 1)
    ]


def _waiver(table: Mapping[str, Any], place: str, where: str) -> Waiver:
    """One entry. Raises WaiverError."""

    def wrong(problem: str) -> NoReturn:
        raise WaiverError(f"{place}{where}: {problem}")

    def text(name: str) -> str | None:
        value = table.get(name)
        if value is not None and (not isinstance(value, str) or not value.strip()):
            wrong(f"{name} must be text in quotation marks, and not empty")
        if value is not None and len(value) > LONGEST:
            wrong(f"{name} has more than {LONGEST} characters")
        return value and value.strip()

    if table.keys() - set(FIELDS):
        wrong(f"a field has no meaning here; the fields are {', '.join(FIELDS)}")
    rule, reason = text("rule"), text("reason")
    if rule is None:
        wrong("rule is missing: the id of one, or how the ids of several begin")
    if reason is None:
        wrong("reason is missing: nothing is waived without one")
    actor = text("actor")
    if actor is not None and actor.lower() not in _ACTORS:
        wrong(f"actor must be one of {', '.join(_ACTORS.values())}")
    fingerprint = (text("fingerprint") or "").lower() or None
    if fingerprint is not None and not _FINGERPRINT.fullmatch(fingerprint):
        wrong("fingerprint must be 16 hexadecimal digits, as the JSON report has it")
    expires = table.get("expires")
    if expires is not None and (not isinstance(expires, date) or isinstance(expires, datetime)):
        wrong("expires must be a date without quotation marks, such as 2026-12-31")
    return Waiver(
        place=place,
        rule=rule.upper(),
        actor=actor and _ACTORS[actor.lower()],
        subject=text("subject"),
        fingerprint=fingerprint,
        reason=reason,
        expires=expires,
    )
