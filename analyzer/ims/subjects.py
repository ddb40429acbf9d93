"""Who talks to whom: pairs of a UE and a P-CSCF address, and the registration contexts of a pair (K1).

A pair is learnt from a REGISTER that comes straight from a UE: one Via, no Path. What a server forwards has more.
A context is one contact of one subscriber on one pair. A protected REGISTER belongs to the context of the set that
protects it; one in clear is placed by its ``+sip.instance`` (and ``reg-id``), else by the UE address and port_us (R16).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from sys import intern
from typing import TYPE_CHECKING

from analyzer.ims.events import MessageDuringRegistration
from analyzer.ims.exchange import Exchange
from analyzer.ims.knowledge import Vantage
from analyzer.ims.losses import EMERGENCIES, Losses
from analyzer.ims.oldest import in_order
from analyzer.ims.register import instance_of, is_emergency
from analyzer.ims.sets.association import NOTHING
from analyzer.ims.sets.associations import SaSet
from analyzer.ims.sets.former import FormerSets
from analyzer.ims.transactions.resting import rest
from analyzer.ims.transactions.table import Census, Transactions
from analyzer.ims.vocabulary import ROLES, Side, Subject
from analyzer.network.taps import Taps
from analyzer.sip.addresses import names, read_uri
from analyzer.sip.digest import credentials
from analyzer.sip.message import Message
from analyzer.sip.secagree import Mechanism

if TYPE_CHECKING:
    from analyzer.frame import FrameRef
    from analyzer.ims.events import ExtendedSetDropped
    from analyzer.ims.registration.procedures import Procedure
    from analyzer.ims.registration.renewal import Renewal

PAIRS = 100_000
"""Pairs of addresses remembered; the oldest goes first."""
UNANSWERED = 10_000
"""Pairs remembered of which nothing was seen but REGISTERs and challenges; the oldest goes first."""
CONTEXTS = 64
"""Registration contexts of one pair; the oldest goes first."""
SETS = 8
"""Sets of one context that can still be named; the standard allows three to live."""
FORGOTTEN = 256
"""Further sets of one context that the report still lists."""
CALLS = 256
"""Protected Call-IDs remembered for one context, and those of emergency calls for one pair; the oldest goes first. Of
protected ones nobody is told: a run of hours forgets thousands. A request of a forgotten call is judged as the first of
one, which asks no more of it; that it is in clear CLR-02 and CLR-03 say without its call."""
CHALLENGES = 8
"""Nonces remembered for one context, the latest: only these can be answered yet, and every registration brings one."""

NOWHERE = bytes(4), bytes((0, 0, 0, 1))
"""What stands for the addresses of UE and P-CSCF where a tool made them up: such as nobody has."""
UNKNOWN = "unknown"
"""How these addresses are written."""


def address_text(octets: bytes) -> str:
    """An address of 4 or 16 octets as people write it."""
    return ".".join(map(str, octets)) if len(octets) == 4 else str(ip_address(octets))


class Context:
    """One registration context: what is known of it, its procedures and its sets."""

    __slots__ = (
        "apart",
        "asserted",
        "associated",
        "bindings",
        "calls",
        "challenges",
        "clear_start",
        "contact",
        "current",
        "discovered",
        "emergency",
        "ended",
        "exchange",
        "forgotten",
        "generations",
        "impi",
        "impus",
        "instance",
        "last_seen",
        "newest",
        "overlapped",
        "pair",
        "port_us",
        "renewal",
        "sets",
        "subject",
        "suspect",
        "unsettled",
        "without_ipsec",
    )

    def __init__(self, pair: Pair, number: int, impi: str | None, emergency: bool) -> None:
        name = impi or "unknown"
        suffix = "" if number == 1 else f"#{number}"
        mark = " (told)" if pair.told else ""
        self.subject = Subject(f"{name}{suffix}@{pair.ue_text}{mark}", pair.ue_text, pair.pcscf_text, pair.told)
        self.pair = pair
        self.impi = impi
        self.impus: list[str] = []
        self.associated = False
        """A 2xx has listed the identities that are registered (P-Associated-URI)."""
        self.apart = False
        """Identities of more than one implicit registration set are registered: the end of one is not that of all."""
        self.asserted: dict[str, tuple[bytes, int]] = {}
        """By method: the header line in which a request claimed one of them last, and where it stood in it."""
        self.contact: str | None = None
        self.instance: tuple[str, str | None] | None = None
        self.port_us: int | None = None
        self.discovered: int | None = None  # the port at which the P-CSCF has answered a REGISTER in clear
        self.emergency = emergency
        self.exchange = Exchange()
        self.sets: list[SaSet] = []
        """Newest last."""
        self.forgotten = FormerSets()
        self.generations = 0
        self.current: Procedure | None = None
        self.newest: Procedure | None = None
        """The procedure of the newest challenge."""
        self.challenges: dict[str, Procedure] = {}
        self.overlapped: tuple[Procedure, ...] = ()
        """Procedures during which another one began."""
        self.renewal: Renewal | None = None
        """When the next REGISTER is due."""
        self.ended: FrameRef | None = None
        """A NOTIFY by which the network ended or shortened the registration."""
        self.clear_start: FrameRef | None = None
        """The last REGISTER in clear although there was a set."""
        self.suspect: ExtendedSetDropped | None = None
        """That a set was dropped at its first deadline, until it is clear whether the P-CSCF is there at all."""
        self.bindings: dict[str, int] = {}
        """Registered public identities with the end of their registration (FP8)."""
        self.without_ipsec = False
        """Its latest registration succeeded without ipsec-3gpp: what it had before binds it no more (FP11)."""
        self.calls: dict[str, None] = {}
        self.unsettled: tuple[MessageDuringRegistration, ...] = ()
        """Messages beside a registration procedure, until it is sure that it was still running."""
        self.last_seen = 0

    def in_use(self, side: Side = Side.UE) -> SaSet | None:
        """The newest established set that this side has not had to give up."""
        for candidate in reversed(self.sets):
            if candidate.established() and candidate.alive(side):
                return candidate
        return None

    def newest_established(self) -> SaSet | None:
        """The newest set with an SM12, alive or not."""
        for candidate in reversed(self.sets):
            if candidate.established():
                return candidate
        return None

    def temporary(self, side: Side) -> Iterator[SaSet]:
        """Sets that this side holds as TMP."""
        return (candidate for candidate in self.sets if not candidate.established() and candidate.alive(side))

    @property
    def names(self) -> set[str]:
        """What the identities that are registered may be compared by."""
        return {each for text in self.impus for each in names(read_uri(text))}

    def remember_call(self, call_id: str) -> bool:
        """A message with this Call-ID was protected; true if it is the first one, as far as that is remembered."""
        if call_id in self.calls:
            return False
        self.calls[call_id] = None
        if len(self.calls) > CALLS:
            del self.calls[next(iter(self.calls))]
        return True

    def release(self) -> None:
        """Nobody will ask for it any more: part what holds each other, so that it is freed without a collection."""
        for procedure in (self.current, self.newest, *self.challenges.values()):
            if procedure is not None:
                procedure.transaction.procedure = procedure.transaction.context = None
        self.current = self.newest = None
        self.challenges.clear()
        self.forgotten.clear()


class Pair:
    """One UE address and one P-CSCF address."""

    __slots__ = (
        "_on_evict",
        "contexts",
        "emergencies",
        "guarded",
        "losses",
        "numbered",
        "pcscf",
        "pcscf_text",
        "tcp_tried",
        "told",
        "transactions",
        "turn",
        "ue",
        "ue_text",
        "vantage",
    )

    def __init__(
        self,
        ue: bytes,
        pcscf: bytes,
        vantage: Vantage,
        on_evict: Callable[[Context], None],
        census: Census | None = None,
        told: bool = False,
        losses: Losses | None = None,
    ) -> None:
        self._on_evict = on_evict
        self.losses = losses or Losses()
        self.told = told
        self.ue = ue
        self.pcscf = pcscf
        nowhere = told and (ue, pcscf) == NOWHERE
        self.ue_text, self.pcscf_text = (UNKNOWN,) * 2 if nowhere else (address_text(ue), address_text(pcscf))
        self.contexts: list[Context] = []
        self.numbered = 0
        self.transactions = Transactions(census)
        self.turn = 1
        """Counts what is out of the ordinary between the two addresses."""
        self.vantage = vantage
        self.emergencies: dict[str, None] | None = None
        """Call-IDs of emergency calls: later requests of such a call name the other end and no emergency service."""
        self.tcp_tried: frozenset[Side] = NOTHING
        """Sides that have tried to open a TCP connection."""
        self.guarded: dict[int, tuple[SaSet, ...]] = {}
        """Protected ports of either side, with the sets that they belong to."""

    def address(self, side: Side) -> bytes:
        """The address of a side."""
        return self.ue if side is Side.UE else self.pcscf

    def emergency(self, call_id: str, begins: bool) -> bool:
        """Whether a message belongs to an emergency call; ``begins`` says that it shows so itself."""
        if begins:
            emergencies = self.emergencies = {} if self.emergencies is None else self.emergencies
            emergencies[call_id] = None
            if len(emergencies) > CALLS:
                del emergencies[next(iter(emergencies))]
                self.losses.note(EMERGENCIES)
        return begins or (self.emergencies is not None and call_id in self.emergencies)

    def leads(self, sport: int, dport: int) -> bool:
        """Whether an association of a set that is remembered leads from one port to the other, alive or not."""
        if dport not in self.guarded:
            return False
        owners = self.guarded.get(sport, ())
        return any(owner.terms.ports(role) == (sport, dport) for owner in owners for role in ROLES)

    def place_register(self, message: Message, offer: tuple[Mechanism, ...]) -> Context:
        """The context of a REGISTER in clear, made if it is new (R16)."""
        found = credentials(message)
        impi = intern(found.username) if found and found.username else None
        instance = instance_of(message)
        emergency = is_emergency(message)
        port_us = next((entry.port_s for entry in offer if entry.is_ipsec), None)
        for context in reversed(self.contexts):
            if context.emergency != emergency or (impi and context.impi and impi != context.impi):
                continue
            procedure = context.current
            if procedure is not None and procedure.call_id == message.call_id:
                return context
            if instance is not None and context.instance is not None:
                if instance == context.instance:
                    return context
            elif impi is None and context.impus and names(message.to_uri).isdisjoint(context.names):
                continue  # of another subscriber behind the same address (FP28)
            elif port_us is not None and context.port_us is not None:
                if port_us == context.port_us:
                    return context
            elif port_us is None and instance is None:
                return context
        self.numbered += 1
        context = Context(self, self.numbered, impi, emergency)
        context.instance, context.port_us = instance, port_us
        self.contexts.append(context)
        if len(self.contexts) > CONTEXTS:
            self._on_evict(self.contexts.pop(0))
        return context

    def place_message(self, message: Message, ue_port: int, pcscf_port: int) -> Context | None:
        """The context of any other message in clear: by a protected port, by identity, else the latest."""
        for guarded in (ue_port, pcscf_port):
            sets = self.guarded.get(guarded)
            if sets:
                owner = sets[-1].contact
                assert isinstance(owner, Context)
                return owner
        if len(self.contexts) > 1:
            named = names(message.from_uri) | names(message.to_uri)
            for context in reversed(self.contexts):
                if not named.isdisjoint(context.names):
                    return context
        return self.contexts[-1] if self.contexts else None


class Directory:
    """All pairs, found by the two addresses as they lie in a packet."""

    __slots__ = (
        "_losses",
        "_on_evict",
        "_order",
        "_pairs",
        "_vantage",
        "_young",
        "census",
        "evicted",
        "learned",
        "taps",
        "told",
    )

    def __init__(
        self,
        vantage: str,
        on_evict: Callable[[Context], None] = lambda context: None,
        losses: Losses | None = None,
    ) -> None:
        self.taps = Taps()
        """What is known of the points of capture, for the pairs that are to come."""
        self._on_evict = on_evict
        self._losses = losses or Losses()
        self._pairs: dict[bytes, tuple[Pair, Side]] = {}
        self._order: dict[bytes, Pair] = {}
        self._young: OrderedDict[bytes, Pair] = OrderedDict()
        """Pairs that were not looked at yet, whether anything came of them."""
        self._vantage = vantage
        self.census = Census(lambda: (pair.transactions for pair in self._order.values()), rest)
        """The transactions of all pairs."""
        self.evicted = 0
        self.learned: Callable[[bytes, bytes], None] = lambda ue, pcscf: None
        """Hears of every new pair."""
        self.told = False
        """What comes is what tools tell, so that no subject here is one of the wire."""

    def find(self, source: bytes, destination: bytes) -> tuple[Pair, Side] | None:
        """The pair of a packet and who sent it."""
        return self._pairs.get(source + destination)

    def context(self, subject: Subject) -> Context | None:
        """The registration context that a subject stands for, if it is remembered."""
        ends = NOWHERE if subject.ue == UNKNOWN else (ip_address(subject.ue).packed, ip_address(subject.pcscf).packed)
        found = self.find(*ends)
        contexts = found[0].contexts if found is not None else []
        return next((context for context in contexts if context.subject == subject), None)

    def learn(self, ue: bytes, pcscf: bytes) -> Pair:
        """Enter a pair, UE first."""
        pair = Pair(ue, pcscf, Vantage(self._vantage, self.taps), self._on_evict, self.census, self.told, self._losses)
        self._pairs[ue + pcscf] = pair, Side.UE
        self._pairs[pcscf + ue] = pair, Side.PCSCF
        self._order[ue + pcscf] = self._young[ue + pcscf] = pair
        self.learned(ue, pcscf)
        if len(self._young) > UNANSWERED:
            _, oldest = self._young.popitem(last=False)
            if not _lives(oldest):
                self._evict(oldest)
        if len(self._order) > PAIRS:
            self._order = in_order(self._order)
            self._evict(next(iter(self._order.values())))
        return pair

    def _evict(self, gone: Pair) -> None:
        key = gone.ue + gone.pcscf
        del self._order[key], self._pairs[key], self._pairs[gone.pcscf + gone.ue]
        self._young.pop(key, None)
        self.evicted += 1
        gone.transactions.clear()
        while gone.contexts:
            context = gone.contexts.pop(0)
            self._on_evict(context)
            context.release()

    def __iter__(self) -> Iterator[Pair]:
        return iter(self._order.values())


def _lives(pair: Pair) -> bool:
    """Whether a registration of this pair succeeded, or a set of it was used, be it that no key opens its packets."""
    return any(
        context.bindings or any(each.established() or each.unopened or each.sm7 for each in context.sets)
        for context in pair.contexts
    )
