"""ESP packets made by scapy, which is not ours, for the tests of this folder."""

from __future__ import annotations

import ipaddress
from typing import Any, Final

from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.ipsec import ESP
from scapy.layers.ipsec import SecurityAssociation as ScapyAssociation
from scapy.packet import Raw

from analyzer.ipsec.algorithms import Keys, expand
from analyzer.ipsec.esp import SecurityAssociation
from analyzer.ipsec.secret import Secret

INTEGRITY_OF: Final = {
    "hmac-md5-96": "HMAC-MD5-96",
    "hmac-sha-1-96": "HMAC-SHA1-96",
    "aes-gmac": "NULL",  # to scapy, RFC 4543 is a cipher
    "null": "NULL",
}
ENCRYPTION_OF: Final = {"aes-cbc": "AES-CBC", "des-ede3-cbc": "3DES", "aes-gcm": "AES-GCM", "null": "NULL"}

CK: Final = Secret(bytes.fromhex("ac5c3dd68d728bab804fbe1e53ae37e4"))
IK: Final = Secret(bytes.fromhex("0365e5fd1e4d2e7c0f1b7282196afa96"))
UE4, PCSCF4 = "10.20.0.11", "10.20.0.1"
UE6, PCSCF6 = "fd00:20::b", "fd00:20::1"
SPI: Final = 0xB1D35731


def octets(address: str) -> bytes:
    return ipaddress.ip_address(address).packed


def protected(
    alg: str,
    ealg: str,
    *,
    keys: Keys | None = None,
    spi: int = SPI,
    sequence: int = 1,
    text: bytes = b"REGISTER sip:home SIP/2.0\r\n\r\n",
    six: bool = False,
    tcp: bool = False,
) -> tuple[bytes, bytes]:
    """A packet from its SPI on, and the transport header and payload that are in it."""
    keys = keys or expand(alg, ealg, CK, IK)
    ip: Any = IPv6(src=UE6, dst=PCSCF6) if six else IP(src=UE4, dst=PCSCF4)
    transport: Any = TCP(sport=46432, dport=6100, seq=7) if tcp else UDP(sport=46432, dport=6100)
    clear = ip.__class__(bytes(ip / transport / Raw(text)))
    gmac = alg == "aes-gmac"
    association = ScapyAssociation(
        ESP,
        spi=spi,
        seq_num=sequence,
        crypt_algo="AES-NULL-GMAC" if gmac else ENCRYPTION_OF[ealg],
        crypt_key=keys.auth.octets if gmac else keys.enc.octets,
        auth_algo=INTEGRITY_OF[alg],
        auth_key=keys.auth.octets,
    )
    inside = bytes(clear.payload)
    length = association.crypt_algo.iv_size
    iv = sequence.to_bytes(length) if length else b""  # fixed: every run is the same
    return bytes(association.encrypt(clear, iv=iv).payload), inside


def association(
    alg: str,
    ealg: str,
    *,
    keys: Keys | None = None,
    keyless: bool = False,
    spi: int = SPI,
    source: str | None = UE4,
    destination: str = PCSCF4,
) -> SecurityAssociation:
    """Ours, with the keys of CK and IK unless others are given."""
    return SecurityAssociation(
        spi=spi,
        destination=octets(destination),
        source=None if source is None else octets(source),
        alg=alg,
        ealg=ealg,
        keys=None if keyless else keys or expand(alg, ealg, CK, IK),
    )


def other_keys(alg: str, ealg: str, seed: int = 1) -> Keys:
    """Keys that fit nothing that CK and IK protect."""
    return expand(alg, ealg, Secret(bytes([seed]) * 16), Secret(bytes([seed + 100]) * 16))
