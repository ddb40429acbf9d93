"""PORT-09: over UDP the P-CSCF sends from port_pc to port_us."""

from typing import Any

from analyzer.ims.events import RequestSent, ResponseSent, Role, Side
from analyzer.rule import PASS, Actor, Broken, Probable, Severity, Verdict, rule


@rule(
    "PORT-09",
    clause="TS 33.203 7.1; TS 24.229 5.2.2.2; RFC 3261 18.2.2",
    source="S2 2.1, 3; 24.229 5.2.2.2 note [D]; RFC 3261 18.2.2",
    actor="P-CSCF",
    severity=Severity.MEDIUM,
    traps=("FP7", "R20", "R23"),
    evidence=("E2", "E5"),
)
def pcscf_udp_from_port_ps(event: RequestSent | ResponseSent) -> Verdict | None:
    """Over UDP the P-CSCF sends requests and responses from port_pc to port_us; a response goes to the Via's port.

    A UE listens for UDP on port_us only; what arrives on port_uc is lost in a strict implementation.

    Not a violation: TCP (FP7). If the UE put ``rport`` into its Via, RFC 3581 asks for the source port: `probable`
    (R20). If the UE's Via named port_uc, it sent the answer there itself (R23, PORT-10). A packet whose SPI is that of
    ps>uc while its ports are not is PORT-07's.
    """
    sighting = event.request if isinstance(event, RequestSent) else event.response
    protection = sighting.protection
    if protection is None or sighting.sender is not Side.PCSCF or sighting.transport != "UDP":
        return None
    if protection.role is Role.PC_US:
        return PASS
    terms = protection.terms
    if (sighting.sport, sighting.dport) != terms.ports(protection.role):
        return None
    common: dict[str, Any] = {
        "actor": Actor.PCSCF,
        "expected": f"{terms.port_pc}>{terms.port_us}",
        "observed": f"{sighting.sport}>{sighting.dport}",
    }
    if isinstance(event, RequestSent):
        return Broken(
            fault="request-to-port-uc", message="the P-CSCF sent a request over UDP on the association ps>uc", **common
        )
    request = event.request
    if request is None:
        return Probable(
            fault="response-unknown-request",
            message="the P-CSCF answered over UDP from port_ps to port_uc; the request is not in the capture",
            traps=("R20", "FP3"),
            argument="whether the UE asked for rport is not to be seen",
            **common,
        )
    via = request.message.top_via
    if via is not None and via.port == terms.port_uc:
        return Probable(
            fault="response-follows-via",
            message="the P-CSCF answers over UDP to port_uc, which the UE's Via named",
            cause="PORT-10",
            traps=("R23",),
            related=(request.at,),
            argument="the topmost Via of the request names port_uc",
            **common,
        )
    if via is not None and "rport" in via.params:
        return Probable(
            fault="response-follows-rport",
            message="the P-CSCF answers over UDP to the source port, as rport in the UE's Via asks",
            traps=("R20",),
            related=(request.at,),
            argument="RFC 3581 and TS 33.203 7.1 disagree here (R20)",
            **common,
        )
    return Broken(
        fault="response-to-port-uc",
        message="the P-CSCF answered over UDP from port_ps to port_uc instead of from port_pc to port_us",
        related=(request.at,),
        argument=f"the Via of the request names port {via.port if via else '?'} and no rport",
        **common,
    )
