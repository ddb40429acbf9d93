"""The end of a set, seen from a message on it: who had to have given it up, who knew it, and who answers there.

Deletion cannot be seen, so the end of an OLD set is computed when something is sent on it (section 9.3): it had to go
at the trigger (the first message of the other side on the newer set) or when its last transaction ended.
"""

from __future__ import annotations

from analyzer.frame import SECOND
from analyzer.ims.events import DeadSetAnswered, DeadSetUsed, EarlyUse, OldSetServed, SetsAtOnce
from analyzer.ims.knowledge import REACTION, pcscf_had_uplink, ue_had_downlink
from analyzer.ims.losses import UNDECIDED
from analyzer.ims.messages.connections import connection_alive
from analyzer.ims.registration.counting import at_once
from analyzer.ims.registration.renewal import overran
from analyzer.ims.session import Session
from analyzer.ims.sets.associations import EARLY, Ending, SaSet
from analyzer.ims.sets.overdue import overdue
from analyzer.ims.subjects import Context
from analyzer.ims.transactions.transaction import Transaction
from analyzer.ims.vocabulary import End, Knowledge, SetTerms, Side, Sighting, State
from analyzer.profile import Profile


def after_its_end(
    session: Session, context: Context, owner: SaSet, sighting: Sighting, transaction: Transaction | None, fresh: bool
) -> None:
    """A message on a set that its sender may have had to give up: had he, and what follows from that?"""
    sender, now = sighting.sender, sighting.at.time
    overdue(owner, context.newest_established(), sender, now, session.profile, transaction)
    ending = owner.ends.get(sender)
    if ending is None and not sighting.message.is_request and sighting.message.method != "REGISTER":
        session.emit(OldSetServed(at=sighting.at, subject=context.subject, side=sender, terms=owner.terms))
    if ending is None or now <= ending.time or sighting.at == ending.since:
        return
    if ending.end is End.EXPIRED and sender is Side.UE and context.renewal is not None:
        overran(session, context, owner, sighting.at)
    message = sighting.message
    ends_invite = message.method in ("ACK", "CANCEL")
    if ends_invite:
        transaction = context.pair.transactions.invite(sighting) or transaction
    begins = fresh and message.is_request and not ends_invite
    pending = not begins and _from_before(sighting, transaction, ending)
    if fresh and not pending:
        owner.misused |= {(sender, ending.end)}
        if transaction is not None and begins:
            if len(owner.astray) < EARLY:
                owner.astray += (transaction,)
            else:
                session.losses.note(UNDECIDED)
    if transaction is not None and not message.is_request and transaction.owner is owner:
        answers(session, context, owner, sender, transaction, sighting)
    session.emit(
        DeadSetUsed(
            at=sighting.at,
            subject=context.subject,
            sighting=sighting,
            terms=owner.terms,
            end=ending.end,
            since=ending.since,
            since_time=ending.time,
            knew=_knew_of_end(session, context, owner, sender, now),
            pending=pending,
            repeat=not fresh,
            invited=not message.is_request and sender is Side.UE,
            complete=_complete(context, owner, ending),
        )
    )
    if sender is Side.PCSCF and not (pending and ending.end is End.REPLACED):
        _count_sets(session, context, owner, sighting)


def _from_before(sighting: Sighting, transaction: Transaction | None, ending: Ending) -> bool:
    """Whether a message belongs to a request from before the end of its set, or may: the capture does not have its
    request, or the INVITE that it ends (FP4, FP6).
    """
    message = sighting.message
    if message.method in ("ACK", "CANCEL") and (transaction is None or transaction.method != "INVITE"):
        return True
    if transaction is None:
        return not message.is_request
    return transaction.request.at.time <= ending.time


def _count_sets(session: Session, context: Context, owner: SaSet, sighting: Sighting) -> None:
    """Tell if the P-CSCF, which has just used a dead set, has more sets at once with it than it may."""
    sender, now = sighting.sender, sighting.at.time
    several = at_once(context, owner, now, session.profile)
    if len(several) > session.profile.most_sets:
        session.emit(
            SetsAtOnce(
                at=sighting.at,
                subject=context.subject,
                sets=tuple(each.terms for each in several),
                ends=tuple(each.ends[sender].end if sender in each.ends else None for each in several),
                sighting=sighting,
                knew=_knew_of_end(session, context, owner, sender, now),
            )
        )


def answered_elsewhere(session: Session, context: Context, response: Sighting, transaction: Transaction) -> None:
    """An answer that did not come on the set of its request."""
    asked = transaction.owner
    if not isinstance(asked, SaSet):
        return
    if asked.sm12 is None and asked.states[Side.PCSCF] is State.TMP and transaction.method != "REGISTER":
        early_use(context, asked, response, transaction)
    answers(session, context, asked, response.sender, transaction, response)


def answers(
    session: Session,
    context: Context,
    asked: SaSet,
    receiver: Side,
    transaction: Transaction,
    response: Sighting | None,
) -> None:
    """Tell of the answer to a request that came on a set which its receiver had to have given up (R5).

    100 says no more than that the next hop has it; what follows the first other answer is told no more.
    """
    if transaction.told or (response is not None and response.message.status == 100):
        return
    request, now = transaction.request, response.at.time if response is not None else context.last_seen
    overdue(asked, context.newest_established(), receiver, now, session.profile, transaction)
    ending = asked.ends.get(receiver)
    if ending is None or request.at.time <= ending.time or request.sender is receiver:
        return
    transaction.told = True
    session.emit(
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
            knew=_knew_of_end(session, context, asked, receiver, request.at.time),
            complete=_complete(context, asked, ending),
            elsewhere=transaction.elsewhere,
        )
    )


def _knew_of_end(session: Session, context: Context, owner: SaSet, sender: Side, now: int) -> Knowledge:
    """Whether the sender knew that the set was over."""
    profile, vantage = session.profile, context.pair.vantage
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


def early_use(context: Context, owner: SaSet, sighting: Sighting, transaction: Transaction | None) -> None:
    """Hold back a message on a temporary set, or the answer to one, until it is clear whether SM12 had come."""
    if len(owner.early) < EARLY:
        asked = transaction.request if transaction is not None and not sighting.message.is_request else None
        unsure = Knowledge(False, "")
        early = EarlyUse(
            at=sighting.at, subject=context.subject, sighting=sighting, request=asked, sm7=owner.sm7, certain=unsure
        )
        owner.early += (early,)
    else:
        context.pair.losses.note(UNDECIDED)


def leaves_old(
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


def _complete(context: Context, owner: SaSet, ending: Ending) -> Knowledge:
    """Whether the capture has all that bears on the end of a set; for its expiry the answer to the last refresh too."""
    refresh = context.current
    if ending.end is End.EXPIRED and refresh is not None and refresh.parent is owner and not refresh.finished:
        sent = refresh.register.at
        if sent.time <= ending.time:
            return Knowledge(False, f"the REGISTER of frame {sent.number} has no answer in the capture")
    return owner.complete()
