"""CLR-01: nothing unprotected on protected ports."""

from typing import Any

from analyzer.ims.events import ClearOnProtectedPort, PacketRead, PacketVerified, Side
from analyzer.rule import Actor, Broken, Probable, Severity, Verdict, rule


@rule(
    "CLR-01",
    clause="TS 33.203 7.1 [M]",
    source="33.203 7.1 (ports 1 and 2) [M/D]; S2 2.1",
    actor="either",
    severity=Severity.HIGH,
    traps=("FP5", "FP15", "FP25", "FP28", "R7", "R23", "PORT-15"),
    evidence=("E2",),
    plaintext=False,
    met_by=(PacketVerified, PacketRead),
)
def clear_on_protected_port(event: ClearOnProtectedPort) -> Verdict | None:
    """On the four protected ports of a living set nothing is sent or received in clear, TCP segments included.

    Not a violation: ICMP; packets before anybody used the set; a clear answer that follows the Via of a clear request
    (PORT-15: the UE announced the port itself); ports 5060 and 5061, where PORT-05 speaks (R7). If only the P-CSCF's
    port fits, which many UEs share, another device behind the same address cannot be excluded (FP25). A REGISTER that
    goes from the UE's port to an unprotected one, and what is no SIP there, may be that of a UE that lost its state
    (FP15) or of another one behind the same address (FP28): `probable`, and so is the P-CSCF's side of such a TCP
    connection, or of media for which the UE took this port. A UE that answers where the P-CSCF's Via points is
    `probable` and PORT-13 the cause (R23). The clause is cited from memory.
    """
    if event.follows_via or event.unprotected_port:
        return None
    common: dict[str, Any] = {
        "actor": Actor(event.sender),
        "expected": f"ESP on set {event.terms.generation}",
        "observed": f"{event.what}, {event.transport} {event.sport}>{event.dport}",
        "related": tuple(frame for frame in (event.terms.sm6,) if frame is not None),
    }
    if event.invited:
        return Probable(
            fault="follows-via",
            message="the UE answered in clear to the P-CSCF's client port, which the Via named",
            cause="PORT-13",
            traps=("R23",),
            argument="no association leads from port_uc to port_pc",
            **common,
        )
    if event.begins_anew or event.reaction:
        return Probable(
            fault="begins-anew" if event.begins_anew else "answers-clear-connection",
            message="the UE begins in clear from a protected port of a set that should be alive"
            if event.begins_anew
            else "the P-CSCF takes part in something else in clear on a protected port of the UE",
            cause=None if event.begins_anew else "CLR-01",
            traps=("FP15", "FP28") if event.begins_anew else ("R23",),
            argument="it goes to an unprotected port: a UE that lost its state, or another behind the address, does so"
            if event.begins_anew
            else "it is no SIP and comes from an unprotected port: the UE may have begun it",
            **common,
        )
    if event.answers_clear:
        return Probable(
            fault="answers-clear-request",
            message=f"the {event.sender} answered on a protected port what had come to it in clear",
            cause="CLR-01",
            traps=("R23",),
            argument="the request came in clear to the same port",
            **common,
        )
    if not event.ue_port:
        return Probable(
            fault="shared-port",
            message="a clear packet has the P-CSCF's protected port, but an unprotected port at the UE",
            traps=("FP25",),
            argument="the port is shared by many UEs",
            **common,
        )
    cause = None
    if event.deregistration and event.sender is Side.PCSCF:
        cause = "LIFE-17"
    elif event.answers_protected:
        cause = "CLR-05"
    elif event.is_request:
        cause = "CLR-02" if event.sender is Side.UE else "CLR-03"
    return Broken(
        fault=f"{event.transport.lower()}-by-{'ue' if event.sender is Side.UE else 'pcscf'}",
        message=f"the {event.sender} sent an unprotected packet on a protected port of a living set",
        cause=cause,
        argument=f"set {event.terms.generation} was in force at both ends",
        **common,
    )
