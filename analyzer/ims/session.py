"""What the trackers share: the profile, the keys, the database of associations, and where events go.

The database is the one loop of the picture: SM6 tells which associations will be used, and `ipsec/` reads them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from analyzer.frame import FrameRef
from analyzer.ims.deadlines import Deadlines
from analyzer.ims.events import IntegrityUnchecked, KeysProven, Notice, WrongDerivation
from analyzer.ims.losses import Losses
from analyzer.ims.receipts import Emit, Passed
from analyzer.ims.sets.announcements import SPIS, Announcements
from analyzer.ims.sets.association import Binding
from analyzer.ims.sets.associations import SaSet
from analyzer.ims.sets.strength import Strength, keyed
from analyzer.ims.subjects import FORGOTTEN, SETS, Context
from analyzer.ims.vocabulary import ROLES, Role, Side
from analyzer.ipsec.algorithms import UNCHECKED, Keys, UnknownAlgorithm, expand
from analyzer.ipsec.database import SaDatabase
from analyzer.ipsec.esp import SecurityAssociation
from analyzer.ipsec.secret import Secret
from analyzer.ipsec.trial import Found, associate
from analyzer.keys.keyring import Keyring, Vector
from analyzer.network.tcp import Connection
from analyzer.profile import Profile

Watch = Callable[[bytes, int], None]

CANDIDATES = 16
"""Pairs of algorithms tried for one set; a list of mechanisms may be as long as an attacker likes."""
TUNNEL = "udp-enc-tun"
"""The mode in which a UE behind a NAT sends: ESP tunnel in UDP (TS 33.203 Annex M)."""
PROVEN = 200_000
"""Associations whose keys are given to other tools."""


class Packet(NamedTuple):
    """What the tag of a protected segment or datagram says."""

    binding: Binding | None
    """None for an association of a key file that no negotiation names."""
    sequence: int
    association: SecurityAssociation | None = None
    """Without a binding: what opened it."""


class Session:
    """State shared by the trackers of `ims/`."""

    __slots__ = (
        "acknowledged",
        "announced",
        "database",
        "deadlines",
        "emit",
        "heard",
        "keyring",
        "losses",
        "passed",
        "profile",
        "proven",
        "retire",
        "strength",
        "watch",
    )

    def __init__(self, profile: Profile, keyring: Keyring, emit: Emit, watch: Watch) -> None:
        self.profile = profile
        self.keyring = keyring
        self.database = SaDatabase()
        self.deadlines = Deadlines()
        self.emit = emit
        self.watch = watch
        self.announced = Announcements()
        self.acknowledged: Callable[[Connection, int], int] = lambda connection, by: 0
        """Highest stream offset of a direction that the other side acknowledged."""
        self.heard: Callable[[bytes, bytes], None] = lambda destination, spi: None
        """Hears of every SPI that is announced, as it lies in a packet, and of the address to which it leads."""
        self.strength = Strength()
        self.passed = Passed()
        self.losses = Losses()
        self.proven: list[SecurityAssociation] | None = None
        """Associations that opened a packet, in the order in which they did; None if nobody wants to have their keys,
        since each of them holds its set and its registration."""
        self.retire: Callable[[Context, SaSet], None] = lambda context, dropped: None

    def add_set(self, context: Context, made: SaSet, pairs: list[tuple[str, str]], vectors: Sequence[Vector]) -> None:
        """Enter a new set: its SPIs become known, its ports watched, its candidate keys go into the database."""
        pair, terms = context.pair, made.terms
        keys = self._expanded(pairs, vectors)
        for role in ROLES:
            spi = terms.spi(role)
            if spi is None:
                continue
            source, destination = (pair.ue, pair.pcscf) if role.sender is Side.UE else (pair.pcscf, pair.ue)
            key = self._announce(destination, spi, made, role)
            for association in self.keyring.explicit(source, destination, spi):
                self._enter(Binding(made, role), association, key)
            if not keys and not made.of(role) and any(ealg == "null" for _, ealg in pairs):
                self._enter(Binding(made, role), _unchecked(spi, source, destination, terms.ports(role)), key)
            for found, vector in reversed(keys):  # the likeliest last: it is tried first
                self.candidate(made, role, found, vector, key)
        alone = (made,)
        for side, ports in ((Side.UE, (terms.port_uc, terms.port_us)), (Side.PCSCF, (terms.port_pc, terms.port_ps))):
            for port in ports:
                if port is not None:
                    known = pair.guarded.get(port)
                    pair.guarded[port] = (*known, made) if known else alone
                    self.watch(pair.address(side), port)
        context.sets.append(made)
        if len(context.sets) > SETS:
            self.drop(context, _least_wanted(context.sets))

    def enter_more(self, made: SaSet, pairs: list[tuple[str, str]], vectors: Sequence[Vector]) -> None:
        """Candidate keys of a set that is known already, as far as they are new."""
        context = made.contact
        assert isinstance(context, Context)
        pair = context.pair
        known = {(each.vector.ck.octets, each.vector.ik.octets) for each in made.bindings if each.vector is not None}
        keys = self._expanded(pairs, [each for each in vectors if (each.ck.octets, each.ik.octets) not in known])
        for role in ROLES:
            spi = made.terms.spi(role)
            if spi is None:
                continue
            present = {each.association.origin for each in made.of(role) if each.association is not None}
            for association in self.keyring.explicit(pair.address(role.sender), pair.address(role.sender.other), spi):
                if association.origin not in present:
                    self._enter(Binding(made, role), association)
            for found, vector in reversed(keys):
                self.candidate(made, role, found, vector)

    def candidate(self, made: SaSet, role: Role, found: Found, vector: Vector, key: bytes | None = None) -> None:
        """Enter one more association that may be that of a role of a set, with the keys that follow from a vector.

        ``key`` is as `SaDatabase.add` takes it.
        """
        context, terms = made.contact, made.terms
        assert isinstance(context, Context)
        spi = terms.spi(role)
        if spi is None:
            return
        binding = Binding(made, role)
        binding.vector, binding.mistake, binding.variant = vector, found.mistake, found.variant
        pair = context.pair
        source, destination = (pair.ue, pair.pcscf) if role.sender is Side.UE else (pair.pcscf, pair.ue)
        # Behind a NAT, the outer source may be any.
        source_known = None if terms.mod == TUNNEL else source
        association = associate(found, spi, destination, source_known)
        if not association.icv:
            association.ports = binding.ports
        self._enter(binding, association, key)

    def _enter(self, binding: Binding, association: SecurityAssociation, key: bytes | None = None) -> None:
        binding.association = association
        association.owner = binding
        binding.set.bind(binding)
        self.database.add(association, key)

    def prove(self, binding: Binding, at: FrameRef) -> None:
        """A packet verified for the first time with this key."""
        association, vector, owner = binding.association, binding.vector, binding.set
        assert association is not None
        first = not owner.keyed
        owner.settle(binding)
        context = owner.contact
        assert isinstance(context, Context)
        if not association.icv:
            if not owner.read:
                owner.read = True
                if first:
                    self.strength.opened(self.emit, self.passed, context, owner, association, at)
                how = "without a key (null)" if association.ealg == "null" else "with a key for its encryption alone"
                text = f"{context.subject.id}: set {owner.generation} is read {how}, its ICVs unchecked"
                unchecked = IntegrityUnchecked(at=at, subject=context.subject, terms=owner.terms, ealg=association.ealg)
                self.emit(unchecked)
                self.emit(Notice(at=at, subject=context.subject, text=text))
            if association.origin:
                self.confirm(association, vector)
            return
        self.confirm(association, vector)
        if first:
            self.strength.opened(self.emit, self.passed, context, owner, association, at)
        keyed(self.emit, self.passed, context, binding, at)
        if vector is None or not binding.mistake:
            self._proven(binding, association, at)
            return
        self.emit(
            WrongDerivation(
                at=at,
                subject=context.subject,
                terms=owner.terms,
                role=binding.role,
                alg=association.alg,
                ealg=association.ealg,
                mistake=binding.mistake,
                typed=self.keyring.typed(vector),
            )
        )

    def _proven(self, binding: Binding, association: SecurityAssociation, at: FrameRef) -> None:
        """Tell that keys derived as they should be, or given as they are, are right, and what else that proves."""
        owner, pair, others = binding.set, (association.alg, association.ealg), binding.set.proven_pairs(binding)
        derived, demanded = binding.vector is not None, association.demanded_icv
        usual = (
            derived
            and binding.variant is None
            and association.icv == demanded
            and pair in owner.terms.common
            and not [alg for _, alg, ealg in others if (alg, ealg) != pair]
        )
        if usual and self.passed.again(KeysProven):
            return
        context = owner.contact
        assert isinstance(context, Context)
        receipt = self.emit(
            KeysProven(
                at=at,
                subject=context.subject,
                terms=owner.terms,
                role=binding.role,
                pair=pair,
                derived=derived,
                icv=association.icv,
                demanded_icv=demanded,
                esn=binding.variant is not None and binding.variant.esn,
                others=others,
            )
        )
        if usual:
            self.passed.learn(KeysProven, receipt)

    def confirm(self, association: SecurityAssociation, vector: Vector | None = None) -> None:
        """A packet proved the keys of this association, which follow from the vector or were given as they are."""
        if self.proven is not None:
            self._keep(self.proven, association)
        self.keyring.mark_used(association)
        if vector is not None:
            self.keyring.mark_used(vector)

    def _keep(self, proven: list[SecurityAssociation], association: SecurityAssociation) -> None:
        if len(proven) < PROVEN:
            proven.append(association)
        else:
            text = f"keys of more than {PROVEN} associations: those of the first are given to other tools"
            self.emit(Notice(at=FrameRef(0, 0, 0), subject=None, text=text))

    def follow(self, binding: Binding, address: bytes) -> None:
        """In tunnel mode, what is sent to a UE goes to the address that its own packets have at this moment (FP12)."""
        if binding.sender is not Side.UE:
            return
        for role in (Role.PS_UC, Role.PC_US):
            for other in binding.set.of(role):
                association = other.association
                if association is not None and association.destination != address:
                    self.database.remove(association)
                    association.destination = address
                    self.database.add(association)

    def drop(self, context: Context, old: SaSet) -> None:
        """Forget a set: it can no longer be named."""
        self.retire(context, old)
        context.sets.remove(old)
        context.forgotten.add(old)
        if len(context.forgotten) > FORGOTTEN:
            context.forgotten.drop_first()
            text = f"{context.subject.id}: had more than {FORGOTTEN} sets; the first are not in the list"
            self.emit(Notice(at=FrameRef(0, 0, 0), subject=context.subject, text=text))
        for binding in old.bindings:
            if binding.association is not None:
                self.database.remove(binding.association)
                if self.proven is None:  # else somebody will ask whose it was
                    binding.association.owner = None  # so that neither waits for the garbage collector
        pair, terms = context.pair, old.terms
        for port in (terms.port_uc, terms.port_us, terms.port_pc, terms.port_ps):
            if port is not None and port in pair.guarded:
                pair.guarded[port] = tuple(known for known in pair.guarded[port] if known is not old)
                if not pair.guarded[port]:
                    del pair.guarded[port]
        for role in ROLES:
            spi = terms.spi(role)
            key = pair.address(role.sender.other) + spi.to_bytes(4, "big") if spi is not None else b""
            self.announced.remove(key, old)
        old.forget()

    def _announce(self, destination: bytes, spi: int, made: SaSet, role: Role) -> bytes:
        """Returns destination and SPI, as they lie in a packet."""
        octets = spi.to_bytes(4, "big")
        key = destination + octets
        kept = self.announced.add(key, made, role)
        self.heard(destination, octets)
        if not kept:
            self.emit(
                Notice(at=FrameRef(0, 0, 0), subject=None, text=f"more than {SPIS} SPIs: the oldest was forgotten")
            )
        return key

    @staticmethod
    def _expanded(pairs: list[tuple[str, str]], vectors: Sequence[Vector]) -> list[tuple[Found, Vector]]:
        """Keys of every pair of algorithms under every vector: the four associations of a set share them."""
        found = []
        for vector in vectors:
            for alg, ealg in pairs[:CANDIDATES]:
                try:
                    found.append((Found(alg, ealg, expand(alg, ealg, vector.ck, vector.ik), ""), vector))
                except UnknownAlgorithm:
                    continue
        return found


def _least_wanted(sets: list[SaSet]) -> SaSet:
    """The oldest set that is at its end, or was never established; but for the newest one."""
    older = sets[:-1]
    over = (each for each in older if not each.alive(Side.UE) and not each.alive(Side.PCSCF))
    unfinished = (each for each in older if not each.established())
    return next(over, None) or next(unfinished, older[0])


def _unchecked(
    spi: int, source: bytes, destination: bytes, ports: tuple[int | None, int | None]
) -> SecurityAssociation:
    """What reads null encryption where there is no key: its content and its ports are the only proof."""
    nothing = Keys(Secret(b""), Secret(b""))
    return SecurityAssociation(
        spi=spi, destination=destination, source=source, alg=UNCHECKED.name, ealg="null", keys=nothing, ports=ports
    )
