"""SIP transactions between one UE and one P-CSCF (K4; RFC 3261 clause 17).

A transaction is known by who sent the request, the branch of its topmost Via and its method (an ACK to a refusal and
a CANCEL find the INVITE by its branch). It remembers its first request with the protection that it had, so that
responses, retransmissions and late messages can be held against it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from analyzer.frame import SECOND, FrameRef
from analyzer.ims.vocabulary import Side, Sighting
from analyzer.profile import Profile

LIMIT = 1024
"""Transactions remembered for one pair of addresses; the least recently used is forgotten first."""

TOTAL = 20_000
"""Transactions remembered for all pairs together, at some 2 KB each; beyond, half of them go, finished ones first."""

ORPHANS = 64
"""Responses without a request that are remembered for one pair."""

COPIES = 8
"""Repetitions of a request whose time is remembered."""

SILENCE = 900 * SECOND
"""How long a transaction without a message is remembered: no timer of the standards is as long."""

FINISHED = 160 * SECOND
"""The same for one that has its final answer, INVITEs apart: copies of it come within 64*T1 and T4 (TS 24.229 7.7)."""


class Transaction:
    """One request and what answered it."""

    __slots__ = (
        "before_last",
        "call_id",
        "context",
        "copies",
        "deregisters",
        "elsewhere",
        "final",
        "final_clear",
        "final_status",
        "kind",
        "last",
        "last_request",
        "method",
        "moved_to",
        "owner",
        "procedure",
        "provisional",
        "repeats",
        "replayed",
        "request",
        "told",
    )

    def __init__(self, request: Sighting, owner: object) -> None:
        self.request = request
        self.owner = owner
        """The set that protected the request (None in clear); opaque here."""
        self.method = request.message.method
        self.call_id = request.message.call_id
        self.kind = ""
        """For a REGISTER: ``SM1``, ``SM7`` or ``failure`` (MAC or SQN)."""
        self.deregisters = False
        self.procedure: object = None
        """For a REGISTER: its procedure; opaque here."""
        self.context: object = None
        """For a REGISTER: the registration context; opaque here."""
        self.elsewhere = False
        """A copy of the request came on another set than the first one."""
        self.moved_to: object = None
        """The TCP connection of its latest copy, if that is another than the first one's; opaque here."""
        self.told = False
        """That it began on a set which had to be gone has been told."""
        self.copies: tuple[int, ...] = ()
        """When it was repeated, the last `COPIES` times."""
        self.repeats = 0
        """How often its sender repeated the request."""
        self.replayed = False
        """The packet of its request was replayed, and what follows is watched."""
        self.last = request.at.time
        self.last_request = self.before_last = request.at.time
        self.provisional: FrameRef | None = None
        self.final: FrameRef | None = None
        self.final_status = 0
        self.final_clear = False

    def answered(self, response: Sighting) -> bool:
        """Note a response; true if it is the first final one."""
        self.last = response.at.time
        if response.message.status < 200:
            self.provisional = response.at
            return False
        if self.final is not None:
            return False
        self.final, self.final_status = response.at, response.message.status
        self.final_clear = response.protection is None
        return True

    def open(self, now: int, profile: Profile) -> bool:
        """Whether it still waits for its final response: 64*T1, or Timer C for an INVITE that is ringing."""
        if self.final is not None or self.method == "ACK":
            return False
        ringing = self.method == "INVITE" and self.provisional is not None
        patience = max(profile.timer_c, profile.timer_64_t1) if ringing else profile.timer_64_t1
        return now - self.last <= patience


Key = tuple[Side, str, str]


class Census:
    """Counts the transactions of all pairs; ``tables`` gives those of each."""

    __slots__ = ("_tables", "count", "evicted")

    def __init__(self, tables: Callable[[], Iterable[Transactions]]) -> None:
        self._tables = tables
        self.count = 0
        self.evicted = 0
        """Transactions that a limit pushed out."""

    def thin_out(self) -> None:
        """Forget the half that is least needed, of whatever pair: it costs as much as half of them cost to come."""
        tables = list(self._tables())
        before = sorted(heard for table in tables for heard in table.heard())[self.count // 2]
        self.evicted += sum(table.forget(before) for table in tables)


class Transactions:
    """The transactions of one pair of addresses."""

    __slots__ = ("_calls", "_census", "_table", "orphans")

    def __init__(self, census: Census | None = None) -> None:
        self._census = Census(lambda: (self,)) if census is None else census
        self._table: OrderedDict[Key, Transaction] = OrderedDict()
        self._calls: OrderedDict[str, Transaction] = OrderedDict()
        self.orphans: OrderedDict[Key, FrameRef] = OrderedDict()
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
        if known is not None:
            table.move_to_end(key)
            known.repeats += 1
            known.copies = (*known.copies, request.at.time)[-COPIES:]
            known.before_last = known.last_request
            if owner is not known.owner:
                known.elsewhere = True
            if request.connection is not known.request.connection:
                known.moved_to = request.connection
            if request.at.time > known.last:
                known.last = known.last_request = request.at.time
            return known, False
        self._forget(request.at.time)
        made = None
        if key[2] == "ACK":
            made = table.get((key[0], key[1], "INVITE")) or self._calls.get(message.call_id)
        if made is None:
            made = Transaction(request, owner)
            if key[2] == "INVITE":
                self._calls[message.call_id] = made
                if len(self._calls) > LIMIT:
                    self._calls.popitem(last=False)
        census = self._census
        table[key] = made
        census.count += 1
        if len(table) > LIMIT:
            table.popitem(last=False)
            census.count -= 1
            census.evicted += 1
        if census.count > TOTAL:
            census.thin_out()
        return made, True

    def _forget(self, now: int) -> None:
        """Let go of what has been silent for too long."""
        table, calls = self._table, self._calls
        before = now - SILENCE
        while table:
            key, oldest = next(iter(table.items()))
            if _heard(oldest) >= before:
                break
            del table[key]
            self._census.count -= 1
        while calls:
            call_id, oldest = next(iter(calls.items()))
            if oldest.last >= before:
                break
            del calls[call_id]

    def heard(self) -> Iterable[int]:
        """When each was heard of last, ns since the epoch; finished ones as much earlier as they are forgotten."""
        return (_heard(each) for each in self._table.values())

    def forget(self, until: int) -> int:
        """Let go of all that was heard of then or earlier, as `heard` counts; returns how many that were."""
        table, calls = self._table, self._calls
        silent = [key for key, each in table.items() if _heard(each) <= until]
        for key in silent:
            del table[key]
        for call_id in [call_id for call_id, each in calls.items() if _heard(each) <= until]:
            del calls[call_id]
        self._census.count -= len(silent)
        return len(silent)

    def clear(self) -> None:
        """The pair is forgotten, and so is all that it asked."""
        self._census.count -= len(self._table)
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
        self.orphans[self._key(response.sender.other, via.branch if via else None, response)] = response.at
        if len(self.orphans) > ORPHANS:
            self.orphans.popitem(last=False)

    def answered_before(self, request: Sighting) -> FrameRef | None:
        """The response to a request that was seen before it."""
        via = request.message.top_via
        return self.orphans.pop(self._key(request.sender, via.branch if via else None, request), None)

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


def _heard(transaction: Transaction) -> int:
    """When a transaction was heard of last, as far as forgetting it goes: a finished one is needed less long."""
    if transaction.final is None or transaction.method == "INVITE":
        return transaction.last
    return transaction.last - SILENCE + FINISHED
