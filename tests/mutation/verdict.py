"""Runs mutations and compares: what was caught, what was missed, who was accused although nobody expected it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from analyzer.profile import PROFILES
from analyzer.rule import collect
from tests.scenario import audited

from .model import Expected, Mutated, Mutation
from .papers import DIFFERENT

IN_FORCE = {each.id for each in collect() if each.in_force(PROFILES["sa3-29"])}
"""Rules that hold in the papers."""


@dataclass(frozen=True)
class Outcome:
    """What became of one mutation."""

    mutation: Mutation
    missed: tuple[str, ...]
    """Expected findings that are not there, or name another cause."""
    false: tuple[str, ...]
    """Findings that nobody expected."""
    told: tuple[tuple[str, str, tuple[str, ...]], ...]
    """Rule, verdict and traps of all findings."""
    crashed: str = ""

    @property
    def good(self) -> bool:
        return not (self.missed or self.false or self.crashed)


@cache
def run(mutation: Mutation) -> Outcome:
    """Build the capture, audit it, compare whole sets of findings (notes only where one is expected)."""
    made = mutation.build()
    outcome = _judge(made, mutation, mutation.profile, mutation.expected)
    if mutation.profile != "rel-17":
        return outcome
    papers = _judge(made, mutation, "sa3-29", in_the_papers(mutation))
    return Outcome(
        mutation,
        outcome.missed + tuple(f"sa3-29: {each}" for each in papers.missed),
        outcome.false + tuple(f"sa3-29: {each}" for each in papers.false),
        outcome.told,
        outcome.crashed or papers.crashed,
    )


def in_the_papers(mutation: Mutation) -> tuple[Expected, ...]:
    """What the papers say of a mutation of today."""
    if mutation.name in DIFFERENT:
        return DIFFERENT[mutation.name][1]
    kept = [each for each in mutation.expected if each.rule in IN_FORCE]
    return tuple(each._replace(cause=each.cause if each.cause in IN_FORCE else None) for each in kept)


def _judge(made: Mutated, mutation: Mutation, profile: str, expected: tuple[Expected, ...]) -> Outcome:
    report = audited(made, profile=profile, keys=mutation.keys(made))
    wanted = {_key(made, each): each for each in expected}
    assert len(wanted) == len(expected), f"{mutation.name} expects something twice"
    found = {(each.rule, str(each.verdict), str(each.actor), each.frame, each.count): each for each in report.findings}
    by_print = {each.fingerprint: each.rule for each in report.findings}
    missed = [_show(made, key) for key in sorted(wanted.keys() - found.keys())]
    false = []
    for key in sorted(found.keys() - wanted.keys()):
        if key[1] != "note" and not (mutation.blind and key[1] == "inconclusive"):
            each = found[key]
            cause = by_print.get(each.cause or "", "-")
            false.append(f"{_show(made, key)} [{each.fault}; cause {cause}; traps {','.join(each.traps) or '-'}]")
    for key in sorted(wanted.keys() & found.keys()):
        told = by_print.get(found[key].cause or "")
        if wanted[key].cause not in (None, told):
            missed.append(f"{_show(made, key)} names {told or 'nothing'} as its cause instead of {wanted[key].cause}")
    spoken = tuple((each.rule, str(each.verdict), each.traps) for each in report.findings)
    return Outcome(mutation, tuple(missed), tuple(false), spoken, "; ".join(map(str, report.crashed)))


Key = tuple[str, str, str, int, int]


def _key(made: Mutated, expected: Expected) -> Key:
    return expected.rule, expected.verdict, expected.actor, made.frame(expected.at), expected.times


def _show(made: Mutated, key: Key) -> str:
    rule, verdict, actor, frame, count = key
    return f"{rule} {verdict} of {actor} at {made.label_of(frame)!r}" + (f" x{count}" if count != 1 else "")
