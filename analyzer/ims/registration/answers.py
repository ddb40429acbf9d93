"""What answers a REGISTER: SM6, SM12 and refusals, and the set that they make, take up or end (section 9; TS 33.203 7).

A challenge makes the set that SM1 and SM6 announce. The 2xx to SM7 takes it up, and with it what was there before is
replaced; a refusal ends it. Which REGISTER is which, `registration.py` has said.
"""

from __future__ import annotations

from sys import intern

from msgspec.structs import replace

from analyzer.ims.events import (
    AuthenticationOnly,
    ChallengeSent,
    RegistrationRefreshed,
    RegistrationRefused,
    RegistrationSucceeded,
)
from analyzer.ims.register import entries_of
from analyzer.ims.registration.agreement import repeated_in_answer, shared, terms, used
from analyzer.ims.registration.authentication import (
    Rands,
    concluded,
    nonce_from,
    unchallenged,
)
from analyzer.ims.registration.bindings import bind
from analyzer.ims.registration.choice import agree, algorithms, modes
from analyzer.ims.registration.counting import living
from analyzer.ims.registration.procedures import Procedure, came_before, confirmed, res_right, swapped
from analyzer.ims.registration.renewal import answered as replied
from analyzer.ims.session import Session
from analyzer.ims.sets.associations import SaSet
from analyzer.ims.sets.overdue import overdue
from analyzer.ims.subjects import CHALLENGES, Context
from analyzer.ims.transactions.transaction import Transaction
from analyzer.ims.vocabulary import SIDES, End, Knowledge, Side, Sighting, State
from analyzer.sip.digest import Challenge, challenge, challenges, credentials

CROSSED = "SM6 was captured behind the SM7 that answers it: the order is not sure"


class Answers:
    """Follows the procedures of all contexts, as far as answers to REGISTERs go on with them and end them."""

    __slots__ = ("_rands", "_session")

    def __init__(self, session: Session) -> None:
        self._session = session
        self._rands = Rands(session.emit)

    def response(self, context: Context, sighting: Sighting, transaction: Transaction) -> None:
        """The first final answer to a REGISTER."""
        procedure = transaction.procedure
        if not isinstance(procedure, Procedure):
            return
        if transaction.request.protection is None:
            context.discovered = transaction.request.dport
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

    def again(self, context: Context, sighting: Sighting, transaction: Transaction) -> None:
        """A further final answer to a REGISTER: perhaps another challenge than the first, where the network takes a
        repeated REGISTER for a new one. The UE answers that which it had first, so that both are as good.
        """
        before, found = transaction.procedure, challenge(sighting.message)
        if not isinstance(before, Procedure) or before.challenge is None or before.finished or found is None:
            return
        if (found.nonce or "") not in context.challenges:
            self._challenge(context, before, sighting, transaction, found, beside=True)

    def _challenge(
        self,
        context: Context,
        before: Procedure,
        sighting: Sighting,
        transaction: Transaction,
        found: Challenge,
        beside: bool = False,
    ) -> None:
        """SM6, or another challenge in answer to SM7: it announces a set, and what it replaces is temporary no more."""
        session = self._session
        adopted = context.challenges.get(found.nonce or "")
        if adopted is not None and adopted.adopted:
            # It was captured behind the SM7 that answers it: the set is there already
            adopted.crossed = True
            context.pair.vantage.early(adopted.register.at, sighting.at)
            return
        procedure = before
        if before.challenge is not None:  # case E: another challenge in answer to SM7
            before.consumed = not beside
            procedure = Procedure(transaction.request, transaction, before.parent)
            procedure.begun = before.begun
            context.current = transaction.procedure = procedure
        for temporary in () if beside else tuple(context.temporary(Side.PCSCF)):
            temporary.end(Side.PCSCF, End.SUPERSEDED, sighting.at)
            if transaction.kind == "SM7":
                temporary.end(Side.UE, End.SUPERSEDED, sighting.at)
        self._challenged(context, procedure, sighting, found)
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
                reveals_keys=any(each.has_keys for each in challenges(sighting.message)),
                offer=procedure.offer,
                server=procedure.server,
                living=len(living(context, sighting.at.time, session.profile)),
                announced=procedure.set.terms if procedure.set else None,
                shared=procedure.shared,
                parent=procedure.parent_terms,
                emergency=context.emergency,
            )
        )

    def _challenged(self, context: Context, procedure: Procedure, sighting: Sighting, found: Challenge) -> None:
        """Enter a challenge into its procedure: an SM7 with its nonce is known by that from now on."""
        procedure.challenge = sighting
        procedure.nonce = intern(found.nonce or "")  # the UE's answer has the same
        procedure.server = entries_of(sighting.message, "security-server")
        for older in context.challenges.values():
            older.superseded()
        context.newest = procedure
        for each in challenges(sighting.message):  # one for each algorithm on offer: the UE answers one of them
            context.challenges[intern(each.nonce or "")] = procedure
        while len(context.challenges) > CHALLENGES:
            del context.challenges[next(iter(context.challenges))]
        rands = dict.fromkeys(each.rand for each in challenges(sighting.message) if each.rand is not None)
        keyring = self._session.keyring
        procedure.vectors = tuple([each for rand in rands for each in keyring.vectors(context.impi, rand)])

    def _temporary(self, context: Context, procedure: Procedure, sm6: Sighting) -> SaSet | None:
        """The set that SM1 and SM6 announce, in state TMP at both sides."""
        agreed = agree(procedure.offer, procedure.server)
        if agreed is None:
            return None
        mine, theirs = agreed
        made = SaSet(context, terms(context, mine, theirs, procedure, sm6), procedure.parent)
        made.alg, made.ealg = theirs.alg, theirs.ealg
        known = {entry.written: entry.written for entry in procedure.server}  # there are these texts but once
        made.challenge = sm6
        made.server = tuple([known.get(value, value) for value in sm6.message.values("security-server")])
        made.modes = modes(procedure.offer, procedure.server)
        if context.port_us is None:
            context.port_us = mine.port_s
        self._session.add_set(context, made, algorithms(procedure.offer, procedure.server), procedure.vectors)
        return made

    def _success(self, context: Context, procedure: Procedure, sighting: Sighting, transaction: Transaction) -> None:
        """A 2xx: SM12 if it answers an SM7, else the registration goes on without a new set."""
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
        for side in SIDES:
            if side not in guilty and not new.inferred:
                kind = AuthenticationOnly, side
                if not session.passed.again(kind):
                    event = AuthenticationOnly(at=at, subject=context.subject, side=side, generation=new.generation)
                    session.passed.learn(kind, session.emit(event))
        new.early = ()
        before = context.newest_established()
        for other in context.sets:
            if other is new or not other.established():
                continue
            other.shelve(new)
            for side in SIDES:
                overdue(other, before, side, at.time, session.profile)
            if procedure.parent is None:
                other.end(Side.PCSCF, End.CLEAR_START, at)
                other.end(Side.UE, End.CLEAR_START, at)
                continue
            if other is procedure.parent:
                if other.alive(Side.PCSCF):
                    other.becomes(Side.PCSCF, State.OLD)
            else:
                other.end(Side.PCSCF, End.OLDER, at)
            if other.alive(Side.UE):
                other.becomes(Side.UE, State.OLD)
        new.sm12 = new.sm12_last = at
        new.becomes(Side.UE, State.USE)
        new.becomes(Side.PCSCF, State.USE if procedure.parent is None else State.NEW)
        for early, certain in held:
            if certain is not None and swapped(early.sighting, at, "SM12", vantage):
                new.uplink = new.uplink or early.at
                new.becomes(Side.PCSCF, State.USE)

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
        """A final answer that is neither a 2xx nor a challenge: the set that was announced fails with an SM7."""
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
        for side in SIDES:
            failed.end(side, End.FAILED, at)
