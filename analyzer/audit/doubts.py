"""What the captures leave in doubt (K8; FP3, FP4, FP5, FP13, FP14): no finding is surer than its capture.

Rules judge one event and know nothing of clocks, losses or taps. Here their findings are held against what the engine
noticed of the captures, once all is read, and those whose traps cannot be excluded become `probable` or `inconclusive`,
with the trap and the reason. Whole findings are weakened, with all their occurrences.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from analyzer.engine.engine import Engine
from analyzer.finding import Finding, Tally
from analyzer.frame import SECOND, FrameRef
from analyzer.ims.events import ClearOnProtectedPort
from analyzer.ims.quality import Step
from analyzer.ims.subjects import Context
from analyzer.ims.vocabulary import ROLES, SIDES, SetTerms, Side, Sighting, Subject
from analyzer.rule import Rule
from analyzer.verdict import Severity

ORDER: Final = frozenset({"FP2", "FP13", "FP14"})
"""Traps of rules that rest on time or order."""
LIFETIME: Final = "FP14"
ABSENCE: Final = "FP4"
OTHER_SIDE: Final = frozenset({"FP3", "FP4"})
"""Traps of rules that need what the other side sent."""
SHADOW: Final = "FP5"

SPOKEN: Final = 3
"""Packets that show that the other side spoke, until its silence is believed to be that of the capture."""

ACCUSING: Final = ("violation", "warning")


class Basis(NamedTuple):
    """What a finding rests on, as far as the quality of the captures bears on it."""

    rule: Rule
    subject: Subject | None
    captures: frozenset[int]
    first: int
    """The earliest frame of the finding's own capture that it rests on."""
    protected: bool
    """It is about what was sent on a set, so that ESP numbers can prove that nothing is missing."""
    clear: frozenset[tuple[int, int]]
    """Ports of the clear messages and packets that it is about."""
    time: int
    """Of the message or packet that it is about, ns since the epoch."""


def basis(rule: Rule, event: object, related: Iterable[FrameRef]) -> Basis:
    """What a verdict on an event rests on."""
    at: FrameRef = event.at  # type: ignore[attr-defined]
    frames = [at, *_frames(event), *related]
    messages = [each for each in _values(event) if isinstance(each, Sighting)]
    return Basis(
        rule,
        event.subject,  # type: ignore[attr-defined]
        frozenset(frame.capture for frame in frames),
        min(frame.number for frame in frames if frame.capture == at.capture),
        all(message.protection is not None for message in messages),
        frozenset(_clear(event, messages)),
        at.time,
    )


class Doubts:
    """Weakens findings by what is known of the captures; `lost` are frames that the recorder lost, by capture."""

    def __init__(self, engine: Engine, tolerance: int, lost: Mapping[int, int]) -> None:
        self._engine = engine
        self._quality = engine.quality
        self._tolerance = tolerance
        self._lost = {capture: count for capture, count in lost.items() if count}

    def settle(self, findings: Iterable[tuple[Finding, Basis]], tallies: Mapping[str, Tally]) -> None:
        """Weaken the findings that need it, and the tallies with them."""
        for finding, ground in findings:
            for name, code, reason in self._reasons(finding, ground):
                if name == "inconclusive":
                    finding.severity = Severity.LOW
                if finding.verdict != name:
                    tally = tallies[finding.rule]
                    setattr(tally, finding.verdict, getattr(tally, finding.verdict) - finding.count)
                    setattr(tally, name, getattr(tally, name) + finding.count)
                    finding.verdict = name
                finding.traps = tuple(dict.fromkeys((*finding.traps, code)))
                finding.argument = f"{finding.argument}; {reason}" if finding.argument else reason

    def _reasons(self, finding: Finding, ground: Basis) -> Iterator[tuple[str, str, str]]:
        """New verdict, trap and why, the weightiest last."""
        traps = set(ground.rule.traps)
        accused = finding.verdict in ACCUSING
        lifetime = LIFETIME in traps
        context = self._context(ground)
        if (
            accused
            and traps & ORDER
            and (why := self._clocks(ground, context) or self._steps(finding, ground, lifetime))
        ):
            yield "probable", LIFETIME, why
        if accused and ABSENCE in traps and (why := self._missing(finding, ground, context)):
            yield "probable", ABSENCE, why
        shadow = SHADOW in traps or _between_protected_ports(ground, context)
        if accused and shadow and self._engine.shadows.counted and not _proven(ground, context):
            why = "decrypted copies were captured too, and the ESP packet of this one may be missing"
            yield "probable", SHADOW, why
        elif accused and _behind_decryption(ground, context):
            why = "its capture has no ESP of this registration, as one that was taken behind the decryption"
            yield "probable", SHADOW, why
        if finding.verdict != "inconclusive" and traps & OTHER_SIDE and context is not None:
            side, reason = one_sided(context), "only packets of the {} are in the capture"
            if side is None:
                side, reason = _one_read(context), "what the {} sent could be read, and nothing of the other side"
            if side is not None:
                yield "inconclusive", "FP3" if "FP3" in traps else ABSENCE, reason.format(side)

    def _clocks(self, ground: Basis, context: Context | None) -> str:
        captures = {*ground.captures, *_captures(context)} if self._quality.taps.clocks else ()
        for (one, other), offset in self._quality.taps.clocks.items():
            if one in captures and other in captures:
                where = "there are two clocks" if one == other else f"the clocks of captures {one} and {other} differ"
                return f"{where}, by {offset / SECOND:.3f} s at least"
        return ""

    def _steps(self, finding: Finding, ground: Basis, lifetime: bool) -> str:
        """The steps of the clock between the frames of a finding; deadlines have a tolerance for small ones."""
        last = max(finding.occurrences, default=finding.frame)
        within: list[Step] = [
            step
            for step in self._quality.steps
            if step.after.capture == finding.capture and ground.first < step.after.number <= last
        ]
        total = sum(abs(step.by) for step in within)
        if not within or (lifetime and total <= self._tolerance):
            return ""
        step = max(within, key=lambda each: abs(each.by))
        way = "back" if step.by < 0 else "forward"
        return f"the clock was set {way} by {abs(step.by) / SECOND:.3f} s before frame {step.after.number}"

    def _missing(self, finding: Finding, ground: Basis, context: Context | None) -> str:
        """Why packets may be missing, unless the numbers of ESP prove that none is."""
        if ground.protected and _complete(context):
            return ""
        lost = sum(self._lost.get(capture, 0) for capture in ground.captures)
        if lost:
            return f"the recorder lost {lost:,} frames, and nothing shows that none of them belongs here"
        cut = sum(count for what, count in self._quality.cut.items() if what != "ESP packet")
        if cut and not ground.protected:
            return f"the capture cut {cut:,} packets, which could not be read"
        if self._quality.holes and not ground.protected:
            return f"{self._quality.octets:,} octets of SIP over TCP are missing in the capture"
        return ""

    def _context(self, ground: Basis) -> Context | None:
        return self._engine.context(ground.subject) if ground.subject is not None else None


def one_sided(context: Context) -> Side | None:
    """The side whose packets alone were captured of this pair, although the other must have spoken; else None."""
    vantage = context.pair.vantage
    heard = [side for side in SIDES if vantage.ttl(side) is not None]
    if len(heard) != 1 or vantage.sides.spoke < SPOKEN:
        return None
    return heard[0]


def _one_read(context: Context) -> Side | None:
    """The side of which alone packets could be read, although there are some of the other; else None."""
    read = {binding.sender for owner in context.sets for binding in owner.bindings if binding.proven}
    if len(read) != 1:
        return None
    (side,) = read
    unread = any(
        owner.unopened.get(owner.terms.spi(role) or 0)
        for owner in context.sets
        for role in ROLES
        if role.sender is not side
    )
    return side if unread else None


def _complete(context: Context | None) -> bool:
    """Whether ESP numbers prove that nothing that was sent on the sets of a registration is missing."""
    return context is not None and bool(context.sets) and all(owner.complete().sure for owner in context.sets)


def _captures(context: Context | None) -> Iterator[int]:
    """The captures that the registrations of a contact were seen in: what came when is known by their clocks."""
    for owner in context.sets if context is not None else ():
        for mark in (owner.terms.sm1, owner.terms.sm6, owner.sm7, owner.sm12):
            if mark is not None:
                yield mark.capture


def _clear(event: object, messages: Iterable[Sighting]) -> Iterator[tuple[int, int]]:
    yield from ((message.sport, message.dport) for message in messages if message.protection is None)
    if isinstance(event, ClearOnProtectedPort):
        yield event.sport, event.dport


def _proven(ground: Basis, context: Context | None) -> bool:
    """Whether ESP numbers prove that clear packets are no copies of ESP packets that are missing.

    The last packet of an association may be missing and nothing shows it, so that a later one has to be there.
    """
    return _complete(context) and all(_followed(flow, ground.time, context) for flow in ground.clear)


def _followed(flow: tuple[int, int], time: int, context: Context | None) -> bool:
    bindings = [
        binding
        for owner in (context.sets if context is not None else ())
        for binding in owner.bindings
        if binding.ports == flow
    ]
    last = [binding.ledger.last for binding in bindings]
    return not bindings or any(at is not None and at.time > time for at in last)


def _between_protected_ports(ground: Basis, context: Context | None) -> bool:
    """Whether it is about a clear message that went where only ESP goes: as a decrypted copy does."""
    guarded = context.pair.guarded if context is not None else {}
    return any(sport in guarded and dport in guarded for sport, dport in ground.clear)


def _behind_decryption(ground: Basis, context: Context | None) -> bool:
    """Whether it is about a clear message on a protected port, in a capture that has nothing else of its set.

    A trace of what a host has decrypted looks like that; by its clock, the copies may lie anywhere. One of the two
    ports is enough, for the client port may be that of a set which was forgotten.
    """
    guarded = context.pair.guarded if context is not None else {}
    if not any(port in guarded for flow in ground.clear for port in flow):
        return False
    ledgers = [binding.ledger for owner in (context.sets if context else ()) for binding in owner.bindings]
    sealed = {capture for ledger in ledgers for capture in ledger.captures()}
    return bool(sealed) and not ground.captures <= sealed


def _values(event: object) -> Iterator[object]:
    return (getattr(event, name) for name in event.__struct_fields__)  # type: ignore[attr-defined]


def _frames(event: object) -> Iterator[FrameRef]:
    """Every frame that an event names, directly or through its messages and sets."""
    for value in _values(event):
        if isinstance(value, FrameRef):
            if value.number:
                yield value
        elif isinstance(value, Sighting):
            yield from value.frames
        elif isinstance(value, SetTerms):
            yield from (mark for mark in (value.sm1, value.sm6) if mark is not None)
