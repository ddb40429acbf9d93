"""When a set had to be gone at one side: by expiry, or because a newer one replaced it (section 9 of the catalogue)."""

from __future__ import annotations

from analyzer.ims.sets.associations import SaSet
from analyzer.ims.transactions.transaction import Transaction
from analyzer.ims.vocabulary import SIDES, End, Side, State
from analyzer.profile import Profile


def overdue(
    owner: SaSet, newest: SaSet | None, side: Side, now: int, profile: Profile, but: Transaction | None = None
) -> None:
    """Work out whether a set had to be gone at this side by now, by expiry or because `newest` replaced it.

    `newest` is the newest established set of the contact; `but` is a transaction that does not keep the set alive,
    because it is the one that is being looked at. Enters the end; the state changes with it.
    """
    if side in owner.ends:
        return
    if owner.expires_at is not None and owner.expiry_from is not None:
        deadline = owner.expires_at + profile.tolerance(owner.expires_at - owner.expiry_from.time)
        if now > deadline:
            owner.end(side, End.EXPIRED, owner.expiry_from, deadline)
            return
    if owner.states[side] is not State.OLD or newest is None or newest is owner:
        return
    trigger = newest.uplink if side is Side.PCSCF else newest.downlink
    if trigger is None or now <= trigger.time:
        return
    capped = side is Side.PCSCF and profile.old_set_capped and now - trigger.time > profile.timer_64_t1
    if capped or not owner.pending(now, profile, but):
        cap = trigger.time + profile.timer_64_t1 if capped else owner.busy_until
        owner.end(side, End.REPLACED, trigger, max(trigger.time, min(cap, owner.busy_until)))


def in_force(owner: SaSet, newest: SaSet | None, now: int, profile: Profile) -> bool:
    """Whether both sides have a set for sure: neither had to give it up by now, by the clock of either, and a set that
    nobody has confirmed is not older than its SM7 may be (Timer F).
    """
    for side in SIDES:
        overdue(owner, newest, side, now, profile)
    if not (owner.alive(Side.UE) and owner.alive(Side.PCSCF)):
        return False
    if owner.expires_at is not None and owner.expiry_from is not None:
        return now <= owner.expires_at - profile.tolerance(owner.expires_at - owner.expiry_from.time)
    begun = owner.sm7 or owner.terms.sm6
    return owner.serves() or begun is None or now - begun.time <= profile.timer_64_t1
