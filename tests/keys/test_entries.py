"""Patterns, and the readers of octets and addresses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.keys.entries import ANYTHING, Pattern, address_of, exactly, octets_of


@given(octets=st.binary(min_size=1, max_size=16), other=st.binary(max_size=16))
def test_exact_patterns(octets: bytes, other: bytes) -> None:
    pattern = exactly(octets)
    assert pattern.exact == octets
    assert pattern.matches(octets)
    assert pattern.matches(other) == (other == octets)
    assert ANYTHING.matches(other)
    assert ANYTHING.exact is None


def test_open_bits() -> None:
    pattern = Pattern(0x0A00, 0xFF00, 2)
    assert pattern.matches(b"\x0a\x77")
    assert not pattern.matches(b"\x0b\x77")
    assert not pattern.matches(b"\x0a\x77\0")
    assert pattern.exact is None


@pytest.mark.parametrize(
    ("text", "octets"),
    [
        ("0a0B", b"\x0a\x0b"),
        (" 0x0A0b\n", b"\x0a\x0b"),
        ("", b""),
        ("0x", b""),
        ("0x0", None),
        ("0a 0b", None),
        ("xy", None),
    ],
)
def test_octets(text: str, octets: bytes | None) -> None:
    assert octets_of(text) == octets


@pytest.mark.parametrize(
    ("text", "octets"),
    [("10.0.0.1", b"\x0a\0\0\x01"), ("::1", bytes(15) + b"\x01"), ("10.0.0", None), ("10.0.0.1/8", None), ("", None)],
)
def test_addresses(text: str, octets: bytes | None) -> None:
    assert address_of(text) == octets
