"""PORT-08: over UDP the UE sends from port_uc."""

from typing import Any

from analyzer.ims.events import RequestSent, ResponseSent, Role, Side
from analyzer.rule import PASS, Actor, Broken, Probable, Severity, Verdict, rule


@rule(
    "PORT-08",
    clause="TS 33.203 7.1",
    source="S2 2.1, 3; 33.203 7.1 [D]",
    actor="UE",
    severity=Severity.MEDIUM,
    traps=("FP7", "R20", "R23"),
    evidence=("E2", "E5"),
)
def ue_udp_from_port_us(event: RequestSent | ResponseSent) -> Verdict | None:
    """Over UDP the UE sends requests and responses from port_uc to port_ps, and never from port_us to port_pc.

    The association us>pc exists for the TCP connections that the P-CSCF opens; over UDP the P-CSCF listens on port_ps.

    Not a violation: TCP (FP7). Where the P-CSCF's own Via names port_pc, or asks for an answer to the source port
    (``rport``), the UE only does what it was told: `probable`, and PORT-13 names the cause (R23). A packet whose SPI is
    that of us>pc while its ports are not is PORT-07's.
    """
    sighting = event.request if isinstance(event, RequestSent) else event.response
    protection = sighting.protection
    if protection is None or sighting.sender is not Side.UE or sighting.transport != "UDP":
        return None
    if protection.role is Role.UC_PS:
        return PASS
    terms = protection.terms
    if (sighting.sport, sighting.dport) != terms.ports(protection.role):
        return None
    common: dict[str, Any] = {
        "actor": Actor.UE,
        "expected": f"{terms.port_uc}>{terms.port_ps}",
        "observed": f"{sighting.sport}>{sighting.dport}",
    }
    if isinstance(event, ResponseSent):
        via = sighting.message.top_via
        if via is not None and via.port == terms.port_pc:
            return Probable(
                fault="response-follows-via",
                message="the UE answers over UDP from port_us to port_pc, where the P-CSCF's Via told it to",
                cause="PORT-13",
                traps=("R23",),
                related=(event.request.at,) if event.request else (),
                argument="the topmost Via of the request names port_pc",
                **common,
            )
        if via is not None and "rport" in via.params:
            return Probable(
                fault="response-follows-rport",
                message="the UE answers over UDP to the source port, as rport in the P-CSCF's Via asks",
                traps=("R20",),
                related=(event.request.at,) if event.request else (),
                argument="RFC 3581 and TS 33.203 7.1 disagree here (R20)",
                **common,
            )
    kind = "request" if isinstance(event, RequestSent) else "response"
    return Broken(
        fault=f"{kind}-from-port-us",
        message=f"the UE sent a {kind} over UDP on the association us>pc",
        argument="no Via of the P-CSCF asked for it",
        **common,
    )
