"""What a report says of each frame, as comments for a capture: one line each, the same words as the report's.

The finding's own frame has all of it, its repetitions and the frames that prove it have a reference. Comments keep the
numbers that frames have in the captures that were audited, and say so, since a capture that is written again may number
them otherwise. Wireshark cuts a line of its tree at 240 characters, so what counts comes first.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from heapq import merge
from typing import Final

from analyzer.finding import RANK, Finding
from analyzer.report.model import Report
from analyzer.report.page import listed, several
from analyzer.report.safe import clean

REFERENCES: Final = 20
"""References at one frame; beyond them there is only a count. Findings of the frame itself are all told."""

NAMED: Final = 20
"""Captures that the comment on the whole names."""

_SHORT: Final = 200
"""Characters of a message in a reference."""

OWN, AGAIN, RELATED = range(3)
_BITS: Final = 2


class Comments:
    """The comments on the frames of each capture, asked for in the order of their numbers."""

    def __init__(self, report: Report) -> None:
        self._findings = report.findings
        self._subjects = {subject.id: subject for subject in report.subjects}
        self._names = names(report)
        marks: dict[int, list[Iterator[tuple[int, int, int]]]] = {}
        for place, finding in enumerate(report.findings):
            for capture, frames in _marked(finding).items():
                marks.setdefault(capture, []).append(_unpacked(frames, place))
        self._waiting = {capture: merge(*each) for capture, each in marks.items()}
        self._next = {capture: next(each) for capture, each in self._waiting.items()}

    def at(self, capture: int, number: int) -> list[str]:
        """The comments on a frame that was not asked for before, nor any later one of its capture."""
        lines: list[str] = []
        references = 0
        while (coming := self._next.get(capture)) is not None and coming[0] <= number:
            frame, place, kind = coming
            following = next(self._waiting[capture], None)
            if following is None:
                del self._next[capture]
            else:
                self._next[capture] = following
            if frame < number:
                continue
            references += kind != OWN
            if kind == OWN or references <= REFERENCES:
                lines.append(self._line(self._findings[place], kind, capture, number))
        if references > REFERENCES:
            lines.append(f"gmaudit: {several(references - REFERENCES, 'more finding')} refer to this frame")
        return lines

    def _line(self, finding: Finding, kind: int, capture: int, number: int) -> str:
        head = f"gmaudit {finding.verdict}[{clean(finding.rule)}]"
        home = f"frame {finding.frame} of {self._names[finding.capture]}"
        if kind == OWN:
            return f"{head} {finding.actor}: {'. '.join(self._sentences(finding))}"
        here = f"frame {number}" + (f" of {self._names[capture]}" if capture != finding.capture else "")
        what = "again in" if kind == AGAIN else "rests on"
        return f"{head} {finding.actor}, {what} {here}, told at {home}: {clean(finding.message, _SHORT)}"

    def _sentences(self, finding: Finding) -> Iterator[str]:
        """All that is told at the frame of the finding itself."""
        yield clean(finding.message)
        if finding.expected:
            yield f"Expected: {clean(finding.expected)}"
        if finding.observed:
            yield f"Observed: {clean(finding.observed)}"
        if finding.waived is not None:
            end = f" until {finding.waived.expires}" if finding.waived.expires is not None else ""
            yield f"Waived{end}: {clean(finding.waived.reason)}"
        yield f"{finding.level} of {clean(finding.clause)}; severity {finding.severity}"
        if finding.argument:
            sure = finding.verdict in ("violation", "warning", "note")
            yield f"{'Certain' if sure else 'In doubt'}: {clean(finding.argument)}"
        if finding.traps:
            yield f"Not ruled out: {', '.join(map(clean, finding.traps))}"
        others = [f"{frame} of {self._names[capture]}" for capture, frame in finding.related_other[:12]]
        if finding.related or others:
            here = [listed(finding.related)] if finding.related else []
            plural = "s" if len(finding.related) + len(others) > 1 else ""
            yield f"See frame{plural} {'; '.join((*here, *others))}"
        if finding.count > 1:
            yield f"{finding.count:,} times: {listed(finding.occurrences)}"
        if finding.subject is not None:
            subject = self._subjects.get(finding.subject)
            known = f"{subject.impi or subject.id} at {subject.ue}" if subject is not None else finding.subject
            yield f"Subject: {clean(known)}"
        if finding.cause is not None:
            yield f"Explained by the finding with fingerprint {clean(finding.cause)}"
        yield f"Fingerprint {finding.fingerprint}; this is frame {finding.frame} of {self._names[finding.capture]}"


def about(report: Report) -> str:
    """One line on the whole, for the capture itself."""
    counts = Counter(finding.verdict for finding in report.findings)
    told = [
        several(counts[name], name, name if name in ("probable", "inconclusive") else "")
        for name in RANK
        if counts[name]
    ]
    waived = sum(finding.waived is not None for finding in report.findings)
    told += [f"{waived:,} of them waived"] if waived else []
    known = names(report)
    more = f" and {len(known) - NAMED:,} more" if len(known) > NAMED else ""
    found = ", ".join(told) or "no findings"
    return (
        f"gmaudit {report.version}, profile {clean(report.profile)}: {report.verdict}; {found}. "
        f"Comments number frames as they are in {', '.join(known[:NAMED])}{more}"
    )


def names(report: Report) -> list[str]:
    """What to call the captures: by file name where that is enough to tell them apart."""
    paths = [capture.path for capture in report.captures]
    short = Counter(path.rpartition("/")[2] for path in paths)
    return [clean(path if short[path.rpartition("/")[2]] > 1 else path.rpartition("/")[2] or path) for path in paths]


def _marked(finding: Finding) -> dict[int, array[int]]:
    """The frames of a finding in each capture, in order, each once and with what it is to the finding."""
    kinds: dict[int, dict[int, int]] = {}
    for capture, frame in finding.related_other:
        kinds.setdefault(capture, {})[frame] = RELATED
    home = kinds.setdefault(finding.capture, {})
    home.update(dict.fromkeys(finding.related, RELATED))
    home.update(dict.fromkeys(finding.occurrences, AGAIN))
    home[finding.frame] = OWN
    return {
        capture: array("Q", sorted(frame << _BITS | kind for frame, kind in each.items()))
        for capture, each in kinds.items()
    }


def _unpacked(frames: Sequence[int], place: int) -> Iterator[tuple[int, int, int]]:
    """Frame, place of the finding, and what the frame is to it."""
    for each in frames:
        yield each >> _BITS, place, each & (1 << _BITS) - 1
