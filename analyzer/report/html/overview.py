"""The top of the page: who is at fault, in one sentence; each side's faults; what was read; what was not judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

from analyzer.finding import RANK
from analyzer.report.clauses import UNEXERCISED, bare
from analyzer.report.html.faults import Fault, since, title
from analyzer.report.html.words import SYMBOLS, Words, several
from analyzer.report.model import Report
from analyzer.report.safe import clean
from analyzer.report.times import duration

ACCUSING: Final = ("violation", "warning", "probable")
KINDS: Final = {"violation": "broken", "warning": "broken (SHOULD)", "probable": "probably broken"}
"""What to call rules with such a verdict."""

LISTED: Final = 6
"""Faults of one side that the summary lists; the others are a link away."""

UNJUDGED: Final = 40
"""Notices that are listed; the others are counted."""


class Line(NamedTuple):
    """One fault in the summary."""

    verdict: str
    symbol: str
    rule: str
    text: str
    clause: str
    since: str
    often: str
    follows: str
    """Rule of the fault that explains it."""
    link: str


class Party(NamedTuple):
    """Somebody who is accused of something."""

    name: str
    counts: str
    since: str
    worst: str
    lines: tuple[Line, ...]
    more: int


class Read(NamedTuple):
    """One capture."""

    name: str
    frames: str
    span: str
    length: str
    left_out: str
    notices: tuple[str, ...]


class Blank(NamedTuple):
    """A reason why something was not judged, and what it is about."""

    why: str
    where: str
    actor: str
    """Whose it would be, where that is known."""
    rules: tuple[str, ...]
    link: str


class Overview(NamedTuple):
    """All of it."""

    verdict: str
    symbol: str
    headline: str
    sentence: str
    parties: tuple[Party, ...]
    captures: tuple[Read, ...]
    facts: tuple[tuple[str, str, str], ...]
    """Name, number, and what is in it."""
    remarks: tuple[str, ...]
    blanks: tuple[Blank, ...]
    idle: tuple[tuple[str, tuple[str, ...]], ...]
    """Why rules were not exercised, and which."""
    absent: tuple[tuple[str, tuple[str, ...]], ...]
    """Why chosen rules are not in force, and which."""
    notices: tuple[str, ...]
    notices_more: int
    crashed: tuple[str, ...]
    judged: str
    counts: tuple[tuple[str, int], ...]
    """How many findings have which verdict."""


def overview(report: Report, faults: Sequence[Fault], words: Words) -> Overview:
    """The summary of a report."""
    accusing = [fault for fault in faults if fault.state in ACCUSING]
    parties = _parties(accusing, words)
    exercised = sum(tally.exercised for tally in report.rules)
    headline, sentence = _headline(report, accusing, parties, exercised, words)
    notices = _notices(report, faults)
    counts = Counter(finding.verdict for finding in report.findings if finding.waived is None)
    verdict = report.verdict
    if verdict in RANK and any(finding.waived is not None for finding in report.findings):
        verdict = min(counts, key=RANK.index, default="pass")
    return Overview(
        verdict,
        SYMBOLS.get(verdict, SYMBOLS[UNEXERCISED]),
        headline,
        sentence,
        parties,
        tuple(_captures(report, words)),
        tuple(_facts(report, exercised)),
        tuple(map(clean, report.quality.remarks)),
        tuple(_blanks(faults, words)),
        _by_reason({tally.id: tally.why_not for tally in report.rules if not tally.exercised}),
        _by_reason(report.not_in_force),
        tuple(notices[:UNJUDGED]),
        max(len(notices) - UNJUDGED, 0),
        tuple(map(clean, report.crashed)),
        f"{exercised} of {several(len(report.rules), 'rule')}",
        tuple((name, counts[name]) for name in RANK if counts[name]),
    )


def _parties(accusing: Sequence[Fault], words: Words) -> tuple[Party, ...]:
    """Who is accused, the worst first: what is proven before what is only probable."""
    by_actor: dict[str, list[Fault]] = {}
    for fault in accusing:
        by_actor.setdefault(fault.first.actor, []).append(fault)
    made = []
    for actor, theirs in by_actor.items():
        counts = Counter(state for state, _ in {(fault.state, fault.first.rule) for fault in theirs})
        worst = next(name for name in ACCUSING if counts[name])
        proven = [fault for fault in theirs if fault.state != "probable"] or theirs
        first = min((finding for fault in proven for finding in fault.findings), key=lambda each: each.time)
        theirs.sort(key=lambda fault: (ACCUSING.index(fault.state), fault.cause is not None, fault.number))
        lines = tuple(_line(fault, words) for fault in theirs[:LISTED])
        kinds = ", ".join(f"{counts[name]} {KINDS[name]}" for name in ACCUSING if counts[name])
        began = f"{words.exact(first.time)}, {words.at(first.capture, first.frame)}"
        made.append(Party(clean(actor), kinds, began, worst, lines, max(len(theirs) - LISTED, 0)))
    return tuple(sorted(made, key=lambda each: (RANK.index(each.worst), -len(each.lines) - each.more, each.name)))


def _line(fault: Fault, words: Words) -> Line:
    often = several(fault.times, "time") if fault.times > 1 else ""
    if fault.subjects > 1:
        often = several(fault.subjects, "subject")
    return Line(
        fault.state,
        SYMBOLS[fault.state],
        clean(fault.first.rule),
        title(fault),
        clean(bare(fault.first.clause)),
        since(fault, words),
        often,
        clean(fault.cause.first.rule) if fault.cause is not None else "",
        fault.links[0],
    )


def _headline(
    report: Report, accusing: Sequence[Fault], parties: Sequence[Party], exercised: int, words: Words
) -> tuple[str, str]:
    """The verdict in one sentence, and what to make of it in another."""
    certain = [fault for fault in accusing if fault.state != "probable"]
    judged = f"{exercised} of {several(len(report.rules), 'rule')} had something to judge"
    blind = len({finding.rule for finding in report.findings if finding.verdict == "inconclusive"})
    if blind:
        judged += f"; {several(blind, 'rule')} could not judge all of it"
        judged += ", mostly for want of keys (--keys)" if report.esp.unread > report.esp.packets // 2 else ""
    if report.verdict == "nothing-to-judge":
        why = "no registration with IPsec was found in the captures"
        if report.sa_sets:
            why = "no rule had a case (--select, --subject, --from, --to)"
        if report.esp.unread:
            why = f"{several(report.esp.unread, 'ESP packet')} could not be read: no key opened them"
        return "Nothing could be judged", f"{why[0].upper()}{why[1:]}."
    if waived := sum(finding.waived is not None for finding in report.findings):
        judged += f"; {several(waived, 'finding')} waived"
    if not accusing:
        return "Nothing is broken, as far as it could be judged", f"{judged}; none of them found a fault."
    if not certain:
        who = _joined([party.name for party in parties])
        begin = f"{several(len(accusing), 'fault is', 'faults are')} probable ({who})"
        return "Nothing is proven to be broken", f"{begin}: it looks so, but something else could explain it. {judged}."
    guilty = [party for party in parties if party.worst != "probable"]
    faults = Counter(actor for actor, _ in {(clean(fault.first.actor), fault.first.rule) for fault in certain})
    if len(guilty) == 1:
        headline = f"The {guilty[0].name} is at fault" if guilty[0].name != "unknown" else "Somebody is at fault"
    elif len(guilty) == 2:
        headline = f"Both the {guilty[0].name} and the {guilty[1].name} are at fault"
    else:
        headline = f"{_joined([f'the {party.name}' for party in guilty])} are at fault"
        headline = f"{headline[0].upper()}{headline[1:]}"
    first = min((finding for fault in certain for finding in fault.findings), key=lambda each: each.time)
    breaks = [f"the {party.name} breaks {faults[party.name]}" for party in guilty]
    told = f"{breaks[0]} {'requirement' if faults[guilty[0].name] == 1 else 'requirements'}"
    told = _joined([told, *(f"the {party.name} {faults[party.name]}" for party in guilty[1:])])
    begun = f"the first time at {words.exact(first.time)}, {words.at(first.capture, first.frame)}"
    return headline, f"{told[0].upper()}{told[1:]}; {begun}. {judged}."


def _joined(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _captures(report: Report, words: Words) -> list[Read]:
    made = []
    for capture, name in zip(report.captures, words.captures, strict=True):
        span = length = ""
        if capture.first is not None and capture.last is not None:
            first, last = words.exact(capture.first), words.exact(capture.last)
            span = f"{first} to {last[11:] if first[:10] == last[:10] else last}"
            length = duration(capture.last - capture.first)
        left_out = ", ".join(f"{count:,} {clean(why)}" for why, count in capture.skipped.items() if count)
        notices = tuple(map(clean, capture.notices))
        if capture.drops:
            notices = (*notices, f"the recorder lost {several(capture.drops, 'frame')}")
        made.append(Read(name, f"{capture.frames:,}", span, length, left_out, notices))
    return made


def _facts(report: Report, exercised: int) -> list[tuple[str, str, str]]:
    esp, sip = report.esp, report.sip
    told = [
        *((esp.verified, "verified"), (esp.unchecked, "read, ICV unchecked"), (esp.unread, "without a key")),
        *((esp.bad_icv, "with a bad ICV"), (esp.replayed, "replayed")),
    ]
    packets = ", ".join(f"{count:,} {what}" for count, what in told if count)
    told = [
        *((sip.protected, "protected"), (sip.clear, "in clear"), (sip.malformed, "malformed")),
        *((sip.core, "between servers"), (sip.told, "told of by tools")),
    ]
    messages = ", ".join(f"{count:,} {what}" for count, what in told if count)
    facts = [
        ("SIP messages", f"{sip.messages:,}", messages),
        ("ESP packets", f"{esp.packets:,}", packets),
        (
            "Subjects",
            f"{len(report.subjects):,}",
            several(len(report.sa_sets), "set of security associations", "sets of security associations"),
        ),
        ("Rules", f"{len(report.rules):,}", f"{exercised:,} had something to judge"),
    ]
    if report.copies:
        facts.append(("Copies", f"{report.copies:,}", "frames captured twice, and left out"))
    return facts


def _blanks(faults: Sequence[Fault], words: Words) -> list[Blank]:
    """What is inconclusive, with the rules that it left without a verdict."""
    made = []
    for fault in faults:
        if fault.state == "inconclusive":
            whose = f"{several(fault.subjects, 'subject')}, " if fault.subjects > 1 else ""
            where, rules = f"{whose}{since(fault, words)}", tuple(map(clean, fault.rules))
            actor = clean(fault.first.actor) if len(rules) == 1 and fault.first.actor != "unknown" else ""
            made.append(Blank(title(fault), where, actor, rules, fault.links[0]))
    return made


def _notices(report: Report, faults: Sequence[Fault]) -> list[str]:
    """Notices, without those that say of a subject what stands there as a reason already."""
    told = {clean(fault.first.message) for fault in faults if fault.state == "inconclusive"}
    texts = map(clean, report.notices)
    return [text for text in texts if text.partition(": ")[2] not in told]


def _by_reason(reasons: dict[str, str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    found: dict[str, list[str]] = {}
    for rule, why in reasons.items():
        found.setdefault(clean(why) or "its condition never arose", []).append(clean(rule))
    return tuple((why, tuple(rules)) for why, rules in sorted(found.items(), key=lambda each: (-len(each[1]), each[0])))
