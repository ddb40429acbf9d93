"""Clear packets on the protected ports of a set that lives (TS 33.203 7.1; CLR-01): what each looks like."""

from __future__ import annotations

from typing import Final, NamedTuple

from analyzer.frame import FrameRef
from analyzer.ims.events import ClearOnProtectedPort
from analyzer.ims.messages.connections import told_to
from analyzer.ims.messages.traffic import sent_astray
from analyzer.ims.session import Session
from analyzer.ims.sets.associations import SaSet
from analyzer.ims.sets.overdue import in_force
from analyzer.ims.subjects import Context, Pair
from analyzer.ims.transactions.transaction import Transaction
from analyzer.ims.vocabulary import Side, Sighting

SIP_PORTS: Final = frozenset({5060, 5061})
"""Ports that must not be announced as protected (R7)."""


class ClearPacket(NamedTuple):
    """A UDP datagram or TCP segment that was in no ESP packet."""

    at: FrameRef
    sender: Side
    transport: str
    sport: int
    dport: int
    what: str
    """What it is, in words: the start line if it is a message."""
    sighting: Sighting | None = None
    """The message that it completes, if it completes one."""
    transaction: Transaction | None = None
    """The transaction of the message."""

    @property
    def ports(self) -> tuple[int, int]:
        """The port at the UE, and that at the P-CSCF."""
        return (self.sport, self.dport) if self.sender is Side.UE else (self.dport, self.sport)

    @property
    def is_request(self) -> bool:
        """Whether it completes a SIP request."""
        return self.sighting is not None and self.sighting.message.is_request

    @property
    def request(self) -> Sighting | None:
        """The request of its transaction: the message itself, or what it answers."""
        return self.transaction.request if self.transaction is not None and self.sighting is not None else None


def of_message(sighting: Sighting, transaction: Transaction | None) -> ClearPacket:
    """The packet that completed a message."""
    at, _, message, sender, transport, sport, dport, *_ = sighting
    return ClearPacket(at, sender, transport, sport, dport, message.start_line, sighting, transaction)


def told(session: Session, pair: Pair, packet: ClearPacket) -> None:
    """Tell of a clear packet that has a protected port, of which the caller has made sure (`pair.guarded`)."""
    owner = _living(session, pair, packet)
    if owner is None:
        return
    terms, context = owner.terms, owner.contact
    assert isinstance(context, Context)
    sender, sighting, request = packet.sender, packet.sighting, packet.request
    answered = None if packet.is_request else request
    ue_port, pcscf_port = packet.ports
    at_ue, at_pcscf = ue_port in (terms.port_uc, terms.port_us), pcscf_port in (terms.port_pc, terms.port_ps)
    protected_ports = {port for port, protected in ((ue_port, at_ue), (pcscf_port, at_pcscf)) if protected}
    if sighting is not None:
        invited = sent_astray(sighting, request)
    else:
        to_port_pc = sender is Side.UE and packet.dport == terms.port_pc and packet.sport != terms.port_us
        invited = to_port_pc and told_to(pair, packet.dport)
    session.emit(
        ClearOnProtectedPort(
            at=packet.at,
            subject=context.subject,
            sender=sender,
            terms=terms,
            transport=packet.transport,
            sport=packet.sport,
            dport=packet.dport,
            what=packet.what,
            ue_port=at_ue,
            follows_via=protected_ports == {packet.dport} and _follows_clear_via(packet, answered),
            invited=invited,
            begins_anew=sender is Side.UE and not at_pcscf and (sighting is None or _is_register(sighting)),
            reaction=sender is Side.PCSCF and not at_pcscf and sighting is None and _may_continue(packet),
            unprotected_port=bool(protected_ports) and protected_ports <= SIP_PORTS,
            deregistration=packet.transaction is not None and packet.transaction.deregisters,
            answers_protected=answered is not None and answered.protection is not None,
            answers_clear=answered is not None
            and answered.protection is None
            and (answered.sport, answered.dport) == (packet.dport, packet.sport),
            is_request=packet.is_request,
        )
    )


def _living(session: Session, pair: Pair, packet: ClearPacket) -> SaSet | None:
    """The newest set with one of its ports that both sides still have; None if there is none, or nobody has used it.

    SM6 only announces a set: until it is used, nothing lives on its ports.
    """
    ue_port, pcscf_port = packet.ports
    owners = pair.guarded.get(ue_port) or pair.guarded.get(pcscf_port) or ()
    if packet.sighting is None:  # a connection that is left over from an old set has one port of the newer one, too
        owners = tuple(each for each in owners if each in pair.guarded.get(pcscf_port, ())) or owners
    for owner in reversed(owners):
        context = owner.contact
        assert isinstance(context, Context)
        if packet.sighting is None and context.ended is not None:
            continue  # the network has ended the registration, and with it perhaps the set: connections go then
        if in_force(owner, context.newest_established(), packet.at.time, session.profile):
            used = owner.unopened or any(each.ledger.highest for each in owner.bindings)
            return owner if owner.sm12 is not None or used else None
    return None


def _follows_clear_via(packet: ClearPacket, answered: Sighting | None) -> bool:
    """Whether it answers a clear request whose Via named the port that it goes to (PORT-15)."""
    via = answered.message.top_via if answered is not None and answered.protection is None else None
    return via is not None and via.port == packet.dport


def _is_register(sighting: Sighting) -> bool:
    return sighting.message.is_request and sighting.message.method == "REGISTER"


def _may_continue(packet: ClearPacket) -> bool:
    """Whether the other side may have begun what it belongs to: a TCP connection, or, from no port of SIP, media."""
    return packet.what != "TCP SYN" if packet.transport == "TCP" else packet.sport not in SIP_PORTS
