"""No text shows what a secret holds."""

from __future__ import annotations

import copy
import pickle
import traceback

import pytest

from analyzer.ipsec.algorithms import Keys, expand
from analyzer.ipsec.esp import SecurityAssociation
from analyzer.ipsec.secret import Secret

CONTENT = b"correct horse batter"
SHOWN = (CONTENT.decode(), CONTENT.hex(), CONTENT.hex(" "), str(list(CONTENT)))


def hides(text: str) -> bool:
    return not any(form.lower() in text.lower() for form in SHOWN)


def test_text_forms() -> None:
    secret = Secret(CONTENT)
    for text in (repr(secret), str(secret), f"{secret}", f"{secret!r:>80}", repr([secret])):
        assert hides(text)
    assert secret.octets == CONTENT
    assert len(secret) == 20


def test_no_format_gives_it_away() -> None:
    with pytest.raises(TypeError) as raised:
        format(Secret(CONTENT), "x")
    assert hides("".join(traceback.format_exception(raised.value)))


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_no_pickle(protocol: int) -> None:
    with pytest.raises(TypeError, match="cannot be pickled") as raised:
        pickle.dumps({"key": Secret(CONTENT)}, protocol)
    assert hides("".join(traceback.format_exception(raised.value)))


def test_no_copy() -> None:
    with pytest.raises(TypeError, match="cannot be pickled or copied"):
        copy.deepcopy(Secret(CONTENT))


def test_equality_and_no_hash() -> None:
    assert Secret(CONTENT) == Secret(CONTENT)
    assert Secret(CONTENT) != Secret(CONTENT[:-1] + b"R")
    assert Secret(CONTENT) != Secret(b"")
    assert Secret(CONTENT) != CONTENT
    with pytest.raises(TypeError, match="unhashable"):
        hash(Secret(CONTENT))


def test_holders_hide_it_too() -> None:
    keys = Keys(Secret(CONTENT), Secret(CONTENT[:16]))
    association = SecurityAssociation(spi=1, destination=bytes(4), alg="hmac-sha-1-96", ealg="aes-cbc", keys=keys)
    association.open(bytes(100))
    for text in (repr(keys), repr(association), repr(association.keys), repr(expand("null", "null", *[keys.auth] * 2))):
        assert hides(text)


def test_an_unusable_key_is_not_quoted() -> None:
    keys = Keys(Secret(CONTENT), Secret(CONTENT))
    with pytest.raises(ValueError, match="20 octets does not fit aes-cbc") as raised:
        SecurityAssociation(spi=1, destination=bytes(4), alg="hmac-sha-1-96", ealg="aes-cbc", keys=keys)
    assert hides("".join(traceback.format_exception(raised.value)))
