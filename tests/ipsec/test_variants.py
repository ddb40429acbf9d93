"""Associations whose packets differ from what their algorithms demand: each way to open one says the same of it."""

from __future__ import annotations

import pytest

from analyzer.ipsec.algorithms import expand
from analyzer.ipsec.esp import Opened
from analyzer.ipsec.variants import Variant, VariantAssociation, variants
from tests.ipsec.packets import CK, IK, PCSCF4, SPI, octets, protected

COMBINED = [("null", "aes-gcm"), ("aes-gmac", "null")]


@pytest.mark.parametrize(("alg", "ealg"), COMBINED)
@pytest.mark.parametrize("length", [8, 12, 16])
def test_a_combined_mode_with_a_tag_of_any_length(alg: str, ealg: str, length: int) -> None:
    """What is not opened on the express way opens on the long one, and neither of them stumbles."""
    packet, inside = protected(alg, ealg)
    assert any(variant.icv == length for variant in variants(alg, ealg))
    keys = expand(alg, ealg, CK, IK)
    variant = Variant(length)
    made = VariantAssociation(variant, spi=SPI, destination=octets(PCSCF4), alg=alg, ealg=ealg, keys=keys)
    for _ in range(3):
        opened = made.open(_shortened(packet, length))
        assert isinstance(opened, Opened)
        assert opened.payload == inside
        assert made.content(_shortened(packet, length)) in (None, (opened.next_header, inside))
    assert made.verified == 3


def _shortened(packet: bytes, length: int) -> bytes:
    """The packet with only so many octets of its tag: a shorter one is the beginning of the usual one."""
    return packet[: len(packet) - 16 + length]
