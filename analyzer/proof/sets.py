"""E4: the life of the sets of a contact until the finding."""

from __future__ import annotations

from analyzer.evidence import Deadline, Ended, SetLife
from analyzer.ims.sets.associations import SaSet
from analyzer.ims.sets.former import Former
from analyzer.ims.subjects import Context
from analyzer.ims.vocabulary import Side
from analyzer.profile import Profile
from analyzer.proof.around import Around


def timeline(around: Around, profile: Profile) -> tuple[tuple[SetLife, ...], str]:
    """Every set that is remembered, the oldest first (`subjects.SETS` bounds them), and what is missing, in words."""
    context = around.context
    if context is None:
        return (), "the sets: the registration is not known, or no longer remembered"
    newest = context.newest_established()
    lives = tuple(_life(made, newest, profile) for made in context.sets)
    return lives, f"{len(context.forgotten)} earlier sets" if context.forgotten else ""


def lives(context: Context, profile: Profile) -> tuple[SetLife, ...]:
    """Every set of a contact that a report still lists, the oldest first, as it stands now."""
    newest = context.newest_established()
    return tuple(_life(made, newest, profile) for made in (*context.forgotten, *context.sets))


def _life(made: SaSet | Former, newest: SaSet | None, profile: Profile) -> SetLife:
    terms = made.terms
    pair = (made.alg, made.ealg) if made.alg is not None else terms.agreed
    return SetLife(
        terms.generation,
        terms.parent,
        f"{pair[0]} and {pair[1]}" if pair is not None else "not known",
        made.keyed,
        str(made.states[Side.UE]),
        str(made.states[Side.PCSCF]),
        terms.sm1,
        terms.sm6,
        made.sm7,
        made.sm12,
        made.inferred,
        made.uplink,
        made.downlink,
        _deadlines(made, newest, profile),
        tuple(Ended(str(side), str(end.end), end.since, end.time) for side, end in made.ends.items()),
    )


def _deadlines(made: SaSet | Former, newest: SaSet | None, profile: Profile) -> tuple[Deadline, ...]:
    found = []
    sm6 = made.terms.sm6
    if made.sm12 is None and sm6 is not None and profile.reg_await_auth is not None:
        found.append(Deadline("reg-await-auth", sm6.time + profile.reg_await_auth, sm6))
    if made.expires_at is not None:
        found.append(Deadline("lifetime", made.expires_at, made.expiry_from))
    replaced = made.sm12 is not None and newest is not None and newest.generation > made.generation
    if replaced and newest is not None and newest.uplink is not None and profile.old_set_capped:
        found.append(Deadline("64*T1", newest.uplink.time + profile.timer_64_t1, newest.uplink))
    return tuple(found)
