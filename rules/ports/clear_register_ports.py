"""PORT-15: an unprotected REGISTER uses unprotected ports, and leaves from where its answer is to come."""

from typing import Any

from analyzer.ims.events import RegistrationStarted
from analyzer.rule import PASS, Actor, Broken, Level, Severity, Verdict, rule
from rules.negotiation.showing import two_columns

STANDARD = frozenset({5060, 5061})


@rule(
    "PORT-15",
    clause="TS 24.229 5.1.1.2.1; TS 33.203 7.1",
    source="24.229 5.1.1.2.1 + note 2 [T]; 33.203 7.1",
    actor="UE",
    level=Level.SHOULD,
    severity=Severity.LOW,
    traps=("FP10", "R7"),
    evidence=("E2", "E3"),
    plaintext=False,
)
def clear_register_ports(event: RegistrationStarted) -> Verdict | None:
    """An unprotected REGISTER goes to the discovered port of the P-CSCF (5060 by default) and not to port_ps; over UDP
    its Via does not send the clear answer to a port that the same REGISTER announces as protected, or that the
    UE's set in use has.

    What arrives in clear on port_ps is dropped. And the clear 401 that follows the Via hits the UE's own protected
    port, where a strict UE drops it: the UE can then never register, and it looks like the P-CSCF's fault. So the UE is
    named here, and CLR-01 does not accuse the P-CSCF for following the Via.

    Not a finding: a P-CSCF that has answered in clear on the port which it announces as protected; a Via whose port is
    the source port itself; another port that is not announced as protected; a Via with ``rport``, since the answer then
    goes to the source port; TCP, where the answer comes on the same connection; 5060 and 5061, of which PORT-05 speaks
    (R7). Emergency registrations are left alone (FP10).
    """
    register = event.register
    if register.protection is not None or event.emergency:
        return None
    common: dict[str, Any] = {"actor": Actor.UE}
    in_use = event.in_use
    elsewhere = register.dport not in STANDARD and register.dport != event.discovered
    if in_use is not None and register.dport == in_use.port_ps and elsewhere:
        return Broken(
            fault="to-port-ps",
            message="an unprotected REGISTER was sent to port_ps of a living set",
            expected="the discovered port, 5060 by default",
            observed=f"{register.transport} {register.sport}>{register.dport}",
            related=tuple(frame for frame in (in_use.sm6,) if frame is not None),
            argument=f"set {in_use.generation} announces this port as protected",
            **common,
        )
    via = register.message.top_via
    if register.transport != "UDP" or via is None:
        return PASS
    named = 5060 if via.port is None else via.port
    announced = {
        port: name
        for entry in event.offer
        if entry.is_ipsec
        for name, port in (("port-s", entry.port_s), ("port-c", entry.port_c))
        if port is not None
    }
    old = {in_use.port_us: "port_us", in_use.port_uc: "port_uc"} if in_use is not None else {}
    if named == register.sport or named in STANDARD or "rport" in via.params:
        return PASS
    if named not in announced and named not in old:
        return PASS
    what = f"{announced[named]}, which it announces as protected" if named in announced else f"{old[named]} in use"
    return Broken(
        fault=f"via-{announced[named]}" if named in announced else "via-in-use",
        message=f"the Via of an unprotected REGISTER names {what}",
        expected=f"the source port {register.sport}",
        observed=f"port {named} in Via",
        argument="the Via has no rport, so the clear answer goes to that port",
        tables=(
            two_columns(
                "ports of the unprotected REGISTER",
                "packet",
                "headers",
                (("source port / Via", register.sport, named),),
            ),
        ),
        **common,
    )
