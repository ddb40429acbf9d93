"""Our own key file: what it can say, and errors that point without quoting."""

from __future__ import annotations

import ipaddress
import traceback

import pytest

from analyzer.frame import SECOND
from analyzer.ipsec.secret import Secret
from analyzer.keys.entries import ExplicitSa, KeyFileError, Subscriber, Vector
from analyzer.keys.formats.toml import read

KEY = "465b5ce8b199b49faa5f0a2ee238a6bc"
OPC = "cd63cb71954a9f4e48a5994e37a02baf"
IMPI = "001010000000001@ims.mnc001.mcc001.3gppnetwork.org"

WHOLE = f"""
# a comment
[[subscriber]]
impi = "{IMPI}"
k    = "{KEY}"
opc  = "0x{OPC.upper()}"

[[ subscriber ]]
impi = "other"
k = "{KEY}"
op = "cdc202d5123e20f62b6d676ac72cb318"

[[aka]]
impi = "{IMPI}"
rand = "00112233445566778899aabbccddeeff"
ck = "{KEY}"
ik = "{OPC}"
[[aka]]
ck = "{OPC}"
ik = "{KEY}"

[[sa]]
src = "10.0.0.1"
dst = "10.0.0.2"
spi = 0x00001234
src_port = 5061
dst_port = 6100
mode = "transport"
alg = "hmac-sha-1-96"
auth_key = "{KEY}00000000"
ealg = "aes-cbc"
enc_key = "{OPC}"
from = 2020-01-01T01:00:00.000001+01:00
until = 1969-12-31T23:59:59Z

[[sa]]
dst = "fd00::2"
spi = 4660
alg = "HMAC-MD5-96"
auth_key = "{KEY}"
"""


def test_everything() -> None:
    contents = read(WHOLE, "keys.toml")
    first, second, narrow, wide, whole, least = contents.entries
    assert contents.notices == []
    k, opc = Secret(bytes.fromhex(KEY)), Secret(bytes.fromhex(OPC))
    assert first == Subscriber(IMPI, k, opc, "keys.toml:3")
    assert second == Subscriber("other", k, opc, "keys.toml:8")  # OPc follows from OP
    rand = bytes.fromhex("00112233445566778899aabbccddeeff")
    assert narrow == Vector(IMPI, rand, k, opc, None, "keys.toml:13")
    assert wide == Vector(None, None, opc, k, None, "keys.toml:18")

    assert isinstance(whole, ExplicitSa)
    assert (whole.source, whole.destination, whole.spi) == (b"\x0a\0\0\1", b"\x0a\0\0\2", 0x1234)
    assert (whole.source_port, whole.destination_port, whole.mode) == (5061, 6100, "transport")
    assert (whole.alg, whole.ealg, whole.origin) == ("hmac-sha-1-96", "aes-cbc", "keys.toml:22")
    assert (whole.keys.auth.octets.hex(), whole.keys.enc) == (KEY + "00000000", opc)
    assert (whole.since, whole.until) == (1_577_836_800 * SECOND + 1_000, -SECOND)

    assert isinstance(least, ExplicitSa)
    assert (least.source, least.destination) == (None, ipaddress.ip_address("fd00::2").packed)
    assert (least.alg, least.ealg, least.keys.enc) == ("hmac-md5-96", "null", Secret(b""))
    assert (least.source_port, least.mode, least.since) == (None, None, None)


def test_tables_without_a_heading_have_their_index() -> None:
    text = f'aka = [{{ck = "{KEY}", ik = "{KEY}"}}, {{ck = "{OPC}"}}]'
    with pytest.raises(KeyFileError, match=r"^k: aka table 2: ik is missing$"):
        read(text, "k")
    assert read(text.replace("}]", f', ik = "{KEY}"}}]'), "k").entries[1].origin == "k, aka table 2"


SA = '[[sa]]\ndst = "10.0.0.2"\nspi = 1\nalg = "hmac-md5-96"\n'
BROKEN = [
    (f"\n[[subscriber]]\nk = '{KEY}'\nopc = '{OPC}'", ":2: subscriber table 1: impi is missing"),
    (f"[[subscriber]]\nimpi = 'a'\nopc = '{KEY}'", ":1: subscriber table 1: k is missing"),
    (f"[[subscriber]]\nimpi = 'a'\nk = '{KEY}'", "either opc or op"),
    (f"[[subscriber]]\nimpi = 'a'\nk = '{KEY}'\nop = '{KEY}'\nopc = '{KEY}'", "either opc or op"),
    (f"[[subscriber]]\nimpi = 'a'\nk = '{KEY}00'\nopc = '{KEY}'", "k must have 16 octets, this one has 17"),
    (f"[[subscriber]]\nimpi = 'a'\nk = '{KEY}0'\nopc = '{KEY}'", "k must be hexadecimal"),
    (f"[[subscriber]]\nimpi = 'a'\nk = 0x{KEY}\nopc = '{KEY}'", "k must be text in quotation marks"),
    (f"[[subscriber]]\nimpi = 'a'\nk = '{KEY}'\nopc = '{KEY}'\n{KEY} = 1", "a field has no meaning here"),
    (
        f"[[aka]]\nck = '{KEY}'\nik = '{KEY}'\n\n[[aka]]\nck = 'x{KEY}'\nik = '{KEY}'",
        ":5: aka table 2: ck must be hexa",
    ),
    (f"[[aka]]\nck = '{KEY}'\nik = '{KEY}'\nrand = '00'", "rand must have 16 octets"),
    (SA, "auth_key is missing"),
    (SA + f"auth_key = '{KEY}{KEY}'", "hmac-md5-96 wants a key of 16 octets, this one has 32"),
    (SA + f"auth_key = '{KEY}'\nealg = 'aes-cbc'", "enc_key is missing"),
    (SA + "ealg = 'aes-gcm'", "aes-gcm stands for itself: the integrity algorithm beside it must be null"),
    (SA.replace("hmac-md5-96", "null") + f"ealg = 'aes-gcm'\nenc_key = '{KEY}'", "wants a key of 20 or 28 or 36"),
    (SA + f"auth_key = '{KEY}'\nenc_key = '{KEY}'", "null wants a key of 0 octets, this one has 16"),
    (SA + f"auth_key = '{KEY}'\nealg = '{KEY}'", "ealg: the encryption algorithm is not one"),
    (SA + f"auth_key = '{KEY}'\nmode = '{KEY}'", "mode must be"),
    (SA + f"auth_key = '{KEY}'\nsrc = '{KEY}'", "src must be an IPv4 or IPv6 address"),
    (SA + f"auth_key = '{KEY}'\nfrom = 2020-01-01T00:00:00", "from must be a date and time with a time zone"),
    (SA + f"auth_key = '{KEY}'\nsrc_port = 65536", "src_port must be a number from 0 to 65535"),
    (SA.replace("spi = 1", "spi = -1"), "spi must be a number from 0 to 4294967295"),
    (SA.replace("spi = 1", "spi = true"), "spi must be a number"),
    (SA.replace("spi = 1", f"spi = '{KEY}'"), "spi must be a number"),
    (SA.replace("spi = 1", ""), "spi is missing"),
    (SA.replace("dst", "src"), "dst is missing"),
    (f"[[subscribers]]\nk = '{KEY}'", ":1: only subscriber, aka, sa tables"),
    (f"\n[subscriber]\nk = '{KEY}'", ":2: subscriber must be written with two brackets: [[subscriber]]"),
    (f"subscriber = ['{KEY}']", ":1: subscriber must be written with two brackets: [[subscriber]]"),
    (f"[[sa]]\n\nk = '{KEY}\n", ":3: this is not TOML"),
    (f"[[sa]]\nk = {KEY}\n", ":2: this is not TOML"),
    (f"[[sa]]\nk = '{KEY}'\nk = '{KEY}'\n", ":3: this is not TOML"),
    ("sa = " + "[" * 5000, ":1: this is not TOML"),
]


@pytest.mark.parametrize(("text", "message"), BROKEN, ids=[message for _, message in BROKEN])
def test_errors_point_and_do_not_quote(text: str, message: str) -> None:
    with pytest.raises(KeyFileError) as raised:
        read(text, "keys.toml")
    assert str(raised.value).startswith("keys.toml")
    assert message in str(raised.value)
    shown = "".join(traceback.format_exception(raised.value))
    assert KEY[:8] not in shown
    assert OPC[:8] not in shown
