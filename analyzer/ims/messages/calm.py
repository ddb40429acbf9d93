"""The short way through the session model: messages of a set in which nothing changes (TS 33.203 7.4).

Between two registrations a phone and its P-CSCF exchange requests and answers on one set that both sides use. What such
a message does to the state is little: it begins or answers a transaction, and somebody was heard again. So it is read
by one expression, held against what the rules let pass on this association before, and entered. Whatever is not plainly
of this kind is left to `tracker.py`, which is asked first about each new kind of message, and always when anything else
went on between the two addresses since: then `settle` looks whether all is calm again.

Both ways lead to the same report; with this one a packet that is read already costs 12 µs instead of 27.
"""

from __future__ import annotations

import re
from sys import intern
from typing import Final

from analyzer.frame import FrameRef
from analyzer.ims.messages.identities import Identities, right
from analyzer.ims.messages.openings import Right, opened, opened_right
from analyzer.ims.messages.requests import LARGE, Requests
from analyzer.ims.messages.switch import Switch
from analyzer.ims.quality import SILENCE, Quality
from analyzer.ims.receipts import ANSWERED, PLAIN, Passed, Receipt
from analyzer.ims.registration.renewal import may_end
from analyzer.ims.session import Session
from analyzer.ims.sets.association import Binding
from analyzer.ims.sets.associations import OPEN, SaSet
from analyzer.ims.subjects import Context, Pair
from analyzer.ims.transactions.table import Census
from analyzer.ims.transactions.transaction import Seen, Transaction, sighting_of
from analyzer.ims.vocabulary import Side, Sighting, State
from analyzer.network.tcp import Connection
from analyzer.sip.framing import says_whole
from analyzer.sip.large import LARGE as HUGE
from analyzer.sip.spelling import respelt
from analyzer.sip.usual import LONGEST, any_order, usual_shape

ALWAYS: Final = 1 << 63
"""Later than any time, ns since the epoch."""

_EMPTY_LINE: Final = b"\r\n\r\n"
_RECORD_ROUTE: Final = b"\nrecord-route"
_recorded: Final = re.compile(
    rb"\nRecord-Route: <sip:(?:[-+.=_%0-9A-Za-z]++@)?(?:[-.0-9A-Z_a-z]++|\[[0-9A-Fa-f:.]++\]):([0-9]{1,5}+)"
    rb"(?:;[-+.=_%;0-9A-Za-z]*+)?>"
).match
"""Matches a topmost Record-Route in the usual spelling, with its port."""
_UE, _PCSCF = Side.UE, Side.PCSCF
_new = tuple.__new__


class Calm:
    """Knows which sets are calm, and takes their messages."""

    __slots__ = (
        "_census",
        "_identities",
        "_patience",
        "_quality",
        "_requests",
        "_right",
        "_session",
        "_switch",
        "taken",
    )

    def __init__(
        self,
        session: Session,
        switch: Switch,
        identities: Identities,
        quality: Quality,
        requests: Requests,
        census: Census,
    ) -> None:
        self._session = session
        self._patience = session.profile.timer_64_t1
        self._switch = switch
        self._identities = identities
        self._quality = quality
        self._requests = requests
        self._census = census
        self._right: dict[type, Receipt] = {}
        """What was answered to the events that say no more than that a request opens a call rightly."""
        self.taken = 0
        """Messages that went this way."""

    def settle(self, context: Context, owner: SaSet) -> None:
        """A message of this set went the long way; the next one need not if nothing is going on.

        So it is from SM12 on, save that the first messages take the set into use: 2 % of a registration and the twelve
        packets after it.
        """
        current, older, states = context.current, owner.parent, owner.states
        if (
            not (owner.ends or owner.silent)
            and states[_UE] is State.USE
            and (states[_PCSCF] is State.USE or (states[_PCSCF] is State.NEW and owner.uplink is None))
            and (current is None or current.finished)
            and context.newest_established() is owner
            and not self._switch.waits(owner)
        ):
            begun = owner.uplink is None or owner.downlink is None or (older is not None and older.open_requests)
            owner.calm = -context.pair.turn if begun else context.pair.turn
            owner.calm_until = ALWAYS if owner.expires_at is None else owner.expires_at

    def takes(
        self,
        binding: Binding,
        sequence: int,
        at: FrameRef,
        frames: tuple[FrameRef, ...],
        data: bytes,
        connection: Connection | None = None,
    ) -> bool:
        """Enter a message between the ports of this association; false if it has to go the long way, and nothing was
        done.

        ``data`` is the message, ``frames`` are all that it needed, and ``sequence`` is the number of its ESP packet. If
        it has a ``connection`` (else it came over UDP), it may not have been cut out of its stream yet: then it is
        taken only if it is exactly one.
        """
        owner = binding.set
        context: Context = owner.contact  # type: ignore[assignment]
        now, begins = at[2], owner.calm != context.pair.turn
        if (begins and not _begins(owner, context, binding, now)) or now > owner.calm_until or len(data) > HUGE:
            return False
        plain, found = data, usual_shape(data.decode("latin-1"), 0, LONGEST)
        if found is None:
            plain, found = _otherwise(data)
        if found is None or (connection is not None and not says_whole(plain, found.end())):
            return False
        status = found[1]
        if status is not None:
            branch, call_id, answered = found.group(8, 10, 12)
            waiting = self._identities.waiting
            if waiting and (call_id, int(found[11]), answered) in waiting:
                return False  # it shows what became of a foreign identity
            transaction = self._answer(binding, context.pair, at, connection, status, branch, answered)
        else:
            end = found.end()
            method, transport, port, branch, call_id = found.group(2, 4, 6, 8, 10)
            if port is None or int(port) != binding.served or transport != ("UDP" if connection is None else "TCP"):
                return False  # its Via is none that the rules have let pass
            if binding.sender is _PCSCF and not recorded(plain[:end], binding.served):
                return False
            needed = found.end(13) if plain is data else data.find(_EMPTY_LINE) + 2
            seen = _new(Seen, (at, frames, needed, binding, sequence, connection))
            transaction = self._request(context, seen, data, plain, end, method, branch, call_id)
        if transaction is None:
            return False
        if begins:
            owner.take_into_use(binding.sender, at, transaction)
            self.settle(context, owner)
        context.last_seen = now
        if call_id not in context.calls:
            context.remember_call(call_id)
        self.taken += 1
        return True

    def _request(
        self, context: Context, seen: Seen, data: bytes, plain: bytes, end: int, method: str, branch: str, call_id: str
    ) -> Transaction | None:
        """Enter a request: the transaction that it begins, or ends if it is an ACK; None if it has to go the long way,
        and nothing was done.

        ``data`` is the message, and ``plain`` the same in the usual spelling, with ``end`` octets of headers.
        """
        at, _, _, binding, _, connection = seen
        owner, sender = binding.set, binding.sender
        method = intern(method)  # one text for all keys with it
        key = sender, branch, method
        transactions, known = context.pair.transactions, self._session.passed
        udp, ends = connection is None, method == "ACK"
        passed = known.requests.get((binding.role, udp, ends))
        if passed is None or (method not in PLAIN and not _harmless(method, plain)) or not transactions.new(key):
            return None
        now, requests = at[2], owner.open_requests
        if requests and (len(requests) >= OPEN or now - requests[0].last > self._patience):
            return None  # somebody may have given up
        told: Right | None = None
        opens = sender is _UE and call_id not in context.calls
        if sender is _UE:
            if not right(context, method, plain):
                return None
            if opens:
                told = opened_right(self._session, context, owner, plain[:end], method)
        fresh = None
        if owner.parent is not None:  # it replaced another: who uses which is looked at (SA-12 to SA-14, TRN-09)
            fresh = known.fresh.get((sender, ends, udp))
            if fresh is None:
                return None
            if owner.calm < 0 and owner.parent.pending(now, self._session.profile):
                return None
        if ends:
            made = transactions.acknowledged(key, call_id, now)
            if made is None:
                return None
            if not made.final_status and made not in requests:
                requests.append(made)
        else:
            made = Transaction.of(seen, data, method)
            requests.append(made)
        transactions.enter(key, made, call_id, now)
        passed.times += 1
        if fresh is not None:
            fresh.times += 1
        if told is not None:
            self._opened(context, at, told)
        elif opens:
            context.last_seen = now
            context.remember_call(call_id)
            opened(self._session, context, owner, sighting_of(seen, data, False))
        if len(data) > LARGE and not self._requests.large_again(context.pair, sender, udp):
            self._requests.large(context.pair, context, sighting_of(seen, data, False))
        return made

    def _opened(self, context: Context, at: FrameRef, kinds: Right) -> None:
        """Tell of a request that opens a call rightly, or count it."""
        for kind in kinds:
            known = self._right.get(kind)
            if known is not None:
                known.times += 1
                continue
            receipt = self._session.emit(kind(at, context.subject))
            if receipt is not None:
                self._right[kind] = receipt

    def _answer(
        self,
        binding: Binding,
        pair: Pair,
        at: FrameRef,
        connection: Connection | None,
        status: str,
        branch: str,
        method: str,
    ) -> Transaction | None:
        """Enter an answer: the transaction that it goes on with or ends; None if it has to go the long way."""
        owner, sender = binding.set, binding.sender
        asked = pair.transactions.get((_PCSCF if sender is _UE else _UE, branch, method))
        if asked is None or asked.owner is not owner or asked.final is not None or asked.odd is not None:
            return None
        passed = self._session.passed.answers.get((binding.role, connection is None))
        if passed is None or method not in ANSWERED:
            return None
        seen = asked.seen
        if (asked.connection if seen is None else seen[5]) is not connection:
            return None
        now = at[2]
        if asked.provisional is None:
            elapsed = now - asked.last_request
            vantage = pair.vantage
            if elapsed < (vantage.least_ue if sender is _UE else vantage.least_pcscf):
                vantage.measured(sender, elapsed)
            if elapsed >= SILENCE:
                self._quality.late_answer(asked.last_request, at, self._patience if connection is not None else 0)
        if status < "2":
            asked.last = now
            asked.provisional = at
        else:
            asked.over(at, int(status))
            if self._census.busy:
                self._census.rest(asked)
            requests = owner.open_requests
            if asked in requests:
                requests.remove(asked)
            owner.busy_until = now
        passed.times += 1
        return asked


def _begins(owner: SaSet, context: Context, binding: Binding, now: int) -> bool:
    """Whether a message may be one of the first after SM12, of which the P-CSCF's come after those of the UE."""
    sm12 = owner.sm12
    return (
        owner.calm == -context.pair.turn
        and sm12 is not None
        and now > sm12[2]
        and (binding.sender is _UE or owner.uplink is not None)
    )


def _harmless(method: str, data: bytes) -> bool:
    """Whether a request that is none of `PLAIN` is a NOTIFY, and one that ends no registration."""
    return method == "NOTIFY" and not may_end(data)


def _otherwise(data: bytes) -> tuple[bytes, re.Match[str] | None]:
    """A message that has not the usual shape, in the usual spelling, and what is found in it."""
    if b"\n\r\n" not in data:
        return data, None  # a part of one
    found = any_order(data.decode("latin-1"), 0, LONGEST)
    if found is not None:
        return data, found
    plain = respelt(data)
    if plain is data:
        return data, None
    text = plain.decode("latin-1")
    return plain, usual_shape(text, 0, LONGEST) or any_order(text, 0, LONGEST)


def recorded(head: bytes, port: int) -> bool:
    """Whether the topmost Record-Route of a request, if there is any, plainly names this port (TS 24.229 5.2.6.4).

    ``head`` ends with its headers.
    """
    begin = head.lower().find(_RECORD_ROUTE)
    if begin < 0:
        return True
    found = _recorded(head, begin)
    return found is not None and int(found[1]) == port


def learn(passed: Passed, binding: Binding, sighting: Sighting, receipt: Receipt) -> None:
    """All rules let a message pass: a request that is no repetition, or an answer on the set and the connection of its
    request. If it is one of the kinds that `Passed` knows, so will they the next one."""
    message, udp, role = sighting.message, sighting.transport == "UDP", binding.role
    if (sighting.sport, sighting.dport) != binding.ports or message.method not in ANSWERED:
        return
    if not message.is_request:
        passed.answers[role, udp] = receipt
        return
    via = message.top_via
    if via is None or via.transport != sighting.transport or via.port is None or via.port != binding.served:
        return
    if sighting.sender is _UE or recorded(message.plain, via.port):
        passed.requests[role, udp, message.method == "ACK"] = receipt
