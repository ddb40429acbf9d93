"""Keyed security associations in a form that other tools read; the only place that turns keys into text.

Wireshark's `esp_sa`: a profile file of quoted values, one association a line (protocol, source, destination, SPI,
encryption and its key, authentication and its key).
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address
from typing import Final

from analyzer.ipsec.algorithms import encryption, integrity
from analyzer.ipsec.esp import SecurityAssociation

WIRESHARK: Final = {
    "integrity": {
        "hmac-sha-1-96": "HMAC-SHA-1-96 [RFC2404]",
        "hmac-md5-96": "HMAC-MD5-96 [RFC2403]",
        "null": "NULL",
    },
    "encryption": {
        "aes-cbc": "AES-CBC [RFC3602]",
        "des-ede3-cbc": "TripleDES-CBC [RFC2451]",
        "null": "NULL",
    },
}
"""Names that Wireshark takes, letter by letter, for those of the table of algorithms."""


def wireshark(associations: Iterable[SecurityAssociation]) -> str:
    """The `esp_sa` file of these associations; one without keys is left out, one that is repeated stands once.

    Wireshark looks no further than the first line that fits a packet. A line that it will therefore not use, because
    the SPI was given away again with other keys, has a comment above it that says so.
    """
    lines = ["# Security associations with their keys, written by gmaudit for Wireshark (file esp_sa of a profile)."]
    written: dict[str, None] = {}
    selectors: set[str] = set()
    for association in associations:
        keys = association.keys
        if keys is None:
            continue
        selector = _selector(association)
        line = ",".join(
            (
                selector,
                f'"{WIRESHARK["encryption"][encryption(association.ealg).name]}"',
                _key(keys.enc.octets),
                f'"{WIRESHARK["integrity"][integrity(association.alg).name]}"',
                _key(keys.auth.octets),
            )
        )
        if line in written:
            continue
        written[line] = None
        if selector in selectors:
            lines.append("# Not used by Wireshark: these addresses and this SPI stand above with other keys.")
        selectors.add(selector)
        lines.append(line)
    return "\n".join(lines) + "\n"


def _selector(association: SecurityAssociation) -> str:
    destination = ip_address(association.destination)
    source = "*" if association.source is None else str(ip_address(association.source))
    return f'"IPv{destination.version}","{source}","{destination}","0x{association.spi:08x}"'


def _key(octets: bytes) -> str:
    return f'"0x{octets.hex()}"' if octets else '""'
