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
    evidence=("E3", "E4"),
)
def port_ps_changed(event: ChallengeSent) -> Verdict | None:
    """In an authenticated re-registration the P-CSCF's port_ps (port-s of Security-Server) is that of the set in use.

    The UE's routes and open dialogs name this port.

    Not a violation: a registration that began in clear (FP15), another P-CSCF address (FP25: another subject here).
    """
    parent, announced = event.parent, event.announced
    if parent is None or announced is None or event.emergency:
        return None
    before, after = parent.port_ps, announced.port_ps
    if before is None or after is None:
        return None
    if after == before:
        return PASS
    return Broken(
        fault="port-changed",
        message=f"port_ps changed from {before} to {after} in an authenticated re-registration",
        actor=Actor.PCSCF,
        expected=str(before),
        observed=str(after),
        related=tuple(frame for frame in (parent.sm6, announced.sm1) if frame is not None),
        argument=f"SM1 was protected by set {parent.generation} on the same two addresses",
    )
