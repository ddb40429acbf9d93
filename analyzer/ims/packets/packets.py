"""ESP packets: which are counted as what, and what their sequence numbers, ports and ICVs tell (RFC 4303)."""

from __future__ import annotations

from itertools import islice

from msgspec.structs import replace

from analyzer.frame import FrameRef
from analyzer.ims.events import (
    IntegrityFailed,
    KeyMissing,
    Notice,
    PacketRead,
    PacketUnread,
    PacketVerified,
    SequenceRepeated,
)
from analyzer.ims.losses import ODD_PORTS
from analyzer.ims.messages.connections import sent_there
from analyzer.ims.messages.traffic import Traffic
from analyzer.ims.packets.forms import Forms
from analyzer.ims.packets.spis import Spis
from analyzer.ims.session import TUNNEL, Session
from analyzer.ims.sets.association import REFUSED, Binding
from analyzer.ims.sets.associations import SaSet
from analyzer.ims.sets.ledger import TAIL
from analyzer.ims.subjects import Context, Pair
from analyzer.ims.vocabulary import ROLES, Role, Side
from analyzer.ipsec.esp import SecurityAssociation
from analyzer.network.packets import Datagram
from analyzer.network.taps import Taps

_new = tuple.__new__
"""Makes a named tuple without its Python-level constructor, in every packet."""

STRAYS = 64
"""Pairs of ports that are none of an association's and were seen on a set; the oldest is forgotten first."""


class PacketLedger:
    """Keeps the books on packets; true from `verified` means: hand the content on."""

    __slots__ = (
        "_session",
        "_traffic",
        "_unused",
        "bad_icv",
        "forms",
        "no_key",
        "replayed",
        "spis",
        "unchecked",
        "verified_count",
    )

    def __init__(self, session: Session, traffic: Traffic) -> None:
        self._session = session
        self._traffic = traffic
        self._unused = traffic.switch.without_use
        self.forms = Forms(session)
        self.spis = Spis(session)
        self.verified_count = 0
        self.bad_icv = 0
        self.no_key = 0
        self.unchecked = 0  # of these, what was read all the same: its ICV nothing could check
        self.replayed = 0

    @property
    def packets(self) -> int:
        """All ESP packets but copies; those that came again are among the verified ones."""
        return self.verified_count + self.bad_icv + self.no_key

    def ordinary(self, binding: Binding, sequence: int, datagram: Datagram) -> bool:
        """Note an ESP packet with the ports of its association, if it is like the one before: seen at the same place,
        with the next number and nothing to be settled; false if it is not, and nothing was done.
        """
        if (
            binding.receipt is None
            or sequence != binding.ledger.highest + 1
            or datagram[6:9] != binding.place
            or datagram[2] != binding.address
            or binding.refused
            or datagram[11] is not None
        ):
            return False
        at, packet = datagram[0], datagram[5]
        if len(packet) & 3 and binding.proven_at is not None:
            self.forms.misaligned(binding, at)
        self.next(binding, sequence, packet, at)
        return True

    def next(self, binding: Binding, sequence: int, packet: bytes, at: FrameRef) -> None:
        """Note an ordinary packet with the next number."""
        self.verified_count += 1
        ledger = binding.ledger
        ledger.highest = sequence
        ledger.enter(sequence, packet[-TAIL:], at)
        if binding.ivs is not None:
            self.forms.iv(binding, packet, sequence, at)
        receipt = binding.receipt
        assert receipt is not None
        receipt.times += 1
        if self._unused:
            self._proven(binding)

    def _proven(self, binding: Binding) -> None:
        if binding.role is Role.UC_PS:
            self._traffic.switch.proven(binding.set)

    def verified(
        self,
        binding: Binding,
        sequence: int,
        packet: bytes,
        at: FrameRef,
        source: bytes,
        flow: tuple[int, int] | None,
    ) -> bool:
        """An ESP packet that its association opened; false if it is a repetition of one that was seen.

        ``source`` is the address of its sender, ``flow`` the ports in it, if there are any.
        """
        session, owner = self._session, binding.set
        association = binding.association
        if association is None or association.icv:
            self.verified_count += 1
        else:
            self.no_key += 1  # opened, but no key has verified it
            self.unchecked += 1
        if not binding.proven:
            session.prove(binding, at)
            self.forms.begin(binding, at)
        if binding.refused:
            self._settle(binding, sequence)
        noted = binding.begun().note(sequence, packet[-TAIL:], at)
        if noted is False and _counts_two(binding):
            noted = None
        if noted is not None or sequence == 0:
            if noted is not True:
                self._repeated(binding, sequence, noted, at, association is not None and association.icv > 0)
            if isinstance(noted, bool):
                self.replayed += 1
                return False
        if binding.ivs is not None:
            self.forms.iv(binding, packet, sequence, at)
        if len(packet) & 3 and binding.proven_at is not None:
            self.forms.misaligned(binding, at)
        context = owner.contact
        assert isinstance(context, Context)
        role = binding.role
        expected = context.pair.ue if binding.sender is Side.UE else context.pair.pcscf
        fits = source == expected
        kind = PacketVerified if association is None or association.icv else PacketRead
        invited = told = False
        ports = binding.ports
        if flow != ports and flow is not None:
            invited = self._other_side_had(owner, flow)
            told = sent_there(owner, context.pair, binding.sender, *flow)
        receipt = session.emit(kind(at, context.subject, owner.terms, role, flow, sequence, fits, invited, told))
        if flow == ports and fits and kind is PacketVerified and binding.ledger.highest:
            binding.receipt, binding.address = receipt, expected  # the same, and one object for all
        self._proven(binding)
        return True

    def _other_side_had(self, owner: SaSet, flow: tuple[int, int]) -> bool:
        """Whether the other side had used these ports, which are none of the set's, before they were seen first."""
        if flow not in owner.strays:
            full = len(owner.strays) >= STRAYS
            if full:
                self._session.losses.note(ODD_PORTS)
            latest = islice(owner.strays.items(), full, None)
            owner.strays = {**dict(latest), flow: (flow[1], flow[0]) in owner.strays}
        return owner.strays[flow]

    def elsewhere(self, binding: Binding, sequence: int, datagram: Datagram, taps: Taps) -> bool:
        """Whether a packet that came again was seen at another point of its way, and so is no replay but a copy."""
        first, at, context = binding.ledger.frame(sequence), datagram.at, binding.set.contact
        assert isinstance(context, Context)
        if first is None:
            return False
        elapsed = at.time - first.time
        known = context.pair.vantage.ttl(binding.sender)
        ttl = datagram.ttl if known is None else known
        if first.capture == at.capture and ttl == datagram.ttl:
            taps.repeated(at.capture, elapsed)
            return False
        taps.again((first.capture, at.capture), (ttl, datagram.ttl), elapsed)
        self.replayed -= 1
        association = binding.association
        if association is None or association.icv:
            self.verified_count -= 1
        else:
            self.no_key -= 1
            self.unchecked -= 1
        return True

    def unbound(self, association: SecurityAssociation) -> None:
        """An ESP packet that an association of a key file opened which no negotiation names."""
        if not association.icv:
            self.no_key += 1
            self.unchecked += 1
            self._session.keyring.mark_used(association)
            return
        self.verified_count += 1
        if association.verified == 1:
            self._session.confirm(association)

    @staticmethod
    def inner_source(binding: Binding, source: bytes) -> bytes:
        """The sender's address to hold against the set, of a packet in tunnel mode with this source inside.

        A UE behind a NAT has another address than its packets outside (FP12), but all of them have the same.
        """
        if binding.sender is Side.PCSCF or binding.set.terms.mod != TUNNEL:
            return source
        if binding.inner is None:
            binding.inner = source
        context = binding.set.contact
        assert isinstance(context, Context)
        return context.pair.ue if source == binding.inner else source

    def place(self, binding: Binding, datagram: Datagram) -> None:
        """Learn from a packet where the capture was taken."""
        context = binding.set.contact
        assert isinstance(context, Context)
        context.pair.vantage.packet(binding.sender, datagram.ttl, datagram.outbound, datagram.depth)

    def noise(self, binding: Binding | None, spi: int, what: str) -> None:
        """A packet that belongs to an association and cannot be read for its form; `what` says so in words."""
        self.verified_count += 1
        context = binding.set.contact if binding is not None else None
        subject = context.subject if isinstance(context, Context) else None
        text = f"{subject.id}: SPI 0x{spi:08x} {what}" if subject is not None else f"SPI 0x{spi:08x} {what}"
        self._session.emit(Notice(at=FrameRef(0, 0, 0), subject=subject, text=text))

    def failed(self, binding: Binding, sequence: int, spi: int, at: FrameRef) -> None:
        """An ESP packet of a keyed association that did not verify."""
        owner = binding.set
        context = owner.contact
        assert isinstance(context, Context)
        stranger = self._keyless_under(context.pair.address(binding.sender.other), spi)
        if stranger is not None:
            self.no_key += 1
            stranger.count_unopened(spi)
            return
        association = binding.association
        neighbours = association is not None and association.verified > 0
        if neighbours:
            self.bad_icv += 1
        else:
            self.no_key += 1
            owner.count_unopened(spi)
        failed = self._failed(binding, sequence, spi, at, neighbours, cut=False)
        if neighbours and len(binding.refused) < REFUSED and not binding.ledger.has(sequence):
            binding.refused += (failed,)
        else:
            self._session.emit(failed)

    def _settle(self, binding: Binding, sequence: int) -> None:
        """A packet verified: those before it that did not were broken, for the key has not changed meanwhile.

        One with its own number may be a damaged copy of it (FP5).
        """
        before = [each for each in binding.refused if each.sequence <= sequence]
        binding.refused = tuple(each for each in binding.refused if each.sequence > sequence)
        for failed in before:
            intact = failed.sequence == sequence
            self._session.emit(replace(failed, later=not intact, intact=intact))

    def _keyless_under(self, destination: bytes, spi: int) -> SaSet | None:
        """A set announced under this SPI for which there is no key at all: what does not verify may be its (FP25)."""
        for found in self._session.announced.get(destination + spi.to_bytes(4, "big"), ()):
            if not found.set.of(found.role):
                return found.set
        return None

    @staticmethod
    def _failed(
        binding: Binding, sequence: int, spi: int, at: FrameRef, neighbours: bool, cut: bool
    ) -> IntegrityFailed:
        """The event that a packet did not verify, as far as it is known at once.

        ``neighbours``: others of its association did; ``cut``: the capture kept only a part of it.
        """
        owner = binding.set
        context = owner.contact
        assert isinstance(context, Context)
        return IntegrityFailed(
            at=at,
            subject=context.subject,
            terms=owner.terms,
            role=binding.role,
            spi=spi,
            sequence=sequence,
            neighbours=neighbours,
            later=False,
            intact=False,
            cut=cut,
        )

    def unopened(self, pair: Pair | None, datagram: Datagram) -> None:
        """An ESP packet for which there is no key at all, or of which the capture kept only a part."""
        at, source, destination, packet = datagram.at, datagram.source, datagram.destination, datagram.payload
        self.no_key += 1
        if len(packet) < 8:
            return
        announced = self._session.announced.get(destination + packet[:4])
        if announced:
            # Several UEs may have been given the same SPI by one P-CSCF (FP25)
            binding = next((found for found in announced if _sender(found) == source), announced[0])
            sequence = int.from_bytes(packet[4:8], "big")
            owner = binding.set
            spi = int.from_bytes(packet[:4], "big")
            owner.count_unopened(spi)
            if not datagram.cut and not self._unread(binding, sequence, datagram):
                return
            if datagram.cut:
                owner.cut += 1
                self._session.emit(self._failed(binding, sequence, spi, at, neighbours=False, cut=True))
            return
        self.spis.foreign(pair, datagram)

    def _unread(self, binding: Binding, sequence: int, datagram: Datagram) -> bool:
        """Judge what can be judged of a packet that nothing opens; false if it is a repetition of another."""
        at, owner = datagram.at, binding.set
        context = owner.contact
        assert isinstance(context, Context)
        noted = binding.begun().note(sequence, datagram.payload[-TAIL:], at)
        if noted is None and sequence:
            self._session.emit(PacketUnread(at, context.subject, owner.terms, binding.role, sequence))
        elif noted is not True:
            self._repeated(binding, sequence, noted, at, keyed=False)
        if isinstance(noted, bool):
            self.replayed += 1
            return False
        return True

    def _repeated(
        self, binding: Binding, sequence: int, noted: FrameRef | bool | None, at: FrameRef, keyed: bool
    ) -> None:
        """Tell of a number that was there before, or is 0."""
        context = binding.set.contact
        assert isinstance(context, Context)
        self._session.emit(
            SequenceRepeated(
                at=at,
                subject=context.subject,
                terms=binding.set.terms,
                role=binding.role,
                sequence=sequence,
                earlier=noted if isinstance(noted, FrameRef) else None,
                behind=noted is False,
                keyed=keyed,
            )
        )

    def retire(self, context: Context, owner: SaSet) -> None:
        """At the end of a set: tell what was held back, and that no key opened its packets."""
        for binding in owner.bindings:
            for failed in binding.refused:
                self._session.emit(failed)
            binding.refused = ()
        self.forms.retire(owner)
        if owner.unopened and not owner.keyed:
            self._session.emit(
                KeyMissing(
                    at=owner.terms.sm6 or owner.terms.sm1 or FrameRef(0, 0, 0),
                    subject=context.subject,
                    terms=owner.terms,
                    spis=tuple(owner.unopened),
                    packets=sum(owner.unopened.values()),
                    cut=owner.cut,
                )
            )


def _counts_two(binding: Binding) -> bool:
    """Whether the receiver announced one SPI for both of its ports: two counters run under it (NEG-10)."""
    terms, role = binding.set.terms, binding.role
    spis = [terms.spi(each) for each in ROLES if each.sender is role.sender]
    return spis[0] == spis[1]


def _sender(binding: Binding) -> bytes:
    """The address that the set names as sender of this association."""
    context = binding.set.contact
    assert isinstance(context, Context)
    return context.pair.address(binding.sender)
