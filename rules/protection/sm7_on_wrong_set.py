"""SA-04: SM7 travels on the new set."""

from analyzer.ims.events import ChallengeAnswered, Role
from analyzer.rule import PASS, Actor, Broken, Severity, Verdict, rule

HOW = {
    "clear": "in clear",
    "other-set": "on another set than the new one",
    "role": "on another association of the new set",
    "port": "to another port than SM6 announced",
}


@rule(
    "SA-04",
    clause="TS 33.203 7.2, 7.4; TS 24.229 5.1.1.5.1",
    source="S1 7.4.1a, 7.4.2a; S2 3.2; 33.203 7.2, 7.4 [D]; 24.229 5.1.1.5.1 [T]",
    actor="UE",
    severity=Severity.HIGH,
    traps=("FP11", "FP17"),
    evidence=("E2", "E3"),
)
def sm7_on_wrong_set(event: ChallengeAnswered) -> Verdict | None:
    """The REGISTER that answers the newest challenge is sent on uc>ps of the set which that challenge announced.

    Only so are the ports, SPIs and algorithms of both sides confirmed, and the keys proven.

    Not a violation: challenges that announced no set (FP11); an SM1 of a re-registration, which also carries a response
    but with the old nonce; a REGISTER that reports a MAC or SQN failure (SA-19). That only the port is wrong is
    PORT-07's fault first.
    """
    expected = event.expected
    if expected is None:
        return None
    protection = event.register.protection
    port = event.register.dport
    if protection is not None and protection.terms is expected and protection.role is Role.UC_PS:
        if port == expected.port_ps or expected.port_ps is None:
            return PASS
        fault = "port"
    elif protection is None:
        fault = "clear"
    elif protection.terms is not expected:
        fault = "other-set"
    else:
        fault = "role"
    return Broken(
        fault=fault,
        message=f"SM7 was sent {HOW[fault]}",
        actor=Actor.UE,
        expected=f"set {expected.generation}, uc>ps ({expected.port_uc}>{expected.port_ps})",
        observed=event.register.where,
        related=(event.challenge.at,),
        cause="PORT-07" if fault == "port" else None,
        argument="its nonce is that of the newest challenge and its response is not empty",
    )
