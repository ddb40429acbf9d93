"""What a REGISTER and its answers show of the security agreement (RFC 3329; TS 24.229 5.1.1.4.2; TS 33.203 7.1).

Three questions that need what was agreed before: whose Security-Server a later Security-Verify repeats, whether the
latest challenge left the UE anything to go on with, and which living sets have a value in common with a new one.
"""

from __future__ import annotations

from analyzer.frame import FrameRef
from analyzer.ims.events import ChallengeBefore, Mirrored, Shared
from analyzer.ims.register import entries_of
from analyzer.ims.registration.choice import common
from analyzer.ims.registration.procedures import Procedure
from analyzer.ims.sets.associations import SaSet
from analyzer.ims.subjects import Context
from analyzer.ims.vocabulary import SIDES, End, SetTerms, Side, Sighting, State
from analyzer.profile import Profile
from analyzer.sip.digest import challenge
from analyzer.sip.secagree import Comparison, Mechanism, compare, normal_alg


def terms(
    context: Context,
    mine: Mechanism,
    theirs: Mechanism,
    procedure: Procedure | None = None,
    sm6: Sighting | None = None,
) -> SetTerms:
    """What the UE's and the P-CSCF's value agree for the next set of a contact; without a procedure nobody saw how."""
    context.generations += 1
    shared = common(procedure.offer, procedure.server) if procedure is not None else ()
    if procedure is not None and procedure.parent is not None and procedure.parent.terms.common == shared:
        shared = procedure.parent.terms.common  # one object for all sets of a contact
    return SetTerms(
        generation=context.generations,
        parent=procedure.parent.generation if procedure is not None and procedure.parent else None,
        spi_uc=mine.spi_c,
        spi_us=mine.spi_s,
        spi_pc=theirs.spi_c,
        spi_ps=theirs.spi_s,
        port_uc=mine.port_c,
        port_us=mine.port_s,
        port_pc=theirs.port_c,
        port_ps=theirs.port_s,
        mod=theirs.mod,
        sm1=procedure.register.at if procedure is not None else None,
        sm6=sm6.at if sm6 is not None else None,
        agreed=shared[0] if shared else None,
        common=shared,
    )


def mirrored(context: Context, owner: SaSet | None, register: Sighting) -> Mirrored | None:
    """Whose Security-Server a protected SM1 repeats in Security-Verify; None for one in clear."""
    if owner is None:
        return None
    values = register.message.values("security-verify")
    last = context.newest_established() or owner
    if owner.sm12_may_be_missing():
        last = owner  # it protects SM1, so the UE at least takes it for the last success
    sm6 = last.challenge
    success = compare(list(last.server), values) if sm6 is not None else None
    other, led = None, False
    if values and success is not None and not success.ok:
        other, led = _repeated(context, sm6, values)
    return Mirrored(bool(values), success, sm6.at if sm6 is not None else None, other, led)


def _repeated(context: Context, but: Sighting | None, values: list[str]) -> tuple[FrameRef | None, bool]:
    """The newest other challenge of this contact whose Security-Server these values repeat, and if it led to a set."""
    for procedure in reversed(context.challenges.values()):
        sm6, made = procedure.challenge, procedure.set
        if sm6 is not None and sm6 is not but and compare(sm6.message.values("security-server"), values).ok:
            return sm6.at, made is not None and (made.established() or made.sm12_may_be_missing())
    return None, False


def challenge_before(earlier: Procedure | None, register: Sighting, profile: Profile) -> ChallengeBefore | None:
    """The challenge of the procedure before, if no set could be made from it and the UE has not answered it."""
    if earlier is None or earlier.challenge is None or earlier.sm7 is not None:
        return None
    lacking = unusable(earlier.offer, earlier.server)
    if lacking is None:
        return None
    found = challenge(earlier.challenge.message)
    if found is None or not found.is_aka:
        return None
    return ChallengeBefore(
        at=earlier.challenge.at,
        missing=lacking,
        same_call=earlier.call_id == register.message.call_id,
        in_time=_had_challenge(earlier, register.at.time, profile),
    )


def _had_challenge(earlier: Procedure, now: int, profile: Profile) -> bool:
    """Whether the UE begins anew because it had the challenge: timer F is not over, and it has not asked again."""
    transaction, sm6 = earlier.transaction, earlier.challenge
    in_time = now - transaction.request.at.time <= profile.timer_64_t1 - profile.clock_tolerance
    return in_time and (sm6 is None or transaction.last_request <= sm6.at.time)


def unusable(offer: tuple[Mechanism, ...], server: tuple[Mechanism, ...]) -> tuple[str, ...] | None:
    """What the ipsec-3gpp entries of a Security-Server lack, nothing if there is none; None if one is whole.

    None too where the UE offered no ipsec-3gpp, or the P-CSCF chose another mechanism (FP11).
    """
    chosen = [entry for entry in server if not entry.is_mediasec]
    entries = [entry for entry in chosen if entry.is_ipsec]
    if not any(entry.is_ipsec for entry in offer) or (chosen and not entries):
        return None
    lacking = [entry.missing() for entry in entries]
    return None if any(not each for each in lacking) else tuple(lacking[0]) if lacking else ()


def used(made: SaSet | None) -> tuple[str, str] | None:
    """The pair of algorithms that a key has proven on packets of a set."""
    if made is None or not made.keyed or made.alg is None:
        return None
    return normal_alg(made.alg), (made.ealg or "null").lower()


def repeated_in_answer(sm6: Sighting | None, sm12: Sighting) -> Comparison | None:
    """The Security-Server of SM12 against that of SM6; None if it has none but for media (TS 24.229 5.1.1.4.1 d)."""
    if sm6 is None or sm12.message.first("security-server") is None:
        return None
    if all(entry.is_mediasec for entry in entries_of(sm12.message, "security-server")):
        return None
    return compare(sm6.message.values("security-server"), sm12.message.values("security-server"))


def shared(context: Context, made: SaSet, now: int, profile: Profile) -> tuple[Shared, ...]:
    """Living sets of the same two addresses that have SPIs or the UE's client port in common with a new one."""
    found = []
    for each in context.pair.contexts:
        newest = each.newest_established()
        for other in each.sets:
            if other is made or not other.established():
                continue
            names = _common(made, other, each is context)
            if not names:
                continue
            ue, pcscf = (standing(other, newest, side, now, profile) for side in SIDES)
            if ue is not False or pcscf is not False:
                found.append(Shared(other.terms, names, ue, pcscf, each is context))
    return tuple(found)


def _common(made: SaSet, other: SaSet, same_contact: bool) -> tuple[str, ...]:
    """What two sets have in common; of two contacts, a P-CSCF may give the same SPIs to both (FP25)."""
    new, old = made.terms, other.terms
    names = []
    of_ue = {old.spi_uc, old.spi_us} - {None}
    names += [name for name, spi in (("spi_uc", new.spi_uc), ("spi_us", new.spi_us)) if spi in of_ue]
    if same_contact:
        of_pcscf = {old.spi_pc, old.spi_ps} - {None}
        names += [name for name, spi in (("spi_pc", new.spi_pc), ("spi_ps", new.spi_ps)) if spi in of_pcscf]
    if new.port_uc is not None and new.port_uc == old.port_uc:
        names.append("port_uc")
    return tuple(names)


def standing(owner: SaSet, newest: SaSet | None, side: Side, now: int, profile: Profile) -> bool | None:
    """Whether an established set is alive at a side, under both readings of when a replaced one is gone (R9).

    The papers: gone after the trigger when nothing is pending. Today: 64*T1 after it. None if they disagree. When the
    contact was deregistered, all its sets went, the replaced ones with the newest (TS 24.229 5.1.1.6, 5.2.5).
    """
    ending = owner.ends.get(side)
    if (ending is not None and ending.end is not End.REPLACED) or (
        owner.expires_at is not None and now > owner.expires_at
    ):
        return False
    with_it = newest.ends.get(side) if newest is not None else None
    if with_it is not None and with_it.end is End.DEREGISTERED:
        return False
    if ending is not None:
        trigger: FrameRef | None = ending.since
    elif owner.state(side) is not State.OLD or newest is None or newest is owner:
        return True
    else:
        trigger = newest.uplink if side is Side.PCSCF else newest.downlink
    if trigger is None:
        return True
    papers, today = owner.pending(now, profile), now - trigger.time <= profile.timer_64_t1
    return papers if papers == today else None
