"""What the text report calls captures, frames, subjects and times: as short as this report allows.

With one capture nobody needs its number, with one subject nobody needs its name, and a date that all captures share
stands once, at the top. Texts are cleaned here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from analyzer.finding import Finding
from analyzer.report.model import Report, SubjectSummary
from analyzer.report.page import listed
from analyzer.report.safe import clean
from analyzer.report.times import shown

if TYPE_CHECKING:
    from analyzer.rule import Rule

_CAPITALS: Final = "UE UDP TCP ESP SPI IV ICV AKA RAND SM1 SM6 SM7 SM12 SIP URI IMPI IMPU REGISTER INVITE NAT AH TTL"
_SPELT: Final = {word.lower(): word for word in [*_CAPITALS.split(), "Contact", "Gm", "IPsec", "IVs", "SPIs", "Via"]}
_SPELT["pcscf"] = "P-CSCF"
_FURTHER: Final = re.compile(r"#[^@]+")
_JOINED: Final = re.compile(r"\b(?:port (?:uc|us|pc|ps)|sec agree|re registration|security (?:client|server|verify))\b")


class Names:
    """The names of one report."""

    def __init__(self, report: Report, *, local: bool) -> None:
        self.local = local
        self.captures = _short([capture.path for capture in report.captures])
        self.several = len(report.subjects) > 1 or any(subject.told for subject in report.subjects)
        """Whether a finding has to say whose it is."""
        self.alone = len(report.captures) <= 1
        """Whether a frame needs no capture."""
        self._subjects = {subject.id: subject for subject in report.subjects}
        times = [time for each in report.captures for time in (each.first, each.last) if time is not None]
        days = {self.date(time) for time in times}
        self._day = days.pop() if len(days) == 1 else None

    def date(self, time: int) -> str:
        """``2026-01-10``."""
        return shown(time, local=self.local)[:10]

    def moment(self, time: int) -> str:
        """Time to the millisecond, with its date unless that of all captures is the same."""
        text = shown(time, local=self.local)
        return text[11:] if text[:10] == self._day else text

    def second(self, time: int) -> str:
        """The same to the second: for deadlines, which no message marks."""
        return self.moment(time)[:-4]

    def hour(self, time: int) -> str:
        """Time of day to the millisecond."""
        return shown(time, local=self.local)[11:]

    def frame(self, capture: int, frame: int, home: int) -> str:
        """The number, with that of its capture before it (counted from 1) where that is not the finding's own."""
        return f"{frame}" if capture == home else f"{capture + 1}:{frame}"

    def place(self, finding: Finding) -> str:
        """``udp.pcap frame 43``."""
        return f"{self.captures[finding.capture]} frame {finding.frame}"

    def subject(self, id: str | None) -> str:
        """Who it is about: IMPI and address."""
        if id is None:
            return "no subject"
        subject = self._subjects.get(id)
        if subject is None:
            return clean(id)
        return f"{known(subject)} at {clean(subject.ue)}{', told of by a tool' if subject.told else ''}"


def known(subject: SubjectSummary) -> str:
    """The IMPI, and which one it is where the same subscriber came from one address with several contacts: ``… #2``."""
    name = subject.impi or subject.id
    further = _FURTHER.match(subject.id, len(name)) if subject.id.startswith(name) else None
    return clean(f"{name} {further[0]}" if further is not None else name)


def named(rule: Rule) -> str:
    """The name of a rule in words: ``P-CSCF sends clear`` for ``pcscf_sends_clear``."""
    words = _JOINED.sub(lambda found: _joined(found[0]), clean(rule.name).replace("_", " "))
    return " ".join(_SPELT.get(word, word) for word in words.split(" "))


def _joined(words: str) -> str:
    if words.startswith("port"):
        return words.replace(" ", "_")
    return words.title().replace(" ", "-") if words.startswith("security") else words.replace(" ", "-")


def repeated(finding: Finding) -> str:
    """How often a finding was met, and in which frames; empty for once."""
    if finding.count == 1:
        return ""
    more = ", and later ones" if finding.count > len(finding.occurrences) else ""
    return f"{finding.count:,} times: {listed(finding.occurrences)}{more}"


def families(ids: Iterable[str]) -> str:
    """Rule ids with each family's name once, and runs of three and more by their ends: ``NEG 01-04 07; PORT 11``."""
    found: dict[str, list[str]] = {}
    for name in ids:
        family, _, number = clean(name).partition("-")
        found.setdefault(family, []).append(number)
    return "; ".join(" ".join((family, *_runs(numbers))).strip() for family, numbers in found.items())


def _runs(numbers: Sequence[str]) -> Iterator[str]:
    """Numbers as they are, but for runs of them."""
    run: list[str] = []
    for number in (*numbers, ""):
        if run and number.isdecimal() and run[-1].isdecimal() and int(number) == int(run[-1]) + 1:
            run.append(number)
            continue
        if len(run) > 2:
            yield f"{run[0]}-{run[-1]}"
        else:
            yield from run
        run = [number]


def _short(paths: Sequence[str]) -> list[str]:
    """What to call the captures: by file name where that is enough to tell them apart."""
    names = [path.rpartition("/")[2] or path for path in paths]
    return [clean(name if names.count(name) == 1 else path) for name, path in zip(names, paths, strict=True)]
