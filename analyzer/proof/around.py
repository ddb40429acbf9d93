"""What is around an event: its messages and frames, its registration, and the transactions that it belongs to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from analyzer.frame import FrameRef
from analyzer.ims.sets.association import Binding
from analyzer.ims.sets.associations import SaSet
from analyzer.ims.subjects import Context
from analyzer.ims.transactions.transaction import Transaction
from analyzer.ims.vocabulary import SetTerms, Side, Sighting
from analyzer.network.packets import Datagram
from analyzer.network.tcp import Connection, Endpoint
from analyzer.sip.framing import Framed

RECENT: Final = 64
"""Transactions of a pair that are looked through for the messages of a finding, the latest first."""


class Around:
    """One event, and what of the state around it a finding may show; made once for all rules that judge the event."""

    __slots__ = (
        "_connection",
        "context",
        "event",
        "forgetful",
        "framed",
        "named",
        "packet",
        "sightings",
        "transactions",
    )

    def __init__(
        self,
        event: object,
        context: Context | None,
        packet: Datagram | None,
        framed: Framed | None,
        connection: Callable[[Endpoint, Endpoint], Connection | None],
        forgetful: bool,
    ) -> None:
        """``packet`` is the ESP packet that came last, ``framed`` the message that came last out of TCP; ``forgetful``
        says that how a connection began may be forgotten.
        """
        self._connection = connection
        self.forgetful = forgetful
        self.event = event
        self.context = context
        self.packet = packet if packet is not None and packet.at == self.at else None
        self.framed = framed if framed is not None and framed.at == self.at else None
        self.named: dict[str, Any] = {
            name: getattr(event, name)
            for name in event.__struct_fields__  # type: ignore[attr-defined]
        }
        self.sightings: dict[str, Sighting] = {
            name: value for name, value in self.named.items() if isinstance(value, Sighting)
        }
        self.transactions = self._transactions()

    @property
    def at(self) -> FrameRef:
        """The event's frame."""
        at: FrameRef = self.event.at  # type: ignore[attr-defined]
        return at

    @property
    def told(self) -> bool:
        """Whether only a tool told of it, so that headers are all there is."""
        subject = self.event.subject  # type: ignore[attr-defined]
        return subject is not None and bool(subject.told)

    @property
    def sets(self) -> list[SaSet]:
        """Sets of the contact that are remembered, the oldest first."""
        return self.context.sets if self.context is not None else []

    def owner(self, terms: SetTerms) -> SaSet | None:
        """The set that was agreed so; None if it is forgotten."""
        return next((each for each in self.sets if each.terms is terms), None)

    def binding(self, terms: SetTerms, role: object) -> Binding | None:
        """One association of a set: that which a key proved, if there are several candidates."""
        owner = self.owner(terms)
        found = [each for each in owner.bindings if each.role == role] if owner else []
        return next((each for each in found if each.proven), found[0] if found else None)

    def terms(self) -> list[SetTerms]:
        """All sets that the event speaks of, each once, and those that protected its messages."""
        found = [value for value in self.named.values() if isinstance(value, SetTerms)]
        found += [each.protection.terms for each in self.sightings.values() if each.protection is not None]
        return list({id(terms): terms for terms in found}.values())

    def connection(self, sender: Side, sport: int, dport: int) -> Connection | None:
        """The TCP connection of a packet of that side."""
        if self.context is None:
            return None
        pair = self.context.pair
        return self._connection((pair.address(sender), sport), (pair.address(sender.other), dport))

    def recent(self) -> Iterator[Transaction]:
        """The latest transactions of the two addresses."""
        return self.context.pair.transactions.latest(RECENT) if self.context is not None else iter(())

    def address(self, side: Side) -> str:
        """The address of a side as text; empty where the event belongs to no registration."""
        subject = self.event.subject  # type: ignore[attr-defined]
        if subject is None:
            return ""
        return str(subject.ue if side is Side.UE else subject.pcscf)

    def _transactions(self) -> list[tuple[Transaction, list[Sighting]]]:
        """Those of the event's messages, with the messages of each; else those that a frame of the event began."""
        if self.context is None:
            return []
        table = self.context.pair.transactions
        found: dict[int, tuple[Transaction, list[Sighting]]] = {}
        for each in self.sightings.values():
            transaction = table.known(each) if each.message.is_request else table.find(each)
            if transaction is not None:
                found.setdefault(id(transaction), (transaction, []))[1].append(each)
        if not self.sightings:
            frames = {value for value in self.named.values() if isinstance(value, FrameRef)}
            found |= {id(each): (each, []) for each in self.recent() if each.request.at in frames}
        return list(found.values())
