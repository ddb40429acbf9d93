"""The report for people: what was read, what could not be, the sets, the rules, and each finding with its proof.

Made to be read on a terminal and to be sent to a vendor as it is. Everything that comes from a capture goes through
`safe.clean`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TextIO

from analyzer.finding import RANK, Finding
from analyzer.report import evidence, opinion, statistics
from analyzer.report.model import CaptureSummary, Report, SetSummary, SubjectSummary
from analyzer.report.order import Case, cases
from analyzer.report.page import STYLES, TIE, Cell, Page, Part, listed, several
from analyzer.report.renderers import Material
from analyzer.report.safe import clean
from analyzer.report.statistics import COLUMNS, counts
from analyzer.report.times import duration, shown
from analyzer.report.traps import trap
from analyzer.verdict import Table

SUBJECTS = 20
"""How many subjects are listed with their sets, those with findings first; beyond them there is only a count."""

SET_HEADINGS = (
    ("set", "port uc", "port us", "port pc", "port ps", "integrity", "key", "UE", "SM1", "SM6", "expires"),
    ("SM1 in", "SPI uc", "SPI us", "SPI pc", "SPI ps", "encryption", "", "P-CSCF", "SM7", "SM12", "ended"),
)
"""A set takes two lines, and so do its headings."""


def render(material: Material, sink: TextIO) -> None:
    """Write the report as the user asked for it."""
    write(
        material.report,
        sink,
        show_passes=material.show_passes,
        with_statistics=material.statistics,
        local=material.local,
    )


def write(
    report: Report,
    stream: TextIO,
    *,
    show_passes: bool = False,
    with_statistics: bool = False,
    local: bool = False,
    width: int | None = None,
) -> None:
    """Write the whole report.

    ``show_passes`` gives rules that only passed, or only could not judge, a row of their own; ``with_statistics`` gives
    every rule one, or says why it did not judge; ``local`` shows times in the zone of this machine; ``width`` overrules
    the terminal's (columns).
    """
    _Writer(report, Page(stream, width), show_passes=show_passes, with_statistics=with_statistics, local=local).write()


class _Writer:
    """One report on its way to one page."""

    def __init__(self, report: Report, page: Page, *, show_passes: bool, with_statistics: bool, local: bool) -> None:
        self.report = report
        self.page = page
        self.show_passes = show_passes
        self.with_statistics = with_statistics
        self.local = local
        self.subjects = {subject.id: subject for subject in report.subjects}
        self.names = _names([capture.path for capture in report.captures])
        self.day = max(
            (self._date(capture.last) for capture in report.captures if capture.last is not None), default=""
        )

    def write(self) -> None:
        """Write all sections."""
        report, page = self.report, self.page
        zone = "local time" if self.local else "UTC"
        page.line((f"gmaudit {report.version}, profile {clean(report.profile)}, times in {zone}", "dim"))
        page.heading("What was read")
        self._read()
        if report.notices or report.crashed:
            page.heading("Notices: what could not be read or judged")
            for crash in report.crashed:
                page.hanging(("  - ", ""), f"a rule crashed: {clean(crash)}", STYLES["error"])
            for notice in report.notices:
                page.hanging(("  - ", ""), clean(notice))
        if report.subjects:
            page.heading("Subjects and their sets of security associations")
            self._subjects()
        page.heading("Rules")
        if self.with_statistics:
            statistics.write(report, page)
        else:
            self._rules()
        page.line()
        if report.findings:
            page.line(("Findings", "bold"))
            for case in cases(report.findings):
                self._case(case)
                page.line()
        if report.second_opinion is not None:
            opinion.write(report.second_opinion, page, self.names)
            page.line()
        self._summary()

    # --- what was read ----------------------------------------------------------------------------------------------

    def _read(self) -> None:
        report, page = self.report, self.page
        rows: list[tuple[Cell, ...]] = [("capture", "frames", "first", "last", "span")]
        rows += [(clean(capture.path), f"{capture.frames:,}", *self._span(capture)) for capture in report.captures]
        page.table(rows, right=(1,))
        for capture in report.captures:
            where = f"{clean(capture.path)}: " if len(report.captures) > 1 else ""
            if left := _parts(*((number, clean(why)) for why, number in capture.skipped.items())):
                page.hanging(("  - ", ""), f"{where}left out: {left}")
            for notice in capture.notices:
                page.hanging(("  - ", ""), f"{where}{clean(notice)}")
        esp, sip = report.esp, report.sip
        counts = _parts(
            (esp.verified, "verified"),
            (esp.no_key, "without a key"),
            (esp.bad_icv, "with a bad ICV"),
            (esp.replayed, "replayed"),
        )
        page.line((f"  ESP     {several(esp.packets, 'packet')}{counts and ': ' + counts}", ""))
        counts = _parts((sip.protected, "protected"), (sip.clear, "in clear"), (sip.malformed, "malformed"))
        beside = f"; {sip.core:,} between servers" if sip.core else ""
        beside += f"; {sip.told:,} told of by tools" if sip.told else ""
        page.line((f"  SIP     {several(sip.messages, 'message')}{counts and ': ' + counts}{beside}", ""))
        for remark in report.quality.remarks:
            page.hanging(("  - ", ""), clean(remark))
        if report.copies:
            page.line((f"  copies  {several(report.copies, 'frame')} dropped as copies of another", ""))

    def _span(self, capture: CaptureSummary) -> tuple[str, str, str]:
        if capture.first is None or capture.last is None:
            return "-", "-", "-"
        first, last = shown(capture.first, local=self.local), shown(capture.last, local=self.local)
        if first[:10] == last[:10]:
            last = last[11:]
        return first, last, duration(capture.last - capture.first)

    # --- subjects and sets ------------------------------------------------------------------------------------------

    def _subjects(self) -> None:
        sets: dict[str, list[SetSummary]] = {}
        for one in self.report.sa_sets:
            sets.setdefault(one.subject, []).append(one)
        subjects = self.report.subjects
        if len(subjects) > SUBJECTS:
            faulty = {finding.subject for finding in self.report.findings}
            subjects = sorted(subjects, key=lambda subject: subject.id not in faulty)[:SUBJECTS]
        for place, subject in enumerate(subjects):
            if place:
                self.page.line()
            self._subject(subject, sets.get(subject.id, []))
        if more := len(self.report.subjects) - len(subjects):
            self.page.line()
            self.page.hanging(("  - ", ""), f"{several(more, 'more subject')}; the JSON report has them all")

    def _subject(self, subject: SubjectSummary, sets: list[SetSummary]) -> None:
        place = f"UE {clean(subject.ue)}, P-CSCF {clean(subject.pcscf)}"
        self.page.line(("  ", ""), (clean(subject.impi or subject.id), "bold"), (f"  {place}", ""))
        if sets:
            rows: list[tuple[Cell, ...]] = [*SET_HEADINGS]
            for one in sets:
                rows += self._set(one)
            self.page.table(rows, header=len(SET_HEADINGS))
        elif subject.told:
            self.page.line(("  told of by a tool: its headers are judged, its sets are not known", ""))
        else:
            self.page.line(("  no set of security associations", ""))

    def _set(self, one: SetSummary) -> tuple[tuple[Cell, ...], tuple[Cell, ...]]:
        ports = map(_given, (one.port_uc, one.port_us, one.port_pc, one.port_ps))
        spis = ("-" if spi is None else f"{spi:08x}" for spi in (one.spi_uc, one.spi_us, one.spi_pc, one.spi_ps))
        key: Cell = "yes" if one.keyed else ("no", STYLES["inconclusive"])
        began = "clear" if one.parent is None else f"set {one.parent}"
        sm1, sm6, sm7, sm12 = map(_given, (one.sm1, one.sm6, one.sm7, one.sm12))
        expires, ended = self._hour(one.expires_at), self._hour(one.ended)
        return (
            (f"{one.generation}", *ports, clean(one.alg or "-", 20), key, one.state_ue, sm1, sm6, expires),
            (began, *spis, clean(one.ealg or "-", 20), "", one.state_pcscf, sm7, sm12, ended),
        )

    def _hour(self, time: int | None) -> str:
        """The time of day, or the date if that is another than the end of the captures."""
        if time is None:
            return "-"
        return shown(time, local=self.local)[11:19] if self._date(time) == self.day else self._date(time)

    def _date(self, time: int) -> str:
        return shown(time, local=self.local)[:10]

    # --- rules ------------------------------------------------------------------------------------------------------

    def _rules(self) -> None:
        rowed: list[tuple[str, dict[str, int]]] = []
        alone: dict[str, list[str]] = {"pass": [], "inconclusive": []}
        for tally in self.report.rules:
            given = {name: number for name, number in counts(tally).items() if number}
            rule, only = clean(tally.id), next(iter(given), "")
            if len(given) == 1 and only in alone and not self.show_passes:
                alone[only].append(f"{rule}{TIE}({given[only]:,})")
            elif given:
                rowed.append((rule, given))
        if rowed:
            columns = [name for name in COLUMNS if name == "pass" or any(name in given for _, given in rowed)]
            rows: list[tuple[Cell, ...]] = [("rule", *columns)]
            rows += [(rule, *(_number(given.get(name, 0), STYLES[name]) for name in columns)) for rule, given in rowed]
            self.page.table(rows, right=range(1, len(columns) + 1))
        for only, label in (("inconclusive", "inconclusive"), ("pass", "passed")):
            if alone[only]:
                self.page.hanging((f"  {label}: ", STYLES[only]), ", ".join(alone[only]), indent=4)
        unexercised = [clean(tally.id) for tally in self.report.rules if not tally.exercised]
        if unexercised:
            self.page.hanging(("  not exercised: ", "dim"), _families(unexercised), "dim", indent=4)

    # --- findings ---------------------------------------------------------------------------------------------------

    def _case(self, case: Case) -> None:
        finding, page = case.finding, self.page
        rules = f"{len(case.alike) + 1} rules" if case.alike else clean(finding.rule)
        head = f"{finding.verdict}[{rules}]: "
        page.hanging((head, STYLES[finding.verdict]), clean(finding.message), "bold", indent=4)
        page.hanging((" --> ", "blue"), self._where(finding))
        details = list(self._details(case))
        room = max(len(label) for label, _ in details)
        for label, value in details:
            page.hanging((f"  | {label:{room}}  ", "blue"), value)
        for table in finding.evidence.tables if finding.evidence is not None and finding.verdict != "note" else ():
            self._table(table)

    def _table(self, table: Table) -> None:
        """What was compared: only the rows that differ, if any do."""
        rows, more = evidence.rows(table)
        if not rows:
            return
        left_out = f"; {several(more, 'more row')} in the JSON report" if more else ""
        self.page.hanging(("  | ", "blue"), f"{clean(table.title)}{left_out}")
        self.page.table([("", *(clean(name, 60) for name in table.columns)), *rows], indent=4)

    def _where(self, finding: Finding) -> str:
        text = f"{self._path(finding.capture)} frame {finding.frame}, {shown(finding.time, local=self.local)}"
        if finding.count > 1:
            text += f"; {finding.count:,} times: {listed(finding.occurrences)}"
            if finding.count > len(finding.occurrences):
                text += ", and later ones"
        return text

    def _details(self, case: Case) -> Iterator[tuple[str, str]]:
        finding = case.finding
        if finding.expected:
            yield "expected", clean(finding.expected)
        if finding.observed:
            yield "observed", clean(finding.observed)
        proof = []
        if finding.related:
            proof.append(f"frame{'s' if len(finding.related) > 1 else ''} {listed(finding.related)}")
        proof += [f"{self._path(capture)} frame {frame}" for capture, frame in finding.related_other[:12]]
        if proof:
            yield "see also", "; ".join(proof)
        if case.alike:
            yield "rules", _families(sorted(clean(one.rule) for one in (finding, *case.alike)))
        else:
            yield "by", f"{finding.actor}; severity {finding.severity}; {finding.level} of {clean(finding.clause)}"
        if finding.subject is not None:
            yield "subject", self._name(finding.subject)
        if finding.argument:
            sure = finding.verdict in ("violation", "warning", "note")
            yield ("certain" if sure else "in doubt"), clean(finding.argument)
        for code in finding.traps:
            yield "not ruled out", trap(clean(code))
        if finding.evidence is not None and finding.verdict != "note":
            yield from evidence.lines(finding.evidence, finding.capture, local=self.local)
        for other in case.follow_ups:
            yield "explains", f"{other.verdict}[{clean(other.rule)}] {clean(other.message)} ({_brief(other)})"
        if finding.cause is not None and not case.follow_ups:
            yield "explained by", f"a finding that this report does not hold (fingerprint {clean(finding.cause)})"
        if case.same:
            others = [other.finding for other in case.same[:5]]
            names = [f"{self._name(other.subject)} ({_brief(other)})" for other in others]
            more = f" … {len(case.same) - 5:,} more" if len(case.same) > 5 else ""
            yield "also with", f"{several(len(case.same), 'other subject')}: {'; '.join(names)}{more}"

    def _path(self, capture: int) -> str:
        return self.names[capture]

    def _name(self, id: str | None) -> str:
        if id is None:
            return "no subject"
        subject = self.subjects.get(id)
        if subject is None:
            return clean(id)
        return f"{clean(subject.impi or id)} at {clean(subject.ue)}{', told of by a tool' if subject.told else ''}"

    # --- the end ----------------------------------------------------------------------------------------------------

    def _summary(self) -> None:
        report = self.report
        exercised = sum(tally.exercised for tally in report.rules)
        rules = f"{exercised} of {several(len(report.rules), 'rule')} exercised"
        if report.verdict == "nothing-to-judge":
            why = "no registration with IPsec was found"
            if report.esp.no_key:
                why = f"{several(report.esp.no_key, 'ESP packet')} could not be read; give keys with --keys"
            self.page.line((f"nothing to judge: {why}; {rules}", STYLES["inconclusive"]))
        elif not report.findings:
            self.page.line((f"no findings; {rules}", STYLES["pass"]))
        else:
            counts = Counter(finding.verdict for finding in report.findings)
            parts: list[Part] = []
            for name in RANK:
                if counts[name]:
                    same = name if name in ("probable", "inconclusive") else ""
                    parts += [(", ", ""), (several(counts[name], name, same), STYLES[name])]
            self.page.line(*parts[1:], (f" in {several(len(report.captures), 'capture')}; {rules}", ""))


def _names(paths: list[str]) -> list[str]:
    """What to call the captures: by file name where that is enough to tell them apart."""
    short = [path.rpartition("/")[2] or path for path in paths]
    return [clean(name if short.count(name) == 1 else path) for name, path in zip(short, paths, strict=True)]


def _given(number: int | None) -> str:
    return "-" if number is None else str(number)


def _number(number: int, style: str) -> Part:
    return (f"{number:,}", style) if number else (".", "dim")


def _parts(*pairs: tuple[int, str]) -> str:
    return ", ".join(f"{number:,} {what}" for number, what in pairs if number)


def _brief(finding: Finding) -> str:
    return f"frame {finding.frame}" + (f", {finding.count:,} times" if finding.count > 1 else "")


def _families(ids: list[str]) -> str:
    """Rule ids with each family's name once: ``NEG 01 02 03; PORT 11``."""
    families: dict[str, list[str]] = {}
    for name in ids:
        family, _, number = name.partition("-")
        families.setdefault(family, []).append(number)
    return "; ".join(" ".join((family, *numbers)).strip() for family, numbers in families.items())
