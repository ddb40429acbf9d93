"""Requests that nobody answers: who was asked, how often, and was he there (section 9.3; FP4, FP26).

A set remembers those of its transactions that reached 64*T1 without any answer. What follows from them is looked at
when something rare happens: a clear REGISTER, another request of the UE, the end of the set in the capture; and when a
request on an old set was repeated, as soon as its sender has given up.
"""

from __future__ import annotations

from functools import partial

from analyzer.frame import FrameRef
from analyzer.ims.events import OldSetNeglected, SilenceIgnored
from analyzer.ims.session import Session
from analyzer.ims.sets.associations import SaSet
from analyzer.ims.subjects import Context
from analyzer.ims.transactions.transaction import Transaction
from analyzer.ims.vocabulary import Knowledge, Side, Sighting
from analyzer.profile import Profile

SEVERAL = 2
"""Unanswered requests that make a set look dead (LIFE-18)."""
COPIES = 3
"""Retransmissions of one request that show that its sender has no answer."""


def unanswered(owner: SaSet, asker: Side, now: int, profile: Profile) -> list[Transaction]:
    """The requests of a side that have no answer at all, sent since the other side's last packet on the set."""
    owner.pending(now, profile)
    heard = owner.last_from(asker.other)
    since = heard.time if heard is not None else 0
    return [
        each
        for each in (*owner.silent, *owner.open_requests)
        if each.request.sender is asker
        and each.final is None
        and each.provisional is None
        and each.request.at.time > since
    ]


def timed_out(requests: list[Transaction], now: int, profile: Profile) -> list[Transaction]:
    """Those of these unanswered requests whose sender has given up (64*T1)."""
    return [each for each in requests if now - each.request.at.time > profile.timer_64_t1]


def insisted(requests: list[Transaction], owner: SaSet) -> Knowledge:
    """Whether the senders' own repetitions show that they had no answers, which the capture might have lost else."""
    few = [each for each in requests if each.request.transport != "UDP" or len(each.copies) < COPIES]
    if few:
        at = few[0].request.at.number
        return Knowledge(False, f"the request of frame {at} was not repeated {COPIES} times; an answer may be missing")
    complete = owner.complete()
    if not complete.sure:
        return complete
    return Knowledge(True, f"each request was repeated {COPIES} times at least, and {complete.how}")


def goes_on(session: Session, context: Context, owner: SaSet, sighting: Sighting) -> None:
    """A new request of the UE on a set which has silent transactions: does it ignore that the set is dead (LIFE-18)?"""
    profile, now = session.profile, sighting.at.time
    silent = sorted(
        timed_out(unanswered(owner, Side.UE, now, profile), now, profile), key=lambda each: each.request.at.time
    )
    if len(silent) < SEVERAL or owner.last_from(Side.PCSCF) is None:  # else only one direction may be captured
        return
    first, second = silent[0].request.at, silent[SEVERAL - 1].request.at
    since = second.time + profile.timer_64_t1
    register = context.current
    if now - since <= profile.timer_64_t1:
        return
    if register is not None and register.transaction.request.at.time > first.time:
        return
    certain = insisted(silent, owner)
    if certain.sure and context.pair.vantage.at(Side.UE):
        certain = Knowledge(False, "captured at the UE: it may have been out of coverage")
    session.emit(
        SilenceIgnored(
            at=sighting.at,
            subject=context.subject,
            request=sighting,
            unanswered=tuple(each.request.at for each in silent),
            since=since,
            certain=certain,
        )
    )
    owner.silent = ()


def repeated(session: Session, context: Context, old: SaSet, asked: Transaction) -> None:
    """A request on a set was repeated, perhaps since the other side has dropped the set for a newer one already."""
    if old is not context.newest_established() and asked.final is None and asked.provisional is None:
        over = asked.request.at.time + session.profile.timer_64_t1 + 1
        session.deadlines.add(over, partial(_given_up, session, context, old, asked))


def _given_up(session: Session, context: Context, old: SaSet, asked: Transaction, now: int) -> None:
    """Its sender has given up. If the other side used the newer set meanwhile, nothing that comes can excuse it."""
    newer = _newer(context, old)
    if newer is None or newer.sm12 is None or asked in old.neglected or asked.final is not None or asked.provisional:
        return
    copies = [time for time in asked.copies if time > newer.sm12.time]
    alive = newer.last_from(asked.request.sender.other)
    if copies and alive is not None and alive.time > copies[0] and asked.request.transport == "UDP":
        _neglect(session, context, old, newer, asked, copies)


def neglected(session: Session, context: Context, old: SaSet) -> None:
    """The end of a set that a newer one replaced: which requests there had no answer although they had to have one.

    UE and P-CSCF keep the old set until the other's first message on the new one, and the P-CSCF for what the UE has
    pending then (LIFE-10, LIFE-14).
    """
    profile, now = session.profile, context.last_seen
    newer = _newer(context, old)
    if newer is None or newer.sm12 is None:
        return
    old.pending(now, profile)
    for each in (*old.silent, *old.open_requests):
        request = each.request
        if each in old.neglected:
            continue
        if each.final is None and each.provisional is None and request.transport == "UDP":
            copies = [time for time in each.copies if time > newer.sm12.time]
            if copies and now - request.at.time > profile.timer_64_t1:
                _neglect(session, context, old, newer, each, copies)


def _newer(context: Context, old: SaSet) -> SaSet | None:
    """The set that replaced an old one, if its SM12 was seen."""
    newer = next((each for each in context.sets if each.sm12 is not None and each.parent is old), None)
    return None if newer is None or newer.inferred else newer


def _neglect(
    session: Session, context: Context, old: SaSet, newer: SaSet, asked: Transaction, copies: list[int]
) -> None:
    """Tell of a request over UDP on an old set that was repeated at these times and never answered.

    Nothing is told if its receiver may have given that set up by then, or was heard on it.
    """
    request, profile = asked.request, session.profile
    side = request.sender.other
    trigger: FrameRef | None
    if side is Side.UE:
        trigger = newer.downlink
        over = trigger is not None and trigger.time <= copies[-1]
    else:
        trigger = newer.uplink
        over = trigger is not None and (
            request.at.time > trigger.time
            or (profile.old_set_capped and copies[-1] - trigger.time > profile.timer_64_t1)
        )
    expired = old.expires_at is not None and copies[-1] > old.expires_at
    served, alive = old.last_from(side), newer.sent_between(side, copies[0], copies[-1] + profile.grace)
    if over or expired or (served is not None and served.time > copies[0]):
        return
    old.neglected = (*old.neglected, asked)
    gaps = next((found for found in (old.complete(), newer.complete()) if not found.sure), None)
    session.emit(
        OldSetNeglected(
            at=request.at,
            subject=context.subject,
            side=side,
            request=request,
            terms=old.terms,
            newer=newer.terms,
            copies=len(copies),
            alive=alive,
            near=context.pair.vantage.at(side),
            complete=gaps or old.complete(),
        )
    )
