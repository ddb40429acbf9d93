"""What whoever hears an event may answer: that the same again need only be counted.

A conformant phone says the same thing ten thousand times. A rule is a function of its event and of nothing else, so
that what passed once passes again; `calm.py` and `packets.py` know when an event would say the same, and count it here
instead of making it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Final

from analyzer.ims.vocabulary import Role, Side

PLAIN: Final = frozenset(
    {"ACK", "BYE", "INFO", "INVITE", "MESSAGE", "OPTIONS", "PRACK", "PUBLISH", "REFER", "SUBSCRIBE", "UPDATE"}
)
"""Requests that change nothing but their own transaction: a REGISTER and a NOTIFY may end a set, and a CANCEL belongs
to the transaction of another request."""
ANSWERED: Final = PLAIN | {"NOTIFY"}
"""Requests that are like these to all rules, and whose answers change nothing but their transaction."""

KINDS: Final = 64
"""Kinds of rarer events that are counted; there are twenty in a network of one make."""


class Receipt:
    """The answer to an event that every rule let pass."""

    __slots__ = ("times",)

    def __init__(self) -> None:
        self.times = 0
        """How often this was told, or was to be told again."""


Emit = Callable[[object], Receipt | None]
"""Hears an event. Whoever has to hear each one gives no receipt."""


class Passed:
    """What all rules have let pass: kinds of messages, by all that the rules look at in one that passes.

    They hold a message against what its set has agreed, so that it does not matter which set that is.
    """

    __slots__ = ("_kinds", "answers", "fresh", "requests")

    def __init__(self) -> None:
        self.requests: dict[tuple[Role, bool, bool], Receipt] = {}
        """Requests whose topmost Via has the transport that they came over and the port on which their sender is served
        (`Binding.served`), which a topmost Record-Route of the P-CSCF names as well: by association, over UDP, an ACK.
        """
        self._kinds: dict[Hashable, Receipt] = {}
        """Other events, some ten in each registration, by their class and what else the rules look at: messages in
        clear where there is no set that they might be on; `AuthenticationConcluded` where RES is not at hand;
        `AuthenticationOnly` by the side; `AssociationKeyed` with keys that neither differ within the set nor are those
        of another, by whether there was anything to compare; `KeysProven` where all is derived and negotiated as it
        should be; `AlgorithmsInUse` where nothing stronger was agreed or used before, by what is in use and what was in
        common; `LargeRequest` on a set, by the transport and whether its sender had tried TCP."""
        self.answers: dict[tuple[Role, bool], Receipt] = {}
        """Answers on the set, and over TCP on the connection, of their requests: by association, over UDP."""
        self.fresh: dict[tuple[Side, bool, bool], Receipt] = {}
        """New transactions on the newest set, which the UE uses with this one at the latest, while nothing is pending
        on the one before: by who began them, an ACK, over UDP."""

    def again(self, kind: Hashable) -> bool:
        """Count an event that has passed before; false if none of this kind has, so that it has to be told."""
        known = self._kinds.get(kind)
        if known is None:
            return False
        known.times += 1
        return True

    def learn(self, kind: Hashable, answer: Receipt | None) -> None:
        """Remember the receipt that the first event of a kind was answered with, if it was."""
        if answer is not None and len(self._kinds) < KINDS:
            self._kinds[kind] = answer
