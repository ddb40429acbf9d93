"""Messages on and beside the sets: the switch from old to new, sets that should be gone (`endings.py`), clear text."""

from __future__ import annotations

from msgspec.structs import replace

from analyzer.frame import SECOND, FrameRef
from analyzer.ims.events import (
    ClearMessageSent,
    MessageDuringRegistration,
    RequestSent,
    ResponseSent,
    SetRetired,
)
from analyzer.ims.knowledge import REACTION
from analyzer.ims.losses import UNDECIDED
from analyzer.ims.messages.calm import learn
from analyzer.ims.messages.clear_requests import ClearRequests
from analyzer.ims.messages.connections import connection_alive, connection_forgotten
from analyzer.ims.messages.endings import after_its_end, answered_elsewhere, answers, early_use, leaves_old
from analyzer.ims.messages.identities import stranger
from analyzer.ims.messages.openings import opened
from analyzer.ims.messages.switch import Switch
from analyzer.ims.register import emergency_call
from analyzer.ims.registration.procedures import swapped
from analyzer.ims.session import Session
from analyzer.ims.sets.association import Binding
from analyzer.ims.sets.associations import EARLY, SaSet
from analyzer.ims.sets.overdue import overdue
from analyzer.ims.subjects import CALLS, Context
from analyzer.ims.transactions.transaction import Transaction
from analyzer.ims.vocabulary import SIDES, Knowledge, Side, Sighting, State

IN_DIALOG = frozenset({"ACK", "BYE", "CANCEL"})
"""Requests that belong to a call that is there already."""


class Traffic:
    """Judges nothing: says what each message was in the life of the sets."""

    __slots__ = ("_session", "in_clear", "switch")

    def __init__(self, session: Session) -> None:
        self._session = session
        self.switch = Switch(session)
        self.in_clear = ClearRequests(session)

    # --- protected messages ----------------------------------------------------------------------------------------

    def protected(
        self, context: Context, binding: Binding, sighting: Sighting, transaction: Transaction | None, fresh: bool
    ) -> None:
        """A message on a known set."""
        owner = binding.set
        session = self._session
        message, at = sighting.message, sighting.at
        sender = sighting.sender
        if message.is_request:
            receipt = session.emit(RequestSent(at, context.subject, sighting, not fresh))
            if receipt is not None and fresh:
                learn(session.passed, binding, sighting, receipt)
        else:
            kind = transaction.kind if transaction is not None else ""
            # A request that was repeated on another set may be answered on either: it is not to be seen which copy was
            twice = transaction is not None and transaction.elsewhere and transaction.owner is not owner
            receipt = session.emit(
                ResponseSent(
                    at,
                    context.subject,
                    sighting,
                    transaction.request if transaction and not twice else None,
                    transaction is None or _there_yet(transaction),
                    kind,
                    _closing_seen(sighting, transaction) if sighting.connection is not None else None,
                )
            )
            if transaction is None:
                pass
            elif transaction.owner is not owner:
                answered_elsewhere(session, context, sighting, transaction)
            elif receipt is not None and not kind and sighting.connection is transaction.request.connection:
                learn(session.passed, binding, sighting, receipt)
        if (
            owner.ends
            or owner.states[sender] is State.OLD
            or (owner.expires_at is not None and at.time > owner.expires_at)
        ):
            after_its_end(session, context, owner, sighting, transaction, fresh)
        if self.switch.undecided:
            self.switch.heard(owner, sighting, transaction)
        if message.method == "REGISTER":
            if not fresh and transaction is not None and transaction.kind == "SM7":
                owner.repeated(sighting)
        else:
            self._during_registration(context, sighting, transaction)
            if owner.sm12 is None and owner.states[sender] is State.TMP:
                early_use(context, owner, sighting, transaction)
            elif message.is_request and fresh and transaction is not None:
                self.switch.begun(context, owner, sighting, transaction)
            if context.remember_call(message.call_id) and sender is Side.UE and message.is_request:
                opened(session, context, owner, sighting)

    def take_into_use(self, owner: SaSet, sighting: Sighting, transaction: Transaction | None) -> None:
        """Note the first further message of each side after SM12; which kind of REGISTER it is has to be known."""
        if owner.sm12 is None or sighting.at.time <= owner.sm12.time:
            return
        if transaction is not None and transaction.kind == "SM7":
            return  # SM7 and SM12 again, not a further message
        owner.take_into_use(sighting.sender, sighting.at, transaction)

    def _during_registration(self, context: Context, sighting: Sighting, transaction: Transaction | None) -> None:
        """Note a message other than REGISTER while a registration procedure with ipsec-3gpp runs.

        One on the set that protects the procedure is told at once; whether the others came before its end is only known
        then.
        """
        procedure = context.current
        if procedure is None or procedure.finished:
            return
        if procedure.parent is None and not any(entry.is_ipsec for entry in procedure.offer):
            return  # a registration without ipsec-3gpp (FP11)
        patience = self._session.profile.reg_await_auth or 240 * SECOND
        if sighting.at.time - procedure.register.at.time > patience:
            return
        challenged = procedure.challenge is not None
        if procedure.parent is not None and not challenged:
            return
        message, begun = sighting.message, procedure.begun.time
        known = message.call_id in context.calls or len(context.calls) >= CALLS  # or forgotten
        old_call = known and message.method in IN_DIALOG
        before = transaction is not None and transaction.request.at.time < begun
        parent, at = procedure.parent_terms, sighting.at
        event = MessageDuringRegistration(
            at=at,
            subject=context.subject,
            sighting=sighting,
            request=transaction.request if transaction and not message.is_request else None,
            parent=parent,
            challenged=challenged,
            begun_before=before or old_call,
            emergency=context.emergency or context.pair.emergency(message.call_id, emergency_call(sighting.message)),
            sent_astray=sent_astray(sighting, transaction.request if transaction else None),
            running=_running(sighting, procedure.begun, context.pair.vantage.round_trip),
        )
        stayed = parent is not None and sighting.protection is not None and sighting.protection.terms is parent
        if stayed:
            self._session.emit(event)
        elif len(context.unsettled) < EARLY:
            context.unsettled += (event,)
        else:
            self._session.losses.note(UNDECIDED)

    def settle(self, context: Context, running: Knowledge, end: FrameRef | None = None) -> None:
        """The registration has come to an end, by the message `end`, or will never: tell what was sent meanwhile."""
        for event in context.unsettled:
            near = swapped(event.sighting, end, "its end", context.pair.vantage) if end is not None else None
            self._session.emit(replace(event, running=near or running) if event.running.sure else event)
        context.unsettled = ()

    # --- clear text ------------------------------------------------------------------------------------------------

    def clear(self, context: Context | None, sighting: Sighting, transaction: Transaction | None) -> None:
        """A SIP message in clear."""
        if context is None:
            return
        message = sighting.message
        request = transaction.request if transaction is not None and not message.is_request else None
        bound = not context.without_ipsec and any(found.serves() for found in context.sets)
        established = bound or bool(request and request.protection)
        emergency = context.emergency or context.pair.emergency(message.call_id, emergency_call(sighting.message))
        leaves = leaves_old(context, sighting, transaction, self._session.profile)
        foreign = bound and not (request and request.protection) and stranger(context, sighting)
        passed = self._session.passed
        idle = not established and leaves is None  # there is no set that it might have been sent on
        if not (idle and passed.again(ClearMessageSent)):
            receipt = self._session.emit(
                ClearMessageSent(
                    at=sighting.at,
                    subject=context.subject,
                    sighting=sighting,
                    request=request,
                    established=established,
                    dialog_protected=message.call_id in context.calls,
                    emergency=emergency,
                    deregistration=transaction is not None and transaction.deregisters,
                    answers_register=transaction.kind if transaction is not None and not message.is_request else "",
                    sm1_protected=context.current is not None and context.current.parent is not None,
                    acknowledges_clear=message.method == "ACK"
                    and transaction is not None
                    and transaction.final_clear
                    and transaction.final_status >= 300,
                    sent_astray=sent_astray(sighting, transaction.request if transaction else None),
                    leaves_old=leaves,
                    stranger=foreign,
                )
            )
            if idle:
                passed.learn(ClearMessageSent, receipt)
        if transaction is not None and request is not None and isinstance(transaction.owner, SaSet):
            answers(self._session, context, transaction.owner, sighting.sender, transaction, sighting)
        if message.is_request and established and not emergency and not foreign:
            self.in_clear.came(context.subject, sighting, transaction)
        if message.method != "REGISTER" and not foreign:
            self._during_registration(context, sighting, transaction)

    # --- the end of the memory -------------------------------------------------------------------------------------

    def retire(self, context: Context, owner: SaSet) -> None:
        """Tell what became of a set that is about to be forgotten."""
        if owner.told:
            return
        owner.told = True
        self.switch.retire(owner)
        for side in SIDES:
            overdue(owner, context.newest_established(), side, context.last_seen, self._session.profile)
        for request in owner.astray:
            if request.final is None and request.provisional is None:
                answers(self._session, context, owner, request.request.sender.other, request, None)
        last = context.last_seen
        endings = [*owner.past, *owner.ends.items()]
        for end in dict.fromkeys(ending.end for _, ending in endings):
            since = min((e.since for _, e in endings if e.end is end), key=lambda found: found.time)
            time = min(e.time for _, e in endings if e.end is end)
            kept = {side for side, e in endings if e.end is end and (side, end) not in owner.misused}
            self._session.emit(
                SetRetired(
                    at=since,
                    subject=context.subject,
                    terms=owner.terms,
                    end=end,
                    used_by_ue=Side.UE not in kept,
                    used_by_pcscf=Side.PCSCF not in kept,
                    observed=last - time > self._session.profile.grace,
                )
            )


def _running(sighting: Sighting, sm1: FrameRef, round_trip: int) -> Knowledge:
    """Whether a message was sent after SM1: what came right behind it, and not on the new set, may have been before."""
    elapsed, protection = sighting.at.time - sm1.time, sighting.protection
    on_new = protection is not None and protection.state(sighting.sender) is State.TMP
    if on_new or elapsed >= max(REACTION, round_trip):
        return Knowledge(True, "the registration has not ended yet")
    return Knowledge(False, f"only {elapsed / SECOND:.3f} s after SM1, which may have overtaken it")


def sent_astray(response: Sighting, request: Sighting | None) -> bool:
    """A response of the UE that followed a Via naming port_pc, on ports that no association serves (R23)."""
    if response.message.is_request or response.sender is not Side.UE or request is None or request.protection is None:
        return False
    terms, via = request.protection.terms, response.message.top_via
    return via is not None and via.port == terms.port_pc and response.sport != terms.port_us


def _there_yet(transaction: Transaction) -> bool:
    """Whether the connection of a request has to be used for its answer still, as far as it is known."""
    request = transaction.request
    return transaction.moved_to is None and connection_alive(request) and not connection_forgotten(request)


def _closing_seen(response: Sighting, transaction: Transaction | None) -> Knowledge | None:
    """For a response on another connection than its request: whether the end of that one would have been seen."""
    if transaction is None or response.connection is transaction.request.connection:
        return None
    return transaction.owner.complete() if isinstance(transaction.owner, SaSet) else None
