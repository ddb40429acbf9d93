"""PORT-03: the UE's protected client port changes."""

from analyzer.ims.events import ChallengeSent
from analyzer.rule import PASS, Actor, Broken, Severity, Verdict, rule


@rule(
    "PORT-03",
    clause="TS 33.203 7.4",
    source="S1 7.4; S2 3.3; 33.203 7.4 [T]; 34.229-1 8.2 [T]",
    actor="UE",
    severity=Severity.MEDIUM,
    traps=("FP15", "FP16", "FP29"),
    evidence=("E3", "E4"),
)
def port_uc_kept(event: ChallengeSent) -> Verdict | None:
    """In an authenticated re-registration the UE announces a new port_uc (port-c of Security-Client).

    SIP sees ports and no SPIs: the client port is what tells the new set from the old one.

    Not a violation: an offer that led to no set (FP16), a registration that began in clear (FP15), a port whose set is
    gone (FP29: the set compared with is the one that protected this very SM1).
    """
    parent, announced = event.parent, event.announced
    if parent is None or announced is None or event.emergency:
        return None
    before, after = parent.port_uc, announced.port_uc
    if before is None or after is None:
        return None
    if after != before:
        return PASS
    return Broken(
        fault="port-kept",
        message=f"port_uc {after} was kept in an authenticated re-registration",
        actor=Actor.UE,
        expected=f"another port than {before}",
        observed=str(after),
        related=tuple(frame for frame in (parent.sm1, announced.sm1) if frame is not None),
        argument=f"set {parent.generation} protected SM1, so it was alive",
    )
