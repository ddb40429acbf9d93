"""Registration procedures: SM1, SM6, SM7 and SM12, told apart by their nonce (section 9.3, rulings R1, R11, R16).

A REGISTER that carries the nonce of the newest challenge is SM7, or reports a MAC or SQN failure if it has ``auts`` or
no response; with any other nonce it is an SM1, whatever its response holds. A challenge is consumed by the final
answer to its SM7. One reading is added to R1: where SM7 was sent and a REGISTER in another transaction repeats its
nonce with *new* SPIs, the UE has given up waiting, or had an SM12 that the capture has not, and starts anew with cached
credentials, so it is an SM1.
"""

from __future__ import annotations

from dataclasses import replace

from analyzer.ims.agreement import challenge_before, mirrored, repeated_in_answer, shared, used
from analyzer.ims.associations import SaSet, overdue
from analyzer.ims.authentication import (
    Rands,
    abandoned,
    answered,
    concluded,
    nonce_from,
    of_nonce,
    started,
    unchallenged,
)
from analyzer.ims.bindings import bind, deregisters, identify
from analyzer.ims.counting import living
from analyzer.ims.events import (
    AuthenticationOnly,
    ChallengeAnswered,
    ChallengeSent,
    RegistrationOverlapped,
    RegistrationRefreshed,
    RegistrationRefused,
    RegistrationStarted,
    RegistrationSucceeded,
)
from analyzer.ims.knowledge import ue_had_sm12
from analyzer.ims.procedures import Procedure, came_before, confirmed, res_right, swapped, was_waiting
from analyzer.ims.renewal import answered as replied
from analyzer.ims.renewal import began
from analyzer.ims.session import Session, agree, algorithms, common, modes
from analyzer.ims.subjects import CHALLENGES, Context, entries_of, offered
from analyzer.ims.transactions import Transaction
from analyzer.ims.vocabulary import End, Knowledge, SetTerms, Side, Sighting, State
from analyzer.sip.digest import Challenge, challenge, challenges, credentials
from analyzer.sip.secagree import compare

CROSSED = "SM6 was captured behind the SM7 that answers it: the order is not sure"


class Registrar:
    """Follows the procedures of all contexts."""

    __slots__ = ("_rands", "_session")

    def __init__(self, session: Session) -> None:
        self._session = session
        self._rands = Rands(session.emit)

    # --- REGISTER ----------------------------------------------------------------------------------------------

    def request(self, context: Context, sighting: Sighting, transaction: Transaction, owner: SaSet | None) -> None:
        """A REGISTER that is no retransmission."""
        message = sighting.message
        transaction.deregisters = deregisters(message)
        identify(context, message)
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
        if found.auts or not found.response:
            transaction.kind = "SM1" if late else "failure"
            return None
        missed = own_set is not None and not own_set.complete().sure
        had_sm7 = procedure.sm7 is not None or inferred or missed
        if had_sm7 and (procedure.client is None or procedure.client.ok):
            values = offered(sighting.message)
            if [(entry.spi_c, entry.spi_s) for entry in values] != [(e.spi_c, e.spi_s) for e in procedure.offer]:
                return None
        transaction.kind = "SM7"
        return procedure

    def _start(self, context: Context, sighting: Sighting, transaction: Transaction, owner: SaSet | None) -> None:
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
                mirrored=mirrored(context, owner, sighting),
                challenge_before=challenge_before(earlier, sighting, session.profile),
            )
        )
        started(session, context, sighting, transaction)
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
        context.overlapped.append(earlier)
        if len(context.overlapped) > CHALLENGES:
            self.settle(context.overlapped.pop(0))

    def settle(self, procedure: Procedure) -> None:
        """No more is to be learnt of a procedure: tell what was held back."""
        if procedure.overlap is not None:
            self._session.emit(procedure.overlap)
            procedure.overlap = None

    def _sm7(self, context: Context, procedure: Procedure, sighting: Sighting, transaction: Transaction) -> None:
        message, sm6 = sighting.message, procedure.challenge
        transaction.procedure = procedure
        procedure.transaction = transaction
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

    # --- answers -----------------------------------------------------------------------------------------------

    def response(self, context: Context, sighting: Sighting, transaction: Transaction) -> None:
        """The first final answer to a REGISTER."""
        procedure = transaction.procedure
        if not isinstance(procedure, Procedure):
            return
        if procedure.overlap is not None and procedure.overlap.unfinished == transaction.request.at:
            told = procedure.overlap
            late = Knowledge(True, f"its answer came only in frame {sighting.at.number}")
            self._session.emit(
                replace(
                    told,
                    complete=swapped(told.register, sighting.at, "the answer to the one before", context.pair.vantage)
                    or late,
                )
            )
            procedure.overlap = None
        concluded(self._session, context, procedure, sighting, transaction)
        if context.suspect is not None:
            replied(self._session, context, sighting)
        status = sighting.message.status
        found = challenge(sighting.message) if status in (401, 407) else None
        if found is not None:
            self._challenge(context, procedure, sighting, transaction, found)
        elif status < 300:
            self._success(context, procedure, sighting, transaction)
        else:
            self._refusal(context, procedure, sighting, transaction)
        if procedure.finished:
            procedure.shelve()

    def _challenge(
        self, context: Context, before: Procedure, sighting: Sighting, transaction: Transaction, found: Challenge
    ) -> None:
        session = self._session
        adopted = context.challenges.get(found.nonce or "")
        if adopted is not None and adopted.adopted:
            # It was captured behind the SM7 that answers it: the set is there already
            adopted.crossed = True
            context.pair.vantage.early(adopted.register.at, sighting.at)
            return
        procedure = before
        if before.challenge is not None:  # case E: another challenge in answer to SM7
            before.consumed = True
            procedure = Procedure(transaction.request, transaction, before.parent)
            procedure.begun = before.begun
            context.current = transaction.procedure = procedure
        for temporary in list(context.temporary(Side.PCSCF)):
            temporary.end(Side.PCSCF, End.SUPERSEDED, sighting.at)
            if transaction.kind == "SM7":
                temporary.end(Side.UE, End.SUPERSEDED, sighting.at)
        procedure.challenge = sighting
        procedure.nonce = found.nonce or ""
        procedure.server = entries_of(sighting.message, "security-server")
        context.newest = procedure
        for each in challenges(sighting.message):  # one for each algorithm on offer: the UE answers one of them
            context.challenges[each.nonce or ""] = procedure
        while len(context.challenges) > CHALLENGES:
            del context.challenges[next(iter(context.challenges))]
        rands = dict.fromkeys(each.rand for each in challenges(sighting.message) if each.rand is not None)
        procedure.vectors = [vector for rand in rands for vector in session.keyring.vectors(context.impi, rand)]
        procedure.set = self._temporary(context, procedure, sighting)
        if procedure.set is not None:
            procedure.shared = shared(context, procedure.set, sighting.at.time, session.profile)
        session.emit(
            ChallengeSent(
                at=sighting.at,
                subject=context.subject,
                challenge=sighting,
                register=transaction.request,
                answers_sm7=transaction.kind == "SM7",
                rand_before=self._rands.seen(context, found, sighting),
                answers_failure=transaction.kind == "failure",
                is_aka=found.is_aka,
                reveals_keys=found.has_keys,
                offer=procedure.offer,
                server=procedure.server,
                living=len(living(context, sighting.at.time, session.profile)),
                announced=procedure.set.terms if procedure.set else None,
                shared=procedure.shared,
                parent=procedure.parent_terms,
                emergency=context.emergency,
            )
        )

    def _temporary(self, context: Context, procedure: Procedure, sm6: Sighting) -> SaSet | None:
        """The set that SM1 and SM6 announce, in state TMP at both sides."""
        agreed = agree(procedure.offer, procedure.server)
        if agreed is None:
            return None
        mine, theirs = agreed
        shared = common(procedure.offer, procedure.server)
        context.generations += 1
        terms = SetTerms(
            generation=context.generations,
            parent=procedure.parent.generation if procedure.parent else None,
            spi_uc=mine.spi_c,
            spi_us=mine.spi_s,
            spi_pc=theirs.spi_c,
            spi_ps=theirs.spi_s,
            port_uc=mine.port_c,
            port_us=mine.port_s,
            port_pc=theirs.port_c,
            port_ps=theirs.port_s,
            mod=theirs.mod,
            sm1=procedure.register.at,
            sm6=sm6.at,
            agreed=shared[0] if shared else None,
            common=shared,
        )
        made = SaSet(context, terms, procedure.parent)
        made.alg, made.ealg = theirs.alg, theirs.ealg
        made.challenge, made.server = sm6, sm6.message.values("security-server")
        made.modes = modes(procedure.offer, procedure.server)
        if context.port_us is None:
            context.port_us = terms.port_us
        self._session.add_set(context, made, algorithms(procedure.offer, procedure.server), procedure.vectors)
        return made

    def _success(self, context: Context, procedure: Procedure, sighting: Sighting, transaction: Transaction) -> None:
        session, kind, now = self._session, transaction.kind, sighting.at
        expected = procedure.set
        offered = procedure.parent is not None or any(entry.is_ipsec for entry in procedure.offer)
        if offered or (transaction.request.message.contacts and not transaction.deregisters):
            context.without_ipsec = not offered
        if kind == "SM7":
            session.emit(
                RegistrationSucceeded(
                    at=now,
                    subject=context.subject,
                    response=sighting,
                    register=transaction.request,
                    expected=expected.terms if expected else None,
                    client=procedure.client,
                    verify=procedure.verify,
                    parent=procedure.parent_terms,
                    offer=procedure.offer,
                    server=procedure.server,
                    used=used(expected),
                    again=repeated_in_answer(procedure.challenge, sighting),
                    shared=procedure.shared,
                )
            )
            procedure.consumed = procedure.finished = True
            if expected is not None and expected.alive(Side.PCSCF) and confirmed(procedure, expected, transaction):
                expected.inferred = False
                self._established(context, procedure, expected, sighting)
        elif not transaction.deregisters:
            unchallenged(context, procedure, now)
            newest = context.newest
            carried = credentials(transaction.request.message)
            session.emit(
                RegistrationRefreshed(
                    at=now,
                    subject=context.subject,
                    response=sighting,
                    register=transaction.request,
                    offer=procedure.offer,
                    in_use=procedure.parent_terms,
                    answers_challenge=transaction.request.protection is None
                    and newest is not None
                    and not newest.consumed
                    and carried is not None
                    and bool(carried.response)
                    and carried.nonce == newest.nonce,
                    nonce_from=nonce_from(context, transaction.request),
                    established=any(each.serves() for each in context.sets),
                    reports_failure=kind == "failure",
                    emergency=context.emergency,
                )
            )
        procedure.finished = True
        bind(session, context, procedure, sighting, transaction)

    def _established(self, context: Context, procedure: Procedure, new: SaSet, sm12: Sighting) -> None:
        """SM12: the new set replaces what was there (section 9, both sides)."""
        session, at = self._session, sm12.at
        vantage = context.pair.vantage
        crossed = Knowledge(False, CROSSED) if procedure.crossed else None
        held = [(early, crossed or came_before(early, new, sm12, vantage)) for early in new.early]
        for early, certain in held:
            if certain is not None:
                session.emit(replace(early, certain=certain))
        guilty = {early.sighting.sender for early, certain in held if certain is not None}
        for side in Side:
            if side not in guilty and not new.inferred:
                session.emit(AuthenticationOnly(at=at, subject=context.subject, side=side, generation=new.generation))
        new.early = ()
        before = context.newest_established()
        for other in context.sets:
            if other is new or not other.established():
                continue
            other.shelve(new)
            for side in Side:
                overdue(other, before, side, at.time, session.profile)
            if procedure.parent is None:
                other.end(Side.PCSCF, End.CLEAR_START, at)
                other.end(Side.UE, End.CLEAR_START, at)
                continue
            if other is procedure.parent:
                if other.alive(Side.PCSCF):
                    other.states[Side.PCSCF] = State.OLD
            else:
                other.end(Side.PCSCF, End.OLDER, at)
            if other.alive(Side.UE):
                other.states[Side.UE] = State.OLD
        new.sm12 = new.sm12_last = at
        new.states[Side.UE] = State.USE
        new.states[Side.PCSCF] = State.USE if procedure.parent is None else State.NEW
        for early, certain in held:
            if certain is not None and swapped(early.sighting, at, "SM12", vantage):
                new.uplink = new.uplink or early.at
                new.states[Side.PCSCF] = State.USE

    def ended(self, context: Context, answer: Sighting) -> Knowledge:
        """Whether a final answer is what ended the current procedure, and not a copy of one that was lost."""
        if context.current is not None and context.current.crossed:
            return Knowledge(False, CROSSED)
        made = context.current.set if context.current is not None else None
        if made is not None and answer.message.status < 300 and answer.protection is not None:
            complete = made.complete()
            if not complete.sure:
                return complete
        return Knowledge(True, f"the registration ended only later (frame {answer.at.number})")

    def infer(self, context: Context, owner: SaSet, sighting: Sighting, transaction: Transaction | None) -> bool:
        """The P-CSCF sends on a set without an SM12 in the capture: if a packet is missing there, that was SM12.

        A 2xx to a REGISTER that is missing is SM12 itself. True if the set was taken for established.
        """
        procedure = context.newest
        if procedure is None or procedure.set is not owner or owner.state(Side.PCSCF) is not State.TMP:
            return False
        if sighting.message.method != "REGISTER":
            serves = True
        elif transaction is None:
            serves = 200 <= sighting.message.status < 300
        else:
            serves = transaction.kind == "SM1"
        if not serves or (transaction is not None and owner.complete().sure):
            return False
        procedure.consumed = procedure.finished = True
        owner.inferred = True
        self._established(context, procedure, owner, sighting)
        procedure.shelve()
        return True

    def _refusal(self, context: Context, procedure: Procedure, sighting: Sighting, transaction: Transaction) -> None:
        session, at = self._session, sighting.at
        answers_sm7 = transaction.kind == "SM7"
        failed = procedure.set
        if not procedure.adopted:  # else nobody knows whether SM1 was protected
            session.emit(
                RegistrationRefused(
                    at=at,
                    subject=context.subject,
                    response=sighting,
                    register=transaction.request,
                    answers_sm7=answers_sm7,
                    answers_failure=transaction.kind == "failure",
                    parent=procedure.parent_terms,
                    expected=failed.terms if failed else None,
                    client=procedure.client,
                    verify=procedure.verify,
                    res_right=res_right(procedure, transaction.request) if answers_sm7 else None,
                )
            )
        procedure.finished = True
        if not answers_sm7:
            return
        procedure.consumed = True
        if failed is None:
            return
        for early in failed.early:
            unsure = Knowledge(False, "the authentication failed; whether an SM12 came before is not to be seen")
            session.emit(replace(early, certain=unsure))
        failed.early = ()
        for side in Side:
            failed.end(side, End.FAILED, at)
