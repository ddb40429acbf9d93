"""SIP transactions between one UE and one P-CSCF (K4; RFC 3261 clause 17).

A transaction is known by who sent the request, the branch of its topmost Via and its method (an ACK to a refusal and
a CANCEL find the INVITE by its branch). It remembers its first request with the protection that it had, so that
responses, retransmissions and late messages can be held against it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from itertools import islice, takewhile
from typing import Any

from analyzer.frame import SECOND, FrameRef
from analyzer.ims.transactions.transaction import UDP, Register, Transaction
from analyzer.ims.vocabulary import Side, Sighting
from analyzer.sip.message import Message

LIMIT = 1024
"""Transactions remembered for one pair of addresses; the least recently used is forgotten first."""

FEW = 128
"""So many are kept in a plain dictionary. More are kept in order, which takes twice the memory: in a plain one the
first entry would have to be searched for behind all that were forgotten."""

TOTAL = 20_000
"""Transactions remembered for all pairs together, at some 0.7 KB each; beyond, half of them go, finished ones first."""

BUSY = 6_000
"""Transactions of all pairs from which on those that are over rest; fewer need no more memory than they may. Once they
are half as many, those that end do not rest any more."""

ORPHANS = 64
"""Responses without a request that are remembered for one pair, the latest: they show that two clocks differ."""

COPIES = 8
"""Repetitions of a request whose time is remembered."""

SILENCE = 900 * SECOND
"""How long a transaction without a message is remembered: no timer of the standards is as long."""

FINISHED = 160 * SECOND
"""How long one with a final answer is remembered, INVITEs apart: copies come within 64*T1 and T4 (TS 24.229 7.7)."""


def drop_oldest(table: dict[Any, Any], count: int) -> None:
    """Forget so many of the entries that were entered first."""
    for key in (next(iter(table)),) if count == 1 else list(islice(table, count)):
        del table[key]


Key = tuple[Side, str, str]


class Census:
    """Counts the transactions of all pairs; ``tables`` gives those of each."""

    __slots__ = ("_tables", "busy", "count", "evicted", "rest")

    def __init__(
        self,
        tables: Callable[[], Iterable[Transactions]],
        rest: Callable[[Transaction], None] = lambda transaction: None,
    ) -> None:
        """``rest`` packs a transaction if it is over (`resting.py`)."""
        self._tables = tables
        self.rest = rest
        self.busy = False
        """There are many: whatever is over rests."""
        self.count = 0
        self.evicted = 0
        """Transactions that a limit pushed out."""

    def fills(self) -> None:
        """From now on there are many: those that are over already rest at once."""
        self.busy = True
        for table in self._tables():
            for each in table.latest(LIMIT):
                self.rest(each)

    def forgot(self, count: int) -> None:
        """Count that so many transactions are no longer remembered."""
        self.count -= count
        if self.count < BUSY // 2:
            self.busy = False

    def thin_out(self) -> None:
        """Forget the half that is least needed, of whatever pair: it costs as much as half of them cost to come."""
        tables = list(self._tables())
        before = sorted([heard for table in tables for heard in table.heard()])[self.count // 2]
        self.evicted += sum(table.forget(before) for table in tables)


class Transactions:
    """The transactions of one pair of addresses."""

    __slots__ = ("_calls", "_census", "_due", "_table", "orphans")

    def __init__(self, census: Census | None = None) -> None:
        self._census = Census(lambda: (self,)) if census is None else census
        self._table: dict[Key, Transaction] = {}
        self._due = 0
        """Before that time, ns since the epoch, nothing has been silent for too long."""
        self._calls: dict[str, Transaction] = {}
        self.orphans: dict[Key, FrameRef] | None = None
        """Responses without a request; it may come later, by another clock (FP14)."""

    def begin(self, request: Sighting, owner: object) -> tuple[Transaction, bool]:
        """The transaction of a request, and whether the request is new (false: a retransmission).

        The transaction of an ACK is the INVITE that it ends, found by branch (a refusal) or by Call-ID (a 2xx).
        """
        message = request.message
        via = message.top_via
        key = self._key(request.sender, via.branch if via else None, request)
        table = self._table
        known = table.get(key)
        if known is not None and not _one(known.request.message, message):
            del table[key]
            self._census.forgot(1)
            known = None
        if known is not None:
            table[key] = table.pop(key)
            known.repeats += 1
            known.copies = (*known.copies, request.at.time)[-COPIES:]
            known.before_last = known.last_request
            if owner is not known.owner:
                known.elsewhere = True
            if request.connection is not known.request.connection:
                known.moved_to = UDP if request.connection is None else request.connection
            if request.at.time > known.last:
                known.last = known.last_request = request.at.time
            return known, False
        made = self.acknowledged(key, message.call_id, request.at.time) if key[2] == "ACK" else None
        made = made or (Register if key[2] == "REGISTER" else Transaction)(request, owner)
        self.enter(key, made, message.call_id, request.at.time)
        return made, True

    def acknowledged(self, key: Key, call_id: str, now: int) -> Transaction | None:
        """The transaction of the INVITE that an ACK ends."""
        self._forget(now)
        return self._table.get((key[0], key[1], "INVITE")) or self._calls.get(call_id)

    def enter(self, key: Key, made: Transaction, call_id: str, now: int) -> None:
        """Remember a transaction under a key that is not in use."""
        if now >= self._due:
            self._forget(now)
        table, census = self._table, self._census
        if key[2] == "INVITE":
            self._calls[call_id] = made
            if len(self._calls) > LIMIT:
                drop_oldest(self._calls, 1)
        table[key] = made
        census.count += 1
        if census.count > BUSY and not census.busy:
            census.fills()
        if len(table) > LIMIT:
            drop_oldest(table, 1)
            census.count -= 1
            census.evicted += 1
        elif len(table) == FEW:
            self._table, self._calls = OrderedDict(table), OrderedDict(self._calls)
        if census.count > TOTAL:
            census.thin_out()

    def get(self, key: Key) -> Transaction | None:
        """The transaction of this key."""
        return self._table.get(key)

    def new(self, key: Key) -> bool:
        """Whether neither a request nor an answer with this key was seen."""
        return key not in self._table and not (self.orphans and key in self.orphans)

    def _forget(self, now: int) -> None:
        """Let go of what has been silent for too long."""
        before = now - SILENCE
        gone = 0
        for oldest in self._table.values():
            if _heard(oldest) >= before:
                self._due = oldest.last + FINISHED
                break
            gone += 1
        drop_oldest(self._table, gone)
        self._census.forgot(gone)
        if gone and not self._table:
            self._table = {}  # an empty one stays as large as it ever was
        calls = self._calls
        if calls and next(iter(calls.values())).last < before:
            drop_oldest(calls, sum(1 for _ in takewhile(lambda each: each.last < before, calls.values())))

    def heard(self) -> Iterable[int]:
        """When each was heard of last, ns since the epoch; finished ones as much earlier as they are forgotten."""
        return map(_heard, self._table.values())

    def forget(self, until: int) -> int:
        """Let go of all that was heard of then or earlier, as `heard` counts; returns how many that were."""
        table, calls = self._table, self._calls
        kept = {key: each for key, each in table.items() if _heard(each) > until}
        left = {call_id: each for call_id, each in calls.items() if _heard(each) > until}
        silent = len(table) - len(kept)
        # Others in their place, since a dictionary does not become smaller
        self._table = kept if type(table) is dict else OrderedDict(kept)
        self._calls = left if type(calls) is dict else OrderedDict(left)
        self._census.forgot(silent)
        return silent

    def clear(self) -> None:
        """The pair is forgotten, and so is all that it asked."""
        self._census.forgot(len(self._table))
        self._table.clear()
        self._calls.clear()

    def find(self, response: Sighting) -> Transaction | None:
        """The transaction that a response belongs to."""
        message = response.message
        key = self._key(response.sender.other, message.top_via.branch if message.top_via else None, response)
        return self._table.get(key)

    def known(self, request: Sighting) -> Transaction | None:
        """The transaction of a request, if there is one already; nothing is entered."""
        via = request.message.top_via
        return self._table.get(self._key(request.sender, via.branch if via else None, request))

    def unasked(self, response: Sighting) -> None:
        """Remember a response whose request was not seen."""
        via = response.message.top_via
        orphans = self.orphans = {} if self.orphans is None else self.orphans
        orphans[self._key(response.sender.other, via.branch if via else None, response)] = response.at
        if len(orphans) > ORPHANS:
            drop_oldest(orphans, 1)

    def answered_before(self, request: Sighting) -> FrameRef | None:
        """The response to a request that was seen before it."""
        via = request.message.top_via
        key = self._key(request.sender, via.branch if via else None, request)
        return self.orphans.pop(key, None) if self.orphans else None

    def invite(self, request: Sighting) -> Transaction | None:
        """The INVITE that a CANCEL names by its branch."""
        via = request.message.top_via
        return self._table.get((request.sender, via.branch or "", "INVITE")) if via else None

    def latest(self, most: int) -> Iterator[Transaction]:
        """The transactions that were heard of last, the newest first."""
        return islice(reversed(self._table.values()), most)

    @staticmethod
    def _key(sender: Side, branch: str | None, sighting: Sighting) -> Key:
        message = sighting.message
        if branch:
            return sender, branch, message.method
        # RFC 2543 elements send no branch: Call-ID and CSeq stand in for it
        return sender, f"{message.call_id} {message.cseq}", message.method


def _one(first: Message, again: Message) -> bool:
    """Whether two requests with one branch are one: some stacks give all their requests the same (RFC 3261 8.1.1.7)."""
    return first.cseq == again.cseq and first.call_id == again.call_id


def _heard(transaction: Transaction) -> int:
    """When a transaction was heard of last, as far as forgetting it goes: a finished one is needed less long."""
    if not transaction.final_status or transaction.method == "INVITE":  # which does not wake it, as `final` might
        return transaction.last
    return transaction.last - SILENCE + FINISHED
