"""Messages on and beside the sets: the switch from old to new, sets that should be gone, clear text.

Deletion cannot be seen, so the end of an OLD set is computed when something is sent on it (section 9.3): it had to go
at the trigger (the first message of the other side on the newer set) or when its last transaction ended.
"""

from __future__ import annotations

from dataclasses import replace

from analyzer.frame import SECOND, FrameRef
from analyzer.ims.associations import EARLY, Ending, SaSet, overdue
from analyzer.ims.connections import connection_alive
from analyzer.ims.counting import at_once
from analyzer.ims.events import (
    ClearMessageSent,
    DeadSetAnswered,
    DeadSetUsed,
    EarlyUse,
    MessageDuringRegistration,
    OldSetServed,
    RequestSent,
    ResponseSent,
    SetRetired,
    SetsAtOnce,
)
from analyzer.ims.knowledge import REACTION, pcscf_had_uplink, ue_had_downlink
from analyzer.ims.openings import opened
from analyzer.ims.renewal import overran
from analyzer.ims.session import Session, emergency_call
from analyzer.ims.subjects import Context
from analyzer.ims.switch import Switch
from analyzer.ims.transactions import Transaction
from analyzer.ims.vocabulary import End, Knowledge, SetTerms, Side, Sighting, State
from analyzer.profile import Profile

IN_DIALOG = frozenset({"ACK", "BYE", "CANCEL"})
"""Requests that belong to a call that is there already."""


class Traffic:
    """Judges nothing: says what each message was in the life of the sets."""

    __slots__ = ("_session", "switch")

    def __init__(self, session: Session) -> None:
        self._session = session
        self.switch = Switch(session)

    # --- protected messages ----------------------------------------------------------------------------------------

    def protected(
        self, context: Context, owner: SaSet, sighting: Sighting, transaction: Transaction | None, fresh: bool
    ) -> None:
        """A message on a known set."""
        session = self._session
        message, at = sighting.message, sighting.at
        sender = sighting.sender
        if message.is_request:
            session.emit(RequestSent(at, context.subject, sighting, not fresh))
        else:
            session.emit(
                ResponseSent(
                    at,
                    context.subject,
                    sighting,
                    transaction.request if transaction else None,
                    transaction is None or (transaction.moved_to is None and connection_alive(transaction.request)),
                    transaction.kind if transaction else "",
                    _closing_seen(sighting, transaction) if sighting.connection is not None else None,
                )
            )
            if transaction is not None and transaction.owner is not owner:
                self._answered_elsewhere(context, sighting, transaction)
        if (
            owner.ends
            or owner.states[sender] is State.OLD
            or (owner.expires_at is not None and at.time > owner.expires_at)
        ):
            self._after_its_end(context, owner, sighting, transaction, fresh)
        if self.switch.undecided:
            self.switch.heard(owner, sighting, transaction)
        if message.method == "REGISTER":
            if not fresh and transaction is not None and transaction.kind == "SM7":
                owner.repeated(sighting)
        else:
            self._during_registration(context, sighting, transaction)
            if owner.sm12 is None and owner.states[sender] is State.TMP:
                _early(context, owner, sighting, transaction)
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
        if sighting.sender is Side.UE:
            if owner.uplink is None:
                owner.uplink = sighting.at
                owner.uplink_transaction = transaction
            if owner.states[Side.PCSCF] is State.NEW:
                owner.states[Side.PCSCF] = State.USE
        elif owner.downlink is None:
            owner.downlink = sighting.at
            owner.downlink_transaction = transaction

    def _during_registration(self, context: Context, sighting: Sighting, transaction: Transaction | None) -> None:
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
        old_call = message.method in IN_DIALOG and message.call_id in context.calls
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
            emergency=context.emergency or context.pair.emergency(message.call_id, emergency_call(sighting)),
            sent_astray=sent_astray(sighting, transaction.request if transaction else None),
            running=_running(sighting, procedure.begun, context.pair.vantage.round_trip),
        )
        stayed = parent is not None and sighting.protection is not None and sighting.protection.terms is parent
        if stayed:
            self._session.emit(event)
        elif len(context.unsettled) < EARLY:
            context.unsettled.append(event)

    def settle(self, context: Context, running: Knowledge) -> None:
        """The registration has come to an end, or will never: tell what was sent meanwhile."""
        for event in context.unsettled:
            self._session.emit(replace(event, running=running) if event.running.sure else event)
        context.unsettled.clear()

    # --- sets that had to go ---------------------------------------------------------------------------------------

    def _after_its_end(
        self, context: Context, owner: SaSet, sighting: Sighting, transaction: Transaction | None, fresh: bool
    ) -> None:
        session, sender, now = self._session, sighting.sender, sighting.at.time
        overdue(owner, context.newest_established(), sender, now, session.profile, transaction)
        ending = owner.ends.get(sender)
        if ending is None and not sighting.message.is_request and sighting.message.method != "REGISTER":
            session.emit(OldSetServed(at=sighting.at, subject=context.subject, side=sender, terms=owner.terms))
        if ending is None or now <= ending.time or sighting.at == ending.since:
            return
        if ending.end is End.EXPIRED and sender is Side.UE and context.renewal is not None:
            overran(session, context, owner, sighting.at)
        begins = fresh and sighting.message.is_request
        if sighting.message.method in ("ACK", "CANCEL"):
            begins = False
            transaction = context.pair.transactions.invite(sighting) or transaction
        begun = transaction.request.at.time if transaction else None
        unknown = begun is None and not sighting.message.is_request  # the capture does not have its request (FP4, FP6)
        if sighting.message.method in ("ACK", "CANCEL") and (transaction is None or transaction.method != "INVITE"):
            unknown = True  # nor its INVITE
        pending = unknown or (begun is not None and begun <= ending.time and not begins)
        repeat = not fresh
        if not pending and not repeat:
            owner.misused.add((sender, ending.end))
            if transaction is not None and begins and len(owner.astray) < EARLY:
                owner.astray.append(transaction)
        if transaction is not None and not sighting.message.is_request and transaction.owner is owner:
            self._answers(context, owner, sender, transaction, sighting)
        session.emit(
            DeadSetUsed(
                at=sighting.at,
                subject=context.subject,
                sighting=sighting,
                terms=owner.terms,
                end=ending.end,
                since=ending.since,
                since_time=ending.time,
                knew=self._knew_of_end(context, owner, sender, now),
                pending=pending,
                repeat=repeat,
                invited=not sighting.message.is_request and sender is Side.UE,
                complete=_complete(context, owner, ending),
            )
        )
        if sender is Side.PCSCF and not (pending and ending.end is End.REPLACED):
            several = at_once(context, owner, now, session.profile)
            if len(several) > session.profile.most_sets:
                session.emit(
                    SetsAtOnce(
                        at=sighting.at,
                        subject=context.subject,
                        sets=tuple(each.terms for each in several),
                        ends=tuple(each.ends[sender].end if sender in each.ends else None for each in several),
                        sighting=sighting,
                        knew=self._knew_of_end(context, owner, sender, now),
                    )
                )

    def _answered_elsewhere(self, context: Context, response: Sighting, transaction: Transaction) -> None:
        """An answer that did not come on the set of its request."""
        asked = transaction.owner
        if not isinstance(asked, SaSet):
            return
        if asked.sm12 is None and asked.states[Side.PCSCF] is State.TMP and transaction.method != "REGISTER":
            _early(context, asked, response, transaction)
        self._answers(context, asked, response.sender, transaction, response)

    def _answers(
        self, context: Context, asked: SaSet, receiver: Side, transaction: Transaction, response: Sighting | None
    ) -> None:
        """Tell of the answer to a request that came on a set which its receiver had to have given up (R5).

        100 says no more than that the next hop has it; what follows the first other answer is told no more.
        """
        if transaction.told or (response is not None and response.message.status == 100):
            return
        request, now = transaction.request, response.at.time if response is not None else context.last_seen
        overdue(asked, context.newest_established(), receiver, now, self._session.profile, transaction)
        ending = asked.ends.get(receiver)
        if ending is None or request.at.time <= ending.time or request.sender is receiver:
            return
        transaction.told = True
        self._session.emit(
            DeadSetAnswered(
                at=response.at if response is not None else request.at,
                subject=context.subject,
                response=response,
                request=request,
                receiver=receiver,
                terms=asked.terms,
                end=ending.end,
                since=ending.since,
                since_time=ending.time,
                knew=self._knew_of_end(context, asked, receiver, request.at.time),
                complete=_complete(context, asked, ending),
                elsewhere=transaction.elsewhere,
            )
        )

    def _knew_of_end(self, context: Context, owner: SaSet, sender: Side, now: int) -> Knowledge:
        """Whether the sender knew that the set was over."""
        profile, vantage = self._session.profile, context.pair.vantage
        ending = owner.ends[sender]
        end, since = ending.end, ending.since
        if end is End.EXPIRED:
            return Knowledge(True, f"{(now - ending.time) / SECOND:.0f} s after the deadline, tolerance included")
        own_act = (sender is Side.PCSCF and end is not End.REPLACED) or (sender is Side.UE and end is End.SUPERSEDED)
        if own_act:
            sure = now - since.time >= REACTION
            how = f"{(now - since.time) / SECOND:.3f} s after its own message of frame {since.number}"
            return Knowledge(sure, how if sure else how + ", which may have overtaken it")
        if end is End.REPLACED:
            newest = context.newest_established()
            assert newest is not None
            had = pcscf_had_uplink if sender is Side.PCSCF else ue_had_downlink
            knew = had(vantage, newest, now, profile)
            if knew is not None:
                return knew
        return vantage.knew(sender, since, "the message that ended it", now, profile, None)

    # --- clear text ------------------------------------------------------------------------------------------------

    def clear(self, context: Context | None, sighting: Sighting, transaction: Transaction | None) -> None:
        """A SIP message in clear."""
        if context is None:
            return
        message = sighting.message
        request = transaction.request if transaction is not None and not message.is_request else None
        bound = not context.without_ipsec and any(found.serves() for found in context.sets)
        established = bound or bool(request and request.protection)
        self._session.emit(
            ClearMessageSent(
                at=sighting.at,
                subject=context.subject,
                sighting=sighting,
                request=request,
                established=established,
                dialog_protected=message.call_id in context.calls,
                emergency=context.emergency or context.pair.emergency(message.call_id, emergency_call(sighting)),
                deregistration=transaction is not None and transaction.deregisters,
                answers_register=transaction.kind if transaction is not None and not message.is_request else "",
                sm1_protected=context.current is not None and context.current.parent is not None,
                acknowledges_clear=message.method == "ACK"
                and transaction is not None
                and transaction.final_clear
                and transaction.final_status >= 300,
                sent_astray=sent_astray(sighting, transaction.request if transaction else None),
                leaves_old=_leaves_old(context, sighting, transaction, self._session.profile),
            )
        )
        if transaction is not None and request is not None and isinstance(transaction.owner, SaSet):
            self._answers(context, transaction.owner, sighting.sender, transaction, sighting)
        if message.method != "REGISTER":
            self._during_registration(context, sighting, transaction)

    # --- the end of the memory -------------------------------------------------------------------------------------

    def retire(self, context: Context, owner: SaSet) -> None:
        """Tell what became of a set that is about to be forgotten."""
        if owner.told:
            return
        owner.told = True
        self.switch.retire(owner)
        for side in Side:
            overdue(owner, context.newest_established(), side, context.last_seen, self._session.profile)
        for request in owner.astray:
            if request.final is None and request.provisional is None:
                self._answers(context, owner, request.request.sender.other, request, None)
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


def _early(context: Context, owner: SaSet, sighting: Sighting, transaction: Transaction | None) -> None:
    """Hold back a message on a temporary set, or the answer to one, until it is clear whether SM12 had come."""
    if len(owner.early) < EARLY:
        asked = transaction.request if transaction is not None and not sighting.message.is_request else None
        unsure = Knowledge(False, "")
        early = EarlyUse(
            at=sighting.at, subject=context.subject, sighting=sighting, request=asked, sm7=owner.sm7, certain=unsure
        )
        owner.early.append(early)


def _leaves_old(
    context: Context, response: Sighting, transaction: Transaction | None, profile: Profile
) -> SetTerms | None:
    """The set that a clear answer of the P-CSCF should be on: the old one, which it has to serve yet (LIFE-14).

    It has not where the request came only after the UE had used the newer set, or that is 64*T1 ago. Where the
    connection of the request is gone, it is that which the answer had to do without.
    """
    if transaction is None or response.message.is_request or response.sender is not Side.PCSCF:
        return None
    owner = transaction.owner
    if not isinstance(owner, SaSet) or owner.states[Side.PCSCF] is not State.OLD or Side.PCSCF in owner.ends:
        return None
    newest, now = context.newest_established(), response.at.time
    trigger = newest.uplink if newest is not None else None
    if trigger is not None and (
        transaction.request.at.time > trigger.time
        or (profile.old_set_capped and now - trigger.time > profile.timer_64_t1)
    ):
        return None
    if owner.expires_at is not None and now > owner.expires_at:
        return None
    return owner.terms if connection_alive(transaction.request) else None


def _running(sighting: Sighting, sm1: FrameRef, round_trip: int) -> Knowledge:
    """Whether a message was sent after SM1: what came right behind it, and not on the new set, may have been before."""
    elapsed, protection = sighting.at.time - sm1.time, sighting.protection
    on_new = protection is not None and protection.state(sighting.sender) is State.TMP
    if on_new or elapsed >= max(REACTION, round_trip):
        return Knowledge(True, "the registration has not ended yet")
    return Knowledge(False, f"only {elapsed / SECOND:.3f} s after SM1, which may have overtaken it")


def _complete(context: Context, owner: SaSet, ending: Ending) -> Knowledge:
    """Whether the capture has all that bears on the end of a set; for its expiry the answer to the last refresh too."""
    refresh = context.current
    if ending.end is End.EXPIRED and refresh is not None and refresh.parent is owner and not refresh.finished:
        sent = refresh.register.at
        if sent.time <= ending.time:
            return Knowledge(False, f"the REGISTER of frame {sent.number} has no answer in the capture")
    return owner.complete()


def sent_astray(response: Sighting, request: Sighting | None) -> bool:
    """A response of the UE that followed a Via naming port_pc, on ports that no association serves (R23)."""
    if response.message.is_request or response.sender is not Side.UE or request is None or request.protection is None:
        return False
    terms, via = request.protection.terms, response.message.top_via
    return via is not None and via.port == terms.port_pc and response.sport != terms.port_us


def _closing_seen(response: Sighting, transaction: Transaction | None) -> Knowledge | None:
    """For a response on another connection than its request: whether the end of that one would have been seen."""
    if transaction is None or response.connection is transaction.request.connection:
        return None
    return transaction.owner.complete() if isinstance(transaction.owner, SaSet) else None
