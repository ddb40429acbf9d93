"""A scenario's expectations are compared with what the audit found."""

from __future__ import annotations

import re
import sys
from types import ModuleType

import pytest

from analyzer.finding import Finding, Tally
from analyzer.report.model import EspCounts, Report, SipCounts
from analyzer.verdict import Level, Severity

from .scenario import Scenario
from .verify import check, passes


def finding(rule: str, frame: int, verdict: str = "violation", fault: str = "f", cause: str | None = None) -> Finding:
    return Finding(
        rule=rule, verdict=verdict, level=Level.MUST, severity=Severity.LOW, actor="UE", subject=None, capture=0,
        frame=frame, time=0, message="it is so", expected="", observed="", clause="", fault=fault, cause=cause,
    )  # fmt: skip


@pytest.fixture
def audit(monkeypatch: pytest.MonkeyPatch) -> list[Finding]:
    """Stands in for the audit; what the test puts into the list is what it finds."""
    found: list[Finding] = []

    def audit_frames(frames: object, *, keys_text: str, profile: str, vantage: str) -> Report:
        assert keys_text.startswith("[[aka]]")
        rules = [Tally(id="NEG-08", passed=0 if found else 2)]
        return Report(
            version="", profile=profile, captures=[], copies=0, esp=EspCounts(), sip=SipCounts(), subjects=[],
            sa_sets=[], rules=rules, findings=list(found),
        )  # fmt: skip

    module = ModuleType("analyzer.run")
    module.__dict__["audit_frames"] = audit_frames
    monkeypatch.setitem(sys.modules, "analyzer.run", module)
    return found


def test_check_wants_exactly_what_was_declared(audit: list[Finding]) -> None:
    scenario = Scenario()
    scenario.register()
    check(scenario)
    scenario.expect("NEG-08", "violation", actor="UE", at="sm7")
    with pytest.raises(AssertionError, match=r"missing +NEG-08 violation of UE at 'sm7' \(frame 3\)"):
        check(scenario)
    audit.append(finding("NEG-08", 3))
    audit.append(finding("NEG-07", 4, "note"))
    check(scenario)
    audit.append(finding("NEG-09", 4))
    with pytest.raises(AssertionError, match=r"unexpected +NEG-09 violation of UE at 'sm12' \(frame 4\)\s+it is so"):
        check(scenario)
    check(scenario, rules=["NEG-08"])


def test_check_compares_causes_and_passes_reads_the_tally(audit: list[Finding]) -> None:
    scenario = Scenario()
    scenario.register()
    passes(scenario, "NEG-08", at_least=2)
    with pytest.raises(AssertionError, match="NEG-08 passed 2 times"):
        passes(scenario, "NEG-08", at_least=3)
    audit += [finding("NEG-08", 3), finding("NEG-09", 4)]
    with pytest.raises(AssertionError, match=re.escape("NEG-08 violation of UE at 'sm7'")):
        passes(scenario, "NEG-08")
    scenario.expect("NEG-08", "violation", actor="UE", at="sm7")
    scenario.expect("NEG-09", "violation", actor="UE", at="sm12", cause="NEG-08")
    with pytest.raises(AssertionError, match="nothing instead of NEG-08"):
        check(scenario)
    audit[1].cause = audit[0].fingerprint
    check(scenario)
