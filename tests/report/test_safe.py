"""Captured text cannot steer a terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.report.safe import clean


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("sip:a@b", "sip:a@b"),
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("a\r\nb\tc", "a\\r\\nb\\tc"),
        ("\x9b31m", "\\x9b31m"),
        ("\u202egpj.exe", "\\u202egpj.exe"),
        ("\u2028", "\\u2028"),
        ("\udcff", "\\udcff"),
        ("Jürgen 電話", "Jürgen 電話"),
    ],
)
def test_clean(text: str, safe: str) -> None:
    assert clean(text) == safe


def test_a_long_text_is_cut_and_says_so() -> None:
    assert clean("x" * 700, 10) == "x" * 10 + "… (690 more)"
    assert clean("x" * 10, 10) == "x" * 10


@given(st.text())
def test_the_outcome_always_prints(text: str) -> None:
    assert clean(text).isprintable()
    assert clean(text, 3).isprintable()
