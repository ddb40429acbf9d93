"""Registration procedures: SM1 and SM7, told apart by their nonce (section 9.3, rulings R1, R11, R16).

A REGISTER that carries the nonce of the newest challenge is SM7, or reports a MAC or SQN failure if it has ``auts`` or
no response; with any other nonce it is an SM1, whatever its response holds. A challenge is consumed by the final
answer to its SM7. One reading is added to R1: where SM7 was sent and a REGISTER in another transaction repeats its
nonce with *new* SPIs, the UE has given up waiting, or had an SM12 that the capture has not, and starts anew with cached
credentials, so it is an SM1. What answers them is in `answers.py`.
"""

from __future__ import annotations

from analyzer.ims.events import (
    ChallengeAnswered,
    RegistrationOverlapped,
    RegistrationStarted,
)
from analyzer.ims.knowledge import ue_had_sm12
from analyzer.ims.register import offered
from analyzer.ims.registration.agreement import challenge_before, mirrored, used
from analyzer.ims.registration.authentication import (
    abandoned,
    answered,
    of_nonce,
    started,
)
from analyzer.ims.registration.bindings import deregisters, identify
from analyzer.ims.registration.procedures import Procedure, was_waiting
from analyzer.ims.registration.renewal import began
from analyzer.ims.session import Session
from analyzer.ims.sets.associations import SaSet
from analyzer.ims.subjects import CHALLENGES, Context
from analyzer.ims.transactions.transaction import Transaction
from analyzer.ims.vocabulary import End, Knowledge, Side, Sighting
from analyzer.sip.digest import credentials
from analyzer.sip.secagree import compare


class Registrar:
    """Follows the procedures of all contexts, as far as the UE's REGISTERs begin them and go on with them."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def request(self, context: Context, sighting: Sighting, transaction: Transaction, owner: SaSet | None) -> None:
        """A REGISTER of the UE that is no retransmission: SM1, SM7 or the report of a failed challenge."""
        message = sighting.message
        transaction.deregisters = deregisters(message)
        identify(context, message, transaction.deregisters)
        abandoned(self._session, context, sighting)
        procedure = self._answered(context, sighting, transaction, owner)
        if procedure is None:
            self._start(context, sighting, transaction, owner)
        else:
            self._sm7(context, procedure, sighting, transaction)

    def _answered(
        self, context: Context, sighting: Sighting, transaction: Transaction, owner: SaSet | None
    ) -> Procedure | None:
        """The procedure whose challenge this REGISTER answers; None if it starts one (and sets the kind)."""
        found = credentials(sighting.message)
        procedure = context.challenges.get(found.nonce) if found is not None and found.nonce else None
        transaction.kind = "SM1"
        own_set = owner if procedure is not None and owner is procedure.set else None
        inferred = own_set is not None and own_set.inferred  # a copy of an SM7 that is missing may still come
        if found is None or procedure is None or (procedure.consumed and not inferred):
            return None
        late = procedure is not context.newest
        if late and own_set is None:
            return None  # cached credentials; on its own set it is the SM7 of a procedure that was superseded
        missed = own_set is not None and not own_set.complete().sure
        had_sm7 = procedure.sm7 is not None or inferred or missed
        if found.auts or not found.response:
            # A challenge that the UE has answered it rejects no more: without a response these are cached credentials
            transaction.kind = "SM1" if late or (had_sm7 and not found.auts) else "failure"
            return None
        if had_sm7 and (procedure.client is None or procedure.client.ok):
            values = offered(sighting.message)
            if [(entry.spi_c, entry.spi_s) for entry in values] != [(e.spi_c, e.spi_s) for e in procedure.offer]:
                return None
        transaction.kind = "SM7"
        return procedure

    def _start(self, context: Context, sighting: Sighting, transaction: Transaction, owner: SaSet | None) -> None:
        """A REGISTER that begins a procedure (SM1), or that reports a failed challenge and so begins another.

        With it the UE gives up the temporary sets of procedures before.
        """
        session, earlier = self._session, context.current
        in_use = context.in_use()
        now = sighting.at.time
        unfinished = earlier if earlier is not None and earlier.waits(now, session.profile) else None
        named = of_nonce(context, sighting)
        began(session, context, earlier, sighting, transaction.kind)
        context.current = procedure = Procedure(sighting, transaction, owner)
        transaction.procedure = procedure
        session.emit(
            RegistrationStarted(
                at=sighting.at,
                subject=context.subject,
                register=sighting,
                offer=procedure.offer,
                in_use=in_use.terms if in_use else None,
                reports_failure=transaction.kind == "failure",
                deregisters=transaction.deregisters,
                emergency=context.emergency,
                nonce_from=named.challenge.at if named is not None and named.challenge is not None else None,
                nonce_spent=named is not None and named.consumed,  # R1
                awaited=owner.challenge if owner is not None and not owner.established() else None,
                unfinished=unfinished.transaction.request.at if unfinished else None,
                knew=self._knew_of_newer(context, owner, now),
                sm12_missing=owner is not None and owner.sm12_may_be_missing(),
                discovered=context.discovered,
                mirrored=mirrored(context, owner, sighting),
                challenge_before=challenge_before(earlier, sighting, session.profile),
            )
        )
        started(session, context, earlier, sighting, transaction)
        if unfinished is not None:
            self._overlaps(context, unfinished, procedure)
        failed = transaction.kind == "failure"
        for temporary in list(context.temporary(Side.UE)):
            if temporary is owner:
                continue  # what protects this SM1 is no incomplete procedure for the UE
            temporary.end(Side.UE, End.FAILED if failed else End.SUPERSEDED, sighting.at)
            if failed:
                temporary.end(Side.PCSCF, End.FAILED, sighting.at)

    def _knew_of_newer(self, context: Context, owner: SaSet | None, now: int) -> Knowledge | None:
        """Whether the UE knew of a newer set when it sent SM1 on this older one; None if there is no newer one."""
        newest = context.newest_established()
        if owner is None or newest is None or newest is owner or owner.sm12 is None:
            return None
        return ue_had_sm12(context.pair.vantage, newest, now, self._session.profile, self._session.acknowledged)

    def _overlaps(self, context: Context, earlier: Procedure, later: Procedure) -> None:
        """A procedure of its own began while an earlier one waited: told now, or when that one is answered (LIFE-02).

        The same offer once more in the same Call-ID is the same procedure, and a deregistration makes no set.
        """
        spis = [[(entry.spi_c, entry.spi_s) for entry in each.offer] for each in (earlier, later)]
        ipsec = later.parent is not None or any(entry.is_ipsec for entry in later.offer)
        if not ipsec or context.emergency or later.transaction.deregisters:
            return
        if earlier.call_id == later.call_id and spis[0] == spis[1]:
            return
        before, after = (each.register.message.to_uri for each in (earlier, later))
        event = RegistrationOverlapped(
            at=later.begun,
            subject=context.subject,
            register=later.register,
            unfinished=earlier.transaction.request.at,
            other_identity=before is not None and after is not None and before.text != after.text,
            complete=was_waiting(earlier),
        )
        if event.complete.sure:
            self._session.emit(event)
            return
        earlier.overlap = event
        context.overlapped += (earlier,)
        if len(context.overlapped) > CHALLENGES:
            oldest, *_ = context.overlapped
            context.overlapped = context.overlapped[1:]
            self.settle(oldest)

    def settle(self, procedure: Procedure) -> None:
        """No more is to be learnt of a procedure: tell what was held back."""
        if procedure.overlap is not None:
            self._session.emit(procedure.overlap)
            procedure.overlap = None

    def _sm7(self, context: Context, procedure: Procedure, sighting: Sighting, transaction: Transaction) -> None:
        """A REGISTER that answers a challenge: what it repeats is held against what was offered and announced."""
        message, sm6 = sighting.message, procedure.challenge
        transaction.procedure = procedure
        procedure.transaction = transaction
        if context.current is not None and context.current.begun == procedure.begun:
            context.current = procedure  # of two challenges to one SM1 it is this that goes on
        first = procedure.sm7 is None
        procedure.sm7 = sighting
        if procedure.set is not None and (first or procedure.set.sm7 is None):
            procedure.set.sm7 = sighting.at
        if procedure.set is not None and sighting.protection is not None:
            procedure.set.sm7_last = sighting
        if sm6 is None:
            return  # the capture begins after it, so that there is nothing to compare with
        if first:
            context.pair.vantage.measured(Side.UE, sighting.at.time - sm6.at.time)
        server = sm6.message.values("security-server")
        offered = procedure.register.message.values("security-client")
        procedure.client = compare(offered, message.values("security-client")) if offered else None
        procedure.verify = compare(server, message.values("security-verify")) if server else None
        self._session.emit(
            ChallengeAnswered(
                at=sighting.at,
                subject=context.subject,
                register=sighting,
                challenge=sm6,
                expected=procedure.set.terms if procedure.set else None,
                client=procedure.client,
                verify=procedure.verify,
                offer=procedure.offer,
                server=procedure.server,
                used=used(procedure.set),
            )
        )
        answered(self._session, context, procedure, sighting)
