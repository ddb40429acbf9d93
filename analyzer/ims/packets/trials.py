"""Associations whose packets fail from the first one: are their algorithms others than announced, or is a key mistaken?

What opens such a packet (`ipsec/trial.py`) becomes a candidate of the whole set, so that the rest of it can be read.
Where nothing does, the keys at hand are simply not those of the set (FP18). An association whose negotiation is not in
the capture is tried in the same way, so that it can be read at least.
"""

from __future__ import annotations

import itertools
from typing import Final

from analyzer.frame import FrameRef
from analyzer.ims.events import Notice
from analyzer.ims.session import Session
from analyzer.ims.sets.association import Binding
from analyzer.ims.sets.associations import SaSet
from analyzer.ims.vocabulary import ROLES
from analyzer.ipsec.database import Refusal
from analyzer.ipsec.esp import TOO_SHORT, SecurityAssociation
from analyzer.ipsec.trial import Candidates, Found, find
from analyzer.keys.keyring import Vector

PACKETS: Final = 4
"""Failing packets of one association that are tried; one alone might be damaged."""
VECTORS: Final = 4
"""Authentication vectors that are tried for one packet."""
LOOSE: Final = 32
"""Vectors that are tried for a packet whose negotiation is not in the capture."""
LIMIT: Final = 20_000
"""Trials of one audit: at a third of a millisecond each, whatever a capture holds."""


class Trials:
    """Tries packets that no candidate of their SPI has opened; `left` is how often it still will."""

    __slots__ = ("_loose", "_session", "left")

    def __init__(self, session: Session) -> None:
        self._session = session
        self._loose: dict[int, tuple[Vector, Candidates]] = {}
        """The vectors that strangers are tried with, by their id, and what is tried."""
        self.left = LIMIT

    def rescue(self, refusal: Refusal, packet: bytes) -> bool:
        """Whether there is now an association that opens this packet, which was refused."""
        seen: dict[SaSet, list[Binding]] = {}
        for association in refusal.tried:
            binding = association.owner
            if isinstance(binding, Binding):
                seen.setdefault(binding.set, []).append(binding)
        return any(self._try(owner, bindings, packet) for owner, bindings in seen.items())

    def stranger(self, source: bytes, destination: bytes, packet: bytes) -> list[SecurityAssociation]:
        """An association for a packet whose negotiation is not in the capture, if any vector at hand opens it."""
        for vector in itertools.islice(self._session.keyring.loose(), min(LOOSE, self.left)):
            self.left -= 1
            found = self._candidates(vector).find([packet])
            if found is not None:
                spi = int.from_bytes(packet[:4], "big")
                self._session.emit(
                    Notice(
                        at=FrameRef(0, 0, 0),
                        subject=None,
                        text=f"SPI 0x{spi:08x}: its negotiation is not in the capture; its packets are those of "
                        f"{found.alg} and {found.ealg} with the keys of {vector.origin}, "
                        "and are read, but judged only from an SM7 on",
                    )
                )
                return [
                    SecurityAssociation(
                        spi=spi,
                        destination=destination,
                        source=source,
                        alg=found.alg,
                        ealg=found.ealg,
                        keys=found.keys,
                        origin=vector.origin,
                    )
                ]
        return []

    def _candidates(self, vector: Vector) -> Candidates:
        found = self._loose.get(id(vector))
        if found is None:
            if len(self._loose) >= LOOSE:
                self._loose.clear()
            found = self._loose[id(vector)] = vector, Candidates(vector.ck, vector.ik)
        return found[1]

    def _try(self, owner: SaSet, bindings: list[Binding], packet: bytes) -> bool:
        """Try the vectors of an association with other algorithms and mistaken keys on a packet that failed."""
        role = bindings[0].role
        tried = owner.trials.get(role, 0)
        if self.left <= 0 or tried >= PACKETS or any(known.proven for known in owner.of(role)):
            return False
        self.left -= 1
        owner.trials = {**owner.trials, role: tried + 1}
        likely = dict.fromkeys((b.association.alg, b.association.ealg) for b in bindings if b.association is not None)
        vectors = {id(b.vector): b.vector for b in bindings if b.vector is not None}
        for vector in list(vectors.values())[:VECTORS]:
            found = find(vector.ck, vector.ik, [packet], likely=likely, mistakes=True)
            if found is not None:
                self._enter(owner, found, vector)
                return True
        return False

    def _enter(self, owner: SaSet, found: Found, vector: Vector) -> None:
        """What one association of a set shows is likely for all four, so that is the next thing that they are tried."""
        for role in ROLES:
            self._session.candidate(owner, role, found, vector)


def flaw(refusal: Refusal) -> str:
    """In words, what is wrong with the form of a packet whose association is known."""
    if refusal.reason is TOO_SHORT:
        return "has packets that are too short for its algorithms"
    if refusal.tried[0].doubtful:
        return "has right ICVs and unreadable content: another encryption key"
    return "has packets with right ICVs whose padding or length is wrong"
