"""Every pair of algorithms is found by its packets alone, every known mistake by its name, and chance finds nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.ipsec.algorithms import PAIRS, REVERSED, ZEROS, Keys, UnknownAlgorithm, expand
from analyzer.ipsec.secret import Secret
from analyzer.ipsec.trial import SWAPPED, Found, find, mistaken
from tests.ipsec.packets import CK, IK, other_keys, protected


def packets(alg: str, ealg: str, keys: Keys | None = None) -> list[bytes]:
    return [protected(alg, ealg, keys=keys, sequence=number, tcp=number == 2)[0] for number in (1, 2, 3)]


def wrong(alg: str, ealg: str, mistake: str) -> Keys:
    """Keys as somebody with this mistake derives them, spelled out."""
    right = expand(alg, ealg, CK, IK)
    if mistake == SWAPPED:
        return expand(alg, ealg, IK, CK)
    if mistake == ZEROS:
        return Keys(right.auth, Secret(CK.octets + bytes(8)))
    auth, enc = right.auth.octets, right.enc.octets
    return Keys(Secret(auth[:16] + auth[16:][::-1]), Secret(enc[:16] + enc[16:][::-1]))


MISTAKES = [
    *((*pair, SWAPPED) for pair in PAIRS),
    ("hmac-sha-1-96", "des-ede3-cbc", ZEROS),
    ("hmac-md5-96", "des-ede3-cbc", ZEROS),
    ("aes-gmac", "null", REVERSED),
    ("null", "aes-gcm", REVERSED),
]


@pytest.mark.parametrize(("alg", "ealg"), PAIRS)
@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_pair_is_found(alg: str, ealg: str, count: int) -> None:
    found = find(CK, IK, packets(alg, ealg)[:count], mistakes=True)
    assert found is not None
    assert (found.alg, found.ealg, found.mistake) == (alg, ealg, "")
    assert (found.keys.auth, found.keys.enc) == (expand(alg, ealg, CK, IK).auth, expand(alg, ealg, CK, IK).enc)


@pytest.mark.parametrize(("alg", "ealg", "mistake"), MISTAKES)
def test_the_mistake_is_found(alg: str, ealg: str, mistake: str) -> None:
    keys = wrong(alg, ealg, mistake)
    seen = packets(alg, ealg, keys)
    assert find(CK, IK, seen) is None
    found = find(CK, IK, seen, mistakes=True)
    assert found is not None
    assert (found.alg, found.ealg, found.mistake) == (alg, ealg, mistake)
    assert (found.keys.auth, found.keys.enc) == (keys.auth, keys.enc)


@pytest.mark.parametrize(("alg", "ealg"), PAIRS)
def test_other_keys_are_not_found(alg: str, ealg: str) -> None:
    assert find(CK, IK, packets(alg, ealg, other_keys(alg, ealg)), mistakes=True) is None


def test_all_packets_must_open() -> None:
    mixed = [*packets("hmac-md5-96", "aes-cbc"), protected("hmac-md5-96", "null", sequence=4)[0]]
    assert find(CK, IK, mixed, mistakes=True) is None
    assert find(CK, IK, [], mistakes=True) is None


def test_likely_pairs_come_first_and_may_be_forbidden_ones() -> None:
    packet = protected("null", "aes-cbc")[0]
    assert find(CK, IK, [packet]) is None
    found = find(CK, IK, [packet], likely=[("null", "aes-cbc")])
    assert found is not None
    assert (found.alg, found.ealg) == ("null", "aes-cbc")
    with pytest.raises(UnknownAlgorithm):
        find(CK, IK, [packet], likely=[("hmac-sha-256-128", "null")])


def test_an_unpadded_sha1_key_is_no_mistake() -> None:
    """R2."""
    seen = packets("hmac-sha-1-96", "null", Keys(IK, Secret(b"")))
    found = find(CK, IK, seen, mistakes=True)
    assert found is not None
    assert found.mistake == ""


def test_where_a_mistake_changes_nothing_there_is_none() -> None:
    assert [each.mistake for each in mistaken("hmac-md5-96", "null", CK, CK)] == []
    assert [each.mistake for each in mistaken("null", "null", CK, IK)] == []
    assert [each.mistake for each in mistaken("hmac-md5-96", "des-ede3-cbc", CK, IK)] == [ZEROS, SWAPPED]


@given(packet=st.binary(max_size=200), ck=st.binary(min_size=16, max_size=16), ik=st.binary(min_size=16, max_size=16))
def test_any_octets(packet: bytes, ck: bytes, ik: bytes) -> None:
    assert find(Secret(ck), Secret(ik), [packet], mistakes=True) is None


def test_what_was_found_shows_no_key() -> None:
    found = find(CK, IK, packets("null", "aes-gcm"))
    assert isinstance(found, Found)
    assert CK.octets.hex() not in repr(found)
    assert str(CK.octets) not in repr(found)


def test_a_cipher_that_checks_itself_says_nothing_of_one_beside_it() -> None:
    packet = protected("null", "aes-cbc")[0]
    found = find(CK, IK, [packet], likely=[("null", "aes-gcm"), ("null", "aes-cbc")])
    assert found is not None
    assert (found.alg, found.ealg) == ("null", "aes-cbc")
