"""PORT-13: the P-CSCF's Via and Record-Route name port_ps."""

from analyzer.ims.events import RequestSent, Side
from analyzer.rule import PASS, Actor, Broken, Probable, Severity, Verdict, rule


@rule(
    "PORT-13",
    clause="TS 24.229 5.2.6.4 [M]; TS 33.203 7.1",
    source="24.229 5.2.6.4 [M]; S2 3.3",
    actor="P-CSCF",
    severity=Severity.MEDIUM,
    traps=("FP7", "FP9", "FP21"),
    evidence=("E2",),
)
def pcscf_header_without_port_ps(event: RequestSent) -> Verdict | None:
    """In protected requests to the UE the P-CSCF's Via and Record-Route name port_ps, and the packet goes to port_us.

    The UE answers where the Via points and sends later requests where the Record-Route points; any other port has no
    association for it, or the wrong one.

    Not a violation: requests over an existing TCP connection of the UE (FP7) or flow (FP9), as far as the destination
    is concerned; a topmost Record-Route of another host than the Via's, since it is the next server's where the P-CSCF
    adds none inside a dialog. Outside of one the P-CSCF adds its own, and the other host may be its name: `probable`
    (FP21). Clause 5.2.6.4 is cited from memory.
    """
    request = event.request
    protection = request.protection
    if protection is None or request.sender is not Side.PCSCF or event.repeat:
        return None
    message, terms = request.message, protection.terms
    via = message.top_via
    if via is None or terms.port_ps is None:
        return None
    wrong = {}
    if via.port != terms.port_ps:
        wrong["Via"] = via.port
    route = next(iter(message.record_routes), None)
    if route is not None and route.port != terms.port_ps:
        if route.host == via.host:
            wrong["Record-Route"] = route.port
        elif not wrong and message.to_tag is None:
            return Probable(
                fault="foreign-record-route",
                message="the topmost Record-Route of a request to the UE does not name port_ps",
                actor=Actor.PCSCF,
                expected=str(terms.port_ps),
                observed=route.text,
                traps=("FP21",),
                argument="its host is not that of the Via: it may be the P-CSCF's name, or another server",
            )
    if not wrong:
        return PASS
    named = {"port_pc" if port == terms.port_pc else "another port" for port in wrong.values()}
    return Broken(
        fault="+".join(wrong).lower() + ("-port-pc" if named == {"port_pc"} else "-port"),
        message=f"{' and '.join(wrong)} of the P-CSCF in a request to the UE name{'s' if len(wrong) == 1 else ''} "
        f"{' and '.join(sorted(named))} instead of port_ps",
        actor=Actor.PCSCF,
        expected=str(terms.port_ps),
        observed=", ".join(f"{name} {port if port is not None else 'without port'}" for name, port in wrong.items()),
    )
