"""Runs mutations and compares: what was caught, what was missed, who was accused although nobody expected it."""

from __future__ import annotations

from dataclasses import dataclass

from tests.scenario import audited

from .model import Expected, Mutated, Mutation


@dataclass(frozen=True)
class Outcome:
    """What became of one mutation."""

    mutation: Mutation
    missed: tuple[str, ...]
    """Expected findings that are not there, or name another cause."""
    false: tuple[str, ...]
    """Findings that nobody expected."""
    crashed: str = ""

    @property
    def good(self) -> bool:
        return not (self.missed or self.false or self.crashed)


def run(mutation: Mutation) -> Outcome:
    """Build the capture, audit it, compare whole sets of findings (notes only where one is expected)."""
    made = mutation.build()
    report = audited(made, profile=mutation.profile, keys=mutation.keys(made))
    wanted = {_key(made, expected): expected for expected in mutation.expected}
    assert len(wanted) == len(mutation.expected), f"{mutation.name} expects something twice"
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
    return Outcome(mutation, tuple(missed), tuple(false), "; ".join(map(str, report.crashed)))


Key = tuple[str, str, str, int, int]


def _key(made: Mutated, expected: Expected) -> Key:
    return expected.rule, expected.verdict, expected.actor, made.frame(expected.at), expected.times


def _show(made: Mutated, key: Key) -> str:
    rule, verdict, actor, frame, count = key
    return f"{rule} {verdict} of {actor} at {made.label_of(frame)!r}" + (f" x{count}" if count != 1 else "")
