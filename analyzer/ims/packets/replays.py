"""Replayed packets, and whether their receiver reacted to one (TS 33.203 6.3: anti-replay is on for all associations).

The same packet again, later than any copy that a capture makes, should have no effect. Of a SIP request over UDP it can
be seen when it has one: its transaction is answered again, in a packet of its own, although nobody repeated the
request. Copies that come late in the capture (FP5) look the same but for that second answer.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from analyzer.frame import FrameRef
from analyzer.ims.events import ReplayWatched
from analyzer.ims.session import Session
from analyzer.ims.sets.association import Binding
from analyzer.ims.sets.associations import SaSet
from analyzer.ims.subjects import Context
from analyzer.ims.transactions.transaction import Transaction
from analyzer.ims.vocabulary import Knowledge, Sighting
from analyzer.sip.message import parse

WATCHED: Final = 256
"""Replayed requests whose answers are watched; the oldest is settled first."""


class _Watch:
    """A request whose packet was replayed, and what its receiver did then."""

    __slots__ = ("at", "binding", "reaction", "sequence", "transaction")

    def __init__(self, binding: Binding, transaction: Transaction, at: FrameRef) -> None:
        self.binding = binding
        self.transaction = transaction
        self.at = at
        self.reaction: FrameRef | None = None
        self.sequence = 0
        """The highest number on the request's association when the reaction came."""


class Replays:
    """Watches, for all subjects, whether a replayed request is answered again."""

    __slots__ = ("_session", "_watched")

    def __init__(self, session: Session) -> None:
        self._session = session
        self._watched: OrderedDict[int, _Watch] = OrderedDict()

    def heard(self, binding: Binding, text: bytes, flow: tuple[int, int], at: FrameRef) -> None:
        """A packet of a UDP datagram once more; ``text`` is what the datagram holds."""
        message = parse(text)
        context = binding.set.contact
        if message is None or not message.is_request or not isinstance(context, Context):
            return
        sighting = Sighting(at, (at,), message, binding.sender, "UDP", *flow, None, None)
        transaction = context.pair.transactions.known(sighting)
        # A server repeats its answer to an INVITE by itself, and an ACK has none.
        if transaction is None or message.method in ("INVITE", "ACK") or transaction.final is None:
            return
        transaction.replayed = True
        self._watched[id(transaction)] = _Watch(binding, transaction, at)
        if len(self._watched) > WATCHED:
            self._settle(next(iter(self._watched)))

    def answered(self, transaction: Transaction, response: Sighting) -> None:
        """A transaction one of whose requests was replayed has its final answer again."""
        watch = self._watched.get(id(transaction))
        if watch is None or response.protection is None:
            return
        if transaction.last_request > watch.at.time:
            transaction.replayed = False
            del self._watched[id(transaction)]  # the request was repeated in earnest: that explains every answer
            return
        if watch.reaction is None:
            watch.reaction, watch.sequence = response.at, watch.binding.ledger.highest

    def retire(self, owner: SaSet) -> None:
        """The end of a set: no more answers will come."""
        for key in [key for key, watch in self._watched.items() if watch.binding.set is owner]:
            self._settle(key)

    def _settle(self, key: int) -> None:
        """Stop to watch a transaction: tell whether its receiver reacted to the replayed packet."""
        watch = self._watched.pop(key)
        binding, transaction, at, reaction = watch.binding, watch.transaction, watch.at, watch.reaction
        transaction.replayed = False
        owner = binding.set
        context = owner.contact
        assert isinstance(context, Context)
        complete = owner.complete()
        if reaction is None and complete.sure and context.last_seen <= at.time + self._session.profile.timer_t1:
            complete = Knowledge(False, "the capture ends before a reaction would have come")
        elif reaction is not None and complete.sure and binding.ledger.highest <= watch.sequence:
            complete = Knowledge(False, "no later packet shows that none was lost before the answer")
        self._session.emit(
            ReplayWatched(
                at=at,
                subject=context.subject,
                terms=owner.terms,
                role=binding.role,
                request=transaction.request.at,
                reaction=reaction,
                complete=complete,
            )
        )
