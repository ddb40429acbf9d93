"""E8: the facts of the ESP packet that a finding is about. Keys are used to read its trailer, and never shown."""

from __future__ import annotations

from typing import Final

from analyzer.evidence import EspPacket
from analyzer.ims.vocabulary import Role, SetTerms
from analyzer.ipsec.esp import SecurityAssociation
from analyzer.proof.around import Around

PADDING: Final = 32
"""Octets of padding that are shown."""


def packets(around: Around) -> tuple[tuple[EspPacket, ...], str]:
    """The packet of the event, as far as its octets are still at hand; and what is missing, in words."""
    terms, role, sequence = around.named.get("terms"), around.named.get("role"), around.named.get("sequence")
    for each in around.sightings.values():
        if each.at == around.at and each.protection is not None:
            terms, role, sequence = each.protection.terms, each.protection.role, each.protection.sequence
    if isinstance(terms, SetTerms) and role is None and around.packet is not None:
        announced = int.from_bytes(around.packet.payload[:4], "big")
        role = next((each for each in Role if terms.spi(each) == announced), None)
    spi = terms.spi(role) if isinstance(terms, SetTerms) and isinstance(role, Role) else around.named.get("spi")
    if not isinstance(spi, int):
        return (), "the ESP packet: there is none"
    binding = around.binding(terms, role) if isinstance(terms, SetTerms) else None
    association = binding.association if binding is not None else None
    made = EspPacket(
        around.at,
        spi,
        sequence if isinstance(sequence, int) else None,
        *(None, None, None, None, None),
        association.demanded_icv if association is not None else None,
        association.icv if association is not None and association.icv else None,
    )
    packet = around.packet
    if packet is None or packet.payload[:4] != spi.to_bytes(4, "big"):
        return (made,), "the octets of the ESP packet: this was settled later; look at the frame"
    return (_read(made, packet.payload, association),), ""


def _read(made: EspPacket, packet: bytes, association: SecurityAssociation | None) -> EspPacket:
    made = made._replace(octets=len(packet), sequence=int.from_bytes(packet[4:8], "big") if len(packet) >= 8 else None)
    if association is None:
        return made
    iv, trailer = association.layout(packet)
    made = made._replace(iv=iv.hex())
    if trailer is None:
        return made
    return made._replace(
        padding=trailer.padding[:PADDING].hex(), pad_length=trailer.length, next_header=trailer.next_header
    )
