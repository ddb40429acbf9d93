"""New transactions around a change of sets (section 9; FP2, FP4, FP13; R34).

Whom a request speaks against depends on what its sender knew and on what the capture may have missed. Part of that is
seen only later, so such a request waits here, for a bounded time and number, until it is decided.
"""

from __future__ import annotations

from msgspec.structs import replace

from analyzer.frame import FrameRef
from analyzer.ims.events import End, FreshRequest, Knowledge, Side, Sighting
from analyzer.ims.knowledge import pcscf_had_uplink, ue_had_sm12
from analyzer.ims.losses import UNDECIDED
from analyzer.ims.receipts import ANSWERED
from analyzer.ims.session import Session
from analyzer.ims.sets.associations import EARLY, SaSet
from analyzer.ims.subjects import Context
from analyzer.ims.transactions.transaction import Transaction

_UNASKED = Knowledge(True, "the UE's first message on the new set is in the capture")
"""Stands where no rule depends on whether an earlier message of the UE was lost."""


class Switch:
    """Tells of each new transaction on which side of a change of sets it was begun, and how sure that is."""

    __slots__ = ("_pending", "_session", "_without_sm12", "without_use")

    def __init__(self, session: Session) -> None:
        self._session = session
        self.without_use: dict[int, list[FreshRequest]] = {}
        """Requests of the P-CSCF on a set that the UE has not used, until its next packet shows that none was lost."""
        self._pending: dict[int, list[tuple[FreshRequest, frozenset[int]]]] = {}
        """Requests of the P-CSCF on the new set while transactions seem open on the old one, until one proves open."""
        self._without_sm12: dict[int, list[FreshRequest]] = {}
        """Requests of the UE on the old set that only time speaks against, until it shows whether it had SM12."""

    @property
    def undecided(self) -> bool:
        """Whether a request waits that the next message may decide."""
        return bool(self._pending or self._without_sm12)

    def waits(self, owner: SaSet) -> bool:
        """Whether a request waits for the next message on this set."""
        key = id(owner)
        return key in self._pending or key in self._without_sm12 or key in self.without_use

    def begun(self, context: Context, owner: SaSet, sighting: Sighting, transaction: Transaction) -> None:
        """A new transaction on an established set."""
        newest = context.newest_established()
        if newest is None or owner.sm12 is None:
            return
        session, sender, now = self._session, sighting.sender, sighting.at.time
        over = owner.ends.get(sender)
        if over is not None and over.end is End.DEREGISTERED:
            return  # the registration is over, and nobody goes from one set to the next any more: LIFE-17
        on_newest = owner is newest
        # After a clear SM1 there is nothing to switch from: SA-15 speaks of the P-CSCF's older sets, SA-12 of the UE's
        if newest.parent is None and (on_newest or sender is Side.PCSCF):
            return
        older = newest.parent or owner
        if not on_newest and newest.generation < owner.generation:
            return
        knew = None
        if not on_newest:
            knew = self._knew(context, newest, sender, now)
        event = FreshRequest(
            sighting.at,
            context.subject,
            sighting,
            None if on_newest else newest.terms,
            older.terms if on_newest else None,
            knew,
            newest.uplink,
            (owner if not on_newest else older).pending(now, session.profile, transaction),
            older.expires_at,
            _UNASKED,
        )
        if on_newest and sender is Side.PCSCF and newest.uplink is None:
            self._wait(self.without_use, newest, event)
        elif on_newest and sender is Side.PCSCF and event.pending and session.profile.switch_waits:
            waiting = self._pending.setdefault(id(older), [])
            if len(waiting) >= EARLY:
                session.losses.note(UNDECIDED)
            else:
                waiting.append((event, frozenset(map(id, older.open_requests)) - {id(transaction)}))
        elif (
            knew is not None
            and knew.sure
            and sender is Side.UE
            and newest.uplink is None
            and newest.sm12_stream is None
            and len(self._without_sm12.get(id(newest), ())) < EARLY
        ):
            self._wait(self._without_sm12, newest, event)
        else:
            receipt = session.emit(event)
            settled = on_newest and (newest.uplink is not None or sender is Side.UE) and not event.pending
            if settled and receipt is not None and sighting.message.method in ANSWERED:
                session.passed.fresh[sender, sighting.message.method == "ACK", sighting.transport == "UDP"] = receipt

    def _wait(self, table: dict[int, list[FreshRequest]], owner: SaSet, event: FreshRequest) -> None:
        waiting = table.setdefault(id(owner), [])
        if len(waiting) < EARLY:
            waiting.append(event)
        else:
            self._session.losses.note(UNDECIDED)

    def _knew(self, context: Context, newest: SaSet, sender: Side, now: int) -> Knowledge | None:
        if sender is Side.UE:
            return ue_had_sm12(context.pair.vantage, newest, now, self._session.profile, self._session.acknowledged)
        return pcscf_had_uplink(context.pair.vantage, newest, now, self._session.profile)

    # --- what decides ----------------------------------------------------------------------------------------------

    def proven(self, owner: SaSet) -> None:
        """The UE's next packet on uc>ps of a set: its number shows whether an earlier one was lost."""
        for event in self.without_use.pop(id(owner), ()):
            self._session.emit(replace(event, complete=owner.complete()))

    def heard(self, owner: SaSet, sighting: Sighting, transaction: Transaction | None) -> None:
        """A message on a set: what waited for such a one is decided."""
        if transaction is not None:
            self._still_open(owner, transaction, sighting.at)
        if sighting.sender is not Side.UE or id(owner) not in self._without_sm12:
            return
        decided = owner.complete()
        if transaction is not None and transaction.kind == "SM7":
            decided = Knowledge(False, f"the UE repeated SM7 later (frame {sighting.at.number}): it had no answer yet")
        for event in self._without_sm12.pop(id(owner)):
            self._session.emit(event if decided.sure else replace(event, knew=decided))

    def _still_open(self, owner: SaSet, transaction: Transaction, at: FrameRef) -> None:
        """A message of a transaction of an older set: it was pending all the time."""
        waiting = self._pending.pop(id(owner), None)
        if waiting is None:
            return
        proof = Knowledge(True, f"the transaction that was pending on the old set goes on in frame {at.number}")
        rest = []
        for event, pending in waiting:
            if id(transaction) in pending:
                self._session.emit(replace(event, complete=proof))
            else:
                rest.append((event, pending))
        if rest:
            self._pending[id(owner)] = rest

    def retire(self, owner: SaSet) -> None:
        """Nothing more will be seen of a set: tell what waits for it."""
        for event in self.without_use.pop(id(owner), ()):
            unsure = Knowledge(False, "no later packet of the UE on the new set shows that none was lost")
            self._session.emit(replace(event, complete=unsure))
        for event, _ in self._pending.pop(id(owner), ()):
            unsure = Knowledge(False, "the end of what was pending on the old set may have been lost")
            self._session.emit(replace(event, complete=unsure))
        for event in self._without_sm12.pop(id(owner), ()):
            self._session.emit(event)
