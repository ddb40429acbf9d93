"""All mutations, by family."""

from __future__ import annotations

from . import negotiation, ports, protection, transport

FAMILIES = {
    "NEG": negotiation.MUTATIONS,
    "PORT": ports.MUTATIONS,
    "SA": protection.MUTATIONS,
    "TRN": transport.MUTATIONS,
}
