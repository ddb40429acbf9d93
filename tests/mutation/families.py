"""All mutations, by family."""

from __future__ import annotations

from . import (
    algorithms,
    answers,
    authentication,
    captured,
    cleartext,
    confirmation,
    harmless,
    lifetime,
    negotiation,
    packets,
    permitted,
    ports,
    protection,
    transport,
)

FAMILIES = {
    "NEG": [*negotiation.MUTATIONS, *confirmation.MUTATIONS],
    "PORT": ports.MUTATIONS,
    "SA": [*protection.MUTATIONS, *answers.MUTATIONS],
    "LIFE": lifetime.MUTATIONS,
    "AUTH": authentication.MUTATIONS,
    "ESP": packets.MUTATIONS,
    "TRN": transport.MUTATIONS,
    "CLR": cleartext.MUTATIONS,
    "CRY": algorithms.MUTATIONS,
    "harmless": [*harmless.MUTATIONS, *captured.MUTATIONS, *permitted.MUTATIONS],
}

MUTATIONS = [each for mutations in FAMILIES.values() for each in mutations]
