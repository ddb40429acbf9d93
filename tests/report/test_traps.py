"""The traps in words."""

from __future__ import annotations

import re

import pytest

from analyzer.report.traps import TRAPS, trap
from analyzer.rule import Rule, collect


@pytest.mark.parametrize("rule", collect(), ids=lambda rule: rule.id)
def test_every_code_that_a_rule_names_has_words(rule: Rule) -> None:
    codes = [code for code in rule.traps if re.fullmatch(r"(FP|R)\d+|[a-z]+-.+", code)]
    assert set(codes) <= set(TRAPS)


def test_a_code_with_its_words_or_alone() -> None:
    assert trap("FP29") == "FP29, an SPI or a port that was free again"
    assert trap("LAB-9") == "LAB-9"
