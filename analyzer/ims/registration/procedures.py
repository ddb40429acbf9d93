"""One registration procedure (K2), and what can be said of it: did it wait, was its answer right."""

from __future__ import annotations

from sys import intern

from analyzer.frame import SECOND, FrameRef
from analyzer.ims.events import EarlyUse, RegistrationOverlapped, Shared
from analyzer.ims.knowledge import REORDERED, Vantage
from analyzer.ims.register import offered
from analyzer.ims.sets.associations import SaSet
from analyzer.ims.transactions.transaction import Transaction
from analyzer.ims.vocabulary import Knowledge, SetTerms, Side, Sighting
from analyzer.keys.keyring import Vector
from analyzer.network.tcp import Connection
from analyzer.profile import Profile
from analyzer.sip.digest import credentials, knows
from analyzer.sip.secagree import Comparison, Mechanism
from analyzer.sip.shelf import kept, shelve

REPEATS = 3
"""So many copies of a REGISTER show that its sender has no answer, even if one answer were lost from the capture."""

_NEEDED = frozenset({b"www-authenticate", b"proxy-authenticate", b"security-server"})
"""Headers of a challenge that are still asked for when its procedure is over."""


class Procedure:
    """One registration procedure (K2)."""

    __slots__ = (
        "_offer",
        "_server",
        "adopted",
        "begun",
        "call_id",
        "challenge",
        "client",
        "consumed",
        "crossed",
        "finished",
        "first",
        "nonce",
        "overlap",
        "parent",
        "register",
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
        self.first = self.transaction = transaction
        """The transactions of its first and of its latest REGISTER."""
        self.parent = parent
        """The set that protected SM1, None if it was in clear."""
        self.call_id = intern(register.message.call_id)  # the same in all registrations of a contact
        self._offer: tuple[Mechanism, ...] | tuple[str, ...] = offered(register.message)
        self.challenge: Sighting | None = None
        self.nonce = ""
        self._server: tuple[Mechanism, ...] | tuple[str, ...] = ()
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
        self.crossed = False
        """Its challenge was captured behind the SM7 that answers it: what came before what is not sure here."""
        self.overlap: RegistrationOverlapped | None = None
        """Another procedure that began while this one waited, until it is sure that no answer was lost."""
        self.vectors: tuple[Vector, ...] = ()

    def waits(self, now: int, profile: Profile) -> bool:
        """Whether its latest REGISTER has neither a final answer nor reached Timer F, by any clock (FP14)."""
        latest = self.transaction
        elapsed, connection = now - latest.request.at.time, latest.request.connection
        answered = self.finished or latest.final is not None
        if isinstance(connection, Connection) and connection.closed is not None and latest.moved_to is None:
            answered = True  # a lost connection is to the UE what a 503 is (RFC 3261 8.1.3.1)
        return not answered and elapsed <= profile.timer_64_t1 - profile.clock_tolerance

    def shelve(self) -> None:
        """The procedure is over: its messages and offers stay, but not what was read in them.

        After SM12 nobody compares its REGISTERs with anything any more, 2 KB of octets: where they were, and how they
        begin, is all that is left to tell of them. The challenge is held against later Security-Verify headers.
        """
        if self.consumed and self.sm7 is not None and not (self.set is not None and self.set.inferred):
            short, last = _short(self.sm7, self.transaction), self.set.sm7_last if self.set is not None else None
            if self.set is not None and last is not None:
                self.set.sm7_last = short if last is self.sm7 else _short(last, self.transaction)
            self.register, self.sm7 = _short(self.register, self.first), short
            if self.register.message.raw == short.message.raw:
                self.register.message.raw = short.message.raw
            self.first = self.transaction
            self._keep_challenge()
        else:
            for sighting in (self.register, self.challenge, self.sm7):
                if sighting is not None:
                    shelve(sighting.message)
        self._offer = tuple([entry.written for entry in self.offer])
        self._server = tuple([entry.written for entry in self.server])

    def _keep_challenge(self) -> None:
        """Nothing but the nonce and Security-Server is asked for any more; others may hold the whole challenge."""
        if self.challenge is None:
            return
        short = self.challenge._replace(message=kept(self.challenge.message, _NEEDED))
        if self.set is not None and self.set.challenge is self.challenge:
            self.set.challenge = short
        self.challenge = short

    def superseded(self) -> None:
        """There is a newer challenge: of a procedure that ended well, what comes can only repeat the nonce."""
        if self.consumed and self.sm7 is not None and not (self.set is not None and self.set.inferred):
            self.register = self.sm7

    @property
    def offer(self) -> tuple[Mechanism, ...]:
        """The entries of Security-Client in SM1."""
        kept = self._offer
        return kept if not kept or type(kept[0]) is Mechanism else _entries(kept)  # type: ignore[return-value]

    @property
    def server(self) -> tuple[Mechanism, ...]:
        """The entries of Security-Server in SM6; none before it."""
        kept = self._server
        return kept if not kept or type(kept[0]) is Mechanism else _entries(kept)  # type: ignore[return-value]

    @server.setter
    def server(self, entries: tuple[Mechanism, ...]) -> None:
        self._server = entries

    @property
    def parent_terms(self) -> SetTerms | None:
        """What was agreed for the set that protected SM1."""
        return self.parent.terms if self.parent is not None else None


def _entries(texts: tuple[Mechanism, ...] | tuple[str, ...]) -> tuple[Mechanism, ...]:
    """Entries of which only the text was kept: hardly anybody asks for them when the procedure is over, but 17 times
    before.
    """
    return tuple(Mechanism(text) for text in texts if isinstance(text, str))


def _short(register: Sighting, transaction: Transaction) -> Sighting:
    """A REGISTER without its octets; others may hold the whole of it, as long as they need it."""
    if transaction.request.at == register.at:
        return transaction.shorten()
    return register._replace(message=register.message.stub())


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


def came_before(early: EarlyUse, new: SaSet, sm12: Sighting, vantage: Vantage) -> Knowledge | None:
    """Whether a message on the new set was sent before SM12, of which the first copy may be missing; None: it was not.

    What the P-CSCF sent right before SM12 as seen here may have left after it; on one association the numbers tell.
    """
    use, last = early.sighting.protection, sm12.protection
    if sm12.at.time < early.at.time:
        return None  # it was held back, since it might have been the shadow of an ESP packet
    if last is None:
        return Knowledge(True, "SM12 was seen in clear")
    if early.sighting.sender is sm12.sender and use is not None and use.terms is last.terms:
        if use.role is last.role and use.sequence > last.sequence:
            return None
        if use.role is not last.role and (near := _near(early.at, sm12.at, "SM12")):
            return near
    return swapped(early.sighting, sm12.at, "SM12", vantage) or new.complete()


def swapped(sighting: Sighting, end: FrameRef, what: str, vantage: Vantage) -> Knowledge | None:
    """Whether the capture may have a message of the UE before what made the UE send it, `what` in words.

    A tap with a port for each direction may swap them; not where a whole round trip is between, as at the P-CSCF.
    """
    if sighting.sender is not Side.UE or (vantage.at(Side.PCSCF) and not vantage.quick(Side.UE)):
        return None
    return _near(sighting.at, end, what)


def _near(before: FrameRef, after: FrameRef, what: str) -> Knowledge | None:
    elapsed = after.time - before.time
    if elapsed >= REORDERED:
        return None
    return Knowledge(False, f"only {elapsed / SECOND:.3f} s before {what}, which it may have overtaken")


def res_right(procedure: Procedure, sm7: Sighting) -> bool | None:
    """Whether the UE's response is right, where a vector of this challenge tells RES."""
    found, message = credentials(sm7.message), sm7.message
    if found is None:
        return None
    results = (vector.res.octets for vector in procedure.vectors if vector.res is not None)
    verdicts = {knows(found, message.method, res, message.body) for res in results}
    return True if True in verdicts else False if False in verdicts else None
