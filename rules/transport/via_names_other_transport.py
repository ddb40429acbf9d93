"""TRN-07: the Via names the transport that is used."""

from analyzer.ims.events import RequestSent
from analyzer.rule import PASS, Actor, Broken, Severity, Verdict, rule

OTHER = {"UDP": "TCP", "TCP": "UDP"}


@rule(
    "TRN-07",
    clause="RFC 3261 18.1.1, 18.2.1",
    source="RFC 3261 18.1.1, 18.2.1; S2 3 (same port numbers)",
    actor="either",
    severity=Severity.LOW,
    traps=("FP22",),
    evidence=("E2",),
)
def via_names_other_transport(event: RequestSent) -> Verdict | None:
    """The topmost Via of a request says UDP or TCP as the request really travels.

    The answer goes where the Via says. A Via of the other transport sends it there, where perhaps nobody listens.

    Not a violation: compressed SIP, whose headers cannot be read (FP22: it is no message here). Only the topmost Via is
    looked at, of protected requests, and only UDP for TCP or the reverse is a fault; other tokens are left alone. That
    one set has the same ports for UDP and TCP follows from PORT-07, which compares every packet with them.
    """
    request = event.request
    via = request.message.top_via
    if via is None:
        return None
    if via.transport == request.transport:
        return PASS
    if OTHER.get(via.transport) != request.transport:
        return None
    actor = Actor(request.sender)
    return Broken(
        fault=f"{via.transport.lower()}-over-{request.transport.lower()}",
        message=f"the {actor} sends a request over {request.transport} whose Via names {via.transport}",
        actor=actor,
        expected=request.transport,
        observed=f"{via.transport}, {request.where}",
        argument="the whole message was read",
    )
