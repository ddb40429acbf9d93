"""The ciphers and MACs against published vectors: RFC 2202, FIPS 197, NIST SP 800-67, RFC 3602.

The single-block vectors are put behind an IV that turns their plaintext into an ESP trailer: that only works out if
the block was decrypted to exactly the published plaintext.
"""

from __future__ import annotations

import hmac

import pytest

from analyzer.ipsec.algorithms import Keys
from analyzer.ipsec.esp import BAD_ICV, BAD_PADDING, Opened, SecurityAssociation
from analyzer.ipsec.secret import Secret

AUTH = bytes(range(20))
ICMP = 1
"""A next header that needs nothing behind it to make sense."""


def association(alg: str, ealg: str, auth: bytes, enc: bytes = b"") -> SecurityAssociation:
    keys = Keys(Secret(auth), Secret(enc))
    return SecurityAssociation(spi=0x4321, destination=bytes(4), alg=alg, ealg=ealg, keys=keys)


@pytest.mark.parametrize(
    ("alg", "key", "digest"),
    [
        ("hmac-md5-96", b"\xaa" * 16, "56be34521d144c88dbb8c733f0e8b3f6"),
        ("hmac-sha-1-96", b"\xaa" * 20, "125d7342b9ac11cd91a39af48aa17b4f63f175d3"),
    ],
)
def test_case_3_of_rfc_2202(alg: str, key: bytes, digest: str) -> None:
    data, icv = b"\xdd" * 50, bytes.fromhex(digest)[:12]
    tried = association(alg, "null", key)
    assert tried.open(data + icv) is BAD_PADDING  # the ICV is right; the data is no ESP packet
    assert (tried.verified, tried.failed) == (1, 0)
    assert tried.open(data[:-1] + b"\xdc" + icv) is BAD_ICV
    assert (tried.verified, tried.failed) == (1, 1)


@pytest.mark.parametrize(
    ("ealg", "key", "plain", "cipher"),
    [
        (
            "aes-cbc",
            "000102030405060708090a0b0c0d0e0f",
            "00112233445566778899aabbccddeeff",
            "69c4e0d86a7b0430d8cdb78070b4c55a",
        ),
        (
            "des-ede3-cbc",
            "0123456789abcdef23456789abcdef01456789abcdef0123",
            "5468652071756663",
            "a826fd8ce53b855f",
        ),
    ],
)
def test_single_blocks_of_fips_197_and_sp_800_67(ealg: str, key: str, plain: str, cipher: str) -> None:
    block = bytes.fromhex(plain)
    padding = len(block) - 2
    trailer = bytes((*range(1, padding + 1), padding, ICMP))
    iv = bytes(one ^ other for one, other in zip(block, trailer, strict=True))
    packet = bytes.fromhex("0000432100000007") + iv + bytes.fromhex(cipher)
    opened = association("hmac-sha-1-96", ealg, AUTH, bytes.fromhex(key)).open(packet + _icv(packet))
    assert opened == Opened(ICMP, b"", 7, padding)


def test_the_sample_packet_of_rfc_3602() -> None:
    """Case 5: a ping in transport mode; it has no ICV there, so it gets one here."""
    packet = bytes.fromhex(
        "0000432100000001"
        "e96e8c08ab465763fd098d45dd3ff893"
        "f663c25d325c18c6a9453e194e120849a4870b66cc6b9965330013b4898dc856"
        "a4699e523a55db080b59ec3a8e4b7e52775b07d1db34ed9c538ab50c551b874a"
        "a269add047ad2d5913ac19b7cfbad4a6"
    )
    key = bytes.fromhex("90d382b410eeba7ad938c46cec1a82bf")
    opened = association("hmac-sha-1-96", "aes-cbc", AUTH, key).open(packet + _icv(packet))
    assert isinstance(opened, Opened)
    assert (opened.next_header, opened.sequence, opened.padding) == (1, 1, 14)
    assert opened.payload.startswith(bytes.fromhex("08000ebda70a00008e9c083db95b070008090a0b"))
    assert opened.payload.endswith(bytes(range(0x30, 0x38)))


def _icv(packet: bytes) -> bytes:
    return hmac.digest(AUTH, packet, "sha1")[:12]
