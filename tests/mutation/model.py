"""What a mutation is: a conformant story, one change to it, and the findings that the catalogue asks for.

The expectations are written from the rows and rulings of the requirements catalogue before the mutation is run; the
field ``why`` names them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Unpack

from tests.scenario import How, Procedure, SaSet, Scenario, Sent, Ue
from tests.scenario.sip_text import Message
from tests.scenario.state import Who


class Expected(NamedTuple):
    """One finding; ``at`` is a label of the story, ``cause`` the rule that explains it (None: not looked at)."""

    rule: str
    verdict: str
    actor: str
    at: str
    times: int = 1
    cause: str | None = None


def violation(rule: str, actor: str, at: str, *, count: int = 1, cause: str | None = None) -> Expected:
    return Expected(rule, "violation", actor, at, count, cause)


def warning(rule: str, actor: str, at: str, *, count: int = 1, cause: str | None = None) -> Expected:
    return Expected(rule, "warning", actor, at, count, cause)


def probable(rule: str, actor: str, at: str, *, count: int = 1, cause: str | None = None) -> Expected:
    return Expected(rule, "probable", actor, at, count, cause)


def inconclusive(rule: str, actor: str, at: str, *, count: int = 1) -> Expected:
    return Expected(rule, "inconclusive", actor, at, count)


def note(rule: str, actor: str, at: str, *, count: int = 1) -> Expected:
    """A note has to be there; other notes, which accuse nobody, are not looked at."""
    return Expected(rule, "note", actor, at, count)


Act = Callable[["Mutated"], object]
"""Something that happens on the wire besides the story."""

Change = Mapping[str, Any] | Callable[["Mutated"], Mapping[str, Any]]
"""Options of a step (see ``How``, ``Sm1``, ``Sm6``, ``Sm7``, ``Sm12``) that replace the story's."""

ANYWHERE = How.__annotations__.keys()
"""Options that every message takes; the others belong to the steps of a registration."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Mutation:
    """A story and what is changed in it; without expectations it is a harmless one."""

    name: str
    why: str
    """The rows, rulings and traps from which the expectations follow."""
    story: Callable[[Mutated], object]
    expected: tuple[Expected, ...] = ()
    scenario: Mapping[str, Any] = field(default_factory=dict)
    """Arguments of the scenario: transport, algorithms, vantage ..."""
    change: Mapping[str, Change] = field(default_factory=dict)
    core: Mapping[str, Change] = field(default_factory=dict)
    """The same for messages between P-CSCF and S-CSCF."""
    before: Mapping[str, Act] = field(default_factory=dict)
    after: Mapping[str, Act] = field(default_factory=dict)
    skip: frozenset[str] = frozenset()
    """Messages that are never sent."""
    turned: frozenset[str] = frozenset()
    """Messages whose header lines come in the other order."""
    stop: str = ""
    """The story ends with this message."""
    tap: Act | None = None
    """What is done to the finished capture."""
    padding: Mapping[str, Callable[[int], bytes]] = field(default_factory=dict)
    """Other padding octets of a message under null encryption, from the number that it needs."""
    blind: bool = False
    """The capture lacks so much that rules may be inconclusive (FP3, FP4); only accusations and doubts are compared."""
    keys: Callable[[Scenario], str] = Scenario.keys_toml
    profile: str = "rel-17"

    @property
    def harmless(self) -> bool:
        """Nobody is accused."""
        return not any(each.verdict in ("violation", "warning") for each in self.expected)

    def build(self) -> Mutated:
        """The capture with the change in it."""
        made = Mutated(self)
        try:
            self.story(made)
        except _StopHere:
            pass
        else:
            assert not self.stop, f"{self.name}: the story has no {self.stop}"
        used = self.change.keys() | self.core.keys() | self.before.keys() | self.after.keys()
        missed = (used if self.stop else used | self.skip) - made.sent.keys()
        assert not missed, f"{self.name}: the story has no {sorted(missed)}"
        if self.tap:
            self.tap(made)
        return made


class _StopHere(Exception):
    """The story ends here."""


class Mutated(Scenario):
    """The scripted UE and P-CSCF, with a mutation between them and the wire."""

    def __init__(self, mutation: Mutation) -> None:
        super().__init__(**mutation.scenario)
        self.mutation = mutation
        self.kept: dict[str, Procedure] = {}
        """Procedures that a mutation goes on with."""

    @property
    def first(self) -> SaSet:
        """The set of the first challenge."""
        return self.sets[0]

    @property
    def second(self) -> SaSet:
        """The set of the second challenge."""
        return self.sets[1]

    def send(self, who: Who, message: Message | bytes, *, ue: Ue | None = None, **how: Unpack[How]) -> Sent:
        label = how.get("label", "")
        wanted = {name: value for name, value in self._changes(label).items() if name in ANYWHERE}
        if wanted.get("on", how.get("on")) is not how.get("on") or "role" in wanted:
            for name in ("role", "sport", "dport"):
                how.pop(name, None)  # type: ignore[misc]
        how.update(wanted)  # type: ignore[typeddict-item]
        if label in self.mutation.turned and isinstance(message, Message):
            message = Message(message.start, message.headers[::-1], message.body)
            message = message.edit({name: message.all(name)[::-1] for name in ("Via", "Route") if message.all(name)})
        if label in self.mutation.padding and isinstance(message, Message):
            size = 8 + len(message.edit(how.get("headers", {})).encode())
            how["esp"] = {"pad": self.mutation.padding[label](-(size + 2) % 4)}
        self._happens(self.mutation.before, label)
        sent = super().send(who, message, ue=ue, **how)
        self._happens(self.mutation.after, label)
        if label == self.mutation.stop:
            raise _StopHere
        return sent

    def _transmit(self, sent: Sent, how: How) -> Sent:
        if sent.label in self.mutation.skip:
            self.sent[sent.label] = sent
            return sent
        return super()._transmit(sent, how)

    # The steps of a registration have options of their own.

    def sm1(self, *, over: SaSet | None = None, ue: Ue | None = None, **how: Any) -> Procedure:
        owner = over.ue if over else ue or self.ues[0]
        number = owner.procedures + 1
        label = how.get("label") or owner.prefix + "sm1" + (f".{number}" if number > 1 else "")
        return super().sm1(over=over, ue=ue, **{**how, **self._changes(label)})

    def sm6(self, procedure: Procedure, **how: Any) -> Sent:
        label = how.get("label") or procedure.label("sm6")
        return super().sm6(procedure, **{**how, **self._changes(label)})

    def sm7(self, procedure: Procedure, **how: Any) -> Sent:
        label = how.get("label") or procedure.label("sm7")
        return super().sm7(procedure, **{**how, **self._changes(label)})

    def sm12(self, procedure: Procedure, **how: Any) -> Sent:
        label = how.get("label") or procedure.label("sm12")
        return super().sm12(procedure, **{**how, **self._changes(label)})

    def reject(self, procedure: Procedure, why: str, **how: Any) -> Sent:
        label = how.get("label") or procedure.label("reject")
        return super().reject(procedure, why, **{**how, **self._changes(label)})

    # The core leg.

    def _core(self, heard: Sent, message: Message, label: str, *, towards_core: bool) -> Sent:
        change = self.mutation.core.get(label, {})
        edits = (change(self) if callable(change) else change).get("headers", {})
        return super()._core(heard, message.edit(edits), label, towards_core=towards_core)

    def _changes(self, label: str) -> Mapping[str, Any]:
        change = self.mutation.change.get(label, {})
        return change(self) if callable(change) else change

    def _happens(self, acts: Mapping[str, Act], label: str) -> None:
        act = acts.get(label)
        if act:
            act(self)
