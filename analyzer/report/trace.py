"""The ladder: every SIP message between a UE and a P-CSCF as an arrow, with the association that protected it.

One ladder for each subject, the UE on the left. A protected message has a heavy arrow in the colour of its set, one in
clear a dotted one and the word; what a tool told of is dim. Beside the arrow stand the rules that found something,
between arrows the ends of sets and the time in which nothing was sent. In a file or a pipe the strokes are ASCII.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple, TextIO

from analyzer.evidence import SetLife
from analyzer.finding import RANK, Finding
from analyzer.frame import SECOND
from analyzer.report.model import Report, SetSummary
from analyzer.report.order import badness
from analyzer.report.page import STYLES, Page, Part, several
from analyzer.report.safe import clean
from analyzer.report.text_names import Names, known
from analyzer.report.times import duration
from analyzer.report.trace_arrows import GENERATIONS, Strokes, arrow, layout, strokes

if TYPE_CHECKING:
    from analyzer.report.chronicle import Arrow, Chronicle

BESIDE: Final = 4
"""How many rules stand beside one arrow."""

LISTED: Final = 12
"""How many findings are told under a ladder, the worst first."""

SETS: Final = 8
"""How many sets are named above a ladder, the newest ones."""

PAUSE: Final = 2 * SECOND
"""From so long on, the time in which nothing was sent is drawn."""

MARKS: Final = {"violation": "!", "warning": "+", "probable": "?", "inconclusive": "~", "note": "."}
"""What stands before the rule, since a colour alone says nothing."""

STATES: Final = {
    "offered": "before SM6",
    "tmp": "since SM6",
    "new": "since SM12, not used by the UE yet",
    "use": "in use",
    "old": "replaced, still allowed for what is pending",
    "gone": "had to be given up",
}
"""What the states of sets mean, for those who see them for the first time."""

CLEAR: Final = "yellow"


class _Ending(NamedTuple):
    """That sides had to give a set up."""

    time: int
    generation: int
    why: str
    sides: tuple[str, ...]


def write(
    chronicle: Chronicle, report: Report, stream: TextIO, *, local: bool = False, width: int | None = None
) -> None:
    """Draw one ladder for each subject, in the order of their first messages; what tools told of stands apart.

    ``local`` shows times in the zone of this machine; ``width`` overrules the terminal's (columns).
    """
    page = Page(stream, width)
    names = Names(report, local=local)
    if not names.alone:
        for number, name in enumerate(names.captures, 1):
            page.line((f"frames {number}: are those of {name}", "dim"))
        page.line()
    ladders: dict[tuple[bool, str | None, str, str], list[Arrow]] = defaultdict(list)
    for each in chronicle.arrows:
        ladders[each.told, each.subject, each.ue, each.pcscf].append(each)
    drawer = _Drawer(report, page, names, chronicle)
    for arrows in ladders.values():
        drawer.ladder(arrows)
        page.line()
    _end(chronicle, report, page, drawer)


def narrow(chronicle: Chronicle, report: Report, *, subject: str | None, start: int | None, end: int | None) -> None:
    """Leave only the messages of the subjects that the user means (`audit/chosen.py`), and those of a span (ns)."""
    meant: set[str | None] | None = None
    if subject is not None:
        text = subject.lower()
        meant = {
            each.id
            for each in report.subjects
            if any(text in name.lower() for name in (each.id, each.ue, each.pcscf, *each.impus, each.contact or ""))
        }
    chronicle.arrows = [
        each
        for each in chronicle.arrows
        if (meant is None or each.subject in meant)
        and (start is None or each.at.time >= start)
        and (end is None or each.at.time <= end)
    ]


def _end(chronicle: Chronicle, report: Report, page: Page, drawer: _Drawer) -> None:
    clear = sum(each.clear for each in chronicle.arrows)
    told = sum(each.told for each in chronicle.arrows)
    counts = f"{several(len(chronicle.arrows), 'SIP message')}, {clear:,} of them in clear between UE and P-CSCF"
    counts += f", {told:,} told of by tools" if told else ""
    page.hanging(("", ""), f"{counts}; {several(len(report.findings), 'finding')} (gmaudit check tells them)", indent=2)
    if not chronicle.arrows and report.sip.messages:
        unchosen = (
            f"none of the {several(report.sip.messages, 'SIP message')} is chosen: look at --subject, --from and --to"
        )
        page.hanging(("", ""), unchosen, indent=2)
    if report.esp.unread:
        unread = f"{report.esp.unread:,} of {several(report.esp.packets, 'ESP packet')} could not be read"
        page.hanging(("", ""), f"{unread}, so their messages are missing here; give keys with --keys FILE", indent=2)
    if drawer.marked:
        page.hanging(("", ""), ", ".join(f"{MARKS[name]} {name}" for name in RANK if name in drawer.marked), "dim")
    if drawer.states:
        known = "; ".join(f"{name} = {meaning}" for name, meaning in STATES.items() if name in drawer.states)
        page.hanging(("", ""), f"sets, as the sender had to see them: {known}", "dim", indent=2)
    for notice in (*chronicle.notices, *report.notices):
        page.hanging(("  - ", ""), clean(notice))


class _Drawer:
    """Draws ladders of one report on one page; of its findings it knows those at the frames of these arrows."""

    def __init__(self, report: Report, page: Page, names: Names, chronicle: Chronicle) -> None:
        self.page, self.names = page, names
        self.marked: set[str] = set()
        """Verdicts that stand beside some arrow."""
        self.states: set[str] = set()
        """States of sets that stand there."""
        self.layout = layout(page.width)
        self.strokes: Strokes = strokes(page.unicode and page.terminal)
        self._lives = chronicle.lives
        self._unread: dict[tuple[str, int], int] = defaultdict(int)
        for (subject, generation, _), line in chronicle.ticks.items():
            self._unread[subject, generation] += line.unread
        self._subjects = {subject.id: subject for subject in report.subjects}
        drawn = {(each.at.capture, each.at.number) for each in chronicle.arrows}
        self.found: dict[tuple[int, int], list[Finding]] = defaultdict(list)
        self._findings: dict[str | None, list[Finding]] = defaultdict(list)
        for finding in report.findings:
            self._findings[finding.subject].append(finding)
            for place in {(finding.capture, frame) for frame in (finding.frame, *finding.occurrences)} & drawn:
                self.found[place].append(finding)
        self._steps: dict[tuple[int | None, int | None], str] = {}
        self._sets: dict[str, list[SetSummary]] = defaultdict(list)
        for one in report.sa_sets:
            self._sets[one.subject].append(one)
            for name, at in (("SM1", one.sm1), ("SM6", one.sm6), ("SM7", one.sm7), ("SM12", one.sm12)):
                self._steps[one.capture, at] = name

    # --- one ladder -------------------------------------------------------------------------------------------------

    def ladder(self, arrows: Sequence[Arrow]) -> None:
        """All messages of one subject."""
        first, page, plan = arrows[0], self.page, self.layout
        self._head(first)
        bar = "UE" + " " * (plan.arrow - 8) + "P-CSCF"
        heads = f"{'frame':>{plan.number}}  {'time':{plan.time}}{'':{plan.left}}{bar}{'':{plan.right}}"
        page.line((f"{heads}{'protection' if plan.full else 'set'}", "dim"))
        endings = self._endings(first.subject) if not first.told else []
        day, before = "", first.at.time
        seen: set[tuple[object, ...]] = set()
        for each in arrows:
            while endings and endings[0].time < each.at.time:
                self._ending(endings.pop(0))
            if each.at.time - before >= PAUSE:
                self._between(self.strokes.pause, f"{_pause(each.at.time - before)} later")
            before = each.at.time
            if (date := self.names.date(each.at.time)) != day:
                page.line((f"{'':{plan.number + 2}}{date}", "dim"))
                day = date
            what = each.call_id, each.cseq, each.method, each.status, each.uplink
            self._row(each, again=what in seen)
            seen.add(what)
        for ending in endings:
            self._ending(ending)
        self._told(first.subject)

    def _head(self, first: Arrow) -> None:
        subject = self._subjects.get(first.subject or "")
        name = known(subject) if subject is not None else clean(first.subject or "no registration")
        ends = f"UE {clean(first.ue)} - P-CSCF {clean(first.pcscf)}"
        self.page.hanging((f"{name}  ", "bold"), ends, indent=2)
        sets = self._sets.get(first.subject or "", []) if not first.told else []
        for one in sets[-SETS:]:
            ports = (f"{end} {port}" for end, port in _ports(one) if port is not None)
            text = f"{clean(one.alg or '-', 20)} with {clean(one.ealg or '-', 20)}; {', '.join(ports)}"
            unread = self._unread.get((one.subject, one.generation), 0)
            text += f"; {several(unread, 'packet')} not read" if unread else ""
            self.page.hanging((f"  set {one.generation}  ", _colour(one.generation)), text)

    def _row(self, each: Arrow, *, again: bool) -> None:
        plan, names = self.layout, self.names
        at = each.at
        number = f"{at.number}" if names.alone else f"{at.capture + 1}:{at.number}"
        ports = (each.sport, each.dport) if each.uplink else (each.dport, each.sport)
        style, protection = _colour(each.generation), "clear"
        if each.told:
            style, protection = "dim", "told"
        elif each.generation is not None:
            role = clean(each.role)
            protection = f"{each.generation} {role}"
            if plan.full:
                state = self._state(each)
                self.states.add(state)
                protection = f"set {protection} {state}"
        transport = "" if each.told else clean(each.transport)
        parts: list[Part] = [
            (f"{number:>{plan.number}}  ", ""),
            (f"{names.hour(at.time)[-plan.time :]} ", "dim"),
            (f"{self._steps.get((at.capture, at.number), ''):<4} ", "bold"),
            (f"{ports[0] or '':>5} ", "dim"),
            (self.strokes.side, "dim"),
            (arrow(each, plan.arrow - 2, self.strokes, again=again), style),
            (self.strokes.side, "dim"),
            (f" {ports[1] or '':<5} ", "dim"),
        ]
        if plan.full:
            parts.append((f"{transport:<4} ", ""))
        beside = list(self._beside(self.found.get((at.capture, at.number), ())))
        if not beside:
            self.page.line(*parts, (protection, style))
            return
        taken = plan.before + max(len(protection) - plan.protection, 0) + sum(len(part) for part, _ in beside)
        if taken <= self.page.width:
            self.page.line(*parts, (f"{protection:<{plan.protection}}", style), *beside)
        else:
            self.page.line(*parts, (protection, style))
            self.page.line((" " * plan.lifeline, ""), (self.strokes.side, "dim"), *beside)

    def _state(self, each: Arrow) -> str:
        """State of the set for the sender: gone as soon as it had to give it up, which stands between the arrows."""
        for life in self._lives.get(each.subject or "", ()):
            if life.generation == each.generation:
                side = "UE" if each.uplink else "P-CSCF"
                if any(end.side == side and end.time < each.at.time for end in life.ends):
                    return "gone"
        return clean(each.state_ue if each.uplink else each.state_pcscf)

    def _beside(self, findings: Iterable[Finding]) -> Iterator[Part]:
        """The rules that found something, the worst first, each with its mark; what could not be judged is counted."""
        best: dict[str, str] = {}
        blind = 0
        for finding in sorted(findings, key=lambda each: (RANK.index(each.verdict), each.rule)):
            if finding.verdict == "inconclusive":
                blind += 1
            else:
                best.setdefault(finding.rule, finding.verdict)
        for rule, verdict in list(best.items())[:BESIDE]:
            self.marked.add(verdict)
            yield f" {MARKS[verdict]}{clean(rule)}", STYLES[verdict]
        if len(best) > BESIDE:
            yield f" +{len(best) - BESIDE}", ""
        if blind:
            self.marked.add("inconclusive")
            yield f" {MARKS['inconclusive']}{blind}", STYLES["inconclusive"]

    # --- between the arrows -----------------------------------------------------------------------------------------

    def _between(self, side: str, text: str) -> None:
        plan = self.layout
        middle = f"{text:^{plan.arrow - 2}}" if len(text) <= plan.arrow - 2 else text
        self.page.line((f"{'':{plan.lifeline}}{side}{middle}{side}", "dim"))

    def _ending(self, ending: _Ending) -> None:
        plan, side, end = self.layout, self.strokes.side, self.strokes.end
        ue, pcscf = (end if name in ending.sides else side for name in ("UE", "P-CSCF"))
        middle = f"{f'set {ending.generation} ends':^{plan.arrow - 2}}"
        time = f"{'':{plan.number}}  {self.names.hour(ending.time)[-plan.time :]}"
        line = f"{time:{plan.lifeline}}{ue}{middle}{pcscf}"
        where = " and ".join(ending.sides)
        text = f"at the {where}: {clean(ending.why)}"
        if len(line) + 2 + len(text) <= self.page.width:
            self.page.line((line, _colour(ending.generation)), (f"  {text}", "dim"))
            return
        self.page.line((line, _colour(ending.generation)))
        margin = [(" " * plan.lifeline, ""), (f"{side} ", "dim")]
        self.page.framed(margin, margin, text, "dim")

    def _endings(self, subject: str | None) -> list[_Ending]:
        """When which set had to be given up by whom, in the order of time; both sides at once are one."""
        lives: Iterable[SetLife] = self._lives.get(subject or "", ())
        found: dict[tuple[int, int, str], list[str]] = defaultdict(list)
        for life in lives:
            for end in life.ends:
                found[end.time, life.generation, end.why].append(end.side)
        return sorted(_Ending(*key, tuple(sides)) for key, sides in found.items())

    def _told(self, subject: str | None) -> None:
        """The findings of this subject in a line each, without what others explain."""
        findings = [each for each in self._findings.get(subject, ()) if each.verdict != "inconclusive"]
        findings = [each for each in findings if each.cause is None]
        findings.sort(key=badness)
        room = max((len(clean(each.rule)) for each in findings[:LISTED]), default=0)
        for each in findings[:LISTED]:
            frame = f"{each.frame}" if self.names.alone else f"{each.capture + 1}:{each.frame}"
            times = f", {each.count:,} times" if each.count > 1 else ""
            lead = f"  {MARKS[each.verdict]}{clean(each.rule):{room}}  "
            self.marked.add(each.verdict)
            self.page.hanging((lead, STYLES[each.verdict]), f"frame {frame}{times}: {clean(each.message)}")
        if (more := len(findings) - LISTED) > 0:
            self.page.line((f"  and {several(more, 'more finding')}", "dim"))


def _pause(time: int) -> str:
    seconds = time / SECOND
    return f"{seconds:.1f} s" if seconds < 120 else duration(time)


def _colour(generation: int | None) -> str:
    return CLEAR if generation is None else GENERATIONS[(generation - 1) % len(GENERATIONS)]


def _ports(one: SetSummary) -> Iterator[tuple[str, int | None]]:
    yield from (("uc", one.port_uc), ("us", one.port_us), ("pc", one.port_pc), ("ps", one.port_ps))
