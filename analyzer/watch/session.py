"""One live run, from the first frame to the report: the engine of `gmaudit check`, told the time while nothing comes.

Nothing here knows a terminal. `Session.run` blocks until an interface or a pipe ends, somebody calls `stop`, or a
condition comes true; `on_hearing` is called when nothing is missed any more, `on_finding` with every new finding,
`on_tick` some ten times a second.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from analyzer import __version__
from analyzer.audit.audit import Audit, Options
from analyzer.finding import Finding
from analyzer.frame import SECOND, Frame
from analyzer.garbage import rare_collections
from analyzer.ims.subjects import Context
from analyzer.keys.entries import NoKeys
from analyzer.keys.keyring import Keyring
from analyzer.report.assemble import subject_of
from analyzer.report.model import CaptureSummary, EspCounts, Report, SipCounts
from analyzer.report.pcapng_comments import Comments
from analyzer.run import report_of, summary_of
from analyzer.sources.live import Live
from analyzer.sources.recording import Recording
from analyzer.sources.triage import Triage
from analyzer.watch.evidence import Evidence
from analyzer.watch.filters import leaving_out
from analyzer.watch.holding import Holding
from analyzer.watch.until import Standing, Until

if TYPE_CHECKING:
    from analyzer.report.chronicle import Chronicle

ACCUSING: Final = ("violation",)
"""Verdicts that count as findings, unless somebody says otherwise."""


COLLECT: Final = 60 * SECOND
"""How often what nobody can reach any more is looked for (ns): a run of hours is to stay as small as it is."""


class Session:
    """A live run."""

    def __init__(
        self,
        interfaces: Sequence[str] = (),
        options: Options | None = None,
        *,
        filter: str = "",
        bulk: Sequence[tuple[int, int]] = (),
        queue: int | None = None,
        recording: Recording | None = None,
        accept: Callable[[Report], Report] | None = None,
        until: Sequence[Until] = (),
        counting: Collection[str] = ACCUSING,
        fail_fast: bool = False,
        on_finding: Callable[[Finding], None] | None = None,
        on_hearing: Callable[[], None] | None = None,
        on_tick: Callable[[], None] | None = None,
        chronicle: Chronicle | None = None,
    ) -> None:
        """Get ready to hear these interfaces, or to read standard input if there are none.

        ``filter``: what is heard, as in tcpdump; or ``bulk``: ranges of ports that are not heard, but for those of
        sets; ``queue``: octets that may wait while the audit computes; ``accept`` marks what is waived; ``counting``:
        the verdicts that ``until`` and ``fail_fast`` mean. Raises KeyFileError or UnreadableCapture.
        """
        self.options = options or Options()
        self.keyring = Keyring()
        for path in self.options.keys:
            with suppress(NoKeys):  # somebody is going to write them
                self.keyring.add_file(path)
        self._triage = Triage()
        self.recording = recording
        if isinstance(recording, Evidence):
            recording.pinned = self._beginnings
        tee = recording.feed if recording is not None else None
        self.live = Live(
            interfaces,
            self._triage,
            filter=filter or leaving_out(bulk),
            queue=queue,
            hearing=self._hearing,
            tick=self._tick,
            tee=tee,
        )
        self.running = Audit(self.options, self.keyring, self._watched, recorder=chronicle)
        self.ended = ""
        """Why the run is over, if not because nothing more comes."""
        self.counted = 0
        """Findings that count."""
        self._news = self.running.follow()
        self._holding = Holding(self.running.engine, self.keyring, self.options.keys)
        self._spent = 0
        self._until: list[tuple[Until, Callable[[Until], None]]] = [(each, self._reached) for each in until]
        self._counting = counting
        self._fail_fast = fail_fast
        self._on_finding, self._on_hearing, self._on_tick = on_finding, on_hearing, on_tick
        self._accept = accept
        self._chronicle = chronicle
        self._filter = filter or leaving_out(bulk)
        self._bulk = bulk
        self._began = self.live.clock.steady()
        self._last = self._began
        self._collected = self._began
        self._seen = -1
        self._frame: Frame | None = None

    @property
    def summary(self) -> CaptureSummary:
        """What there is to tell about the capture so far; its name is that of the file that holds all of it, if any."""
        made = summary_of(self.live.summary)
        if self.recording is not None and self.recording.whole is not None:
            made.path = self.recording.whole
        return made

    @property
    def contexts(self) -> list[Context]:
        """The registrations that are known, the oldest first."""
        return [context for pair in self.running.engine.tracker.directory for context in pair.contexts]

    @property
    def now(self) -> int:
        """What time it is on the wire, ns since the epoch; 0 as long as nothing came."""
        if self._frame is None:
            return 0
        return max(self._frame.time, self.live.clock.now() or 0)

    @property
    def waiting(self) -> int:
        """Packets that wait for a key, and all that came after the first of them."""
        return len(self._holding.waiting)

    @property
    def elapsed(self) -> int:
        """Nanoseconds since the beginning."""
        return self.live.clock.steady() - self._began

    def report_on(self, *findings: Finding) -> Report:
        """A report that has nothing but these findings, their subjects and what there is to tell of the capture."""
        wanted = {finding.subject for finding in findings}
        return Report(
            version=__version__,
            profile=self.options.profile.name,
            captures=[self.summary],
            copies=0,
            esp=EspCounts(),
            sip=SipCounts(),
            subjects=[subject_of(each) for each in self.contexts if each.subject.id in wanted],
            sa_sets=[],
            rules=[],
            findings=list(findings),
        )

    def annotate(self, report: Report) -> None:
        """Put the findings of the report into the frames that were written, as comments. Raises OSError."""
        if self.recording is None or not report.findings:
            return
        frames = {frame for each in report.findings for frame in (each.frame, *each.occurrences, *each.related)}
        home = replace(report.captures[0], path=self.recording.files[0].path)
        comments = Comments(replace(report, captures=[home]))
        self.recording.annotate(frames, lambda number: comments.at(0, number))

    def when(self, condition: Until, call: Callable[[Until], None]) -> None:
        """Have something called as soon as a condition comes true; any thread may ask."""
        self._until.append((condition, call))

    def stop(self, reason: str = "") -> None:
        """End the run; what was heard until now is judged yet. Any thread may call it, and a signal's handler."""
        if not self.live.stopped:
            self.ended = reason
        self.live.stop()

    def run(self) -> Report:
        """Judge what comes until it ends. Raises UnreadableCapture if nothing can be heard."""
        engine, news = self.running.engine, self._news
        receive, holding = engine.receive, self._holding
        with rare_collections():
            for frame in self.live:
                self._frame = frame
                if holding.waiting:
                    holding.take(frame)
                else:
                    receive(frame)
                if news:
                    self._tell()
            holding.close()
        self._hearing()
        until = self.live.clock.at_last()
        self._pass_time(until)
        if self.recording is not None:
            self.recording.finish(until if self._frame is not None else None)
        report = report_of(self.running, self.keyring, self.options, [self.summary], self._notices())
        if self._chronicle is not None:
            self._chronicle.close(engine, self.options.profile)
        self._tell()
        return report if self._accept is None else self._accept(report)

    def _beginnings(self) -> set[int]:
        """The frames that the sets which are remembered began with."""
        marks = (
            (owner.terms.sm1, owner.terms.sm6, owner.sm7, owner.sm12)
            for context in self.contexts
            for owner in context.sets
        )
        return {mark.number for each in marks for mark in each if mark is not None}

    def _pass_time(self, now: int | None) -> None:
        if now is not None and self._frame is not None and now > self._frame.time and not self._holding.waiting:
            self.running.engine.advance(now)
            if self._news:
                self._tell()

    def _tell(self) -> None:
        """Hand on what is new, as it stands at this moment."""
        for made in self._news:
            finding = self.running.as_it_stands(made, {0: sum(self.live.lost)})
            if self._accept is not None:
                [finding] = self._accept(self.report_on(finding)).findings
            self.counted += finding.verdict in self._counting and finding.waived is None
            if isinstance(self.recording, Evidence) and finding.verdict != "note":
                subject = next((each for each in self.contexts if each.subject.id == finding.subject), None)
                self.recording.want(finding, subject.subject.ue if subject is not None else None)
            if self._on_finding is not None:
                self._on_finding(finding)
        self._news.clear()
        if self._fail_fast and self.counted:
            self.stop("--fail-fast: there is a finding")

    def _hearing(self) -> None:
        """Nothing is missed any more; at the end at the latest, if nothing ever came."""
        if self._on_hearing is not None:
            self._on_hearing()
            self._on_hearing = None

    def _tick(self) -> None:
        """Time has passed, whether or not anything came."""
        if self.live.stopped:
            return
        before = self.live.clock.steady()
        self._holding.tick(before, self._spent)
        self._spent = self.live.clock.steady() - before
        if self._news:
            self._tell()
        self._pass_time(self.live.clock.now())
        steady, frame = self.live.clock.steady(), self._frame
        number = frame.number if frame is not None else -1
        if number != self._seen:
            self._seen, self._last = number, steady
        if self._until:
            standing = self._standing(steady)
            for condition, reached in list(self._until):
                if condition.reached(standing):
                    self._until.remove((condition, reached))
                    reached(condition)
        if self._on_tick is not None:
            self._on_tick()
        if steady - self._collected > COLLECT:
            self._collected = steady
            gc.collect()

    def _standing(self, steady: int) -> Standing:
        registrations = sum(
            context.forgotten.established + sum(owner.established() for owner in context.sets)
            for context in self.contexts
        )
        return Standing(steady - self._began, steady - self._last, self.counted, registrations)

    def _reached(self, condition: Until) -> None:
        self.stop(f"--until {condition.text}")

    def _watched(self, address: bytes, port: int) -> None:
        """A set uses this address and port."""
        self._triage.watch(address, port)
        if any(low <= port <= high for low, high in self._bulk):
            self.live.keep(str(ip_address(address)), port)

    def _notices(self) -> list[str]:
        told = []
        if self._filter:
            told.append(f"only what passed this filter was heard: {self._filter}")
        if self.ended:
            told.append(f"the run was ended: {self.ended}")
        told += self._holding.notices
        if self.recording is not None:
            told += self.recording.notices
        return told
