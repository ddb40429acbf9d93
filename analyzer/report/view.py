"""The live view: subjects with their sets, counters, and a rolling list of findings; what its keys do.

It knows neither terminal nor engine: it is given a `Moment`, findings and keys, and makes something that rich shows.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from typing import Final

from msgspec import Struct, field
from rich.console import Group, RenderableType
from rich.text import Text

from analyzer.finding import RANK, Finding
from analyzer.frame import SECOND
from analyzer.report.page import STYLES
from analyzer.report.safe import clean
from analyzer.report.times import shown

FINDINGS: Final = 1_000
"""Findings that the list has, the latest."""
PROMPT: Final = 60
"""Characters of a filter."""
LEAST: Final = 6
"""Lines for the list of findings, however many subjects there are."""

HELP: Final = (
    "space pause  / filter  \N{UPWARDS ARROW}\N{DOWNWARDS ARROW} move  g G first, last  "
    "n next violation  enter details  q quit"
)
RULE: Final = "\N{BOX DRAWINGS LIGHT HORIZONTAL}" * 2


class SetRow(Struct, frozen=True):
    """One set of security associations."""

    generation: int
    ue: str
    pcscf: str
    algorithms: str
    keyed: bool
    age: int | None
    """Nanoseconds since it was announced."""
    left: int | None
    """Nanoseconds until it expires; less than zero afterwards."""


class SubjectRow(Struct, frozen=True):
    """One registration."""

    id: str
    name: str
    ue: str
    pcscf: str
    state: str
    sets: list[SetRow]


class Moment(Struct, frozen=True, kw_only=True):
    """How a run stands."""

    elapsed: int = 0
    place: str = ""
    frames: int = 0
    kept: int = 0
    lost_by_kernel: int = 0
    lost_by_queue: int = 0
    waiting: int = 0
    """Packets that wait for a key."""
    esp: int = 0
    verified: int = 0
    no_key: int = 0
    clear: int = 0
    protected: int = 0
    written: int | None = None
    """Octets that were written; None if nothing is."""
    notes: list[str] = field(default_factory=list)
    subjects: list[SubjectRow] = field(default_factory=list)
    more_subjects: int = 0


class View:
    """What is shown, and what the user has chosen of it."""

    def __init__(self, *, local: bool = False) -> None:
        self.moment = Moment()
        self.paused = False
        self.filter = ""
        self.prompt: str | None = None
        """What was typed of a filter; None if nobody types one."""
        self.details = False
        self.quit = False
        self.counts: Counter[str] = Counter()
        self._findings: deque[Finding] = deque(maxlen=FINDINGS)
        self._shown: list[Finding] = []
        """The list as it stands still during a pause."""
        self._place: int | None = None
        """Which of the list is chosen; None follows the newest."""
        self._local = local

    def add(self, finding: Finding) -> None:
        """A new finding."""
        self.counts[finding.verdict] += 1
        self._findings.append(finding)

    def update(self, moment: Moment) -> None:
        """How the run stands by now; during a pause nobody sees it."""
        if not self.paused:
            self.moment = moment

    def key(self, key: str) -> None:
        """What the user pressed: a letter, ``up``, ``down``, ``pageup``, ``pagedown``, ``enter``, ``escape``, ..."""
        if self.prompt is not None:
            self._typed(key)
            return
        actions: dict[str, Callable[[], None]] = {
            "q": self._quit,
            " ": self._pause,
            "p": self._pause,
            "/": self._ask,
            "escape": self._forget,
            "enter": self._open,
            "down": lambda: self._move(1),
            "j": lambda: self._move(1),
            "up": lambda: self._move(-1),
            "k": lambda: self._move(-1),
            "pagedown": lambda: self._move(10),
            "pageup": lambda: self._move(-10),
            "g": lambda: self._jump(0),
            "home": lambda: self._jump(0),
            "G": self._follow,
            "end": self._follow,
            "n": lambda: self._violation(1),
            "N": lambda: self._violation(-1),
        }
        action = actions.get(key)
        if action is not None:
            action()

    @property
    def findings(self) -> list[Finding]:
        """Those that the filter lets through, the newest last."""
        known = self._shown if self.paused else list(self._findings)
        return [each for each in known if self._fits(each)]

    @property
    def chosen(self) -> Finding | None:
        """The finding that the cursor is on."""
        found = self.findings
        if not found:
            return None
        return found[-1 if self._place is None else min(self._place, len(found) - 1)]

    def render(self, width: int, height: int) -> RenderableType:
        """All of it, in so many columns and lines."""
        head, foot = self._head(), self._foot()
        room = max(3, height - len(head) - len(foot))
        details = self._details(width) if self.details else []
        room = max(3, room - len(details))
        subjects = self._subjects(max(2, room - LEAST))
        listed = self._list(max(1, room - len(subjects)))
        return Group(*head, *subjects, *listed, *details, *foot)

    # --- keys --------------------------------------------------------------------------------------------------------

    def _quit(self) -> None:
        self.quit = True

    def _pause(self) -> None:
        self._shown = [] if self.paused else list(self._findings)
        self.paused = not self.paused

    def _ask(self) -> None:
        self.prompt = self.filter

    def _forget(self) -> None:
        self.filter, self.details, self._place = "", False, None

    def _open(self) -> None:
        self.details = not self.details

    def _follow(self) -> None:
        self._place = None

    def _typed(self, key: str) -> None:
        assert self.prompt is not None
        if key == "enter":
            self.filter, self.prompt, self._place = self.prompt, None, None
        elif key == "escape":
            self.prompt = None
        elif key == "backspace":
            self.prompt = self.prompt[:-1]
        elif len(key) == 1 and len(self.prompt) < PROMPT:
            self.prompt += key

    def _move(self, by: int) -> None:
        last = len(self.findings) - 1
        place = (last if self._place is None else min(self._place, last)) + by
        self._place = None if place >= last else max(0, place)

    def _jump(self, place: int) -> None:
        self._place = place

    def _violation(self, step: int) -> None:
        """Go to the next violation, or the one before; from the last one to the first."""
        found = self.findings
        places = [place for place, each in enumerate(found) if each.verdict == "violation"]
        if not places:
            return
        here = len(found) - 1 if self._place is None else self._place
        if step > 0:
            self._place = next((place for place in places if place > here), places[0])
        else:
            self._place = next((place for place in reversed(places) if place < here), places[-1])

    def _fits(self, finding: Finding) -> bool:
        wanted = self.filter.lower()
        return not wanted or any(
            wanted in text.lower()
            for text in (finding.rule, finding.verdict, finding.subject or "", finding.message, finding.actor)
        )

    # --- what is shown -----------------------------------------------------------------------------------------------

    def _head(self) -> list[RenderableType]:
        moment = self.moment
        title = Text.assemble(
            ("gmaudit live ", "bold"),
            clean(moment.place),
            "  ",
            _duration(moment.elapsed),
            no_wrap=True,
            overflow="crop",
        )
        if self.paused:
            title.append("  PAUSED: the audit goes on", "reverse")
        counts = Text(no_wrap=True, overflow="crop")
        for name in RANK[:-1]:
            counts.append(f"{self.counts[name]:,} {name}  ", STYLES[name] if self.counts[name] else "dim")
        lost = moment.lost_by_kernel + moment.lost_by_queue
        packets = Text(
            f"{moment.frames:,} frames heard, {moment.kept:,} matter; SIP {moment.clear:,} clear, "
            f"{moment.protected:,} protected; ESP {moment.esp:,}, {moment.verified:,} verified, "
            f"{moment.no_key:,} no key",
            no_wrap=True,
            overflow="crop",
        )
        drops = Text(
            f"lost: {moment.lost_by_kernel:,} by the kernel, {moment.lost_by_queue:,} by the queue",
            "bold red" if lost else "dim",
            no_wrap=True,
            overflow="crop",
        )
        if moment.waiting:
            drops.append(f"  {moment.waiting:,} packets wait for a key", "yellow")
        if moment.written is not None:
            drops.append(f"  {moment.written / 1e6:,.1f} MB written", "dim")
        notes = [Text(clean(note), "yellow", no_wrap=True, overflow="crop") for note in moment.notes[-2:]]
        return [title, counts, packets, drops, *notes]

    def _subjects(self, room: int) -> list[RenderableType]:
        rows: list[RenderableType] = []
        wanted = self.filter.lower()
        found = {each.subject for each in self.findings} if wanted else set()
        fitting = [
            each
            for each in self.moment.subjects
            if not wanted
            or each.id in found
            or any(wanted in text.lower() for text in (each.name, each.ue, each.pcscf))
        ]
        hidden = len(self.moment.subjects) - len(fitting) + self.moment.more_subjects
        for place, subject in enumerate(fitting):
            lines = _subject(subject)
            if len(rows) + len(lines) > room - 2:
                hidden += len(fitting) - place
                break
            rows += lines
        more = f", {hidden:,} more" if hidden else ""
        return [Text(f"{RULE} subjects{more}", "bold"), *rows]

    def _list(self, room: int) -> list[RenderableType]:
        found, chosen = self.findings, self.chosen
        filtered = f", filter {self.filter!r}" if self.filter else ""
        rows: list[RenderableType] = [Text(f"{RULE} findings ({len(found):,}{filtered})", "bold")]
        place = len(found) - 1 if self._place is None else min(self._place, len(found) - 1)
        space = max(1, room - 1)
        first = max(0, min(place - space // 2, len(found) - space))
        for each in found[first : first + space]:
            line = Text(no_wrap=True, overflow="ellipsis")
            line.append(f"{shown(each.time, local=self._local, date=False)} ", "dim")
            line.append(f"{each.verdict:<12} ", STYLES.get(each.verdict, ""))
            line.append(f"{each.rule:<8} {each.actor:<7} ", "bold")
            line.append(f"frame {each.frame}  {clean(each.message)}")
            if each.count > 1:
                line.append(f"  \N{MULTIPLICATION SIGN}{each.count:,}", "dim")
            if each is chosen and self._place is not None:
                line.stylize("reverse")
            rows.append(line)
        rows += [Text("")] * (room - len(rows))
        return rows

    def _details(self, width: int) -> list[RenderableType]:
        finding = self.chosen
        if finding is None:
            return []
        fields = [
            ("subject", finding.subject or "none"),
            ("message", finding.message),
            ("expected", finding.expected),
            ("observed", finding.observed),
            ("clause", finding.clause),
            ("why", finding.argument),
            ("frames", ", ".join(map(str, (finding.frame, *finding.related[:12])))),
        ]
        lines: list[RenderableType] = [Text("\N{BOX DRAWINGS LIGHT HORIZONTAL}" * min(width, 40), "dim")]
        for name, value in fields:
            if value:
                line = Text(no_wrap=True, overflow="ellipsis")
                line.append(f"{name:>9} ", "dim")
                line.append(clean(value))
                lines.append(line)
        return lines

    def _foot(self) -> list[RenderableType]:
        if self.prompt is not None:
            return [Text(f"filter: {clean(self.prompt)}\N{LEFT ONE QUARTER BLOCK}  (enter, escape)", "reverse")]
        return [Text(HELP, "dim", no_wrap=True, overflow="crop")]


def _subject(subject: SubjectRow) -> list[RenderableType]:
    head = Text(no_wrap=True, overflow="ellipsis")
    head.append(f"{subject.state:<12}", {"registered": "green", "registering": "yellow"}.get(subject.state, "dim"))
    head.append(f" {clean(subject.name)}", "bold")
    head.append(f"  {clean(subject.ue)} \N{LEFT RIGHT ARROW} {clean(subject.pcscf)}", "dim")
    lines: list[RenderableType] = [head]
    for each in subject.sets:
        line = Text(no_wrap=True, overflow="ellipsis")
        line.append(f"    set {each.generation:<4} UE {each.ue:<8} P-CSCF {each.pcscf:<8}")
        line.append(f" age {_duration(each.age) if each.age is not None else '?':>9}")
        if each.ue == each.pcscf == "gone":
            line.append("  given up", "dim")
        elif each.left is None:
            line.append("  never expires", "dim")
        elif each.left >= 0:
            line.append(f"  expires in {_duration(each.left)}", "green" if each.left > 60 * SECOND else "yellow")
        else:
            line.append(f"  expired {_duration(-each.left)} ago", "red")
        line.append(f"  {clean(each.algorithms)}" + ("" if each.keyed else ", no key"), "dim")
        lines.append(line)
    return lines


def _duration(time: int) -> str:
    seconds = max(0, time) // SECOND
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
