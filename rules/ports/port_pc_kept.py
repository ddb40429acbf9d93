"""PORT-04: the P-CSCF's protected client port changes."""

from analyzer.ims.events import ChallengeSent
from analyzer.rule import PASS, Actor, Broken, Severity, Verdict, rule


@rule(
    "PORT-04",
    clause="TS 33.203 7.4",
    source="S1 7.4; S2 3.3; 33.203 7.4 [T]",
    actor="P-CSCF",
    severity=Severity.MEDIUM,
    traps=("FP15",),
    evidence=("E3", "E4"),
    per_pcscf=True,
)
def port_pc_kept(event: ChallengeSent) -> Verdict | None:
    """In an authenticated re-registration the P-CSCF announces a new port_pc (port-c of Security-Server).

    With the same port the selectors (us, pc) of old and new set are identical, and SIP cannot tell them apart. A single
    fixed client port is a common weakness of products: hence one finding for each P-CSCF, which counts the
    registrations of all its UEs and shows the first.

    Not a violation: a registration that began in clear (FP15).
    """
    parent, announced = event.parent, event.announced
    if parent is None or announced is None or event.emergency:
        return None
    before, after = parent.port_pc, announced.port_pc
    if before is None or after is None:
        return None
    if after != before:
        return PASS
    return Broken(
        fault="port-kept",
        message=f"port_pc {after} was kept in an authenticated re-registration: "
        "the selectors (us, pc) of both sets are the same",
        actor=Actor.PCSCF,
        expected=f"another port than {before}",
        observed=str(after),
        related=tuple(frame for frame in (parent.sm6, announced.sm1) if frame is not None),
        argument=f"set {parent.generation} protected SM1, so it was alive",
    )
