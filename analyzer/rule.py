"""What a rule is, how it is declared and how rules are found.

A rule is one function in one file. Its first parameter's annotation is its subscription (one event class, or a
union of them), its docstring its documentation, its decorator its clause. It holds no state: what it needs is in the
event. A second parameter named ``profile``, where there is one, receives the profile in force.

Rules are found by the entry points of the group ``gmaudit.rules``: each names a package, and every module below it is
searched. A lab's own rules need nothing else.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import pkgutil
import types
import typing
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from msgspec import Struct

from analyzer.advertised import named
from analyzer.profile import Profile
from analyzer.verdict import PASS, Actor, Broken, Inconclusive, Level, Pass, Probable, Severity, Table, Verdict, judged

__all__ = [
    "PASS",
    "Actor",
    "Broken",
    "Inconclusive",
    "Level",
    "Pass",
    "Probable",
    "Profile",
    "Rule",
    "Severity",
    "Table",
    "Verdict",
    "collect",
    "judged",
    "rule",
    "select",
]

GROUP = "gmaudit.rules"

BASICS = frozenset(
    {
        *("ESP-01", "ESP-02", "ESP-04", "ESP-05", "ESP-06"),
        *("NEG-04", "NEG-14", "NEG-21"),
        *("AUTH-01", "AUTH-03", "AUTH-04", "AUTH-05"),
        *("TRN-07", "TRN-08"),
        *("CLR-01", "CLR-02", "CLR-03", "CLR-04", "CLR-05", "CLR-06"),
    }
)
"""Rows that hold in ``sa3-29`` without being cited from the papers: what any SIP or ESP stack of 2003 owes (R17)."""

Judge = Callable[[Any], Verdict | None]


class Rule(Struct, frozen=True, kw_only=True):
    """One row of the requirements catalogue, made executable."""

    id: str
    clause: str
    """What a finding cites."""
    source: str
    """Where the row comes from, with the marks S1, S2, [T], [D], [M] of the catalogue."""
    level: Level
    severity: Severity
    actor: str
    """Whom the requirement binds, as the catalogue says it: ``UE``, ``P-CSCF``, ``either``, ``sender``."""
    traps: tuple[str, ...]
    """Codes of the situations that look like this fault but are not (catalogue, section 2)."""
    evidence: tuple[str, ...]
    """What a finding of this row shows besides E1 and E7: codes of the catalogue, section 3."""
    plaintext: bool
    """True if the rule can only judge what it can read: a set without a key makes it inconclusive."""
    per_pcscf: bool
    """The fault is one of the P-CSCF's make, whichever UE it meets: one finding for each P-CSCF, not each subject."""
    events: tuple[type, ...]
    met_by: tuple[type, ...]
    """Events that meet the requirement by themselves: they are counted as passes, and the function is not called."""
    by_headers: tuple[type, ...]
    """Events that the function judges by headers against headers alone, so that it may judge them where a tool only
    told of the messages: whatever protected them, whichever ports and addresses they had, and whenever they came."""
    function: Callable[..., Verdict | None]

    @property
    def name(self) -> str:
        """The bad thing, as the file is called."""
        return self.function.__name__

    @property
    def of_the_catalogue(self) -> bool:
        """Whether it is a row of ours: then it looks at nothing but what it is known to look at."""
        return self.function.__module__.partition(".")[0] == "rules"

    @property
    def documentation(self) -> str:
        """The docstring: what is checked, why it matters, what looks like it but is not."""
        return inspect.cleandoc(self.function.__doc__ or "")

    def in_force(self, profile: Profile) -> bool:
        """Whether the row holds in this profile (R17), and the user did not switch it off."""
        if profile.levels.get(self.id, self.level) is None:
            return False
        if not profile.papers:
            return True
        return self.id in BASICS or any(mark in self.source for mark in ("S1", "S2"))

    def bind(self, profile: Profile) -> Judge:
        """The function as the audit calls it: with the event alone.

        One with a profile gets it as a default: as a `partial` it takes 165 ns to call, so 36.
        """
        function = self.function
        if "profile" not in inspect.signature(function).parameters:
            return function
        if isinstance(function, types.FunctionType):
            code = function.__code__
            if (code.co_argcount, code.co_kwonlyargcount, code.co_varnames[1]) == (2, 0, "profile"):
                known = function.__globals__, function.__name__, (profile,), function.__closure__
                return types.FunctionType(code, *known)
        return functools.partial(function, profile=profile)

    def level_in(self, profile: Profile, case: Level | None) -> Level:
        """The level of a finding: that of the case if it has one, else the row's; the user's word is above the row's.

        A row that the user made weaker keeps no case stronger than it.
        """
        chosen = profile.levels.get(self.id)
        if chosen is None:
            return case or self.level
        return chosen if case is None or _WEIGHT[chosen] < _WEIGHT[case] else case


_WEIGHT = {Level.INFO: 0, Level.SHOULD: 1, Level.MUST: 2}


def rule(
    id: str,
    *,
    clause: str,
    source: str,
    actor: str,
    level: Level = Level.MUST,
    severity: Severity = Severity.MEDIUM,
    traps: tuple[str, ...] = (),
    evidence: tuple[str, ...] = (),
    plaintext: bool = True,
    met_by: tuple[type, ...] = (),
    per_pcscf: bool = False,
    by_headers: tuple[type, ...] = (),
) -> Callable[[Callable[..., Verdict | None]], Callable[..., Verdict | None]]:
    """Declare a function to be the rule of a catalogue row.

    An event stands in ``by_headers`` only if no verdict on it says or needs how a message was sent: protected or in
    clear, on which ports, between which addresses, how long after another. ValueError if it is not subscribed to.
    """

    def declare(function: Callable[..., Verdict | None]) -> Callable[..., Verdict | None]:
        events = _subscription(function)
        if not set(by_headers) <= set(events):
            raise ValueError(f"{id} judges events by their headers that it does not subscribe to")
        function.__dict__["rule"] = Rule(
            id=id,
            clause=clause,
            source=source,
            level=level,
            severity=severity,
            actor=actor,
            traps=traps,
            evidence=evidence,
            plaintext=plaintext,
            per_pcscf=per_pcscf,
            events=events,
            met_by=met_by,
            by_headers=by_headers,
            function=function,
        )
        return function

    return declare


def collect(packages: Iterable[types.ModuleType] | None = None) -> list[Rule]:
    """All rules of the given packages (by default those that the entry points name), sorted by id.

    Raises ValueError if two functions claim the same id.
    """
    found: dict[str, Rule] = {}
    for package in _advertised() if packages is None else packages:
        for module in _modules(package):
            for value in vars(module).values():
                declared = getattr(value, "__dict__", {}).get("rule")
                if not isinstance(declared, Rule) or value.__module__ != module.__name__:
                    continue
                if declared.id in found:
                    raise ValueError(f"two rules are called {declared.id}")
                found[declared.id] = declared
    return sorted(found.values(), key=lambda declared: _order(declared.id))


def select(rules: Iterable[Rule], chosen: Iterable[str] = (), ignored: Iterable[str] = ()) -> list[Rule]:
    """Keep the rules that the user chose, by id or prefix; the longest match of either list wins.

    Raises ValueError for a word that fits no rule at all.
    """
    rules = list(rules)
    chosen, ignored = [word.upper() for word in chosen], [word.upper() for word in ignored]
    for word in (*chosen, *ignored):
        if not any(declared.id.startswith(word) for declared in rules):
            raise ValueError(f"no rule is called {word} or begins so")

    def longest(words: list[str], id: str) -> int:
        return max((len(word) for word in words if id.startswith(word)), default=-1)

    kept = []
    for declared in rules:
        wanted = longest(chosen, declared.id) if chosen else 0
        if wanted >= 0 and wanted > longest(ignored, declared.id):
            kept.append(declared)
    return kept


def _order(id: str) -> tuple[str, int, str]:
    family, _, number = id.partition("-")
    return family, int(number) if number.isdigit() else 0, id


def _advertised() -> Iterator[types.ModuleType]:
    for name in named(GROUP):
        yield importlib.import_module(name)


def _modules(package: types.ModuleType) -> Iterator[types.ModuleType]:
    yield package
    for found in pkgutil.walk_packages(getattr(package, "__path__", ()), package.__name__ + "."):
        yield importlib.import_module(found.name)


def _subscription(function: Callable[..., Any]) -> tuple[type, ...]:
    name = next(iter(inspect.signature(function).parameters))
    hint = typing.get_type_hints(function)[name]
    return typing.get_args(hint) or (hint,)
