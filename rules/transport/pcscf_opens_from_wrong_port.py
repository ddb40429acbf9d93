"""TRN-03: the P-CSCF opens its connections from port_pc to port_us."""

from analyzer.ims.events import ConnectionOpening, Role, Side
from analyzer.rule import PASS, Actor, Severity, Verdict, judged, rule


@rule(
    "TRN-03",
    clause="TS 33.203 7.1",
    source='S2 3 ("analogous"), selectors; 33.203 7.1 [D]',
    actor="P-CSCF",
    severity=Severity.MEDIUM,
    traps=("FP30", "R23", "R27"),
    evidence=("E2", "E6"),
    plaintext=False,
)
def pcscf_opens_from_wrong_port(event: ConnectionOpening) -> Verdict | None:
    """For its requests the P-CSCF opens TCP from port_pc to port_us, unless it uses a connection that is there.

    P-CSCFs are known to open a new connection from port 5060 to port_uc when the UE's own has gone: no association
    fits, and the UE drops it.

    Not a violation: a request on a living connection of the UE (FP30, R27), for which nothing is opened. From
    port_pc to port_uc it is `probable` if the UE's Contact names that port (R23, PORT-11). A SYN on the right
    association with other ports is explained by PORT-07, one in clear by CLR-01.
    """
    if event.sender is not Side.PCSCF:
        return None
    terms = event.terms
    if event.role is Role.PC_US and event.fits:
        return PASS
    clear = event.role is None
    if clear and (event.sport, event.dport) == (terms.port_pc, terms.port_us):
        return None  # the right ports; that it is in clear is the business of TRN-06
    source = {terms.port_ps: "from-port-ps", 5060: "from-5060"}.get(event.sport, "other-port")
    return judged(
        sure=not event.told,
        traps=("R23",),
        fault=f"{source}-to-port-uc" if event.dport == terms.port_uc else source,
        message="the P-CSCF opens a TCP connection to the UE that is not from port_pc to port_us",
        actor=Actor.PCSCF,
        expected=f"{terms.port_pc}>{terms.port_us}",
        observed=f"SYN {event.sport}>{event.dport}, " + ("in clear" if clear else f"on {event.role}"),
        related=tuple(frame for frame in (terms.sm6,) if frame is not None),
        cause="PORT-11" if event.told else "CLR-01" if clear else None if event.fits else "PORT-07",
        argument=f"set {terms.generation} was in force at both ends",
    )
