"""One registration procedure (K2), and what can be said of it: did it wait, was its answer right."""

from __future__ import annotations

from analyzer.ims.associations import SaSet
from analyzer.ims.events import RegistrationOverlapped, Shared
from analyzer.ims.subjects import offer_of
from analyzer.ims.transactions import Transaction
from analyzer.ims.vocabulary import Knowledge, SetTerms, Sighting
from analyzer.keys.keyring import Vector
from analyzer.profile import Profile
from analyzer.sip.digest import credentials, verify
from analyzer.sip.secagree import Comparison, Mechanism

REPEATS = 3
"""So many copies of a REGISTER show that its sender has no answer, even if one answer were lost from the capture."""


class Procedure:
    """One registration procedure (K2)."""

    __slots__ = (
        "adopted",
        "begun",
        "call_id",
        "challenge",
        "client",
        "consumed",
        "finished",
        "nonce",
        "offer",
        "overlap",
        "parent",
        "register",
        "server",
        "set",
        "shared",
        "sm7",
        "transaction",
        "vectors",
        "verify",
    )

    def __init__(self, register: Sighting, transaction: Transaction, parent: SaSet | None) -> None:
        self.register = register
        self.begun = register.at
        """SM1: where the procedure began."""
        self.transaction = transaction
        """The transaction of its latest REGISTER."""
        self.parent = parent
        """The set that protected SM1, None if it was in clear."""
        self.call_id = register.message.call_id
        self.offer = offer_of(register.message, "security-client")
        self.challenge: Sighting | None = None
        self.nonce = ""
        self.server: tuple[Mechanism, ...] = ()
        self.set: SaSet | None = None
        self.shared: tuple[Shared, ...] = ()
        """Sets that were alive at SM6 and have values in common with the new one."""
        self.sm7: Sighting | None = None
        self.client: Comparison | None = None
        self.verify: Comparison | None = None
        self.adopted = False
        """It was taken up at SM7: SM1 and SM6 are not in the capture."""
        self.consumed = False
        self.finished = False
        self.overlap: RegistrationOverlapped | None = None
        """Another procedure that began while this one waited, until it is sure that no answer was lost."""
        self.vectors: list[Vector] = []

    def waits(self, now: int, profile: Profile) -> bool:
        """Whether its latest REGISTER has neither a final answer nor reached Timer F, by any clock (FP14)."""
        elapsed = now - self.transaction.request.at.time
        answered = self.finished or self.transaction.final is not None
        return not answered and elapsed <= profile.timer_64_t1 - profile.clock_tolerance

    @property
    def parent_terms(self) -> SetTerms | None:
        """What was agreed for the set that protected SM1."""
        return self.parent.terms if self.parent is not None else None


def confirmed(procedure: Procedure, expected: SaSet, transaction: Transaction) -> bool:
    """Whether SM7 took the new set up: it came on it, or at least repeated what was agreed for it.

    A SM7 that came elsewhere and announces other SPIs leaves the new set in the air: both sides go on as before.
    """
    protection = transaction.request.protection
    on_it = protection is not None and protection.terms is expected.terms
    return on_it or procedure.client is None or procedure.client.ok


def was_waiting(earlier: Procedure) -> Knowledge:
    """Whether an earlier REGISTER had no answer, by what its sender did and by what the capture has."""
    repeats = earlier.transaction.repeats
    if repeats < REPEATS:
        return Knowledge(False, "its answer is not in the capture; it may have been lost")
    protection = earlier.transaction.request.protection
    answer_on = earlier.set if protection is not None and earlier.sm7 is not None else earlier.parent
    if answer_on is not None and not (complete := answer_on.complete()).sure:
        return complete
    return Knowledge(True, f"the UE had repeated it {repeats} times, and the capture has no gap")


def settled(new: SaSet, sm12: Sighting) -> Knowledge:
    """Whether the SM12 that was seen is the first one that was sent."""
    return new.complete() if sm12.protection is not None else Knowledge(True, "SM12 was seen in clear")


def res_right(procedure: Procedure, sm7: Sighting) -> bool | None:
    """Whether the UE's response is right, where a vector of this challenge tells RES."""
    found = credentials(sm7.message)
    for vector in procedure.vectors:
        if found is not None and vector.res is not None:
            return verify(found, sm7.message.method, vector.res.octets, sm7.message.body)
    return None
