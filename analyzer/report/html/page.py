"""One page from one report: the parts, laid out by templates that escape what they are given.

What is opened seldom (a finding, a subject) is kept as text in the page and becomes a part of it when it is opened, so
that a page of thousands of findings is as quick as one of ten.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any, Final, NamedTuple, TextIO

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from analyzer.finding import RANK, Finding
from analyzer.report.chronicle import Arrow
from analyzer.report.clauses import CRASHED, UNEXERCISED, WAIVED, bare
from analyzer.report.html.details import detail
from analyzer.report.html.faults import Fault, faults, since, title
from analyzer.report.html.ladder import LEAST, ROWS, TOTAL, Hit, Ladder, hit, ladder
from analyzer.report.html.matrix import COLUMNS, documents, rule_rows
from analyzer.report.html.overview import overview
from analyzer.report.html.texts import Texts
from analyzer.report.html.timeline import Timeline, timeline
from analyzer.report.html.words import SYMBOLS, Words, counted, several
from analyzer.report.model import Report, SetSummary, SubjectSummary
from analyzer.report.renderers import Material
from analyzer.report.safe import clean
from analyzer.report.text_names import named

_CONTENT: Final = re.compile(r"<(?=!|script)", re.IGNORECASE)
"""What could turn the rest of a script element into something else (HTML 13.2.5.15, script data escaped)."""

_BACKTICKS: Final = re.compile(r"`{1,2}([^`]+)`{1,2}")
_MOMENT: Final = re.compile(r"(\d{4}-\d\d-\d\d(?: [\d:.]+\d)?)")

POLICY: Final = "default-src 'none'; script-src {script}; style-src {style}; base-uri 'none'; form-action 'none'"
"""What the page may do: run its one script, wear its one style, and load nothing."""

SUBJECTS: Final = 1_000
"""Subjects that the page shows, those with findings first; the others are counted."""

OCCURRENCES: Final = 60
"""Frames of one finding that are marked in a ladder."""

EMPTY: Final[Sequence[Any]] = ()


class SubjectView(NamedTuple):
    """One subject in the list."""

    number: int
    name: str
    ue: str
    pcscf: str
    told: bool
    sets: int
    messages: int
    state: str
    """The worst verdict of its findings, ``pass`` if it has none."""
    symbol: str
    counts: str


def render(material: Material, sink: TextIO) -> None:
    """Write the page of a report."""
    report = material.report
    words = Words(report, local=material.local)
    texts = Texts(material.chronicle)
    told = faults(report.findings, material.rules)
    titles = {fault.number: title(fault) for fault in told}
    drawn = _drawn(report, told)
    words.numbers = {subject.id: number for number, subject in enumerate(drawn, 1)}
    environment = _environment()
    islands: list[tuple[str, Markup]] = []
    template, headline = environment.get_template("finding.html"), environment.get_template("headline.html")
    for fault in told:
        parts = [_finding(template, headline, fault, place, texts, words) for place in range(len(fault.findings))]
        islands.append((f"data-fault-{fault.number}", data(parts)))
    subjects = _subjects(material, drawn, told, texts, words, environment, islands)
    islands.append(("data-texts", data(texts.lines)))
    islands.append(("data-index", data(_index(told, words))))
    script, style = _static("page.js"), _static("page.css")
    page = environment.get_template("page.html").stream(
        report=report,
        words=words,
        top=overview(report, told, words),
        faults=told,
        titles=titles,
        since={fault.number: since(fault, words) for fault in told},
        subjects=subjects,
        hidden=len(report.subjects) - len(drawn),
        documents=documents(report, material.rules),
        columns=COLUMNS,
        marked=_marked(report, told),
        rules=rule_rows(report, material.rules, told, titles),
        states=_states(told),
        actors=sorted({clean(fault.first.actor) for fault in told}),
        broken=sorted({clean(name) for fault in told for name in fault.rules}),
        notices=material.chronicle.notices if material.chronicle is not None else [],
        islands=islands,
        policy=POLICY.format(script=_hash(script), style=_hash(style)),
        script=Markup(script),
        style=Markup(style),
    )
    for part in page:
        sink.write(part)


def data(value: object) -> Markup:
    """A value as JSON that can stand in a script element: nothing in it ends that, or begins another."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Markup(_CONTENT.sub(r"\\u003c", text.replace("</", r"<\/")))


def _finding(template: Any, headline: Any, fault: Fault, place: int, texts: Texts, words: Words) -> list[str]:
    """Name, headline and details of one finding, the last two as HTML."""
    finding, link = fault.findings[place], fault.links[place]
    number = words.numbers.get(finding.subject)
    made = detail(finding, texts, words)
    return [
        link,
        headline.render(finding=finding, words=words) if len(fault.findings) > 1 else "",
        template.render(finding=finding, made=made, fault=fault, words=words, number=number, link=link),
    ]


def _marked(report: Report, told: Sequence[Fault]) -> list[str]:
    """What the squares of the matrix can say: all verdicts, and what else is in this report."""
    waived = [WAIVED] if any(fault.state == WAIVED for fault in told) else []
    return [*RANK, UNEXERCISED, *waived, *([CRASHED] if report.crashed else [])]


def _states(told: Sequence[Fault]) -> list[tuple[str, str, int]]:
    """The states that findings have, for the filter: name, symbol, number."""
    counts = Counter(dict.fromkeys((*RANK, WAIVED), 0))
    for fault in told:
        counts[fault.state] += len(fault.findings)
    return [(state, SYMBOLS[state], count) for state, count in counts.items() if count]


def _index(told: Sequence[Fault], words: Words) -> dict[str, Any]:
    """What filters and links need to know of each finding."""
    rows = []
    for fault in told:
        for finding, link in zip(fault.findings, fault.links, strict=True):
            number = words.numbers.get(finding.subject, 0)
            rows.append([link, fault.number, fault.state, clean(finding.rule), clean(finding.actor), number])
    return {"findings": rows}


def _drawn(report: Report, told: Sequence[Fault]) -> list[SubjectSummary]:
    """The subjects that the page shows, in the order of the report."""
    if len(report.subjects) <= SUBJECTS:
        return report.subjects
    ranks: dict[str | None, int] = {}
    for fault in told:
        for finding in fault.findings:
            rank = RANK.index(finding.verdict)
            ranks[finding.subject] = min(ranks.get(finding.subject, rank), rank)
    places = range(len(report.subjects))
    first = sorted(places, key=lambda place: (ranks.get(report.subjects[place].id, len(RANK)), place))[:SUBJECTS]
    return [report.subjects[place] for place in sorted(first)]


def _subjects(
    material: Material,
    drawn: Sequence[SubjectSummary],
    told: Sequence[Fault],
    texts: Texts,
    words: Words,
    environment: Environment,
    islands: list[tuple[str, Markup]],
) -> list[SubjectView]:
    """The list of subjects; the picture of each becomes an island."""
    report, chronicle = material.report, material.chronicle
    template = environment.get_template("subject.html")
    findings: dict[str | None, list[tuple[Finding, str]]] = {}
    for fault in told:
        for finding, link in zip(fault.findings, fault.links, strict=True):
            if fault.state != "inconclusive":
                findings.setdefault(finding.subject, []).append((finding, link))
    arrows: dict[str | None, list[Arrow]] = {}
    for arrow in chronicle.arrows if chronicle is not None else ():
        arrows.setdefault(arrow.subject, []).append(arrow)
    sets: dict[str, list[SetSummary]] = {}
    for one in report.sa_sets:
        sets.setdefault(one.subject, []).append(one)
    views, left = [], TOTAL
    for subject in drawn:
        theirs, own = findings.get(subject.id, []), sets.get(subject.id, [])
        room = max(min(ROWS, left), LEAST)
        rungs = ladder(arrows.get(subject.id, EMPTY), own, _hits(theirs), texts, words, room)
        left -= min(len(rungs.rungs), left)
        picture = None
        if chronicle is not None:
            picture = timeline(chronicle.lives.get(subject.id, ()), chronicle, subject.id, theirs, words)
        view = _view(subject, theirs, own, rungs, words)
        islands.append(
            (f"data-subject-{view.number}", data(_picture(template, view, subject, own, picture, rungs, words)))
        )
        views.append(view)
    return views


def _picture(
    template: Any,
    view: SubjectView,
    subject: SubjectSummary,
    sets: Sequence[SetSummary],
    picture: Timeline | None,
    rungs: Ladder,
    words: Words,
) -> str:
    made: str = template.render(view=view, subject=subject, sets=sets, picture=picture, ladder=rungs, words=words)
    return made


def _hits(findings: Sequence[tuple[Finding, str]]) -> Mapping[tuple[int, int], list[Hit]]:
    made: dict[tuple[int, int], list[Hit]] = {}
    for finding, link in findings:
        for number in dict.fromkeys((finding.frame, *finding.occurrences[:OCCURRENCES])):
            made.setdefault((finding.capture, number), []).append(hit(finding, link))
    return made


def _view(
    subject: SubjectSummary,
    findings: Sequence[tuple[Finding, str]],
    sets: Sequence[SetSummary],
    rungs: Ladder,
    words: Words,
) -> SubjectView:
    counts = Counter(finding.verdict for finding, _ in findings if finding.waived is None)
    state = min(counts, key=RANK.index, default="pass")
    return SubjectView(
        words.numbers[subject.id],
        words.whose(subject.id),
        clean(subject.ue),
        clean(subject.pcscf),
        subject.told,
        len(sets),
        rungs.messages,
        state,
        SYMBOLS[state],
        ", ".join(counted(counts[name], name) for name in RANK if counts[name]),
    )


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("analyzer.report.html"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(several=several, clean=clean, bare=bare, named=named, symbols=SYMBOLS)
    made.filters["number"] = lambda value: f"{value:,}"
    made.filters["code"] = _code
    made.filters["whole"] = _whole
    made.filters["place"] = lambda value: f"{value:.2f}".rstrip("0").rstrip(".")
    return made


def _code(text: str) -> Markup:
    """A sentence of a documentation, with what stands in backticks as code."""
    parts = _BACKTICKS.split(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(each) if place % 2 else each for place, each in enumerate(parts)
    )


def _whole(text: str) -> Markup:
    """A sentence in which no line ends within a date and its time."""
    parts = _MOMENT.split(text)
    return Markup("").join(
        Markup('<span class="whole">{}</span>').format(each) if place % 2 else each for place, each in enumerate(parts)
    )


@cache
def _static(name: str) -> str:
    return (files("analyzer.report.html") / "templates" / name).read_text("utf-8")


def _hash(text: str) -> str:
    """How the policy names a script or a style."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
