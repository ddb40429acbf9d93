"""E6: the TCP connections of a finding."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Final

from analyzer.evidence import Close, Flow, TcpConnection
from analyzer.frame import SECOND
from analyzer.ims.events import ClearOnProtectedPort, ConnectionClosing, ConnectionOpening, HandshakeEnded
from analyzer.ims.subjects import Pair
from analyzer.ims.vocabulary import Side, Sighting
from analyzer.network.tcp import SILENT, Connection
from analyzer.proof.around import Around

_BEFORE: Final = "the SYN of a TCP connection: not in the capture; octets are counted from the first that is"
_LATER: Final = (
    f"the SYN of a TCP connection: not in the capture, or forgotten after {3 * SILENT // SECOND // 60} minutes of "
    "silence or since there were too many; octets are counted from the first that is known"
)


def connections(around: Around) -> tuple[tuple[TcpConnection, ...], str]:
    """The connections of the event's messages, or that it opens or closes; and what is missing, in words."""
    pair = around.context.pair if around.context is not None else None
    found: dict[int, TcpConnection] = {}
    over_tcp = False
    for each in around.sightings.values():
        over_tcp = over_tcp or each.transport == "TCP"
        if isinstance(each.connection, Connection):
            octets = _octets(around, each)
            if id(each.connection) not in found or octets[0] is not None:
                found[id(each.connection)] = _shown(each.connection, pair, octets)
    event = around.event
    if isinstance(event, ConnectionClosing):
        over_tcp = True
        for transaction in around.recent():
            connection = transaction.request.connection
            if isinstance(connection, Connection) and any(at == event.at for _, _, at in connection.closing):
                found[id(connection)] = _shown(connection, pair, (None, None))
    elif isinstance(event, ConnectionOpening):
        source, destination = around.address(event.sender), around.address(event.sender.other)
        flow = Flow("TCP", source, event.sport, destination, event.dport)
        return (TcpConnection(flow, str(event.sender), event.at, (), None, None),), ""
    elif (ends := _ends(event)) is not None:
        over_tcp = True
        of_packet = around.connection(*ends)
        if of_packet is not None and not found:
            found[id(of_packet)] = _shown(of_packet, pair, (None, None))
    if found:
        shown = tuple(found.values())
        return shown, "" if all(each.opened is not None for each in shown) else _LATER if around.forgetful else _BEFORE
    return (), "the TCP connection: no longer remembered" if over_tcp else "a TCP connection: nothing here is over TCP"


def _ends(event: object) -> tuple[Side, int, int] | None:
    """Sender, source and destination port of the connection of an event that is about a packet."""
    if isinstance(event, ClearOnProtectedPort) and event.transport == "TCP":
        return event.sender, event.sport, event.dport
    if isinstance(event, HandshakeEnded):
        sport, dport = event.terms.ports(event.role)
        return (event.role.sender, sport, dport) if sport is not None and dport is not None else None
    return None


def _octets(around: Around, each: Sighting) -> tuple[int | None, int | None]:
    """The octets of a message in its direction of the stream: kept only of the one that came last."""
    framed = around.framed
    if framed is None or each.at != framed.at or each.message.raw != framed.data:
        return None, None
    return framed.end - len(framed.data), framed.end


def _shown(connection: Connection, pair: Pair | None, octets: tuple[int | None, int | None]) -> TcpConnection:
    ends = connection.endpoints
    opener = ends.index(connection.opener) if connection.opener in ends else 0
    (source, sport), (destination, dport) = ends[opener], ends[1 - opener]
    return TcpConnection(
        Flow("TCP", str(ip_address(source)), sport, str(ip_address(destination)), dport),
        _side(source, pair) if connection.opener is not None else None,
        connection.opened,
        tuple(Close(_side(ends[by][0], pair), how, at) for by, how, at in connection.closing),
        *octets,
    )


def _side(address: bytes, pair: Pair | None) -> str:
    if pair is None:
        return str(ip_address(address))
    return str(Side.UE if address == pair.ue else Side.PCSCF)
