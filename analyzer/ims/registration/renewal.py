"""Re-registration: when it is due, how it begins, and what a UE shows when it begins in clear (TS 24.229 5.1.1.4.1).

A REGISTER is a rare event, so all is worked out when one comes, when a set is used after its end, or when the set is
forgotten; nothing waits for a timer.
"""

from __future__ import annotations

from typing import NamedTuple

from msgspec.structs import replace

from analyzer.frame import SECOND, FrameRef
from analyzer.ims.events import ClearRestart, ExtendedSetDropped, ExtendedSetServed, RenewalSeen
from analyzer.ims.registration.procedures import Procedure
from analyzer.ims.session import Session
from analyzer.ims.sets.associations import SaSet
from analyzer.ims.silence import insisted, timed_out, unanswered
from analyzer.ims.subjects import Context
from analyzer.ims.vocabulary import Knowledge, Side, Sighting
from analyzer.profile import Profile

LONG = 1200 * SECOND
"""Registrations that last longer are renewed `BEFORE` their end, others at half time (TS 24.229 5.1.1.4.1)."""
BEFORE = 600 * SECOND

LATEST = 32
"""Transactions that are looked at for a 504, the latest."""


class Renewal(NamedTuple):
    """When the next REGISTER of a contact is due."""

    granted: FrameRef
    lifetime: int
    due: int
    expiry: int


def granted(context: Context, at: FrameRef, seconds: int) -> None:
    """A 2xx bound the contact for so long. Of several identities the one that is due last counts (FP8)."""
    lifetime = seconds * SECOND
    due = lifetime - BEFORE if lifetime > LONG else lifetime // 2
    known = context.renewal
    if known is None or at.time + due >= known.due:
        context.renewal = Renewal(at, lifetime, at.time + due, at.time + lifetime)
    context.ended = None


def may_end(notify: bytes) -> bool:
    """Whether a NOTIFY may end or shorten a registration: none does that has no word for it (`notified`)."""
    return b"shortened" in notify or b"terminated" in notify.lower()


def notified(context: Context, sighting: Sighting) -> None:
    """A NOTIFY of the P-CSCF: does the network end or shorten the registration? Then no due date holds any more."""
    message = sighting.message
    if (message.first("event") or "").lower().startswith("reg"):
        state = (message.first("subscription-state") or "").lower()
        body = message.body
        if state.startswith("terminated") or any(word in body for word in (b"terminated", b"shortened")):
            context.ended, context.renewal = sighting.at, None


def began(session: Session, context: Context, earlier: Procedure | None, sighting: Sighting, kind: str) -> None:
    """A REGISTER begins a procedure; `earlier` is the one before it. One that rejects a challenge goes on with that."""
    if kind == "failure":
        return
    in_use = context.in_use()
    valid = in_use is not None and _registered(in_use, sighting.at, session.profile)
    goes_on = _continues(earlier, sighting)
    _renewed(session, context, in_use, sighting, goes_on)
    if sighting.protection is None and in_use is not None and valid and not context.emergency:
        _restarted(session, context, in_use, earlier, sighting, goes_on)


def _registered(in_use: SaSet, at: FrameRef, profile: Profile) -> bool:
    """Whether the registration that a set comes from still lasts for sure: the set lives a little longer, but whoever
    has to register from the beginning does that in clear (TS 24.229 5.1.1.2.1).
    """
    if in_use.expires_at is None or in_use.expiry_from is None:
        return True
    tolerance = profile.tolerance(in_use.expires_at - in_use.expiry_from.time)
    return at.time <= in_use.expires_at - profile.lifetime_margin - tolerance


def _continues(earlier: Procedure | None, sighting: Sighting) -> Knowledge | None:
    """Whether a REGISTER follows the last one that was seen, by Call-ID and CSeq."""
    if earlier is None:
        return None
    last, message = earlier.transaction.request.message, sighting.message
    if last.call_id != message.call_id or last.cseq is None or message.cseq is None or message.cseq <= last.cseq:
        return None
    if message.cseq > last.cseq + 1:
        return Knowledge(False, "by their CSeq, REGISTERs are missing in the capture")
    return Knowledge(True, f"its Call-ID and CSeq follow those of frame {earlier.transaction.request.at.number}")


# --- the due date ------------------------------------------------------------------------------------------------


def _renewed(
    session: Session, context: Context, in_use: SaSet | None, sighting: Sighting, goes_on: Knowledge | None
) -> None:
    """The first REGISTER after a 2xx: in time, late, or after the end?"""
    renewal, context.renewal = context.renewal, None
    if renewal is None or context.emergency or in_use is None:
        return
    profile, at = session.profile, sighting.at
    due = renewal.due + profile.tolerance(renewal.lifetime)
    if at.time <= due:
        _tell(session, context, renewal, sighting, None, at, Knowledge(True, ""))
        return
    alive = in_use.sent_between(Side.UE, due, at.time - profile.timer_64_t1)
    if alive is None:
        return
    complete, seen = in_use.complete(), at
    on_set = sighting.protection is not None and sighting.protection.terms is in_use.terms
    if not on_set and (goes_on is None or not goes_on.sure):
        seen = alive  # what was sent in clear since then may be missing
    _tell(session, context, renewal, sighting, alive, seen, complete)


def overran(session: Session, context: Context, owner: SaSet, at: FrameRef) -> None:
    """The UE uses its set after the end of the registration, or the capture ends: was a REGISTER due before?"""
    renewal, profile = context.renewal, session.profile
    if renewal is None or context.emergency or context.in_use() not in (owner, None):
        return
    due = renewal.due + profile.tolerance(renewal.lifetime)
    alive = owner.sent_between(Side.UE, due + profile.timer_64_t1, min(at.time, renewal.expiry))
    if alive is not None:
        context.renewal = None
        _tell(session, context, renewal, None, alive, at, owner.complete())


def _tell(
    session: Session,
    context: Context,
    renewal: Renewal,
    register: Sighting | None,
    alive: FrameRef | None,
    seen: FrameRef,
    complete: Knowledge,
) -> None:
    """Tell whether the UE registered anew in time: by ``register``, or not at all until ``seen``.

    ``alive`` is a packet by which it showed after the deadline that it was still there.
    """
    tolerance = session.profile.tolerance(renewal.lifetime)
    session.emit(
        RenewalSeen(
            at=register.at if register is not None else seen,
            subject=context.subject,
            granted=renewal.granted,
            register=register,
            due=renewal.due + tolerance,
            expiry=renewal.expiry + tolerance,
            alive=alive,
            seen=seen,
            complete=complete,
        )
    )


# --- a clear REGISTER although there is a set ----------------------------------------------------------------------


def _restarted(
    session: Session,
    context: Context,
    in_use: SaSet,
    earlier: Procedure | None,
    sighting: Sighting,
    goes_on: Knowledge | None,
) -> None:
    """A UE with a set in use registers in clear: tell what may have driven it to that.

    ``goes_on`` says whether this belongs to a procedure that began before, if anything does.
    """
    profile, at = session.profile, sighting.at
    silent = unanswered(in_use, Side.UE, at.time, profile)
    heard, before = in_use.last_from(Side.PCSCF), context.clear_start
    complete = in_use.complete()
    if goes_on is not None and goes_on.sure and not complete.sure:
        goes_on = complete
    session.emit(
        ClearRestart(
            at=at,
            subject=context.subject,
            register=sighting,
            terms=in_use.terms,
            heard=heard,
            unanswered=tuple(each.request.at for each in silent),
            timed_out=len(timed_out(silent, at.time, profile)),
            excused=_excused(context, earlier) or _sent_back(context, in_use, at, profile),
            again=before is not None and (heard is None or before.time > heard.time),
            continues=goes_on,
        )
    )
    context.clear_start = at
    context.suspect = _dropped(context, in_use, heard, at, profile)


def _sent_back(context: Context, in_use: SaSet, at: FrameRef, profile: Profile) -> str:
    """What else may have made the UE register from the beginning; empty if nothing did.

    With a 504 the network asks for it, once its S-CSCF has lost the registration (TS 24.229 5.1.2A.1.6).
    """
    since = at.time - profile.timer_64_t1
    if in_use.shut is not None and in_use.shut.time >= since:
        return f"the P-CSCF refused a connection on the set (frame {in_use.shut.number})"
    for each in context.pair.transactions.latest(LATEST):
        if each.final_status == 504 and each.last >= since and each.owner in context.sets and each.final is not None:
            return f"a request was answered 504 (frame {each.final.number})"
    return ""


def _excused(context: Context, earlier: Procedure | None) -> str:
    """In words, why a UE may register in clear although it has a set; empty if nothing excuses it."""
    if context.ended is not None:
        return f"the network ended or shortened the registration (frame {context.ended.number})"
    if earlier is None:
        return ""
    last = earlier.transaction
    if last.final is None:
        return f"the REGISTER of frame {last.request.at.number} has no answer"
    if last.final_status >= 300 and last.final_status != 401:
        return f"the REGISTER of frame {last.request.at.number} was refused with {last.final_status}"
    return ""


def _dropped(
    context: Context, owner: SaSet, heard: FrameRef | None, at: FrameRef, profile: Profile
) -> ExtendedSetDropped | None:
    """Whether an extended set was given up at the deadline that its authentication gave it (LIFE-08)."""
    first, refresh = owner.granted_until, owner.refreshed
    if first is None or refresh is None or owner.expires_at is None or owner.expiry_from is None or heard is None:
        return None
    window = min(profile.tolerance(first - owner.granted_at), profile.timer_64_t1) + profile.grace
    silent = [each for each in unanswered(owner, Side.UE, at.time, profile) if each.copies]
    if silent:
        side, gone = Side.PCSCF, silent[0].request.at.time
        certain = insisted(silent, owner)
        if certain.sure and context.pair.vantage.at(Side.UE):
            certain = Knowledge(False, "captured at the UE: it may have been out of coverage")
    else:
        side, gone = Side.UE, at.time
        certain = owner.complete()
    if gone < first - window or at.time < first:
        return None
    return ExtendedSetDropped(
        at=silent[0].request.at if silent else at,
        subject=context.subject,
        side=side,
        terms=owner.terms,
        refresh=refresh,
        heard=heard,
        silent=tuple(each.request.at for each in silent),
        deadline=first,
        expires=owner.expires_at,
        tight=heard.time >= first - window and gone <= first + window,
        certain=certain,
    )


def answered(session: Session, context: Context, sighting: Sighting) -> None:
    """The clear REGISTER after a silence has an answer: the P-CSCF is there, and only the set is not."""
    suspect, context.suspect = context.suspect, None
    if suspect is not None and sighting.protection is None:
        session.emit(suspect)


def closed(session: Session, context: Context, owner: SaSet) -> None:
    """Nothing more will be seen of a set: tell what is still open about it."""
    suspect = context.suspect
    if suspect is not None and suspect.terms is owner.terms:
        context.suspect = None
        unsure = Knowledge(False, "the clear REGISTER has no answer either: the P-CSCF may be gone")
        session.emit(replace(suspect, certain=unsure if suspect.side is Side.PCSCF else suspect.certain))
    if owner.granted_until is not None and owner.refreshed is not None:
        late = owner.granted_until + session.profile.tolerance(owner.granted_until - owner.granted_at)
        for side in Side:
            last = owner.last_from(side)
            if last is not None and last.time > late:
                session.emit(
                    ExtendedSetServed(at=owner.refreshed, subject=context.subject, side=side, terms=owner.terms)
                )
    last = owner.last_from(Side.UE)
    if last is not None and owner is context.newest_established():
        overran(session, context, owner, last)
