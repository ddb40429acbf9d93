"""Initialisation vectors that are repeated or can be predicted.

RFC 3602 3 and RFC 2451 ask for an unpredictable IV in every packet of a CBC association, RFC 4106 3.1 and RFC 4543 3.1
for one that never repeats under a key; all four associations of a set have the same key (TS 33.203 Annex I), so there
the set counts and not the association. IVs are looked at in a bounded window (R21): those of CBC in the first packets
of an association, since whoever makes them badly does so from the start, those of the combined modes in the last ones
of the set. They lie side by side as octets, since a large capture has hundreds of thousands. The frames of those of CBC
stand in the ledger of their association, as long as that has all of them: 9 MB less on workload A.
"""

from __future__ import annotations

from itertools import pairwise
from struct import Struct
from typing import Final, NamedTuple

from analyzer.frame import FrameRef
from analyzer.ims.sets.ledger import FRAME, Ledger, frame_in, octets_of
from analyzer.ims.vocabulary import Role

CBC_PACKETS: Final = 256
"""Packets of a CBC association whose IVs are looked at."""
COMBINED_PACKETS: Final = 2048
"""IVs of a set with a combined mode that are remembered; the oldest goes first."""
STEPS: Final = 7
"""Equal steps from IV to IV, in packets that follow each other, that make a counter."""

REPEATED, COUNTED, CHAINED = "iv-repeated", "iv-counted", "iv-chained"

_LAST_BLOCKS: Final = {(16, 12): slice(-28, -12), (8, 12): slice(-20, -12)}
"""Where the last block of ciphertext is with an ICV of 12 octets: the same objects for all associations."""
_COMBINED: Final = Struct("=8sBIQq")
"""The explicit IV of a combined mode, the role of its association, and its frame."""
_EXPLICIT: Final = Struct("8s")
_ROLES: Final = tuple(Role)
_CODES: Final = {role: code for code, role in enumerate(_ROLES)}


class BadIv(NamedTuple):
    """What is wrong with an IV: it was there before, or could be predicted."""

    kind: str
    """REPEATED, COUNTED or CHAINED."""
    earlier: FrameRef
    """The packet that it follows from."""
    other_role: Role | None
    """Repeated on another association of the set: which one had it first."""


class CbcIvs:
    """The IVs of one CBC association, from its first packet on."""

    __slots__ = (
        "_apart",
        "_block",
        "_cipher",
        "_frames",
        "_last_block",
        "_next",
        "_seen",
        "_told",
        "looked_at",
    )

    def __init__(self, block: int, icv: int) -> None:
        """``block``: the octets of an IV and a block, 8 or 16; ``icv``: those of the ICV."""
        self._block = block
        self._last_block = _LAST_BLOCKS.get((block, icv)) or slice(-icv - block, -icv or None)
        """Where the last block of ciphertext is."""
        self._seen = b""
        """The IV of each packet so far."""
        self._frames: bytes | None = None
        """The frames of these packets; None as long as they are those that the ledger has."""
        self._cipher = b""
        """The last block of ciphertext of the packet before."""
        self._next = 1
        """The number that follows that of the packet before."""
        self._apart = 0
        """Which packet was the last one that did not follow the one before."""
        self._told: tuple[str, ...] = ()
        self.looked_at = 0

    def look(self, packet: bytes, sequence: int, at: FrameRef, ledger: Ledger) -> BadIv | None:
        """Look at a packet, given from its SPI on; what is wrong with its IV, each kind of fault once.

        ``ledger`` is that of its association, where it was entered unless its number had been there before.
        """
        count, block, seen = self.looked_at, self._block, self._seen
        if count >= CBC_PACKETS:
            return None
        iv = packet[8 : 8 + block]
        cipher, self._cipher = self._cipher, packet[self._last_block]
        if sequence != self._next:
            self._apart = count
        self._next = sequence + 1
        self._seen = seen + iv
        self.looked_at = count + 1
        if self._frames is not None:
            self._frames += octets_of(at)
        elif not ledger.holds(count + 1):
            self._frames = ledger.frames(count) + octets_of(at)
        # A search from behind is half as dear as one from the front
        if seen.rfind(iv) >= 0 and (earlier := self._earlier(iv, seen)) is not None:
            return self._once(REPEATED, self._frame(earlier, ledger))
        steps = count - self._apart
        if not steps:
            return None
        # Numbers of 16 octets are made only where the last one of the octets goes on in equal steps: 0.4 µs a packet
        if steps >= STEPS and not (iv[-1] - 2 * seen[-1] + seen[-1 - block]) & 0xFF and self._counts():
            return self._once(COUNTED, self._frame(count - 1, ledger))
        # RFC 2451 leaves chaining open, so that only AES is held to it (R21).
        return self._once(CHAINED, self._frame(count - 1, ledger)) if iv == cipher and block == 16 else None

    def _counts(self) -> bool:
        """Whether the last `STEPS` IVs are numbers of which each is greater than the one before by the same."""
        seen, block = self._seen, self._block
        places = range(len(seen) - (STEPS + 1) * block, len(seen), block)
        numbers = [int.from_bytes(seen[place : place + block], "big") for place in places]
        return len({later - earlier for earlier, later in pairwise(numbers)}) == 1

    def _earlier(self, iv: bytes, seen: bytes) -> int | None:
        """Which packet had this IV first; None if none had, and it lies only across two others."""
        place = seen.find(iv)
        while place >= 0 and place % self._block:
            place = seen.find(iv, place + 1)
        return place // self._block if place >= 0 else None

    def _frame(self, index: int, ledger: Ledger) -> FrameRef:
        """The packet of the IV with this index."""
        return ledger.at(index) if self._frames is None else frame_in(self._frames, index * FRAME.size)

    def _once(self, kind: str, earlier: FrameRef) -> BadIv | None:
        if kind in self._told:
            return None
        self._told += (kind,)
        return BadIv(kind, earlier, None)


class CombinedIvs:
    """The explicit IVs of a set whose associations share the key of one combined mode."""

    __slots__ = ("_known", "_oldest", "_seen", "looked_at")

    def __init__(self) -> None:
        self._known: set[bytes] = set()
        self._seen = bytearray()
        """A ring of records, one for each IV that is known."""
        self._oldest = 0
        """Where in it the oldest record begins, once it is full."""
        self.looked_at = 0

    def look(self, packet: bytes, role: Role, at: FrameRef) -> BadIv | None:
        """Look at a packet, given from its SPI on; a packet that is captured twice must not get here."""
        self.looked_at += 1
        iv, known, seen = packet[8:16], self._known, self._seen
        if iv in known:
            first, earlier = self._earlier(iv)
            return BadIv(REPEATED, earlier, first if first is not role else None)
        known.add(iv)
        capture, number, time = at
        if len(known) <= COMBINED_PACKETS:
            seen += _COMBINED.pack(iv, _CODES[role], capture, number, time)
            return None
        oldest = self._oldest
        known.remove(_EXPLICIT.unpack_from(seen, oldest)[0])
        _COMBINED.pack_into(seen, oldest, iv, _CODES[role], capture, number, time)
        self._oldest = (oldest + _COMBINED.size) % len(seen)
        return None

    def _earlier(self, iv: bytes) -> tuple[Role, FrameRef]:
        """The packet that had this IV before, which is among those that are remembered, and its association."""
        records = _COMBINED.iter_unpack(self._seen)
        role, *at = next(rest for first, *rest in records if first == iv)
        return _ROLES[role], FrameRef(*at)
