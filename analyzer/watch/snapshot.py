"""How a run stands at one moment: what the live view shows, without anything of the engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from analyzer.ims.sets.associations import SaSet
from analyzer.ims.subjects import Context
from analyzer.ims.vocabulary import Side
from analyzer.report.view import Moment, SetRow, SubjectRow

if TYPE_CHECKING:
    from analyzer.watch.session import Session

SUBJECTS: Final = 500
"""Subjects that the view has, the latest to say something."""
SETS: Final = 4
"""Sets of each of them, the newest."""


def snapshot(session: Session, hide: Callable[[str], str] = lambda text: text) -> Moment:
    """The state of a run; ``hide`` replaces identities."""
    engine, now = session.running.engine, session.now
    tracker, summary = engine.tracker, session.live.summary
    contexts = sorted(session.contexts, key=lambda context: -context.last_seen)
    lost = session.live.lost
    return Moment(
        elapsed=session.elapsed,
        place=summary.path,
        frames=summary.frames,
        kept=summary.frames - sum(summary.skipped.values()),
        lost_by_kernel=lost.by_system,
        lost_by_queue=lost.by_interface,
        waiting=session.waiting,
        esp=tracker.packets.packets,
        verified=tracker.packets.verified_count,
        no_key=tracker.packets.no_key - tracker.packets.unchecked,
        clear=tracker.clear_messages,
        protected=tracker.protected_messages,
        written=session.recording.octets if session.recording is not None else None,
        notes=[*session.live.notes, *(session.recording.notices if session.recording is not None else ())],
        subjects=[_subject(context, now, hide) for context in contexts[:SUBJECTS]],
        more_subjects=max(0, len(contexts) - SUBJECTS),
    )


def _subject(context: Context, now: int, hide: Callable[[str], str]) -> SubjectRow:
    return SubjectRow(
        id=hide(context.subject.id),
        name=hide(context.impi or context.subject.id),
        ue=hide(context.subject.ue),
        pcscf=hide(context.subject.pcscf),
        state=_state(context, now),
        sets=[_set(owner, now) for owner in context.sets[-SETS:]],
    )


def _state(context: Context, now: int) -> str:
    established = [each for each in context.sets if each.sm12 is not None]
    if any(each.expires_at is None or each.expires_at > now for each in established if each.alive(Side.UE)):
        return "registered"
    if context.sets and context.sets[-1].sm12 is None and context.sets[-1].alive(Side.UE):
        return "registering"
    return "over" if context.sets else "in clear"


def _set(owner: SaSet, now: int) -> SetRow:
    begun = owner.terms.sm6 or owner.sm7
    return SetRow(
        generation=owner.generation,
        ue=str(owner.states[Side.UE]),
        pcscf=str(owner.states[Side.PCSCF]),
        algorithms=f"{owner.alg or '?'} {owner.ealg or '?'}",
        keyed=owner.keyed,
        age=now - begun.time if begun is not None else None,
        left=owner.expires_at - now if owner.expires_at is not None else None,
    )
