"""PORT-10: the UE's Via names port_us."""

from analyzer.ims.events import RequestSent, Side
from analyzer.rule import PASS, Actor, Broken, Profile, Severity, Verdict, rule


@rule(
    "PORT-10",
    clause="TS 24.229 5.1.1.2.2, 5.1.1.4.2, 5.1.2A.1.1",
    source="S2 3 (UDP); 24.229 5.1.1.2.2 c, 5.1.1.4.2 c, 5.1.2A.1.1 b [T]",
    actor="UE",
    severity=Severity.MEDIUM,
    traps=("FP7", "FP21"),
    evidence=("E3",),
)
def ue_via_without_port_us(event: RequestSent, profile: Profile) -> Verdict | None:
    """The topmost Via of a protected request of the UE names port_us: over UDP always, over TCP except in REGISTER.

    Over UDP responses go to the port of the Via; with another port, or none (5060), they miss the association.

    Not a violation: REGISTER over TCP (FP7), ACK and CANCEL that copy the Via of their INVITE. A host name instead of
    an address is no matter; its port is still compared (FP21). The papers ask it of UDP only (V18).
    """
    request = event.request
    protection = request.protection
    if protection is None or request.sender is not Side.UE or event.repeat:
        return None
    message, port_us = request.message, protection.terms.port_us
    if request.transport == "TCP" and (not profile.via_of_every_request or message.method == "REGISTER"):
        return None
    via = message.top_via
    if via is None or port_us is None:
        return None
    if via.port == port_us:
        return PASS
    if message.method in ("ACK", "CANCEL"):
        return None
    return Broken(
        fault="via-port-missing" if via.port is None else "via-port",
        message="the topmost Via of a protected request of the UE does not name port_us",
        actor=Actor.UE,
        expected=str(port_us),
        observed=str(via.port) if via.port is not None else "no port (5060)",
    )
