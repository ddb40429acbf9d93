"""How a set's packets are wrapped: transport mode, or UDP-encapsulated tunnel mode behind a NAT (TS 33.203 Annex M).

Only what is unusual gets here: packets in a shell (UDP 4500, AH), in tunnel mode, or of a set that agreed on
``mod=UDP-enc-tun``. That such a packet is one of Gm its SPI and its ICV have proven.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from analyzer.frame import FrameRef
from analyzer.ims.events import AuthenticationHeaderSeen, WrongEncapsulation, WrongMode
from analyzer.ims.losses import NAT_PORTS
from analyzer.ims.session import TUNNEL, Session
from analyzer.ims.sets.association import Binding
from analyzer.ims.sets.associations import SaSet
from analyzer.ims.subjects import Context, Pair
from analyzer.ims.vocabulary import Knowledge, Side, Subject
from analyzer.network.packets import Shell

NAT_TRAVERSAL: Final = 4500
PORTS: Final = 64
"""Ports of one UE's NAT that are remembered for a set; the oldest goes first."""
WARNED: Final = 4096
"""Pairs and senders of AH that are remembered, so that each is told once; one that is forgotten is told once more."""
MARKER: Final = bytes(4)
"""The non-ESP marker of RFC 3948 2.2: what follows is IKE."""


class Encapsulation:
    """Watches what is around the ESP packets of each set: UDP, an outer IP header, AH."""

    __slots__ = ("_session", "_warned")

    def __init__(self, session: Session) -> None:
        self._session = session
        self._warned: OrderedDict[tuple[int, Side], None] = OrderedDict()

    def look(self, binding: Binding, shell: Shell | None, tunnel: bool, at: FrameRef) -> bool:
        """A packet that its association opened; ``tunnel`` says that an IP packet was inside.

        True if it is in UDP as it was agreed, and nothing had to be told of it.
        """
        owner = binding.set
        agreed = owner.terms.mod == TUNNEL
        udp = shell.udp if shell is not None else None
        if agreed:
            kind = "" if tunnel and udp is not None else "not-encapsulated" if udp is None else "not-tunnelled"
        else:
            kind = "encapsulated" if udp is not None else "tunnelled" if tunnel else ""
        if kind and len(owner.modes) < 2:
            binding.faults |= {"mode"}
            self._session.emit(
                WrongMode(at=at, subject=_subject(owner), terms=owner.terms, role=binding.role, kind=kind)
            )
        elif udp is not None and not kind:
            self._ports(binding, udp, at)
        if shell is not None and shell.ah:
            self.ah(id(owner.contact), _subject(owner), binding.sender, True, at)
            return False
        return udp is not None and self.usual(binding, udp)

    @staticmethod
    def usual(binding: Binding, udp: tuple[int, int]) -> bool:
        """Whether a packet in tunnel mode and UDP was agreed, with these ports, of which that of the UE is known."""
        owner = binding.set
        outside, served = udp if binding.sender is Side.UE else (udp[1], udp[0])
        return owner.terms.mod == TUNNEL and served == NAT_TRAVERSAL and outside in owner.nat_ports

    def _ports(self, binding: Binding, udp: tuple[int, int], at: FrameRef) -> None:
        """The UDP ports outside: 4500 at the P-CSCF, and at the other end one that the UE's own packets came from."""
        owner, (source, destination) = binding.set, udp
        uplink = binding.sender is Side.UE
        outside, served = (source, destination) if uplink else (destination, source)
        if uplink:
            known_ports = dict(owner.nat_ports)
            known_ports[outside] = at
            if len(known_ports) > PORTS:
                del known_ports[next(iter(known_ports))]
                self._session.losses.note(NAT_PORTS)
            owner.nat_ports = known_ports
        if served != NAT_TRAVERSAL:
            self._wrong(binding, "port", f"UDP port {served} at the P-CSCF", str(NAT_TRAVERSAL), at, None)
        elif not uplink and outside not in owner.nat_ports:
            known = ", ".join(str(port) for port in owner.nat_ports) or "none yet"
            first = None if owner.nat_ports else Knowledge(False, "no packet of the UE was seen on this set before")
            complete = first or owner.complete()
            self._wrong(binding, "unknown-port", f"sent to UDP port {outside}", known, at, complete)

    def marker(self, binding: Binding, at: FrameRef) -> None:
        """A packet behind a non-ESP marker that an association of Gm opens all the same."""
        self._wrong(binding, "marker", "four octets of zeros before the SPI", "the SPI", at, None)

    def ah(self, key: int, subject: Subject | None, sender: Side, gm: bool, at: FrameRef) -> None:
        """AH around a packet; ``key`` identifies the pair or the contact that it belongs to."""
        if (key, sender) in self._warned:
            return
        self._warned[key, sender] = None
        if len(self._warned) > WARNED:
            self._warned.popitem(last=False)
        self._session.emit(AuthenticationHeaderSeen(at=at, subject=subject, sender=sender, gm=gm))

    def clear_ah(self, pair: Pair, sender: Side, guarded: bool, at: FrameRef) -> None:
        """AH around something else than ESP of a set; ``guarded``: on a port of one."""
        context = pair.contexts[-1] if pair.contexts else None
        self.ah(id(pair), context.subject if context is not None else None, sender, guarded, at)

    def _wrong(
        self, binding: Binding, kind: str, observed: str, expected: str, at: FrameRef, complete: Knowledge | None
    ) -> None:
        """Tell that the packets of an association are not wrapped as was agreed; once for each."""
        binding.faults |= {"encapsulation"}
        self._session.emit(
            WrongEncapsulation(
                at=at,
                subject=_subject(binding.set),
                terms=binding.set.terms,
                role=binding.role,
                kind=kind,
                observed=observed,
                expected=expected,
                complete=complete,
            )
        )


def _subject(owner: SaSet) -> Subject | None:
    return owner.contact.subject if isinstance(owner.contact, Context) else None
