"""TCP connections between a UE and its P-CSCF: from where they are opened, and when they are closed.

TS 33.203 7.1 gives each side a client port to open them from (port_uc, port_pc) and a server port to open them to.
"""

from __future__ import annotations

from analyzer.frame import FrameRef
from analyzer.ims.events import AnsweredAfterLoss, ConnectionClosing, ConnectionOpening
from analyzer.ims.messages.handshakes import knocked, replied
from analyzer.ims.session import Packet, Session
from analyzer.ims.sets.associations import SaSet
from analyzer.ims.sets.overdue import in_force, overdue
from analyzer.ims.subjects import Context, Pair
from analyzer.ims.transactions.transaction import Transaction
from analyzer.ims.vocabulary import End, Knowledge, Side, Sighting, State
from analyzer.network.tcp import Connection
from analyzer.sip.addresses import read_uri

LATEST = 32
"""Transactions that are looked at for who told the UE to go to an odd port."""


class Connections:
    """Tells of SYN, FIN and RST on and beside the sets."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def opening(self, pair: Pair, sender: Side, sport: int, dport: int, packet: Packet | None, at: FrameRef) -> None:
        """A SYN; those in clear are told only if they go to a protected port of a living set."""
        pair.tcp_tried |= {sender}
        if packet is not None:
            if packet.binding is None:
                return
            owner, role = packet.binding.set, packet.binding.role
            knocked(self._session, packet, sport, dport, at)
            fits = (sport, dport) == owner.terms.ports(role)
        else:
            found = self._served(pair, sender, dport)
            if found is None:
                return
            owner, role, fits = found, None, False
        self._session.emit(
            ConnectionOpening(
                at=at,
                subject=owner.contact.subject if isinstance(owner.contact, Context) else None,
                sender=sender,
                terms=owner.terms,
                role=role,
                fits=fits,
                sport=sport,
                dport=dport,
                told=sent_there(owner, pair, sender, sport, dport),
            )
        )

    def accepting(self, packet: Packet, sport: int, dport: int, at: FrameRef) -> None:
        """An endpoint accepts a connection: a SYN with ACK on an association."""
        replied(self._session, packet, sport, dport, False, at)

    def _served(self, pair: Pair, sender: Side, dport: int) -> SaSet | None:
        """The established set, alive at both ends, one of whose ports at the receiver this is."""
        for owner in reversed(pair.guarded.get(dport, ())):
            terms = owner.terms
            ports = (terms.port_pc, terms.port_ps) if sender is Side.UE else (terms.port_uc, terms.port_us)
            if dport not in ports or owner.sm12 is None:
                continue
            context = owner.contact
            assert isinstance(context, Context)
            if context.ended is not None:
                continue  # the network has ended the registration, and with it perhaps the set
            if in_force(owner, context.newest_established(), context.last_seen, self._session.profile):
                return owner
        return None

    def answered(self, context: Context, response: Sighting, transaction: Transaction) -> None:
        """A response that did not come on the TCP connection of its protected request."""
        request = transaction.request
        if request.protection is None or connection_alive(request) or response.connection is transaction.moved_to:
            return
        via, newest = request.message.top_via, context.newest_established()
        self._session.emit(
            AnsweredAfterLoss(
                at=response.at,
                subject=context.subject,
                response=response,
                request=request,
                via_port=(via.port or 5060) if via is not None else None,
                newest=newest.terms if newest is not None else None,
            )
        )

    def closing(self, packet: Packet, by: int, connection: Connection, how: str, at: FrameRef) -> None:
        """A FIN or RST of one end (`by`); only those on a set that is being replaced are told (TRN-05)."""
        if packet.binding is None:
            return
        if how == "RST":
            (_, sport), (_, dport) = connection.endpoints[by], connection.endpoints[1 - by]
            replied(self._session, packet, sport, dport, True, at)
        owner, sender = packet.binding.set, packet.binding.sender
        context = owner.contact
        assert isinstance(context, Context)
        profile = self._session.profile
        overdue(owner, context.newest_established(), sender, at.time, profile)
        ending = owner.ends.get(sender)
        replaced = owner.states[sender] is State.OLD if ending is None else ending.end is End.REPLACED
        if not replaced:
            return
        waiting = [
            transaction.request.at
            for transaction in owner.open_requests
            if transaction.request.connection is connection and transaction.open(at.time, profile)
        ]
        if waiting and ending is not None:
            return  # the set is at its end, and so are its connections
        closed_before = [other for other, _, _ in connection.closing if other != by]
        self._session.emit(
            ConnectionClosing(
                at=at,
                subject=context.subject,
                sender=sender,
                how=how,
                terms=owner.terms,
                open_request=waiting[0] if waiting else None,
                peer_first=bool(closed_before),
                complete=_all_octets(connection) or owner.complete(),
            )
        )


def sent_there(owner: SaSet, pair: Pair, sender: Side, sport: int, dport: int) -> bool:
    """Whether the other side told the sender to go to its client port, by a Via or a Contact that names it (R23)."""
    terms = owner.terms
    if sender is Side.UE:
        return dport == terms.port_pc and told_to(pair, dport)
    return (sport, dport) == (terms.port_pc, terms.port_uc) and _contact_port(owner) == dport


def told_to(pair: Pair, port: int) -> bool:
    """Whether one of the last requests of the P-CSCF names this port in its Via (R23)."""
    last = (each.request for each in pair.transactions.latest(LATEST) if each.request.sender is Side.PCSCF)
    return any(via is not None and via.port == port for via in (request.message.top_via for request in last))


def connection_alive(request: Sighting) -> bool:
    """Whether the receiver of a request must still answer on its connection: neither end has closed it.

    Who asked may close its own half and still listen (RFC 9293 3.6), but most stacks give such a connection up.
    """
    connection = request.connection
    return not isinstance(connection, Connection) or (connection.closed is None and not connection.closing)


def connection_forgotten(request: Sighting) -> bool:
    """Whether nobody can tell any more if a late answer comes on the connection of its request."""
    connection = request.connection
    return isinstance(connection, Connection) and connection.forgotten


def _contact_port(owner: SaSet) -> int | None:
    """The port in the Contact that the UE registered last."""
    contact = owner.contact.contact if isinstance(owner.contact, Context) else None
    uri = read_uri(contact) if contact is not None else None
    return uri.port if uri is not None else None


def _all_octets(connection: Connection) -> Knowledge | None:
    """Whether octets of a connection were acknowledged that are not in the capture; None if all are there."""
    for side in connection.sides:
        if side.acked > side.next + ("FIN" in side.closing):
            return Knowledge(False, "octets of this connection were acknowledged that are not in the capture")
    return None
