"""TRN-02: the UE opens its connections from port_uc."""

from analyzer.ims.events import ConnectionOpening, Role, Side
from analyzer.rule import PASS, Actor, Severity, Verdict, judged, rule


@rule(
    "TRN-02",
    clause="TS 33.203 7.1",
    source="S2 3 (TCP case), selectors; 33.203 7.1 [D]",
    actor="UE",
    severity=Severity.MEDIUM,
    traps=("FP15", "R23"),
    evidence=("E2", "E6"),
    plaintext=False,
)
def ue_opens_from_wrong_port(event: ConnectionOpening) -> Verdict | None:
    """For its requests the UE opens TCP from port_uc to port_ps.

    From another port no association fits, so that the connection is refused or, worse, stays in clear; from port_us it
    is mixed up with those on which the UE is the server.

    Not a violation: a clear SYN from a port that is none of the set's, if the UE has lost its state (FP15: a restart):
    `probable`, with CLR-01 as the cause. Connections to an unprotected port are not judged, nor those before SM12.
    Where the Via of a request names port_pc, the P-CSCF is the cause (PORT-13): `probable` (R23). A SYN on the right
    association with other ports is explained by PORT-07.
    """
    if event.sender is not Side.UE:
        return None
    terms = event.terms
    if event.role is Role.UC_PS and event.fits:
        return PASS
    clear = event.role is None
    if clear and event.sport == terms.port_uc:
        return None  # the right port; that it is in clear is the business of TRN-06
    return judged(
        sure=not event.told and (not clear or event.sport == terms.port_us),
        traps=("R23",) if event.told else ("FP15",),
        fault="from-port-us" if event.sport == terms.port_us else "other-port",
        message="the UE opens a TCP connection to the P-CSCF from another port than port_uc",
        actor=Actor.UE,
        expected=f"{terms.port_uc}>{terms.port_ps}",
        observed=f"SYN {event.sport}>{event.dport}, " + ("in clear" if clear else f"on {event.role}"),
        related=tuple(frame for frame in (terms.sm1,) if frame is not None),
        cause="PORT-13" if event.told else "CLR-01" if clear else None if event.fits else "PORT-07",
        argument=f"set {terms.generation} was in force at both ends",
    )
