"""Initialisation vectors that are repeated or can be predicted.

RFC 3602 3 and RFC 2451 ask for an unpredictable IV in every packet of a CBC association, RFC 4106 3.1 and RFC 4543 3.1
for one that never repeats under a key; all four associations of a set have the same key (TS 33.203 Annex I), so there
the set counts and not the association. IVs are looked at in a bounded window (R21): those of CBC in the first packets
of an association, since whoever makes them badly does so from the start, those of the combined modes in the last ones
of the set.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final, NamedTuple

from analyzer.frame import FrameRef
from analyzer.ims.vocabulary import Role

CBC_PACKETS: Final = 256
"""Packets of a CBC association whose IVs are looked at."""
COMBINED_PACKETS: Final = 2048
"""IVs of a set with a combined mode that are remembered; the oldest goes first."""
STEPS: Final = 7
"""Equal steps from IV to IV, in packets that follow each other, that make a counter."""

REPEATED, COUNTED, CHAINED = "iv-repeated", "iv-counted", "iv-chained"


class BadIv(NamedTuple):
    """An IV that must not be."""

    kind: str
    """REPEATED, COUNTED or CHAINED."""
    earlier: FrameRef
    """The packet that it follows from."""
    other_role: Role | None
    """Repeated on another association of the set: which one had it first."""


class CbcIvs:
    """The IVs of one CBC association, from its first packet on."""

    __slots__ = ("_block", "_last", "_seen", "_sequence", "_step", "_steps", "_tail", "_told", "looked_at")

    def __init__(self, block: int, icv: int) -> None:
        self._block = block
        self._tail = icv + block
        """How far from the end the last block of ciphertext begins."""
        self._seen: dict[bytes, FrameRef] = {}
        self._last: tuple[int, bytes, FrameRef] | None = None
        """IV as a number, last block of ciphertext, and frame of the packet before."""
        self._sequence = 0
        self._step = self._steps = 0
        self._told: set[str] = set()
        self.looked_at = 0

    def look(self, packet: bytes, sequence: int, at: FrameRef) -> BadIv | None:
        """Look at a packet, given from its SPI on; what is wrong with its IV, each kind of fault once."""
        if self.looked_at >= CBC_PACKETS:
            return None
        self.looked_at += 1
        block = self._block
        iv = packet[8 : 8 + block]
        last, number = self._last, int.from_bytes(iv, "big")
        follows = sequence == self._sequence + 1
        self._sequence = sequence
        self._last = number, packet[-self._tail : block - self._tail or None], at
        earlier = self._seen.get(iv)
        if earlier is not None:
            return self._once(REPEATED, earlier)
        self._seen[iv] = at
        if last is None or not follows:
            self._steps = 0
            return None
        step = number - last[0]
        self._steps = self._steps + 1 if step == self._step else 1
        self._step = step
        if self._steps >= STEPS:
            return self._once(COUNTED, last[2])
        # RFC 2451 leaves chaining open, so that only AES is held to it (R21).
        return self._once(CHAINED, last[2]) if block == 16 and iv == last[1] else None

    def _once(self, kind: str, earlier: FrameRef) -> BadIv | None:
        if kind in self._told:
            return None
        self._told.add(kind)
        return BadIv(kind, earlier, None)


class CombinedIvs:
    """The explicit IVs of a set whose associations share the key of one combined mode."""

    __slots__ = ("_seen", "looked_at")

    def __init__(self) -> None:
        self._seen: OrderedDict[bytes, tuple[Role, FrameRef]] = OrderedDict()
        self.looked_at = 0

    def look(self, packet: bytes, role: Role, at: FrameRef) -> BadIv | None:
        """Look at a packet, given from its SPI on; a packet that is captured twice must not get here."""
        self.looked_at += 1
        iv, seen = packet[8:16], self._seen
        earlier = seen.get(iv)
        if earlier is not None:
            return BadIv(REPEATED, earlier[1], earlier[0] if earlier[0] is not role else None)
        seen[iv] = role, at
        if len(seen) > COMBINED_PACKETS:
            seen.popitem(last=False)
        return None
