"""One finding as people read it: what is wrong, the frames that show it, why it is certain, what follows, what next.

Made like the diagnostics of a compiler: frame numbers stand where those have line numbers, and the frame that is at
fault is pointed at, with what was expected there and what was observed. What matters is a word, never only a colour.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from analyzer.evidence import Seen
from analyzer.finding import Finding, Waived
from analyzer.report import text_evidence as evidence
from analyzer.report.order import Case
from analyzer.report.page import STYLES, TIE, Page, Part, listed, several
from analyzer.report.safe import clean
from analyzer.report.text_names import Names, repeated
from analyzer.report.traps import trap
from analyzer.verdict import Table

MESSAGES: Final = 6
"""Messages of one finding that are shown; the JSON report has all of them."""

FOLLOW_UPS: Final = 8
"""What one finding explains, as far as it is told here."""

ALSO: Final = 5
"""Other subjects with the same fault that are named."""

FILTERED: Final = 20
"""Frames in the filter for Wireshark."""

FRAME: Final = "blue"
"""Colour of what frames a finding: margins, arrows and labels."""

SIDES: Final = 6
"""Columns of the longest name of a side, ``P-CSCF``."""


class _Row(NamedTuple):
    """One frame beside the margin."""

    capture: int
    frame: int
    message: Seen | None
    """None: nothing but its number is known."""
    accused: bool


class _Note(NamedTuple):
    """One line below the frames."""

    label: str
    text: str
    style: str = ""
    tag: Part = ("", "")
    """What stands before the text, in a colour of its own."""


class CaseWriter:
    """Writes findings of one report on one page."""

    def __init__(self, page: Page, names: Names) -> None:
        self.page = page
        self.names = names

    def write(self, case: Case) -> None:
        """The whole case, with an empty line behind it."""
        finding, page = case.finding, self.page
        head = f"{finding.verdict}[{clean(finding.rule)}]{waived(finding)}: "
        page.framed([(head, STYLES[finding.verdict])], [("    ", "")], clean(finding.message), "bold")
        rows, beyond = self._rows(finding)
        numbers = [self.names.frame(row.capture, row.frame, finding.capture) for row in rows]
        gutter = max(2, *map(len, numbers))
        where = "; ".join(
            filter(None, (f"{self.names.place(finding)}, {self.names.moment(finding.time)}", repeated(finding)))
        )
        page.framed([(" " * gutter + "--> ", FRAME)], [(" " * (gutter + 4), "")], where)
        margin = (f"{'':{gutter}} | ", FRAME)
        if finding.verdict != "note":
            page.line(margin)
            for number, row in zip(numbers, rows, strict=True):
                self._row(number, row, finding, gutter)
            if beyond:
                page.line(margin, (f"{several(beyond, 'more message')} in the JSON report", "dim"))
            for table in finding.evidence.tables if finding.evidence is not None else ():
                self._table(table, finding, margin)
            page.line(margin)
        notes = list(self._notes(case, {(row.capture, row.frame) for row in rows}))
        room = max(len(note.label) for note in notes)
        for note in notes:
            lead = [(f"{'':{gutter}} = ", FRAME), (f"{note.label:{room}}  ", "dim"), note.tag]
            page.framed(lead, [(" " * (gutter + room + 5), "")], note.text, note.style)
        page.line()

    # --- the frames -------------------------------------------------------------------------------------------------

    def _rows(self, finding: Finding) -> tuple[list[_Row], int]:
        """The frames to show, in the order of time, and how many more there are."""
        seen = finding.evidence.messages if finding.evidence is not None else ()
        known = [each for each in seen if each.first_line is not None or each.protection is not None]
        own = (finding.capture, finding.frame)
        rows = [_Row(each.at.capture, each.at.number, each, each.at[:2] == own) for each in known[:MESSAGES]]
        if not any(row.accused for row in rows):
            rows.append(_Row(*own, None, True))
        rows.sort(key=lambda row: (finding.time if row.message is None else row.message.at.time, row.frame))
        return rows, max(len(known) - MESSAGES, 0)

    def _row(self, number: str, row: _Row, finding: Finding, gutter: int) -> None:
        page, message = self.page, row.message
        margin: Part = (f"{'':{gutter}} | ", FRAME)
        lead: list[Part] = [(f"{number:>{gutter}} ", "bold" if row.accused else FRAME)]
        lead.append(("> ", STYLES[finding.verdict]) if row.accused else ("| ", FRAME))
        narrow = page.width < 80
        time = finding.time if message is None else message.at.time
        sender = "" if message is None else message.sender or ""
        lead += [(f"{self.names.hour(time)}  ", "dim"), (f"{sender:{SIDES}}  ", "")]
        beside = 2 if narrow else 14
        hang = [margin, (" " * (beside + (0 if narrow else SIDES + 2)), "")]
        if message is None:
            told = evidence.packet_at(finding.evidence, row.capture, row.frame)
        else:
            told = evidence.message(message)
        page.framed(lead, hang, told, "bold" if row.accused else "")
        if not row.accused:
            return
        for label, text, style in (("expected", finding.expected, "green"), ("observed", finding.observed, "red")):
            if text:
                page.framed(
                    [margin, (" " * beside, ""), (f"{label}  ", style)],
                    [margin, (" " * (beside + 10), "")],
                    clean(text),
                )

    def _table(self, table: Table, finding: Finding, margin: Part) -> None:
        """What was compared: only the rows that differ, if any do."""
        if len(table.rows) == 1 and table.rows[0][1:] == (finding.expected, finding.observed):
            return
        rows, more = evidence.rows(table)
        if not rows:
            return
        page = self.page
        left_out = f"; {several(more, 'more row')} in the JSON report" if more else ""
        page.line(margin)
        page.framed([margin], [margin], f"{clean(table.title)}{left_out}")
        heads = [clean(name, 60) for name in table.columns]
        if page.fits([("", *heads), *rows], len(margin[0])):
            page.table([("", *heads), *rows], margin=margin)
            return
        for mark, name, *values in rows:
            told = "; ".join(f"{head} {value}" for head, value in zip(heads[1:], values, strict=True))
            page.framed([margin, (f"{mark:2} ", "")], [margin, ("     ", "")], f"{name}: {told}")

    # --- what is said of them ---------------------------------------------------------------------------------------

    def _notes(self, case: Case, shown: set[tuple[int, int]]) -> Iterator[_Note]:
        """What stands below the frames."""
        finding, names = case.finding, self.names
        if finding.verdict == "note":
            for label, text in (("expected", finding.expected), ("observed", finding.observed)):
                if text:
                    yield _Note(label, clean(text))
        if finding.waived is not None:
            yield _Note("waived", _reason(finding.waived))
        yield _Note("by", f"{finding.actor}; severity {finding.severity}; {finding.level} of {clean(finding.clause)}")
        if names.several or finding.subject is None:
            yield _Note("subject", names.subject(finding.subject))
        if finding.argument:
            sure = finding.verdict in ("violation", "warning", "note")
            yield _Note("certain" if sure else "in doubt", clean(finding.argument))
        for code in finding.traps:
            yield _Note("not ruled out", trap(clean(code)))
        if finding.evidence is not None and finding.verdict != "note":
            for label, text in evidence.lines(finding.evidence, finding, names):
                yield _Note(label, text)
        if unseen := _unseen(finding, shown, names):
            yield _Note("see also", unseen)
        for other in case.follow_ups[:FOLLOW_UPS]:
            where = f"frame{TIE}{other.frame}" if other.count == 1 else repeated(other)
            where += f"; waived {_reason(other.waived)}" if other.waived is not None else ""
            tag = f"{other.verdict}[{clean(other.rule)}]{waived(other)} ", STYLES[other.verdict]
            yield _Note("explains", f"{clean(other.message)} ({where})", tag=tag)
        if (more := len(case.follow_ups) - FOLLOW_UPS) > 0:
            yield _Note("", f"and {several(more, 'more finding')}, in the JSON report", style="dim")
        if finding.cause is not None and not case.follow_ups:
            cause = clean(finding.cause)
            yield _Note("explained by", f"a finding that this report does not hold (fingerprint {cause})")
        if case.same:
            same = [each.finding for each in case.same]
            others = [f"{names.subject(each.subject)} (frame {each.frame})" for each in same[:ALSO]]
            tail = f" ... {len(same) - ALSO:,} more" if len(same) > ALSO else ""
            yield _Note("also with", f"{several(len(same), 'other subject')}: {'; '.join(others)}{tail}")
        if finding.verdict != "note":
            yield _Note("next", f"gmaudit rule {clean(finding.rule)}; in Wireshark {display_filter(case)}")


def _unseen(finding: Finding, shown: set[tuple[int, int]], names: Names) -> str:
    """Frames that prove it as well, and that stand in no row."""
    home = [frame for frame in finding.related if (finding.capture, frame) not in shown]
    parts = [f"frame{'s' if len(home) > 1 else ''} {listed(home)}"] if home else []
    for capture, frame in finding.related_other[:MESSAGES]:
        if (capture, frame) not in shown:
            parts.append(f"{names.captures[capture]} frame {frame}")
    return "; ".join(parts)


def waived(finding: Finding) -> str:
    """What stands behind the rule of a finding that the user has accepted."""
    return " (waived)" if finding.waived is not None else ""


def _reason(waived: Waived) -> str:
    """Until when and why."""
    return (f"until {waived.expires}: " if waived.expires is not None else "") + clean(waived.reason)


def display_filter(case: Case) -> str:
    """The filter that shows the frames of a case in Wireshark, in the capture of the finding."""
    finding = case.finding
    frames = dict.fromkeys((finding.frame, *finding.related, *finding.occurrences))
    if len(frames) == 1:
        return f"frame.number == {finding.frame}"
    return f"frame.number in {{{', '.join(map(str, sorted(list(frames)[:FILTERED])))}}}"
