"""Compares what the audit found in a scenario with what the scenario declares."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .scenario import Scenario

if TYPE_CHECKING:
    from analyzer.finding import Finding
    from analyzer.report.model import Report


@dataclass(frozen=True, order=True)
class Fault:
    """What has to agree between a finding and an expectation."""

    rule: str
    verdict: str
    actor: str
    frame: int
    count: int


def audited(scenario: Scenario, *, profile: str = "rel-17", keys: str | None = None, vantage: str = "auto") -> Report:
    """The report on a scenario; with its ``[[aka]]`` keys unless ``keys`` is the text of another key file."""
    from analyzer.run import audit_frames

    text = scenario.keys_toml() if keys is None else keys
    return audit_frames(scenario.frames(), keys_text=text, profile=profile, vantage=vantage)


def check(
    scenario: Scenario,
    *,
    profile: str = "rel-17",
    rules: Collection[str] | None = None,
    keys: str | None = None,
    vantage: str = "auto",
) -> None:
    """Assert that the findings (notes apart) are the declared ones, all of them and no other.

    ``rules`` restricts both sides to these ids; without it the whole sets must be equal.
    """
    report = audited(scenario, profile=profile, keys=keys, vantage=vantage)
    if report.crashed:
        raise AssertionError(f"rules crashed: {report.crashed}")
    found = {
        _fault(finding): finding
        for finding in report.findings
        if finding.verdict != "note" and (rules is None or finding.rule in rules)
    }
    expected = {
        Fault(wanted.rule, wanted.verdict, wanted.actor, scenario.frame(wanted.at), wanted.count): wanted
        for wanted in scenario.expectations
        if rules is None or wanted.rule in rules
    }
    lines = [f"  missing    {_show(fault, scenario)}" for fault in sorted(expected.keys() - found.keys())]
    lines += [
        f"  unexpected {_show(fault, scenario)}\n               {_told(found[fault])}"
        for fault in sorted(found.keys() - expected.keys())
    ]
    by_print = {finding.fingerprint: finding.rule for finding in report.findings}
    for fault in sorted(expected.keys() & found.keys()):
        wanted_cause, cause = expected[fault].cause, found[fault].cause
        if wanted_cause is not None and by_print.get(cause or "") != wanted_cause:
            named = by_print.get(cause or "", "nothing")
            lines.append(f"  cause      {_show(fault, scenario)}: {named} instead of {wanted_cause}")
    if lines:
        raise AssertionError("\n".join(["the findings are not those that the scenario declares:", *lines]))


def passes(
    scenario: Scenario,
    rule: str,
    at_least: int = 1,
    *,
    profile: str = "rel-17",
    keys: str | None = None,
    vantage: str = "auto",
) -> None:
    """Assert that the rule was exercised, passed at least so often and found nothing."""
    report = audited(scenario, profile=profile, keys=keys, vantage=vantage)
    against = [f"  {_show(_fault(f), scenario)}\n    {_told(f)}" for f in report.findings if _against(f, rule)]
    passed = sum(tally.passed for tally in report.rules if tally.id == rule)
    if against or passed < at_least:
        raise AssertionError("\n".join([f"{rule} passed {passed} times (at least {at_least} wanted)", *against]))


def _against(finding: Finding, rule: str) -> bool:
    return finding.rule == rule and finding.verdict != "note"


def _fault(finding: Finding) -> Fault:
    return Fault(finding.rule, finding.verdict, str(finding.actor), finding.frame, finding.count)


def _show(fault: Fault, scenario: Scenario) -> str:
    times = f" x{fault.count}" if fault.count != 1 else ""
    at = scenario.label_of(fault.frame)
    return f"{fault.rule} {fault.verdict} of {fault.actor} at {at!r} (frame {fault.frame}){times}"


def _told(finding: Finding) -> str:
    text = finding.message
    if finding.expected or finding.observed:
        text += f" [expected {finding.expected!r}, observed {finding.observed!r}]"
    return f"{text} traps={','.join(finding.traps) or '-'} {finding.argument}".rstrip()
