"""Keyed security associations in a form that other tools read; the only place that turns keys into text.

Wireshark's `esp_sa`: a profile file of quoted values, one association a line (protocol, source, destination, SPI,
encryption and its key, authentication and its key).
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address

from analyzer.ipsec.algorithms import pair
from analyzer.ipsec.esp import SecurityAssociation


def wireshark(associations: Iterable[SecurityAssociation]) -> str:
    """The `esp_sa` file of these associations; one without keys is left out, one that is repeated stands once.

    Wireshark looks no further than the first line that fits a packet. A line that it will therefore not use, because
    the SPI was given away again with other keys, has a comment above it that says so. An association with an
    algorithm that Wireshark has no name for is a comment alone, without its keys.
    """
    lines = ["# Security associations with their keys, written by gmaudit for Wireshark (file esp_sa of a profile)."]
    written: set[str] = set()
    selectors: set[str] = set()
    for association in associations:
        keys = association.keys
        if keys is None:
            continue
        alg, ealg = pair(association.alg, association.ealg)
        selector = _selector(association)
        if alg.esp_sa is None:
            line = f"# Left out, since Wireshark has no name for {alg.name}: {selector}"
        else:
            sealed, signed = _key(keys.enc.octets), _key(keys.auth.octets)
            line = f'{selector},"{ealg.esp_sa}",{sealed},"{alg.esp_sa}",{signed}'
            if selector in selectors and line not in written:
                lines.append("# Not used by Wireshark: these addresses and this SPI stand above with other keys.")
            selectors.add(selector)
        if line not in written:
            written.add(line)
            lines.append(line)
    return "\n".join(lines) + "\n"


def _selector(association: SecurityAssociation) -> str:
    destination = ip_address(association.destination)
    source = "*" if association.source is None else str(ip_address(association.source))
    return f'"IPv{destination.version}","{source}","{destination}","0x{association.spi:08x}"'


def _key(octets: bytes) -> str:
    return f'"0x{octets.hex()}"' if octets else '""'
