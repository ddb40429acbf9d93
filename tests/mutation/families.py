"""All mutations, by family."""

from __future__ import annotations

from . import algorithms, authentication, cleartext, lifetime, negotiation, packets, ports, protection, transport

FAMILIES = {
    "NEG": negotiation.MUTATIONS,
    "PORT": ports.MUTATIONS,
    "SA": protection.MUTATIONS,
    "LIFE": lifetime.MUTATIONS,
    "AUTH": authentication.MUTATIONS,
    "ESP": packets.MUTATIONS,
    "TRN": transport.MUTATIONS,
    "CLR": cleartext.MUTATIONS,
    "CRY": algorithms.MUTATIONS,
}
