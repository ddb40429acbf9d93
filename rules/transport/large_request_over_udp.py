"""TRN-08: large requests go over TCP."""

from analyzer.ims.events import LargeRequest
from analyzer.rule import PASS, Actor, Broken, Level, Severity, Verdict, rule


@rule(
    "TRN-08",
    clause="RFC 3261 18.1.1",
    source="RFC 3261 18.1.1",
    actor="either",
    level=Level.SHOULD,
    severity=Severity.LOW,
    traps=("FP11", "FP23", "R10"),
    evidence=("E1",),
)
def large_request_over_udp(event: LargeRequest) -> Verdict | None:
    """A request of more than 1,300 octets, the path MTU being unknown, is sent over TCP.

    Over UDP it is cut into IP fragments, and ESP makes it longer still; networks that drop fragments lose it.

    Not a violation: contacts without ipsec-3gpp (FP11), responses, and a sender that has tried TCP between these two
    addresses before. What counts is the SIP message, not the ESP packet, after its fragments were put together (FP23).
    Registrations of real phones exceed the limit all the time, so it is a warning of low severity, once for each
    subject and direction (R10).
    """
    request = event.request
    if not event.ipsec:
        return None
    if request.transport == "TCP":
        return PASS
    if request.transport != "UDP" or event.tcp_tried:
        return None
    actor = Actor(request.sender)
    return Broken(
        fault="udp",
        message=f"the {actor} sends requests of more than 1,300 octets over UDP",
        actor=actor,
        expected="TCP",
        observed=f"{request.message.method} of {event.size} octets over UDP",
        argument="it had not tried to open a TCP connection between these addresses",
    )
