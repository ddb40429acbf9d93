"""From a verdict to its evidence: what the rule's row asks for, as far as it is still known.

Called for new findings, and for what may become one; never for passes and repetitions. What is around one event is
looked up once for all the rules that judge it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from analyzer.engine.engine import Engine
from analyzer.evidence import ALWAYS, Evidence
from analyzer.frame import FrameRef
from analyzer.profile import Profile
from analyzer.proof.around import Around
from analyzer.proof.messages import messages
from analyzer.proof.packets import packets
from analyzer.proof.sets import timeline
from analyzer.proof.streams import connections
from analyzer.proof.tables import tables
from analyzer.proof.transactions import transactions
from analyzer.rule import Rule
from analyzer.verdict import Pass, Verdict

FULL: Final = 2_000
"""Findings that get all that their rows ask for; further ones have E1 and E7 alone, so that memory stays bounded."""

HEARSAY: Final = "E2, E4 to E6 and E8: a tool told of these messages, and nothing else is known of them"

SPARED: Final = f"E2 to E6 and E8: the first {FULL:,} findings have them"


class Gatherer:
    """Gathers the evidence of the findings of one audit."""

    __slots__ = ("_around", "_engine", "_given", "_pin", "_profile")

    def __init__(
        self, engine: Engine, profile: Profile, pin: Callable[[Iterable[FrameRef]], None] | None = None
    ) -> None:
        """``pin``, where there is one, gets the frames of the messages of each new finding."""
        self._engine = engine
        self._pin = pin
        self._profile = profile
        self._around: Around | None = None
        self._given = 0

    def gather(self, rule: Rule, event: object, verdict: Verdict) -> Evidence:
        """What proves a verdict, as things stand now."""
        around = self._look(event)
        full = self._given < FULL
        told = around.told
        wanted = rule.evidence if full and not told else ("E3",) if full else ()
        related = () if isinstance(verdict, Pass) else verdict.related
        missing = [] if full else [SPARED]
        if told and full:
            missing.append(HEARSAY)
        made = Evidence(
            codes=tuple(sorted({*ALWAYS, *rule.evidence})),
            profile=self._profile.name,
            source=rule.source,
            traps=rule.traps,
            messages=messages(around, related, "E2" in wanted),
            tables=tables(around, verdict, wanted="E3" in wanted),
        )
        if "E4" in wanted:
            lives, lacks = timeline(around, self._profile)
            made, missing = made._replace(timeline=lives), [*missing, lacks]
        if "E5" in wanted:
            ladders, lacks = transactions(around, self._profile)
            made, missing = made._replace(transactions=ladders), [*missing, lacks]
        if "E6" in wanted:
            streams, lacks = connections(around)
            made, missing = made._replace(connections=streams), [*missing, lacks]
        if "E8" in wanted:
            facts, lacks = packets(around)
            made, missing = made._replace(packets=facts), [*missing, lacks]
        return made._replace(missing=tuple(filter(None, missing)))

    def given(self, made: Evidence) -> Evidence:
        """The same evidence; a new finding has it from now on."""
        self._given += 1
        if self._pin is not None:
            self._pin(each.at for each in made.messages)
        return made

    def _look(self, event: object) -> Around:
        known = self._around
        if known is not None and known.event is event:
            return known
        engine, subject = self._engine, event.subject  # type: ignore[attr-defined]
        context = engine.tracker.directory.context(subject) if subject is not None and not subject.told else None
        self._around = made = Around(
            event, context, engine.packet, engine.framed, engine.connection, engine.connections_forgotten > 0
        )
        return made
