"""Checksums of UDP and TCP that a host leaves to its network card (RFC 768, RFC 9293 3.1, RFC 1071).

A capture on that host has its outgoing packets before the card completes them: with the sum of the pseudo-header
alone, or with what stood there before. That is no fault, but tells where the capture was taken.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

UDP: Final = 17
_PLACE: Final = {UDP: 6, 6: 16}


class Checksum(Enum):
    """What stands in the checksum field of a packet."""

    RIGHT = "right"
    PARTIAL = "partial"
    """Only the pseudo-header is summed up: the rest is left to the card."""
    WRONG = "wrong"
    NONE = "none"
    """UDP over IPv4 may go without."""


def look(source: bytes, destination: bytes, protocol: int, payload: bytes) -> Checksum:
    """Verify the checksum of a whole UDP datagram or TCP segment."""
    place = _PLACE[protocol]
    if len(payload) < place + 2:
        return Checksum.NONE
    found = int.from_bytes(payload[place : place + 2], "big")
    if protocol == UDP and not found:
        return Checksum.NONE
    pseudo = _fold(_sum(source + destination) + protocol + len(payload))
    if _fold(pseudo + _sum(payload)) in (0, 0xFFFF):
        return Checksum.RIGHT
    return Checksum.PARTIAL if found == pseudo else Checksum.WRONG


def _sum(octets: bytes) -> int:
    """The sum of the 16-bit words, not yet folded: modulo 0xFFFF a number is what its words add up to."""
    value = int.from_bytes(octets + b"\0" * (len(octets) & 1), "big")
    return value % 0xFFFF or (0xFFFF if value else 0)


def _fold(total: int) -> int:
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total
