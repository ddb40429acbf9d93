"""The esp_sa file: what is in it, and that Wireshark reads it."""

from __future__ import annotations

import itertools
import os
import subprocess
from ipaddress import ip_address
from pathlib import Path

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.ipsec import ESP
from scapy.layers.ipsec import SecurityAssociation as Encryptor
from scapy.packet import Raw
from scapy.utils import wrpcap

from analyzer.ipsec.algorithms import Keys
from analyzer.ipsec.esp import SecurityAssociation
from analyzer.ipsec.secret import Secret
from analyzer.keys.entries import ExplicitSa
from analyzer.keys.export import wireshark
from analyzer.keys.formats.wireshark import read

AUTH = bytes(range(1, 21))
ENC = bytes(range(33, 57))
UE, PCSCF = "10.20.0.11", "10.20.0.1"


def association(
    alg: str = "hmac-sha-1-96",
    ealg: str = "aes-cbc",
    *,
    spi: int = 0x1001,
    source: str | None = UE,
    destination: str = PCSCF,
    auth: bytes = AUTH,
    enc: bytes = ENC[:16],
    keyed: bool = True,
) -> SecurityAssociation:
    return SecurityAssociation(
        spi=spi,
        source=None if source is None else ip_address(source).packed,
        destination=ip_address(destination).packed,
        alg=alg,
        ealg=ealg,
        keys=Keys(Secret(auth), Secret(enc)) if keyed else None,
    )


def test_one_association_is_one_line_of_eight_values() -> None:
    assert wireshark([association()]).splitlines()[1:] == [
        '"IPv4","10.20.0.11","10.20.0.1","0x00001001",'
        '"AES-CBC [RFC3602]","0x2122232425262728292a2b2c2d2e2f30",'
        '"HMAC-SHA-1-96 [RFC2404]","0x0102030405060708090a0b0c0d0e0f1011121314"'
    ]


def test_ipv6_any_source_and_null() -> None:
    sa = association("hmac-md5-96", "null", source=None, destination="fd00:20::1", spi=2**32 - 1, enc=b"")
    assert wireshark([sa]).splitlines()[1].startswith('"IPv6","*","fd00:20::1","0xffffffff","NULL","","HMAC-MD5-96')


def test_without_keys_and_repeated_associations_are_left_out() -> None:
    assert len(wireshark([association(keyed=False), association(), association()]).splitlines()) == 2


def test_a_line_that_wireshark_will_not_use_says_so() -> None:
    lines = wireshark([association(), association(auth=AUTH[::-1])]).splitlines()
    assert len(lines) == 4
    assert lines[2].startswith("# Not used by Wireshark")


def test_another_spelling_of_an_algorithm_is_the_same() -> None:
    assert wireshark([association("hmac-sha1-96")]) == wireshark([association("hmac-sha-1-96")])


@pytest.mark.parametrize(
    ("alg", "ealg"),
    [
        *itertools.product(("hmac-sha-1-96", "hmac-md5-96"), ("aes-cbc", "des-ede3-cbc", "null")),
        ("null", "aes-gcm"),
    ],
)
def test_our_own_reader_understands_it(alg: str, ealg: str) -> None:
    auth = AUTH[: {"hmac-sha-1-96": 20, "hmac-md5-96": 16, "null": 0}[alg]]
    enc = ENC[: {"aes-cbc": 16, "des-ede3-cbc": 24, "aes-gcm": 20, "null": 0}[ealg]]
    (entry,) = read(wireshark([association(alg, ealg, auth=auth, enc=enc)]), "esp_sa").entries
    assert isinstance(entry, ExplicitSa)
    assert (entry.alg, entry.ealg, entry.spi) == (alg, ealg, 0x1001)
    assert (entry.keys.auth.octets, entry.keys.enc.octets) == (auth, enc)


def test_wireshark_has_no_name_for_gmac() -> None:
    sa = association("aes-gmac", "null", enc=b"")
    (_, line) = wireshark([sa, sa]).splitlines()
    assert line == (
        '# Left out, since Wireshark has no name for aes-gmac: "IPv4","10.20.0.11","10.20.0.1","0x00001001"'
    )


def encrypted(sa: SecurityAssociation, auth: str, crypt: str) -> Raw:
    assert sa.keys is not None and sa.source is not None
    layer = IP if len(sa.destination) == 4 else IPv6
    packet = layer(src=str(ip_address(sa.source)), dst=str(ip_address(sa.destination)))
    packet /= UDP(sport=5061, dport=5063) / Raw(
        b"OPTIONS sip:a@b SIP/2.0\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
    )
    encryptor = Encryptor(
        ESP,
        spi=sa.spi,
        seq_num=1,
        crypt_algo=crypt,
        crypt_key=sa.keys.enc.octets,
        auth_algo=auth,
        auth_key=sa.keys.auth.octets,
    )
    return encryptor.encrypt(packet)


@pytest.mark.tshark
@pytest.mark.parametrize(
    ("alg", "auth", "ealg", "crypt"),
    [
        *(
            (*first, *second)
            for first in (("hmac-sha-1-96", "HMAC-SHA1-96"), ("hmac-md5-96", "HMAC-MD5-96"))
            for second in (("aes-cbc", "AES-CBC"), ("des-ede3-cbc", "3DES"), ("null", "NULL"))
        ),
        ("null", "NULL", "aes-gcm", "AES-GCM"),
    ],
)
@pytest.mark.parametrize("ends", [(UE, PCSCF), ("fd00:20::b", "fd00:20::1")], ids=["IPv4", "IPv6"])
def test_wireshark_decrypts_with_it(
    tmp_path: Path, alg: str, auth: str, ealg: str, crypt: str, ends: tuple[str, str]
) -> None:
    lengths = {"aes-cbc": 16, "des-ede3-cbc": 24, "aes-gcm": 20, "null": 0}
    sa = association(
        alg,
        ealg,
        source=ends[0],
        destination=ends[1],
        auth=AUTH[: {"hmac-sha-1-96": 20, "hmac-md5-96": 16, "null": 0}[alg]],
        enc=ENC[: lengths[ealg]],
    )
    capture = tmp_path / "esp.pcap"
    wrpcap(str(capture), [encrypted(sa, auth, crypt)], linktype=101)
    (tmp_path / "esp_sa").write_text(wireshark([sa]))
    command = ["tshark", "-r", str(capture), "-d", "udp.port==5063,sip", "-T", "fields", "-e", "sip.Method"]
    command += ["-e", "esp.icv_good"]
    for option in ("enable_encryption_decode", "enable_authentication_check"):
        command += ["-o", f"esp.{option}:TRUE"]
    environment = os.environ | {"WIRESHARK_CONFIG_DIR": str(tmp_path), "HOME": str(tmp_path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() in (["OPTIONS", "1"], ["OPTIONS", "True"]), done.stderr
