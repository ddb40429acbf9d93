"""What is judged of packets that no key opens: their SPIs and their sequence numbers."""

from __future__ import annotations

from analyzer.report.model import Report
from tests.scenario import Scenario, audited, check


def passed(report: Report, rule: str) -> int:
    return next(each.passed for each in report.rules if each.id == rule)


def test_announced_spis_and_rising_numbers_pass() -> None:
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    made = audited(s, keys="")
    assert made.esp.no_key == made.esp.packets == passed(made, "ESP-01") == passed(made, "ESP-02")
    assert not [each for each in made.findings if each.rule in ("ESP-01", "ESP-02")]


def test_a_number_that_comes_again_is_probable() -> None:
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    s.wait(1)
    s.request("ue", "MESSAGE", on=first, esp={"seq": 2}, label="late", answered=False)
    s.expect("ESP-02", "probable", actor="UE", at="late")
    check(s, rules=["ESP-01", "ESP-02"], keys="")


def test_a_repeated_packet_is_a_replay_and_no_fault() -> None:
    s = Scenario()
    first = s.register()
    s.request("ue", "MESSAGE", on=first)
    s.duplicate("req", 0.5)
    made = audited(s, keys="")
    assert made.esp.replayed == 1
    assert not [each for each in made.findings if each.rule == "ESP-02"]
