"""The first part of the text report: which captures were read, and who registered over which sets."""

from __future__ import annotations

from typing import Final

from analyzer.report.model import CaptureSummary, Report, SetSummary, SubjectSummary
from analyzer.report.page import STYLES, TIE, Cell, Page, several
from analyzer.report.safe import clean
from analyzer.report.text_names import Names, known
from analyzer.report.times import duration, shown

CAPTURES: Final = 10
"""How many captures have lines of their own."""

SUBJECTS: Final = 20
"""How many subjects are listed with their sets, those with findings first; beyond them there is only a count."""

SETS: Final = 8
"""How many sets of one subject are listed, the newest ones."""

HEADINGS: Final = (
    *("set", "SM1 in", "SM1", "SM6", "SM7", "SM12"),
    *("integrity", "encryption", "key", "UE", "P-CSCF", "expires", "ended"),
)
FRAMES: Final = range(2, 6)
"""Those of the columns that hold frame numbers."""

ENDS: Final = ("", "uc", "us", "pc", "ps")
"""Port and SPI of the four ends stand in a second table."""


def read(report: Report, page: Page, names: Names) -> None:
    """What was read, and what is left out of it."""
    page.heading("Read")
    captures = list(zip(range(1, len(report.captures) + 1), report.captures, names.captures, strict=True))
    for number, capture, name in captures[:CAPTURES]:
        _capture(capture, name if len(captures) == 1 else f"{number}: {name}", page, names)
    if (more := len(report.captures) - CAPTURES) > 0:
        frames = sum(capture.frames for capture in report.captures[CAPTURES:])
        page.line((f"  and {several(more, 'more capture')} with {several(frames, 'frame')}", ""))
        for number, capture, name in captures[CAPTURES:]:
            for notice in capture.notices:
                page.hanging(("  - ", ""), f"{number}: {name}: {clean(notice)}")
    esp, sip = report.esp, report.sip
    counts = _parts(
        (esp.verified, "verified"),
        (esp.unchecked, "read, ICV unchecked"),
        (esp.unread, "without a key"),
        (esp.bad_icv, "with a bad ICV"),
        (esp.replayed, "replayed"),
    )
    page.hanging(("  ESP     ", ""), f"{several(esp.packets, 'packet')}{counts and ': ' + counts}")
    counts = _parts((sip.protected, "protected"), (sip.clear, "in clear"), (sip.malformed, "malformed"))
    beside = f"; {sip.core:,} between servers" if sip.core else ""
    beside += f"; {sip.told:,} told of by tools" if sip.told else ""
    page.hanging(("  SIP     ", ""), f"{several(sip.messages, 'message')}{counts and ': ' + counts}{beside}")
    if report.copies:
        page.hanging(("  copies  ", ""), f"{several(report.copies, 'frame')} dropped as copies of another")
    for remark in report.quality.remarks:
        page.hanging(("  - ", ""), clean(remark))


def _capture(capture: CaptureSummary, name: str, page: Page, names: Names) -> None:
    text = several(capture.frames, "frame")
    if capture.first is not None and capture.last is not None:
        first, last = (shown(time, local=names.local) for time in (capture.first, capture.last))
        text += (
            f", {first} to {last[11:] if first[:10] == last[:10] else last} ({duration(capture.last - capture.first)})"
        )
    if left := _parts(*((number, clean(why)) for why, number in capture.skipped.items())):
        text += f"; left out: {left}"
    page.hanging((f"  {name}  ", "bold"), text, indent=4)
    for notice in capture.notices:
        page.hanging(("    - ", ""), clean(notice))


def subjects(report: Report, page: Page, names: Names) -> None:
    """Who registered with whom, and over which sets of security associations."""
    if not report.subjects:
        return
    page.heading("Subjects and their sets of security associations")
    sets: dict[str, list[SetSummary]] = {}
    for one in report.sa_sets:
        sets.setdefault(one.subject, []).append(one)
    chosen = report.subjects
    if len(chosen) > SUBJECTS:
        faulty = {finding.subject for finding in report.findings}
        chosen = sorted(chosen, key=lambda subject: subject.id not in faulty)[:SUBJECTS]
    for place, subject in enumerate(chosen):
        if place:
            page.line()
        _subject(subject, sets.get(subject.id, []), page, names)
    if more := len(report.subjects) - len(chosen):
        page.line()
        page.hanging(("  - ", ""), f"{several(more, 'more subject')}; the JSON report has them all")


def _subject(subject: SubjectSummary, sets: list[SetSummary], page: Page, names: Names) -> None:
    place = f"UE {clean(subject.ue)}, P-CSCF {clean(subject.pcscf)}"
    page.hanging((f"  {known(subject)}  ", "bold"), place, indent=4)
    if not sets:
        hearsay = "told of by a tool: its headers are judged, its sets are not known"
        page.hanging(("    ", ""), hearsay if subject.told else "no set of security associations")
        return
    if (older := len(sets) - SETS) > 0:
        page.hanging(("    ", ""), f"{several(older, 'older set')}, in the JSON report", "dim")
    shown = sets[-SETS:]
    rows, ends = [_row(one, names) for one in shown], [_ends(one) for one in shown]
    if page.fits([HEADINGS, *rows], 4) and page.fits([ENDS, *ends], 4):
        page.table([HEADINGS, *rows], right=FRAMES, margin=("    ", ""))
        page.table([("ports/SPIs", *ENDS[1:]), *ends], margin=("    ", ""))
        return
    for row, places in zip(rows, ends, strict=True):
        told = [
            f"{head}{TIE}{(cell if isinstance(cell, str) else cell[0]).replace(' ', TIE)}"
            for head, cell in zip((*HEADINGS, *ENDS[1:]), (*row, *places[1:]), strict=True)
        ]
        page.hanging((f"    {told[0].replace(TIE, ' ')}  ", ""), ", ".join(told[1:]), indent=6)


def _row(one: SetSummary, names: Names) -> tuple[Cell, ...]:
    key: Cell = "yes" if one.keyed else ("no", STYLES["inconclusive"])
    began = "clear" if one.parent is None else f"set {one.parent}"
    capture = one.capture or 0
    home = capture if names.alone else -1
    seen = (one.sm1, one.sm6, one.sm7, one.sm12)
    frames = ("-" if number is None else names.frame(capture, number, home) for number in seen)
    expires, ended = (_hour(time, names) for time in (one.expires_at, one.ended))
    algorithms = clean(one.alg or "-", 20), clean(one.ealg or "-", 20)
    return f"{one.generation}", began, *frames, *algorithms, key, one.state_ue, one.state_pcscf, expires, ended


def _hour(time: int | None, names: Names) -> str:
    """The time of day, or the date if that is another than that of the captures."""
    if time is None:
        return "-"
    text = names.second(time)
    return text if len(text) == len("00:00:00") else text[:10]


def _ends(one: SetSummary) -> tuple[str, ...]:
    """Port and SPI of the four ends."""
    ends = (
        (one.port_uc, one.spi_uc),
        (one.port_us, one.spi_us),
        (one.port_pc, one.spi_pc),
        (one.port_ps, one.spi_ps),
    )
    told = (f"{'-' if port is None else port}/{'-' if spi is None else f'{spi:08x}'}" for port, spi in ends)
    return (f"set {one.generation}", *told)


def _parts(*pairs: tuple[int, str]) -> str:
    return ", ".join(f"{number:,} {what}" for number, what in pairs if number)
