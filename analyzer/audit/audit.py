"""From events to findings: runs the rules and counts their verdicts; `folding.py` makes findings of them.

It does no I/O: `run.py` feeds it from files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from functools import partial
from types import MappingProxyType
from typing import Protocol

from msgspec import Struct, field

from analyzer.audit.chosen import Chosen
from analyzer.audit.conditions import why_not, why_not_in_force
from analyzer.audit.doubts import OTHER_SIDE, Doubts, one_sided
from analyzer.audit.folding import Findings
from analyzer.audit.listeners import QUIET, Bound, Listeners
from analyzer.engine.engine import Engine
from analyzer.evidence import Evidence
from analyzer.finding import Finding, Tally
from analyzer.frame import FrameRef
from analyzer.ims.events import KeyMissing, Notice
from analyzer.ims.receipts import Receipt
from analyzer.ims.subjects import Context
from analyzer.ims.vocabulary import Sighting, Subject
from analyzer.keys.keyring import Keyring
from analyzer.profile import DEFAULT, PROFILES, Profile
from analyzer.proof.gather import Gatherer
from analyzer.rule import Rule, collect
from analyzer.verdict import PASS, Broken, Inconclusive, Level, Pass, Probable, Verdict

NOTHING_LOST: Mapping[int, int] = MappingProxyType({})
NOTICES = 1_000
"""Notices kept; the others are counted."""
NO_PROOFS: Mapping[int, Evidence] = MappingProxyType({})


class Recorder(Protocol):
    """Somebody who keeps what happened, beside what is judged (`report/chronicle.py`)."""

    def sighting(self, context: Context | None, sighting: Sighting) -> None:
        """Every SIP message on Gm."""

    def around(self, emit: Callable[[object], object]) -> Callable[[object], None]:
        """A receiver for the events of the wire, which hands them on."""

    def pin(self, places: Iterable[FrameRef]) -> None:
        """The frames that a new finding names."""


class Options(Struct, kw_only=True):
    """What the user asked for."""

    keys: Sequence[str] = ()
    """Paths of key files."""
    profile: Profile = PROFILES[DEFAULT]
    rules: Sequence[Rule] | None = None
    """None: every rule that is installed."""
    vantage: str = "auto"
    subject: str | None = None
    """Judge only subjects whose id, identities or addresses hold this text."""
    start: int | None = None
    """Judge only from this time on, ns since the epoch; state is built from all."""
    end: int | None = None
    second_opinion: bool = False
    """Let tshark look too, and say where it differs; changes no verdict."""


class Outcome(Struct):
    """What an audit found, before it is put into a report."""

    tallies: list[Tally]
    findings: list[Finding]
    notices: list[str]
    crashed: list[str] = field(default_factory=list)
    not_in_force: dict[str, str] = field(default_factory=dict)
    """Rules that the user chose and that the profile does not have, with the reason."""


class Audit:
    """Runs the rules on the events of one engine."""

    def __init__(
        self,
        options: Options,
        keyring: Keyring,
        watch: Callable[[bytes, int], None] = lambda address, port: None,
        engine: Callable[..., Engine] = Engine,
        recorder: Recorder | None = None,
    ) -> None:
        self._options = options
        rules = collect() if options.rules is None else options.rules
        in_force = [rule for rule in rules if rule.in_force(options.profile)]
        self._not_in_force = {rule.id: why for rule in rules if (why := why_not_in_force(rule, options.profile))}
        self._bound = [Bound(rule, rule.bind(options.profile), Tally(id=rule.id)) for rule in in_force]
        self._listeners: dict[type, Listeners] = {}
        for bound in self._bound:
            for event in bound.rule.events:
                self._listeners.setdefault(event, Listeners()).add(bound)
            for event in bound.rule.met_by:
                self._listeners.setdefault(event, Listeners()).met.append(bound.tally)
        for told in (Notice, KeyMissing):
            self._listeners.setdefault(told, Listeners()).told = True
        self._by_headers: dict[type, Listeners] = {}
        """Who judges messages of which tools only tell."""
        for bound in self._bound:
            for event in bound.rule.by_headers:
                self._by_headers.setdefault(event, Listeners()).add(bound)
        self._filtered = any(each is not None for each in (options.subject, options.start, options.end))
        self._every = self._filtered or not all(rule.of_the_catalogue for rule in in_force)
        """Each event has to be heard: the user wants but some of them, or a rule may look at anything."""
        self._unheard = None if self._every else Receipt()
        """The answer to events that no rule wants."""
        self._notices: dict[str, int] = {}
        self._unsaid = 0
        self._crashed: dict[str, str] = {}
        self.engine = engine(
            options.profile,
            keyring,
            self._event if recorder is None else recorder.around(self._event),
            watch=watch,
            vantage=options.vantage,
            on_sighting=recorder.sighting if recorder else None,
            judge_told=self._hearsay,
        )
        self._findings = Findings(Gatherer(self.engine, options.profile, recorder.pin if recorder else None))
        self._chosen = Chosen(options.subject, self.engine.context) if options.subject is not None else None

    # --- events ------------------------------------------------------------------------------------------------------

    def _hearsay(self, event: object) -> None:
        """What tools tell: for rules that judge headers alone."""
        self._event(event, self._by_headers)

    def _event(self, event: object, table: dict[type, Listeners] | None = None) -> Receipt | None:
        """Hand an event to its rules. Most events pass them all, so that way through is the short one."""
        listeners = (self._listeners if table is None else table).get(type(event))
        if listeners is None:
            return self._unheard
        if self._filtered and not self._wanted(event):
            if type(event) is Notice:
                self._notice(event.text)
            elif self._chosen is not None and self._in_time(event):
                subject: Subject = event.subject  # type: ignore[attr-defined]
                if self._chosen.waits(subject):
                    self._chosen.hold(subject, self._ahead(event, listeners))
            return None
        if listeners.told:
            self._told(event)
        try:
            said = [judge(event) for judge in listeners.judges]
        except Exception:  # a lab's own rule may do anything: name it and go on (exit 3)
            return self._heard(event, listeners, [self._ask(each, event) for each in listeners.bound])
        for quiet, receipt in listeners.quiet:
            if said == quiet:
                receipt.times += 1
                return None if self._every else receipt
        return self._heard(event, listeners, said)

    @staticmethod
    def _ask(bound: Bound, event: object) -> Verdict | Exception | None:
        try:
            return bound.judge(event)
        except Exception as error:
            return error

    def _heard(
        self,
        event: object,
        listeners: Listeners,
        said: Sequence[Verdict | Exception | None],
        proofs: Mapping[int, Evidence] = NO_PROOFS,
    ) -> Receipt | None:
        """Count what the rules said of an event; ``proofs``: the evidence gathered before, by their place."""
        passed, quiet = 0, list[Verdict | None]()
        for place, verdict in enumerate(said):
            if verdict is PASS:
                passed |= 1 << place
                quiet.append(verdict)
            elif verdict is None:
                quiet.append(verdict)
            elif isinstance(verdict, Exception):
                self._crash(listeners.bound[place], verdict)
            else:
                self._judged(listeners.bound[place], event, verdict, proofs.get(place))
        receipt = listeners.receipts.setdefault(passed, Receipt())
        receipt.times += 1
        if len(quiet) < len(said):
            return None
        if len(listeners.quiet) < QUIET:
            listeners.quiet.append((quiet, receipt))
        return None if self._every else receipt

    def _ahead(self, event: object, listeners: Listeners) -> Callable[[], None]:
        """Ask the rules now, while all that the event refers to is there, and tell later what they said."""
        said = [self._ask(bound, event) for bound in listeners.bound]
        proofs = {}
        for place, verdict in enumerate(said):
            shown = verdict.note if isinstance(verdict, Pass) else verdict
            if isinstance(shown, Broken | Inconclusive):
                proofs[place] = self._findings.evidence(listeners.bound[place].rule, event, shown)
        return partial(self._late, event, listeners, said, proofs)

    def _late(
        self,
        event: object,
        listeners: Listeners,
        said: Sequence[Verdict | Exception | None],
        proofs: Mapping[int, Evidence],
    ) -> None:
        """The user wants this subject, as is known by now: count what the rules said of an earlier event."""
        if listeners.told:
            self._told(event)
        self._heard(event, listeners, said, proofs)

    def _crash(self, bound: Bound, error: Exception) -> None:
        bound.tally.error += 1
        self._crashed.setdefault(bound.rule.id, type(error).__name__)

    def _told(self, event: object) -> None:
        """What is no fact for the rules but has to be said all the same."""
        if type(event) is Notice:
            self._notice(event.text)
        elif type(event) is KeyMissing:
            self._key_missing(event)

    def _wanted(self, event: object) -> bool:
        chosen = self._chosen
        return self._in_time(event) and (chosen is None or chosen.wants(event.subject))  # type: ignore[attr-defined]

    def _in_time(self, event: object) -> bool:
        start, end = self._options.start, self._options.end
        at: FrameRef = event.at  # type: ignore[attr-defined]
        return (start is None or at.time >= start) and (end is None or at.time <= end)

    def _key_missing(self, event: KeyMissing) -> None:
        """Rules that need what is inside are inconclusive for a set that nothing opened."""
        spis = ", ".join(f"0x{spi:08x}" for spi in event.spis)
        reason = f"no key for SPI {spis}, {event.packets} packets"
        if event.cut == event.packets:
            reason = f"the capture cut all {event.packets} packets with SPI {spis}"
        if event.subject is not None:
            self._notice(f"{event.subject.id}: {reason}")
        for bound in self._bound:
            if bound.rule.plaintext:
                self._judged(bound, event, Inconclusive(reason=reason, fault="no-key"))

    def _notice(self, text: str) -> None:
        if text in self._notices or len(self._notices) < NOTICES:
            self._notices[text] = self._notices.get(text, 0) + 1
        else:
            self._unsaid += 1

    def _one_sided(self) -> None:
        """Rules that need what the other side sent are inconclusive where only one was captured (FP3, FP4)."""
        for context in (each for pair in self.engine.tracker.directory for each in pair.contexts):
            side = one_sided(context)
            if side is None:
                continue
            latest = context.current.register.at if context.current is not None else FrameRef(0, 1, context.last_seen)
            event = Notice(at=latest, subject=context.subject, text=f"only packets of the {side} are in the capture")
            if self._filtered and not self._wanted(event):
                continue
            self._notice(f"{context.subject.id}: {event.text}")
            for bound in self._bound:
                traps = tuple(code for code in bound.rule.traps if code in OTHER_SIDE)
                if traps:
                    self._judged(bound, event, Inconclusive(reason=event.text, traps=traps, fault="one-direction"))

    # --- verdicts ----------------------------------------------------------------------------------------------------

    def _judged(self, bound: Bound, event: object, verdict: Verdict, evidence: Evidence | None = None) -> None:
        """Count a verdict; ``evidence`` is there if it was gathered before."""
        rule, tally = bound.rule, bound.tally
        if isinstance(verdict, Pass):
            tally.passed += 1
            if verdict.note is not None:
                tally.note += 1
                self._findings.enter(rule, event, "note", verdict.note, Level.INFO, evidence)
        elif isinstance(verdict, Inconclusive):
            tally.inconclusive += 1
            self._findings.inconclusive(rule, event, verdict, evidence)
        elif isinstance(verdict, Probable):
            tally.probable += 1
            level = rule.level_in(self._options.profile, verdict.level)
            self._findings.enter(rule, event, "probable", verdict, level, evidence)
        elif isinstance(verdict, Broken):
            level = rule.level_in(self._options.profile, verdict.level)
            name = {Level.MUST: "violation", Level.SHOULD: "warning", Level.INFO: "note"}[level]
            setattr(tally, name, getattr(tally, name) + 1)
            self._findings.enter(rule, event, name, verdict, level, evidence)

    def follow(self) -> list[Finding]:
        """From now on, new findings are entered into this list as well; whoever asked for it takes them out."""
        self._findings.news = []
        return self._findings.news

    def as_it_stands(self, finding: Finding, lost: Mapping[int, int] = NOTHING_LOST) -> Finding:
        """A copy of a finding with the doubts that there are now: what a report would say of it if all ended here."""
        made, ground = copy(finding), self._findings.grounds(finding)
        if ground is not None:
            tallies = {made.rule: Tally(id=made.rule)}
            Doubts(self.engine, self._options.profile.clock_tolerance, lost).settle([(made, ground)], tallies)
        return made

    def finish(self, lost: Mapping[int, int] = NOTHING_LOST) -> Outcome:
        """Close the engine, weaken what the captures leave in doubt, and resolve what explains what.

        ``lost`` are the frames that the recorder of each capture lost, as far as it says.
        """
        self.engine.close()
        if self._chosen is not None:
            self._chosen.close()
        self._one_sided()
        for listeners in (*self._listeners.values(), *self._by_headers.values()):
            listeners.count()
            for tally in listeners.met:
                tally.passed += listeners.seen
            listeners.met.clear()
        self._count()
        doubts = Doubts(self.engine, self._options.profile.clock_tolerance, lost)
        doubts.settle(self._findings.grounded(), {bound.rule.id: bound.tally for bound in self._bound})
        notices = [text if times == 1 else f"{text} ({times} times)" for text, times in self._notices.items()]
        if self._unsaid:
            notices.append(f"{self._unsaid:,} more notices")
        notices += self._findings.notices
        if self._chosen is not None and self._chosen.forgotten:
            notices.append(f"{self._chosen.forgotten:,} events were not judged: whom they belong to came out too late")
        crashed = [f"{rule} ({error})" for rule, error in self._crashed.items()]
        return Outcome(
            [bound.tally for bound in self._bound], self._findings.resolved(), notices, crashed, self._not_in_force
        )

    def _count(self) -> None:
        """How many events each rule was asked about, and why those that never judged did not."""
        seen = {event: listeners.seen for event, listeners in self._listeners.items()}
        told = {event: listeners.seen for event, listeners in self._by_headers.items()}
        for bound in self._bound:
            asked = {event: seen[event] for event in (*bound.rule.events, *bound.rule.met_by)}
            for event in bound.rule.by_headers:
                asked[event] += told[event]
            bound.tally.seen = sum(asked.values())
            if not bound.tally.exercised:
                bound.tally.why_not = why_not(bound.rule, asked)
