"""Sets of four security associations: their states at both ends, and when each had to go.

One set comes from one authentication (TS 33.203 7.1, 7.4). UE and P-CSCF leave a state at different moments, so the
state machine of section 9 runs once a side. A deletion cannot be seen; a set that had to go is kept for a while, with
the message by which it had to go, so that a use of it can be named.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from analyzer.frame import FrameRef
from analyzer.ims.events import EarlyUse
from analyzer.ims.rare import Rare
from analyzer.ims.sets.association import NOTHING, Binding
from analyzer.ims.sets.ivs import CombinedIvs
from analyzer.ims.transactions.transaction import Transaction
from analyzer.ims.vocabulary import End, Knowledge, Role, SetTerms, Side, Sighting, State
from analyzer.ipsec.secret import Secret
from analyzer.network.stream import Connection
from analyzer.profile import Profile

if TYPE_CHECKING:
    from analyzer.ims.events import AddressChanged
    from analyzer.ims.messages.handshakes import Knock
    from analyzer.ims.messages.openings import Marks

OPEN = 256
"""Open transactions remembered for one set; the oldest goes first."""

SILENT = 16
"""Unanswered transactions remembered for one set; the oldest goes first, since it is the latest that show silence."""

EARLY = 16
"""Messages held back on a temporary set until it is clear whether SM12 had come."""


NONE: Final[Mapping[Any, Any]] = MappingProxyType({})
"""What a table of rare things is until there is one: nothing can be entered, whoever has something puts a new table in
its place. Sets of rare things are `NOTHING` till then, and lists of them are tuples."""


_STATES: Final[Mapping[tuple[State, State], Mapping[Side, State]]] = {
    (ue, pcscf): {Side.UE: ue, Side.PCSCF: pcscf} for ue in State for pcscf in State
}
"""The states at both sides: one table for all sets that are in the same, where one for each would take 0.2 KB."""

_ORDER: Final = {role: place for place, role in enumerate(Role)}


class Ending:
    """The end of a set at one side: why it had to go, by which message, and from when on."""

    __slots__ = ("end", "since", "time")

    def __init__(self, end: End, since: FrameRef, time: int | None = None) -> None:
        self.end = end
        self.since = since
        self.time = since.time if time is None else time


class SaSet:
    """One set, with its state at each side."""

    __slots__ = (
        "alg",
        "bindings",
        "busy_until",
        "calm",
        "calm_until",
        "challenge",
        "contact",
        "downlink",
        "downlink_transaction",
        "ealg",
        "early",
        "ends",
        "expires_at",
        "expiry_from",
        "granted_at",
        "granted_until",
        "inferred",
        "ivs",
        "keyed",
        "marks",
        "modes",
        "odd",
        "open_requests",
        "parent",
        "server",
        "silent",
        "sm7",
        "sm7_last",
        "sm12",
        "sm12_copies",
        "sm12_last",
        "sm12_stream",
        "states",
        "terms",
        "told",
        "unopened",
        "uplink",
        "uplink_transaction",
    )

    away: Rare[AddressChanged | None] = Rare(None)
    """Packets of it that came from another address of the UE."""
    astray = Rare[tuple[Transaction, ...]](())
    """Requests that came on it after it had to be gone."""
    cut = Rare(0)
    """How many of its packets the capture cut, so that no key could have opened them."""
    misused = Rare[frozenset[tuple[Side, End]]](NOTHING)
    """Sides that used it after it had to be gone, with the reason that held then."""
    nat_ports = Rare[Mapping[int, FrameRef]](NONE)
    """UDP ports that the UE's encapsulated packets came from (port_Uenc), with the first packet of each."""
    neglected = Rare[tuple[Transaction, ...]](())
    """Requests that the other side had to answer and did not, of which that has been told."""
    past = Rare[tuple[tuple[Side, Ending], ...]](())
    """Ends that a later, more pressing one took the place of."""
    read = Rare(False)
    """Its packets are read without a key (null encryption)."""
    strays = Rare[Mapping[tuple[int, int], bool]](NONE)
    """Source and destination ports seen on its associations that are not theirs; true if the other side had used
    them before."""
    shut = Rare[FrameRef | None](None)
    """The last RST with which the P-CSCF answered a SYN of the UE on it."""
    knocks: Rare[Mapping[tuple[int, int], Knock]] = Rare(NONE)
    """TCP handshakes on it that wait for an answer, by the ports of their SYN."""
    trials = Rare[Mapping[Role, int]](NONE)
    """Packets of each association that failed and were tried with other keys."""
    refreshed = Rare[FrameRef | None](None)
    """The last 2xx without a challenge that extended its life."""

    def __init__(self, contact: object, terms: SetTerms, parent: SaSet | None) -> None:
        self.odd: dict[str, object] | None = None
        """What is out of the ordinary with it; None: nothing."""
        self.contact = contact
        """The registration context that it belongs to; opaque here."""
        self.terms = terms
        self.parent = parent
        self.alg: str | None = None
        self.ealg: str | None = None
        self.keyed = False
        self.states = _STATES[State.TMP, State.TMP]
        self.ends: Mapping[Side, Ending] = NONE
        self.sm7: FrameRef | None = None
        self.sm7_last: Sighting | None = None
        """The latest copy of SM7 on this set."""
        self.sm12: FrameRef | None = None
        self.inferred = False
        """SM12 is not in the capture; `sm12` is the message that shows that there was one."""
        self.sm12_copies = 1
        self.sm12_last: FrameRef | None = None
        """The latest copy of SM12."""
        self.challenge: Sighting | None = None
        self.server: tuple[str, ...] = ()
        """The values of Security-Server in it, which the UE has to repeat."""
        self.marks: Marks | None = None
        """What the UE's requests on it have in them, once it is asked for."""
        self.uplink: FrameRef | None = None
        """First further message of the UE after SM12: with it the P-CSCF takes the set into use."""
        self.downlink: FrameRef | None = None
        """First message of the P-CSCF after SM12: the UE's sign that it may drop the old set."""
        self.uplink_transaction: Transaction | None = None
        self.downlink_transaction: Transaction | None = None
        self.sm12_stream: tuple[Connection, int, int] | None = None
        """Connection, direction and end offset of SM12 over TCP: acknowledged beyond it, the UE had it."""
        self.expires_at: int | None = None
        self.expiry_from: FrameRef | None = None
        self.early: tuple[EarlyUse, ...] = ()
        """Uses of the temporary set, until it is clear whether SM12 had come."""
        self.busy_until = 0
        """When the last transaction on it ended, ns since the epoch."""
        self.open_requests: list[Transaction] = []
        """Transactions that began on it and have no final answer, each once: rarely more than one or two."""
        self.bindings: list[Binding] = []
        """Its associations, in the order of their roles; several of one role if several keys may be right."""
        self.unopened: Mapping[int, int] = NONE
        """Packets by SPI that no key opened."""
        self.ivs: tuple[Secret, CombinedIvs] | None = None
        """The IVs of all associations of the set under one key of a combined mode."""
        self.modes: frozenset[str] = NOTHING
        """Modes that both sides named for algorithms that both named; with several, either may be in use."""
        self.silent: tuple[Transaction, ...] = ()
        """Transactions of either side that reached 64*T1 without any answer, the latest."""
        self.granted_at = 0
        """When the 2xx to its SM7 came, ns since the epoch."""
        self.granted_until: int | None = None
        """The deadline which that 2xx set."""
        self.told = False
        self.calm = 0
        """The turn of its pair at which nothing was going on, so that messages may go the short way (`calm.py`); as a
        negative number while not both sides have used the set since SM12, or something is open on the one before."""
        self.calm_until = 0

    @property
    def generation(self) -> int:
        """Number of the set among those of its subject."""
        return self.terms.generation

    def of(self, role: Role) -> list[Binding]:
        """Its associations of one role."""
        return [binding for binding in self.bindings if binding.role is role]

    def bind(self, binding: Binding) -> None:
        """Enter an association behind those of its role."""
        place, bindings, last = len(self.bindings), self.bindings, _ORDER[binding.role]
        while place and _ORDER[bindings[place - 1].role] > last:
            place -= 1
        bindings.insert(place, binding)

    def count_unopened(self, spi: int) -> None:
        """Count a packet that no key opened."""
        self.unopened = {**self.unopened, spi: self.unopened.get(spi, 0) + 1}

    def becomes(self, side: Side, state: State) -> None:
        """Put it into that state at that side."""
        before = self.states
        self.states = _STATES[(state, before[Side.PCSCF]) if side is Side.UE else (before[Side.UE], state)]

    def state(self, side: Side) -> State:
        """The state at that side."""
        return self.states[side]

    def alive(self, side: Side) -> bool:
        """Whether that side has not had to give it up."""
        return self.states[side] is not State.GONE

    def established(self) -> bool:
        """Whether SM12 has been seen."""
        return self.sm12 is not None

    def serves(self) -> bool:
        """SM12 has been seen, or both sides use the set although nobody here can read it."""
        terms, unopened = self.terms, self.unopened
        return self.sm12 is not None or (
            (terms.spi_ps in unopened or terms.spi_pc in unopened)
            and (terms.spi_us in unopened or terms.spi_uc in unopened)
        )

    def end(self, side: Side, end: End, since: FrameRef, time: int | None = None) -> None:
        """That side has to give the set up; the first reason holds, save that a replaced set may have to go at once."""
        self.calm = 0
        known = self.ends.get(side)
        if known is not None and known.end is End.REPLACED and end in (End.OLDER, End.CLEAR_START):
            self.past += ((side, known),)
            known = None
        if known is None:
            self.ends = {**self.ends, side: Ending(end, since, time)}
        self.becomes(side, State.GONE)

    def opened(self, transaction: Transaction, now: int, profile: Profile) -> bool:
        """A transaction began on this set; false if the oldest open one had to be forgotten for it."""
        requests = self.open_requests
        if requests and now - requests[0].last > profile.timer_64_t1:
            self._close(now, profile)
        if not transaction.final_status and transaction not in requests:  # that of an ACK is over, as a rule
            requests.append(transaction)
        if len(requests) > OPEN:
            self._close(now, profile)
            if len(requests) > OPEN:
                del requests[0]
                return False
        return True

    def finished(self, transaction: Transaction) -> None:
        """A transaction that began on it has its final answer."""
        requests = self.open_requests
        if transaction in requests:
            requests.remove(transaction)

    def pending(self, now: int, profile: Profile, other_than: Transaction | None = None) -> bool:
        """Whether a transaction that began on this set is open."""
        self._close(now, profile)
        return any(transaction is not other_than for transaction in self.open_requests)

    def _close(self, now: int, profile: Profile) -> None:
        requests = self.open_requests
        done = [transaction for transaction in requests if not transaction.open(now, profile)]
        if done:
            requests[:] = [transaction for transaction in requests if transaction.open(now, profile)]
        for over in done:
            if over.final is None and over.provisional is None:
                over.request.message.forget()
                self.silent = (*self.silent, over)[-SILENT:]
                self.calm = 0

    def take_into_use(self, sender: Side, at: FrameRef, transaction: Transaction | None) -> None:
        """A further message after SM12: the first of either side tells the other that it uses the set."""
        if sender is Side.UE:
            if self.uplink is None:
                self.uplink = at
                self.uplink_transaction = transaction
            if self.states[Side.PCSCF] is State.NEW:
                self.becomes(Side.PCSCF, State.USE)
        elif self.downlink is None:
            self.downlink = at
            self.downlink_transaction = transaction

    def last_from(self, side: Side) -> FrameRef | None:
        """The last packet of that side on this set, a bare TCP segment included."""
        found = (binding.ledger.last for binding in self.bindings if binding.sender is side)
        return max((at for at in found if at is not None), key=lambda at: at.time, default=None)

    def sent_between(self, side: Side, after: int, before: int) -> FrameRef | None:
        """The last packet of that side on this set between two times, as far as they are remembered."""
        found = (
            at for binding in self.bindings if binding.sender is side for at in binding.ledger.between(after, before)
        )
        return max(found, key=lambda at: at.time, default=None)

    def count_between(self, side: Side, after: int, before: int) -> int:
        """How many packets that side sent on this set between two times, as far as they are remembered."""
        return sum(
            1 for binding in self.bindings if binding.sender is side for _ in binding.ledger.between(after, before)
        )

    def shelve(self, newer: SaSet) -> None:
        """A newer set is there: let go of what can be made again, should a packet of this one come all the same."""
        self.marks = None
        if newer.generation > self.generation:  # nobody asks any more whether the other side had its first messages
            self.uplink_transaction = self.downlink_transaction = None
        for binding in self.bindings:
            if binding.association is not None:
                binding.association.ciphers.shelve()

    def forget(self) -> None:
        """Let go of what only a living set needs; the report still names the set."""
        self.calm = 0
        self.bindings.clear()
        self.open_requests.clear()
        self.silent = self.neglected = self.astray = ()
        self.past = ()
        self.strays = self.nat_ports = NONE
        self.challenge = self.sm7_last = self.sm12_stream = self.parent = self.marks = self.ivs = self.away = None
        self.server = ()
        self.uplink_transaction = self.downlink_transaction = None

    def repeated(self, sighting: Sighting) -> None:
        """Note a repetition of SM7 or SM12."""
        if sighting.message.is_request:
            self.sm7_last = sighting
        elif self.sm12 is not None:
            self.sm12_last = sighting.at
            self.sm12_copies += 1

    def sm12_may_be_missing(self) -> bool:
        """Whether SM7 was sent, or a packet is missing that may have been SM7, and no answer is in the capture."""
        if self.sm12 is not None or any(ending.end is End.FAILED for ending in self.ends.values()):
            return False
        return self.sm7 is not None or not self.complete().sure

    def settle(self, winner: Binding) -> None:
        """One candidate opened a packet: if a key proved it, the algorithms are known."""
        winner.proven = True
        association = winner.association
        assert association is not None
        if association.icv:
            self.alg, self.ealg, self.keyed = association.alg, association.ealg, True

    def proven_pairs(self, but: Binding) -> tuple[tuple[Role, str, str], ...]:
        """The algorithms that packets of the other associations of this set have proven."""
        proven = (each for each in self.bindings if each.proven and each is not but)
        return tuple(
            (each.role, each.association.alg, each.association.ealg)
            for each in proven
            if each.association and each.association.icv
        )

    def complete(self) -> Knowledge:
        """Whether the capture has everything that was sent on this set, as far as sequence numbers can tell."""
        ledgers = [binding.ledger for binding in self.bindings]
        missing = sum([ledger.missing for ledger in ledgers])
        if missing:
            return Knowledge(False, f"{missing} ESP packets of set {self.generation} are missing in the capture")
        if any(self.unopened.values()):
            return Knowledge(False, f"packets of set {self.generation} could not be read")
        late = [ledger for ledger in ledgers if ledger.first > 1]
        if late:
            return Knowledge(False, f"the capture begins after the first packet of set {self.generation}")
        return Knowledge(True, f"the ESP sequence numbers of set {self.generation} have no gap")
