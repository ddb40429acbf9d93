"""SA-03: SM6 is protected as SM1 was."""

from analyzer.ims.events import ChallengeSent
from analyzer.rule import PASS, Actor, Broken, Inconclusive, Severity, Verdict, rule


@rule(
    "SA-03",
    clause="TS 33.203 7.4.2a; TS 24.229 5.2.2.2",
    source="S1 7.4.1a, 7.4.2a; 24.229 5.2.2.2 [D]; 33.203 7.4 [D]",
    actor="P-CSCF",
    severity=Severity.HIGH,
    traps=("FP1", "FP17"),
    evidence=("E2", "E5"),
)
def sm6_protection_differs(event: ChallengeSent) -> Verdict | None:
    """The challenge travels on the set that protected SM1, or in clear if SM1 was in clear.

    A clear challenge to a protected SM1 opens the re-registration to tampering; a protected one to a clear SM1 uses an
    association that the UE may not have any more.

    Not judged: a UE and a network that do not use ipsec-3gpp (FP11). Not a violation: 100 Trying, copies (FP1), and a
    second challenge in answer to SM7, whose protection the papers leave open (case E, FP17). Which association of the
    set it is, over UDP, is PORT-09's matter.
    """
    if event.answers_sm7 or not any(entry.is_ipsec for entry in (*event.offer, *event.server)):
        return None
    if event.register is None:
        return Inconclusive(reason="SM1 is not in the capture", actor=Actor.PCSCF, traps=("FP3",))
    before, after = event.register.protection, event.challenge.protection
    if before is None and after is None:
        return PASS
    if before is not None and after is not None and before.terms is after.terms:
        return PASS
    if after is None:
        fault = "clear"
    elif before is None:
        fault = "protected"
    else:
        fault = "other-set"
    return Broken(
        fault=fault,
        message="SM6 is not protected as SM1 was",
        actor=Actor.PCSCF,
        expected="in clear" if before is None else f"set {before.generation}",
        observed=event.challenge.where,
        related=(event.register.at,),
        argument="both messages are in the capture",
    )
