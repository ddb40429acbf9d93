"""From the state at the end of an audit to the report: counts, subjects and sets in the words of the contract."""

from __future__ import annotations

from collections.abc import Iterable

from analyzer import __version__
from analyzer.audit.audit import Outcome
from analyzer.engine.engine import Engine
from analyzer.ims.sets.associations import SaSet
from analyzer.ims.sets.former import Former
from analyzer.ims.subjects import Context
from analyzer.ims.vocabulary import Side
from analyzer.profile import Profile
from analyzer.report.limits import forgotten
from analyzer.report.model import CaptureSummary, EspCounts, Report, SetSummary, SipCounts, SubjectSummary
from analyzer.report.quality import quality_of


def assemble(outcome: Outcome, engine: Engine, profile: Profile, captures: list[CaptureSummary]) -> Report:
    """The report on one finished audit."""
    tracker = engine.tracker
    packets = tracker.packets
    contexts = [context for pair in tracker.directory for context in pair.contexts]
    hearsay = engine.telling.tracker
    told = [context for pair in hearsay.directory for context in pair.contexts] if hearsay is not None else []
    return Report(
        version=__version__,
        profile=profile.name,
        captures=captures,
        copies=engine.reader.copies,
        esp=EspCounts(
            packets=packets.packets,
            verified=packets.verified_count,
            bad_icv=packets.bad_icv,
            no_key=packets.no_key,
            unchecked=packets.unchecked,
            replayed=packets.replayed,
        ),
        sip=SipCounts(
            messages=tracker.clear_messages + tracker.protected_messages,
            clear=tracker.clear_messages,
            protected=tracker.protected_messages,
            malformed=engine.malformed,
            core=tracker.core.messages,
            told=engine.telling.messages,
        ),
        subjects=[subject_of(context) for context in (*contexts, *told)],
        sa_sets=[_set(context, owner) for context in contexts for owner in _sets(context)],
        rules=outcome.tallies,
        findings=outcome.findings,
        notices=[*outcome.notices, *_skipped(engine), *forgotten(engine)],
        crashed=outcome.crashed,
        not_in_force=outcome.not_in_force,
        quality=quality_of(engine, captures),
    )


def _sets(context: Context) -> Iterable[SaSet | Former]:
    return (*context.forgotten, *context.sets)


def subject_of(context: Context) -> SubjectSummary:
    """What a report says of the subject of a registration."""
    return SubjectSummary(
        id=context.subject.id,
        impi=context.impi,
        impus=list(context.impus),
        contact=context.contact,
        ue=context.subject.ue,
        pcscf=context.subject.pcscf,
        told=context.subject.told,
    )


def _set(context: Context, owner: SaSet | Former) -> SetSummary:
    terms = owner.terms
    marks = {"sm1": terms.sm1, "sm6": terms.sm6, "sm7": owner.sm7, "sm12": owner.sm12}
    home = next((mark.capture for mark in marks.values() if mark is not None), None)
    ended = [ending.time for ending in owner.ends.values()]
    return SetSummary(
        subject=context.subject.id,
        generation=terms.generation,
        parent=terms.parent,
        state_ue=str(owner.states[Side.UE]),
        state_pcscf=str(owner.states[Side.PCSCF]),
        spi_uc=terms.spi_uc,
        spi_us=terms.spi_us,
        spi_pc=terms.spi_pc,
        spi_ps=terms.spi_ps,
        port_uc=terms.port_uc,
        port_us=terms.port_us,
        port_pc=terms.port_pc,
        port_ps=terms.port_ps,
        alg=owner.alg,
        ealg=owner.ealg,
        mod=terms.mod,
        keyed=owner.keyed,
        capture=home,
        expires_at=owner.expires_at,
        ended=max(ended) if len(ended) == len(Side) else None,
        **{name: mark.number if mark is not None and mark.capture == home else None for name, mark in marks.items()},
    )


def _skipped(engine: Engine) -> list[str]:
    return [f"{count} packets skipped: {reason}" for reason, count in sorted(engine.reader.skipped.items())]
