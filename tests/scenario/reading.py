"""Reads a scenario back with scapy alone: what a test compares the builder, or the analyzer, against."""

from __future__ import annotations

import itertools
from typing import Any

from scapy.layers import ipsec
from scapy.layers.inet import Ether
from scapy.packet import Raw

from .aka import cipher_key, integrity_key
from .crypto import AUTH, CRYPT
from .scenario import Scenario
from .state import Role, SaSet

ROLES: tuple[Role, ...] = ("uc>ps", "ps>uc", "pc>us", "us>pc")


def whole(scenario: Scenario) -> tuple[SaSet, SaSet]:
    """Everything once: registration, calls both ways, re-registration, traffic after it, deregistration."""
    first = scenario.register()
    scenario.request("ue", "SUBSCRIBE", on=first)
    scenario.request("pcscf", "NOTIFY", on=first)
    scenario.call("ue", on=first)
    scenario.call("pcscf", on=first)
    second = scenario.register(over=first)
    scenario.wait(3)
    scenario.request("ue", "MESSAGE", on=second)
    scenario.wait(3)
    scenario.request("pcscf", "OPTIONS", on=second)
    scenario.refresh(on=second)
    scenario.deregister(on=second)
    return first, second


def packet(scenario: Scenario, label: str) -> Any:
    """The IP packet of a label's last frame."""
    return Ether(scenario.frames()[scenario.frame(label) - 1].data).payload


def associations(scenario: Scenario) -> dict[int, tuple[SaSet, Role, Any]]:
    """What an IPsec stack with the right keys would hold, by SPI."""
    found = {}
    for sa_set, role in itertools.product(scenario.sets, ROLES):
        spi = sa_set.selector(role)[2]
        vector = sa_set.vector
        gmac = sa_set.alg == "aes-gmac"
        encryption = "AES-NULL-GMAC" if gmac else CRYPT[sa_set.ealg]
        key = integrity_key if gmac else cipher_key
        found[spi] = (
            sa_set,
            role,
            ipsec.SecurityAssociation(
                ipsec.ESP,
                spi=spi,
                crypt_algo=encryption,
                crypt_key=None
                if encryption == "NULL"
                else key(sa_set.alg if gmac else sa_set.ealg, vector.ck, vector.ik),
                auth_algo=AUTH[sa_set.alg],
                auth_key=integrity_key(sa_set.alg, vector.ck, vector.ik) if AUTH[sa_set.alg] != "NULL" else None,
            ),
        )
    return found


def opened(scenario: Scenario) -> list[tuple[str, Any, Role | None]]:
    """Label, IP packet without ESP, and SA role of each frame; an ICV that does not verify raises."""
    known = associations(scenario)
    result = []
    for frame in scenario.frames():
        inner = Ether(frame.data).payload
        role = None
        if ipsec.ESP in inner:
            _, role, association = known[inner[ipsec.ESP].spi]
            inner = association.decrypt(inner)
        result.append((scenario.label_of(frame.number), inner, role))
    return result


def plain(scenario: Scenario, label: str) -> bytes:
    """Payload above UDP or TCP of the label's frames, after decryption."""
    return b"".join(bytes(inner[Raw].load) for name, inner, _ in opened(scenario) if name == label)


def way(scenario: Scenario, label: str) -> tuple[int | None, str | None]:
    """Generation of the set that protects a message, and the SA role."""
    sent = scenario.sent[label]
    return (sent.on.generation if sent.on else None, sent.role)
