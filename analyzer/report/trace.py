"""The ladder: every SIP message between two addresses as an arrow, with the association that protected it.

The UE stands on the left, the P-CSCF on the right. A protected message has a heavy arrow in the colour of its set, one
in clear a light, dotted one, and one of which only a tool told a dim one; the rules that found something in it stand
beside it.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple, TextIO

from rich.cells import cell_len, set_cell_size

from analyzer.finding import RANK
from analyzer.report.model import Report
from analyzer.report.page import STYLES, Page, Part, several
from analyzer.report.safe import clean
from analyzer.report.times import shown

if TYPE_CHECKING:
    from analyzer.audit import TraceLine

LINES: Final = 200_000
"""How many messages are kept for the ladders; later ones are only counted."""

BESIDE: Final = 4
"""How many rules stand beside one arrow."""

BESIDE_WIDTH: Final = 16
"""Columns kept free for them; more of them run over the edge."""

NAMED: Final = 8
"""How many subjects of one pair of addresses are named above their ladder."""

GENERATIONS: Final = (
    "green",
    "cyan",
    "blue",
    "magenta",
    "bright_green",
    "bright_cyan",
    "bright_blue",
    "bright_magenta",
)
"""Colours of the sets, in turn."""

CLEAR: Final = "yellow"

FIXED: Final = 62
"""Columns of a row that are neither arrow nor findings."""


class _Strokes(NamedTuple):
    """What arrows are drawn with."""

    protected: str
    clear: str
    right: tuple[str, str]
    """Head of a protected and of a clear arrow to the right."""
    left: tuple[str, str]


_DRAWN = _Strokes("━", "┄", ("▶", "▷"), ("◀", "◁"))
_TYPED = _Strokes("=", ".", (">", ">"), ("<", "<"))


class Trace:
    """Collects what the audit saw, and draws it when the audit is over."""

    def __init__(self) -> None:
        self.left_out = 0
        """Messages beyond the limit."""
        self._lines: list[TraceLine] = []

    def add(self, line: TraceLine) -> None:
        """Take one message; the audit calls it in the order of time."""
        if len(self._lines) < LINES:
            self._lines.append(line)
        else:
            self.left_out += 1

    def write(self, report: Report, stream: TextIO, *, local: bool = False, width: int | None = None) -> None:
        """Draw one ladder for each pair of addresses, in the order of their first messages."""
        page = Page(stream, width)
        ladders: dict[tuple[str, str, str], list[TraceLine]] = defaultdict(list)
        for line in self._lines:
            ladders[line.leg, line.ue, line.pcscf].append(line)  # what is told stands apart from the wire
        drawer = _Drawer(report, page, self._lines, local=local)
        if len(report.captures) > 1:
            for number, capture in enumerate(report.captures):
                page.line((f"frames {number}: are those of {clean(capture.path)}", "dim"))
        for lines in ladders.values():
            drawer.ladder(lines)
            page.line()
        clear = sum(line.generation is None and line.leg == "gm" for line in self._lines)
        told = sum(line.leg == "told" for line in self._lines)
        counts = f"{several(len(self._lines), 'SIP message')}, {clear:,} of them in clear between UE and P-CSCF"
        counts += f", {told:,} told of by tools" if told else ""
        page.line((f"{counts}; {several(len(report.findings), 'finding')} (gmaudit check tells them)", ""))
        for notice in report.notices:
            page.hanging(("  - ", ""), clean(notice))
        if self.left_out:
            page.line((f"{several(self.left_out, 'later message')} not shown", STYLES["warning"]))


class _Drawer:
    """Draws ladders of one report on one page; of its findings it knows those at the frames of these lines."""

    def __init__(self, report: Report, page: Page, lines: list[TraceLine], *, local: bool) -> None:
        self.page = page
        self.local = local
        self.captures = len(report.captures)
        self.names = {subject.id: clean(subject.impi or subject.id) for subject in report.subjects}
        self.strokes = _DRAWN if page.unicode else _TYPED
        self.arrow = min(max(page.width - FIXED - BESIDE_WIDTH, 18), 40)
        self.found: dict[tuple[int, int], list[tuple[int, str, str]]] = defaultdict(list)
        drawn = {line.at[:2] for line in lines}
        for finding in report.findings:
            entry = RANK.index(finding.verdict), clean(finding.rule), STYLES[finding.verdict]
            for place in {(finding.capture, frame) for frame in (finding.frame, *finding.occurrences)} & drawn:
                self.found[place].append(entry)
        self.steps: dict[tuple[int | None, int | None], str] = {}
        for one in report.sa_sets:
            for name, at in (("SM1", one.sm1), ("SM6", one.sm6), ("SM7", one.sm7), ("SM12", one.sm12)):
                self.steps[one.capture, at] = name

    def ladder(self, lines: list[TraceLine]) -> None:
        """All messages of one pair of addresses."""
        first = lines[0]
        gm = first.leg in ("gm", "told")
        left, right = ("UE", "P-CSCF") if gm else ("", "")
        subjects = list(dict.fromkeys(line.subject for line in lines if line.subject is not None))
        names = ", ".join(self.names.get(subject, clean(subject)) for subject in subjects[:NAMED])
        if len(subjects) > NAMED:
            names += f" and {len(subjects) - NAMED:,} more"
        ends = f"{left} {clean(first.ue)} - {right} {clean(first.pcscf)}".replace("  ", " ").strip()
        self.page.line((ends, "bold"), (f"  {names}" if gm else "  behind the P-CSCF", ""))
        middle = left + " " * (self.arrow + 14 - len(left) - len(right)) + right
        self.page.line((f"{'frame':>6}  {'time':14}{'':5}{middle}  {'':5}protection", "dim"))
        day = ""
        for line in lines:
            date, _, hour = shown(line.at.time, local=self.local).partition(" ")
            if date != day:
                self.page.line((f"{'':8}{date}", "dim"))
                day = date
            self._row(line, hour, named=len(subjects) > 1)

    def _row(self, line: TraceLine, hour: str, *, named: bool) -> None:
        number = f"{line.at.capture}:{line.at.number}" if self.captures > 1 else f"{line.at.number}"
        ports = (line.sport, line.dport) if line.uplink else (line.dport, line.sport)
        style = CLEAR if line.generation is None else GENERATIONS[(line.generation - 1) % len(GENERATIONS)]
        protection = "clear"
        if line.generation is not None:
            protection = f"set {line.generation} {clean(line.role)} {clean(line.state)}"
        elif line.leg != "gm":
            style, protection = "dim", "told" if line.leg == "told" else ""
        step = self.steps.get((line.at.capture, line.at.number), "")
        parts: list[Part] = [
            (f"{number:>6}  ", ""),
            (f"{hour}  ", "dim"),
            (f"{step:<4} ", "bold"),
            (f"{ports[0] or '':>5} ", "dim"),
            (self._arrow(line), style),
            (f" {ports[1] or '':<5}", "dim"),
            (f"  {'' if line.leg == 'told' else clean(line.transport):<3}  ", ""),
            (f"{protection:<16}", style),
        ]
        found = sorted(set(self.found.get((line.at.capture, line.at.number), ())))
        for _, rule, colour in found[:BESIDE]:
            parts.append((f" {rule}", colour))
        if len(found) > BESIDE:
            parts.append((f" +{len(found) - BESIDE}", ""))
        if named and line.subject is not None:
            parts.append((f"  {self.names.get(line.subject, clean(line.subject))}", "dim"))
        self.page.line(*parts)

    def _arrow(self, line: TraceLine) -> str:
        clear = line.generation is None
        stroke = self.strokes.clear if clear else self.strokes.protected
        label = f" {_label(line.start_line)} "
        room = self.arrow - 4
        if cell_len(label) > room:
            label = set_cell_size(label, room - 1) + " "
        shaft = stroke * 2 + label + stroke * (room + 1 - cell_len(label))
        return shaft + self.strokes.right[clear] if line.uplink else self.strokes.left[clear] + shaft


def _label(start_line: str) -> str:
    """``REGISTER`` or ``401 Unauthorized``."""
    first, _, rest = start_line.partition(" ")
    return clean(rest.strip() if first.upper().startswith("SIP/") else first, 80)
