"""PORT-12: the preloaded Route begins with the P-CSCF and port_ps."""

from ipaddress import ip_address
from typing import Any

from analyzer.ims.events import NOT_PRELOADED, CallOpened, RouteRight
from analyzer.rule import PASS, Actor, Broken, Inconclusive, Probable, Severity, Verdict, rule


@rule(
    "PORT-12",
    clause="TS 24.229 5.1.2A.1.1",
    source="24.229 5.1.2A.1.1 [T]",
    actor="UE",
    severity=Severity.LOW,
    traps=("FP9", "FP10", "FP21", "FP25"),
    met_by=(RouteRight,),
)
def preloaded_route_without_port_ps(event: CallOpened) -> Verdict | None:
    """A protected request that opens a dialog, or stands alone, has as first Route the P-CSCF with port_ps; the
    Service-Route of the registration follows.

    The first Route decides where the request goes. With another port it leaves the associations; without the P-CSCF in
    it, it is luck that the request comes by the P-CSCF at all.

    Not a violation: a request to the P-CSCF itself; requests inside a dialog, whose route set is that of Record-Route;
    an emergency call (FP10); a Route with a flow token of RFC 5626 (FP9). A host name may be the P-CSCF's or that of
    the next server: with port_ps it is right, else `probable` (FP21). Another address may be one more of the P-CSCF's:
    `probable` (FP25).
    """
    message, protection = event.request.message, event.request.protection
    if protection is None or event.emergency or message.method in NOT_PRELOADED or message.to_tag is not None:
        return None
    port_ps, subject = protection.terms.port_ps, event.subject
    if port_ps is None or subject is None:
        return None
    routes = message.routes
    common: dict[str, Any] = {"actor": Actor.UE, "expected": f"{subject.pcscf}, port {port_ps}"}
    if not routes:
        if message.truncated_headers:
            return Inconclusive(reason="the headers are cut, so Route may be lost", actor=Actor.UE)
        if subject.pcscf in (message.uri or ""):
            return None  # it is for the P-CSCF itself, as an OPTIONS may be
        return Broken(
            fault="no-route",
            message="a protected request that opens a dialog or stands alone has no Route",
            observed="no Route",
            argument="the request has no To tag, so it belongs to no dialog",
            **common,
        )
    first = routes[0]
    if first.port == port_ps or first.user:
        return PASS if first.port == port_ps else None
    common["observed"] = first.text
    message_text = "the first Route of a protected request of the UE does not name port_ps"
    try:
        same = ip_address(first.host) == ip_address(subject.pcscf)
        trap = "FP25"
    except ValueError:
        same, trap = False, "FP21"
    if not same:
        return Probable(
            fault="other-host",
            message=message_text,
            traps=(trap,),
            argument="its host is not the address of the P-CSCF: it may be another name of it, or the next server",
            **common,
        )
    return Broken(
        fault="route-port",
        message=message_text,
        argument=f"its host is the P-CSCF, and set {protection.generation} protects the request",
        **common,
    )
