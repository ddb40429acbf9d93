"""The table, and the vectors of the requirements catalogue, section 7."""

from __future__ import annotations

import pytest

from analyzer.ipsec.algorithms import (
    ENCRYPTION,
    INTEGRITY,
    PAIRS,
    Encryption,
    Integrity,
    Spelling,
    UnfitPair,
    UnknownAlgorithm,
    encryption,
    expand,
    integrity,
    pair,
    weaker,
)
from analyzer.ipsec.secret import Secret
from analyzer.profile import PROFILES

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
        ("aes-gmac", "null", "101112131415161718191a1b1c1d1e1f7040f6a2", ""),
        ("NULL", "AES-GCM", "", "000102030405060708090a0b0c0d0e0f99ca2318"),
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
    assert (row.esp_sa is None) == (not row.names[Spelling.WIRESHARK])
    if row.esp_sa is not None:
        assert row.esp_sa.partition("[")[0].strip().lower() in row.names[Spelling.WIRESHARK]


@pytest.mark.parametrize(
    ("spelling", "name", "expected"),
    [
        (Spelling.HEADER, "HMAC-SHA-1-96", "hmac-sha-1-96"),
        (Spelling.HEADER, "hmac-sha1-96", "hmac-sha-1-96"),
        (Spelling.WIRESHARK, "HMAC-MD5-96", "hmac-md5-96"),
        (Spelling.WIRESHARK, "HMAC-SHA1-96", "hmac-sha-1-96"),
        (Spelling.KERNEL, "hmac(sha1)", "hmac-sha-1-96"),
        (Spelling.KERNEL, "md5", "hmac-md5-96"),
        (Spelling.KERNEL, "rfc4543(gcm(aes))", "aes-gmac"),
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
        (Spelling.KERNEL, "rfc4106(gcm(aes))", "aes-gcm"),
        (Spelling.WIRESHARK, "AES-GCM with 16 octet ICV", "aes-gcm"),
    ],
)
def test_encryption_names(spelling: Spelling, name: str, expected: str) -> None:
    assert encryption(name, spelling).name == expected


def test_pairs() -> None:
    """TS 33.203 Annex H: null integrity only with aes-gcm, which wants no other; aes-gmac encrypts nothing."""
    hmacs = {(alg, ealg) for alg in ("hmac-sha-1-96", "hmac-md5-96") for ealg in ("aes-cbc", "des-ede3-cbc", "null")}
    assert set(PAIRS) == hmacs | {("aes-gmac", "null"), ("null", "aes-gcm")}
    for alg, ealg in PAIRS:
        assert pair(alg.upper(), ealg.upper()) == (integrity(alg), encryption(ealg))


@pytest.mark.parametrize(
    ("alg", "ealg", "kind"),
    [
        ("hmac-md5-96", "aes-gcm", "integrity"),
        ("aes-gmac", "aes-gcm", "integrity"),
        ("aes-gmac", "des-ede3-cbc", "encryption"),
    ],
)
def test_no_packet_has_both(alg: str, ealg: str, kind: str) -> None:
    with pytest.raises(UnfitPair, match=f"the {kind} algorithm beside it must be null") as raised:
        expand(alg, ealg, CK, IK)
    assert raised.value.kind == kind


STRONGER = [
    (("null", "null"), ("hmac-md5-96", "null")),
    (("hmac-md5-96", "null"), ("hmac-sha-1-96", "null")),
    (("hmac-sha-1-96", "null"), ("aes-gmac", "null")),
    (("hmac-sha-1-96", "null"), ("hmac-sha-1-96", "des-ede3-cbc")),
    (("hmac-sha-1-96", "des-ede3-cbc"), ("hmac-sha-1-96", "aes-cbc")),
    (("hmac-md5-96", "aes-cbc"), ("hmac-sha-1-96", "aes-cbc")),
    (("hmac-sha-1-96", "aes-cbc"), ("null", "aes-gcm")),
    (("aes-gmac", "null"), ("null", "aes-gcm")),
]


@pytest.mark.parametrize(("weak", "strong"), STRONGER)
def test_the_order_of_strength(weak: tuple[str, str], strong: tuple[str, str]) -> None:
    assert weaker(*weak, strong)
    assert not weaker(*strong, weak)
    assert not weaker(*weak, weak)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("aes-gmac", "null"), ("hmac-sha-1-96", "aes-cbc")),  # better integrity against any encryption
        (("hmac-md5-96", "aes-cbc"), ("hmac-sha-1-96", "des-ede3-cbc")),
        (("hmac-sha-1-96", "null"), ("hmac-sha-256-128", "null")),  # nobody knows
        (("hmac-sha1-96", "aes-cbc"), ("hmac-sha-1-96", "aes-cbc")),  # two spellings of one name
    ],
)
def test_pairs_of_which_none_is_the_weaker(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert not weaker(*one, other)
    assert not weaker(*other, one)


def test_every_name_of_a_profile_is_in_the_table() -> None:
    for profile in PROFILES.values():
        assert profile.integrity <= {row.name for row in INTEGRITY}
        assert profile.encryption <= {row.name for row in ENCRYPTION}
        assert profile.discouraged <= profile.integrity | profile.encryption


@pytest.mark.parametrize(
    ("profile", "algs", "ealgs"),
    [
        ("sa3-29", {"hmac-md5-96", "hmac-sha-1-96"}, {"null"}),
        ("rel-6", {"hmac-md5-96", "hmac-sha-1-96"}, {"des-ede3-cbc", "aes-cbc", "null"}),
        ("rel-11", {"hmac-md5-96", "hmac-sha-1-96"}, {"des-ede3-cbc", "aes-cbc", "null"}),
        ("rel-14", {"hmac-sha-1-96", "aes-gmac", "null"}, {"aes-cbc", "aes-gcm", "null"}),
        ("rel-17", {"hmac-sha-1-96", "aes-gmac", "null"}, {"aes-cbc", "aes-gcm", "null"}),
    ],
)
def test_the_lists_by_profile(profile: str, algs: set[str], ealgs: set[str]) -> None:
    """Requirements, section 5, after V24."""
    assert set(PROFILES[profile].integrity) == algs
    assert set(PROFILES[profile].encryption) == ealgs


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
