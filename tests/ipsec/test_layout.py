"""IV and trailer of a packet, as a report shows them: right for genuine packets, and harmless for any octets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.ipsec.algorithms import expand
from analyzer.ipsec.esp import Opened, SecurityAssociation
from analyzer.ipsec.secret import Secret
from tests.scenario import Scenario

PAIRS = [
    ("hmac-sha-1-96", "aes-cbc"),
    ("hmac-md5-96", "des-ede3-cbc"),
    ("hmac-sha-1-96", "null"),
    ("null", "aes-gcm"),
    ("aes-gmac", "null"),
]


def association(alg: str, ealg: str) -> SecurityAssociation:
    keys = expand(alg, ealg, Secret(bytes(range(16))), Secret(bytes(range(16, 32))))
    return SecurityAssociation(spi=1, destination=b"\x0a\0\0\1", alg=alg, ealg=ealg, keys=keys)


@pytest.mark.parametrize(("alg", "ealg"), PAIRS)
def test_it_agrees_with_what_was_opened(alg: str, ealg: str) -> None:
    s = Scenario(alg=alg, ealg=ealg)
    first = s.register()
    keys = expand(alg, ealg, Secret(first.vector.ck), Secret(first.vector.ik))
    made = SecurityAssociation(spi=first.spi_ps, destination=b"\x0a\x14\0\1", alg=alg, ealg=ealg, keys=keys)
    frame = s.frames()[s.frame("sm7") - 1].data
    packet = frame[frame.index(first.spi_ps.to_bytes(4, "big")) :]
    opened = made.open(packet)
    assert isinstance(opened, Opened)
    before = made.verified
    iv, trailer = made.layout(packet)
    assert trailer is not None and made.verified == before
    assert (trailer.next_header, trailer.length) == (opened.next_header, opened.padding)
    assert trailer.padding == bytes(range(1, opened.padding + 1))
    assert iv == packet[8 : 8 + len(iv)]
    assert made.open(packet) == opened  # the decryption of later packets is not disturbed


@given(packet=st.binary(max_size=200), chosen=st.sampled_from(PAIRS), opened=st.booleans())
def test_any_octets(packet: bytes, chosen: tuple[str, str], opened: bool) -> None:
    made = association(*chosen)
    if opened:
        made.open(bytes(64))
    iv, trailer = made.layout(packet)
    assert packet[8:].startswith(iv)
    assert trailer is None or len(trailer.padding) <= trailer.length <= 255


def test_before_anything_was_opened_there_is_no_trailer() -> None:
    assert association("hmac-sha-1-96", "null").layout(bytes(64)) == (b"", None)
