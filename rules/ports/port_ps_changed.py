"""PORT-02: the P-CSCF's protected server port stays."""

from analyzer.ims.events import ChallengeSent
from analyzer.rule import PASS, Actor, Broken, Severity, Verdict, rule


@rule(
    "PORT-02",
    clause="TS 33.203 7.4",
    source="S1 7.4; S2 3.3; 33.203 7.4 [T]",
    actor="P-CSCF",
    severity=Severity.HIGH,
    traps=("FP15", "FP25"),
)
def port_ps_changed(event: ChallengeSent) -> Verdict | None:
    """In an authenticated re-registration the P-CSCF's port_ps (port-s of Security-Server) is that of the set in use.

    The UE's routes and open dialogs name this port.

    Not a violation: a registration that began in clear (FP15), another P-CSCF address (FP25: another subject here).
    """
    parent = event.parent
    offered = next((entry.port_s for entry in event.server if entry.is_ipsec), None)
    if parent is None or offered is None or parent.port_ps is None or event.emergency:
        return None
    if offered == parent.port_ps:
        return PASS
    return Broken(
        fault="port-changed",
        message=f"port_ps changed from {parent.port_ps} to {offered} in an authenticated re-registration",
        actor=Actor.PCSCF,
        expected=str(parent.port_ps),
        observed=str(offered),
        related=tuple(f for f in (parent.sm6, event.register.at if event.register else None) if f is not None),
        argument=f"SM1 was protected by set {parent.generation} on the same two addresses",
    )
