"""Messages on and beside the sets: the switch from old to new, sets that should be gone, clear text.

Deletion cannot be seen, so the end of an OLD set is computed when something is sent on it (section 9.3): it had to go
at the trigger (the first message of the other side on the newer set) or when its last transaction ended.
"""

from __future__ import annotations

from dataclasses import replace

from analyzer.frame import SECOND, FrameRef
from analyzer.ims.associations import EARLY, Ending, SaSet, overdue
from analyzer.ims.events import (
    ClearMessageSent,
    DeadSetUsed,
    End,
    FreshRequest,
    Knowledge,
    MessageDuringRegistration,
    RequestSent,
    ResponseSent,
    SetRetired,
    Side,
    Sighting,
    State,
)
from analyzer.ims.knowledge import REACTION
from analyzer.ims.session import Session, emergency_call
from analyzer.ims.subjects import Context
from analyzer.ims.transactions import Transaction
from analyzer.network.tcp import Connection

IN_DIALOG = frozenset({"ACK", "BYE", "CANCEL"})
"""Requests that belong to a call that is there already."""


_UNASKED = Knowledge(True, "the UE's first message on the new set is in the capture")
"""Stands where no rule depends on whether an earlier message of the UE was lost."""


class Traffic:
    """Judges nothing: says what each message was in the life of the sets."""

    __slots__ = ("_held", "_session")

    def __init__(self, session: Session) -> None:
        self._session = session
        self._held: dict[int, list[FreshRequest]] = {}
        """Requests of the P-CSCF on a set that the UE has not used, until its next packet proves that none was lost."""

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
                    transaction is None or _connection_alive(transaction.request),
                    transaction.kind if transaction else "",
                )
            )
        if (
            owner.ends
            or owner.states[sender] is State.OLD
            or (owner.expires_at is not None and at.time > owner.expires_at)
        ):
            self._after_its_end(context, owner, sighting, transaction, fresh)
        registering = message.method == "REGISTER"
        if registering:
            if not fresh and transaction is not None and transaction.kind == "SM7":
                owner.repeated(sighting)
        else:
            self._during_registration(context, sighting, transaction)
            if sender is Side.UE and owner.sm12 is None and owner.states[Side.UE] is State.TMP:
                if len(owner.early) < EARLY:
                    owner.early.append(sighting)
            elif message.is_request and fresh and transaction is not None:
                self._switch(context, owner, sighting, transaction)
            context.remember_call(message.call_id)
        if owner.sm12 is not None and at.time > owner.sm12.time:
            self._taken_into_use(owner, sighting, transaction)

    def _taken_into_use(self, owner: SaSet, sighting: Sighting, transaction: Transaction | None) -> None:
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
        self._session.emit(
            MessageDuringRegistration(
                at=sighting.at,
                subject=context.subject,
                sighting=sighting,
                request=transaction.request if transaction and not message.is_request else None,
                parent=procedure.parent_terms,
                challenged=challenged,
                begun_before=before or old_call,
                emergency=context.emergency or emergency_call(sighting),
            )
        )

    def _switch(self, context: Context, owner: SaSet, sighting: Sighting, transaction: Transaction) -> None:
        """A new transaction: on which side of a change of sets was it sent?"""
        newest = context.newest_established()
        if newest is None or owner.sm12 is None:
            return
        session, sender, now = self._session, sighting.sender, sighting.at.time
        on_newest = owner is newest
        # After a clear SM1 there is nothing to switch from: SA-15 speaks of the P-CSCF's older sets, SA-12 of the UE's
        if newest.parent is None and (on_newest or sender is Side.PCSCF):
            return
        older = newest.parent or owner
        if not on_newest and newest.generation < owner.generation:
            return
        knew = None
        if not on_newest:
            knew = self._knew_of_switch(context, newest, sender, now)
        event = FreshRequest(
            sighting.at,
            context.subject,
            sighting,
            None if on_newest else newest.terms,
            older.terms if on_newest else None,
            knew,
            newest.uplink,
            (owner if not on_newest else older).pending(now, session.profile, transaction),
            older.expires_at,
            _UNASKED,
        )
        if on_newest and sender is Side.PCSCF and newest.uplink is None:
            held = self._held.setdefault(id(newest), [])
            if len(held) < EARLY:
                held.append(event)
        else:
            session.emit(event)

    def _knew_of_switch(self, context: Context, newest: SaSet, sender: Side, now: int) -> Knowledge | None:
        if sender is Side.UE:
            return self._ue_had_sm12(context, newest, now)
        if newest.uplink is None:
            return None
        return self._pcscf_had_uplink(context, newest, newest.uplink, now)

    def _ue_had_sm12(self, context: Context, newest: SaSet, now: int) -> Knowledge:
        """Whether the UE had SM12. It may have been lost on its way: then the UE repeats SM7, and goes on as before."""
        profile, vantage = self._session.profile, context.pair.vantage
        sm12, sm7 = newest.sm12_last, newest.sm7_last
        assert sm12 is not None
        if newest.uplink is not None:
            return Knowledge(True, f"the UE had used the new set before (frame {newest.uplink.number})")
        if newest.sm12_stream is not None:
            if not self._acknowledged(newest.sm12_stream):
                return Knowledge(False, "the UE has not acknowledged the TCP segment of SM12")
            if now - sm12.time >= REACTION:
                return Knowledge(True, "the UE had acknowledged the TCP segment of SM12")
        elif sm7 is not None and sm7.at.time > sm12.time:
            return Knowledge(False, f"the UE repeated SM7 (frame {sm7.at.number}): it had no answer yet")
        knew = vantage.knew(Side.UE, sm12, "SM12", now, profile, None)
        if knew.sure and sm7 is not None and sm7.protection is not None and not vantage.at(Side.UE):
            # Timer E doubles from T1 to T2; every copy of SM7 had an ESP sequence number of its own
            t1 = profile.timer_64_t1 // 64
            wait = min(t1 << min(max(sm7.protection.sequence - 1, 0), 3), 8 * t1)
            if newest.sm12_stream is None and now < sm7.at.time + wait + REACTION:
                return Knowledge(False, knew.how + ", but without SM12 the UE need not have repeated SM7 by then")
        return knew

    def _pcscf_had_uplink(self, context: Context, newest: SaSet, since: FrameRef, now: int) -> Knowledge:
        """Whether the P-CSCF had the UE's message on the new set at `since`, which may have been lost on its way."""
        vantage = context.pair.vantage
        cause = _pcscf_had(newest)
        if cause is None and _unanswered(newest.uplink_transaction, Side.UE) and not vantage.at(Side.PCSCF):
            return Knowledge(False, f"the UE's message on the new set (frame {since.number}) has no answer yet")
        return vantage.knew(
            Side.PCSCF, since, "the UE's first message on the new set", now, self._session.profile, cause
        )

    def _ue_had_downlink(self, context: Context, newest: SaSet, since: FrameRef, now: int) -> Knowledge:
        """Whether the UE had the P-CSCF's message on the new set at `since`."""
        vantage = context.pair.vantage
        cause = _ue_had(newest)
        if cause is None and _unanswered(newest.downlink_transaction, Side.PCSCF) and not vantage.at(Side.UE):
            return Knowledge(False, f"the P-CSCF's message on the new set (frame {since.number}) has no answer yet")
        return vantage.knew(
            Side.UE, since, "the P-CSCF's first message on the new set", now, self._session.profile, cause
        )

    def _acknowledged(self, stream: tuple[Connection, int, int] | None) -> bool:
        if stream is None:
            return False
        connection, by, end = stream
        return self._session.acknowledged(connection, by) >= end

    def proven(self, owner: SaSet) -> None:
        """The UE's next packet on a set arrived: what was held back can be told."""
        held = self._held.pop(id(owner), None)
        if held:
            for event in held:
                self._session.emit(event._replace(complete=owner.complete()))

    # --- sets that had to go ---------------------------------------------------------------------------------------

    def _after_its_end(
        self, context: Context, owner: SaSet, sighting: Sighting, transaction: Transaction | None, fresh: bool
    ) -> None:
        session, sender, now = self._session, sighting.sender, sighting.at.time
        overdue(owner, context.newest_established(), sender, now, session.profile, transaction)
        ending = owner.ends.get(sender)
        if ending is None or now <= ending.time or sighting.at == ending.since:
            return
        begins = fresh and sighting.message.is_request
        if sighting.message.method in ("ACK", "CANCEL"):
            begins = False
            transaction = context.pair.transactions.invite(sighting) or transaction
        begun = transaction.request.at.time if transaction else None
        pending = begun is not None and begun <= ending.time and not begins
        repeat = not fresh
        if not pending and not repeat:
            owner.misused.add((sender, ending.end))
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
            had = self._pcscf_had_uplink if sender is Side.PCSCF else self._ue_had_downlink
            return had(context, newest, since, now)
        return vantage.knew(sender, since, "the message that ended it", now, profile, None)

    # --- clear text ------------------------------------------------------------------------------------------------

    def clear(self, context: Context | None, sighting: Sighting, transaction: Transaction | None) -> None:
        """A SIP message in clear."""
        if context is None:
            return
        message = sighting.message
        established = any(found.established() for found in context.sets)
        self._session.emit(
            ClearMessageSent(
                at=sighting.at,
                subject=context.subject,
                sighting=sighting,
                request=transaction.request if transaction and not message.is_request else None,
                established=established,
                dialog_protected=message.call_id in context.calls,
                emergency=context.emergency or emergency_call(sighting),
                deregistration=transaction is not None and transaction.deregisters,
                sent_astray=sent_astray(sighting, transaction.request if transaction else None),
            )
        )
        if message.method != "REGISTER":
            self._during_registration(context, sighting, transaction)

    # --- the end of the memory -------------------------------------------------------------------------------------

    def retire(self, context: Context, owner: SaSet) -> None:
        """Tell what became of a set that is about to be forgotten."""
        if owner.told:
            return
        owner.told = True
        for event in self._held.pop(id(owner), ()):
            unsure = Knowledge(False, "no later packet of the UE on the new set shows that none was lost")
            self._session.emit(event._replace(complete=unsure))
        for side in Side:
            overdue(owner, context.newest_established(), side, context.last_seen, self._session.profile)
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


def _running(at: FrameRef, sm1: FrameRef) -> Knowledge:
    """Whether a message was sent after SM1: what came right behind it may have been on its way before."""
    if at.time - sm1.time >= REACTION:
        return Knowledge(True, "the registration has not ended yet")
    return Knowledge(False, f"only {(at.time - sm1.time) / SECOND:.3f} s after SM1, which may have overtaken it")


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


def _connection_alive(request: Sighting) -> bool:
    connection = request.connection
    return not isinstance(connection, Connection) or connection.closed is None


def _unanswered(transaction: Transaction | None, asker: Side) -> bool:
    """Whether a request of that side has had no answer at all, so that nothing shows that it arrived."""
    if transaction is None or transaction.request.sender is not asker or transaction.method == "ACK":
        return False
    return transaction.final is None and transaction.provisional is None


def _pcscf_had(newest: SaSet) -> str | None:
    """What shows that the P-CSCF had the UE's first message on the new set."""
    transaction = newest.uplink_transaction
    if transaction is not None and newest.uplink is not None and transaction.request.sender is Side.UE:
        answer = transaction.final or transaction.provisional
        if answer is not None and answer.time > newest.uplink.time:
            return f"the P-CSCF had answered the UE's message on the new set (frame {answer.number})"
    if newest.downlink is not None and newest.uplink is not None and newest.downlink.time > newest.uplink.time:
        return f"the P-CSCF had used the new set itself (frame {newest.downlink.number})"
    return None


def _ue_had(newest: SaSet) -> str | None:
    """What shows that the UE had the P-CSCF's first message on the new set."""
    transaction = newest.downlink_transaction
    if transaction is not None and newest.downlink is not None and transaction.request.sender is Side.PCSCF:
        answer = transaction.final or transaction.provisional
        if answer is not None:
            return f"the UE had answered the P-CSCF's message on the new set (frame {answer.number})"
    return None
