"""The secrets of ``tcpdump -E``: an encryption key for an SPI and an address, or for all."""

from __future__ import annotations

import ipaddress
import traceback

import pytest

from analyzer.keys.entries import ANYTHING, ExplicitSa, KeyFileError
from analyzer.keys.formats.secrets import read

KEY = "4043434545464649494a4a4c4c4f4f515152525454575758"
LINE = f"0x12345678@192.1.2.45 3des-cbc-hmac96:0x{KEY}"


def one(text: str) -> ExplicitSa:
    contents = read(text, "secrets")
    assert contents.notices == []
    (entry,) = contents.entries
    assert isinstance(entry, ExplicitSa)
    return entry


def test_a_line() -> None:
    entry = one(f"# a comment\n\n{LINE}\n")
    assert (entry.spi, entry.source, entry.destination) == (0x12345678, None, bytes([192, 1, 2, 45]))
    assert (entry.alg, entry.ealg) == ("unchecked-96", "des-ede3-cbc")
    assert (entry.keys.enc.octets.hex(), entry.keys.auth.octets) == (KEY, b"")
    assert entry.origin == "secrets:3"


@pytest.mark.parametrize(
    ("name", "alg", "ealg", "length"),
    [
        ("3des-cbc-hmac96", "unchecked-96", "des-ede3-cbc", 24),
        ("des3-cbc-hmac96", "unchecked-96", "des-ede3-cbc", 24),
        ("des-ede3-cbc", "null", "des-ede3-cbc", 24),
        ("aes128-cbc-hmac96", "unchecked-96", "aes-cbc", 16),
        ("AES-128-CBC-HMAC96", "unchecked-96", "aes-cbc", 16),
        ("aes256-cbc", "null", "aes-cbc", 32),
    ],
)
def test_names(name: str, alg: str, ealg: str, length: int) -> None:
    key = bytes(range(length))
    entry = one(f"4660@2001:db8::1\t{name}:0x{key.hex()}")
    assert (entry.alg, entry.ealg, entry.spi) == (alg, ealg, 4660)
    assert entry.destination == ipaddress.ip_address("2001:db8::1").packed
    assert entry.keys.enc.octets == key


def test_a_secret_for_all_and_one_in_plain_text() -> None:
    entry = one("aes128-cbc-hmac96:sixteen letters!")
    assert (entry.destinations, entry.spi) == (ANYTHING, None)
    assert entry.spis.matches(bytes(4))
    assert entry.keys.enc.octets == b"sixteen letters!"


def test_what_is_left_out_and_named() -> None:
    text = f"""file /etc/esp-secrets
ikev2 I 0x0001020304050607 0x0001020304050607 sha1:0x{KEY} aes128:0x{KEY}
{LINE}
0x1@10.0.0.1 blowfish-cbc:0x{KEY}
"""
    contents = read(text, "secrets")
    assert [entry.origin for entry in contents.entries] == ["secrets:3"]
    assert [notice[:9] for notice in contents.notices] == ["secrets:1", "secrets:2", "secrets:4"]
    assert KEY[:8] not in " ".join(contents.notices)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (LINE.replace("@", " "), "SPI@ADDRESS"),
        (LINE.replace(":0x", " 0x"), "SPI@ADDRESS"),
        (LINE.replace("192.1.2.45", "192.1.2"), "an IPv4 or IPv6 address"),
        (LINE.replace("0x12345678", "0x123456789"), "there must be an SPI"),
        (LINE.replace("0x12345678", "9999999999"), "32 bits"),
        (LINE[:-1], "a key must be"),
        (LINE[:-2], "des-ede3-cbc wants a key of 24 octets, this one has 23"),
        (LINE.replace("0x" + KEY, "\u4e00" * 24), "a key must be"),
    ],
)
def test_errors_point_and_do_not_quote(text: str, message: str) -> None:
    with pytest.raises(KeyFileError) as raised:
        read(f"\n{text}", "secrets")
    assert str(raised.value).startswith("secrets:2: ")
    assert message in str(raised.value)
    assert KEY[:8] not in "".join(traceback.format_exception(raised.value))
