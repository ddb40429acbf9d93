"""The table, and the vectors of the requirements catalogue, section 7."""

from __future__ import annotations

import pytest

from analyzer.ipsec.algorithms import (
    ENCRYPTION,
    INTEGRITY,
    Encryption,
    Integrity,
    Spelling,
    UnknownAlgorithm,
    encryption,
    expand,
    integrity,
)
from analyzer.ipsec.secret import Secret

CK = Secret(bytes(range(16)))
IK = Secret(bytes(range(16, 32)))


@pytest.mark.parametrize(
    ("alg", "ealg", "auth", "enc"),
    [
        (
            "hmac-sha-1-96",
            "des-ede3-cbc",
            "101112131415161718191a1b1c1d1e1f00000000",
            "000102030405060708090a0b0c0d0e0f0001020304050607",
        ),
        ("hmac-md5-96", "aes-cbc", "101112131415161718191a1b1c1d1e1f", "000102030405060708090a0b0c0d0e0f"),
        ("hmac-sha1-96", "NULL", "101112131415161718191a1b1c1d1e1f00000000", ""),
        ("null", "null", "", ""),
    ],
)
def test_expansion(alg: str, ealg: str, auth: str, enc: str) -> None:
    keys = expand(alg, ealg, CK, IK)
    assert keys.auth.octets.hex() == auth
    assert keys.enc.octets.hex() == enc


@pytest.mark.parametrize("row", [*INTEGRITY, *ENCRYPTION], ids=lambda row: f"{type(row).__name__}-{row.name}")
def test_rows(row: Integrity | Encryption) -> None:
    assert len(row.derive(CK.octets, IK.octets)) == row.key_lengths[0]
    assert row.name in row.names[Spelling.HEADER]
    assert set(row.names) == set(Spelling)


@pytest.mark.parametrize(
    ("spelling", "name", "expected"),
    [
        (Spelling.HEADER, "HMAC-SHA-1-96", "hmac-sha-1-96"),
        (Spelling.HEADER, "hmac-sha1-96", "hmac-sha-1-96"),
        (Spelling.WIRESHARK, "HMAC-MD5-96", "hmac-md5-96"),
        (Spelling.WIRESHARK, "HMAC-SHA1-96", "hmac-sha-1-96"),
        (Spelling.KERNEL, "hmac(sha1)", "hmac-sha-1-96"),
        (Spelling.KERNEL, "md5", "hmac-md5-96"),
    ],
)
def test_integrity_names(spelling: Spelling, name: str, expected: str) -> None:
    assert integrity(name, spelling).name == expected


@pytest.mark.parametrize(
    ("spelling", "name", "expected"),
    [
        (Spelling.HEADER, "AES-CBC", "aes-cbc"),
        (Spelling.WIRESHARK, "TripleDES-CBC", "des-ede3-cbc"),
        (Spelling.KERNEL, "cbc(des3_ede)", "des-ede3-cbc"),
        (Spelling.KERNEL, "ecb(cipher_null)", "null"),
    ],
)
def test_encryption_names(spelling: Spelling, name: str, expected: str) -> None:
    assert encryption(name, spelling).name == expected


def test_unknown_names() -> None:
    with pytest.raises(UnknownAlgorithm) as raised:
        expand("hmac-sha-256-128", "null", CK, IK)
    assert raised.value.kind == "integrity"
    with pytest.raises(UnknownAlgorithm) as raised:
        expand("hmac-md5-96", "0011223344556677", CK, IK)
    assert raised.value.kind == "encryption"
    assert "0011" not in str(raised.value)
    with pytest.raises(UnknownAlgorithm):
        integrity("hmac(sha1)")
