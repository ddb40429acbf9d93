"""LIFE-16: a failed authentication ends its set."""

from analyzer.ims.events import DeadSetUsed, End, SetRetired
from analyzer.rule import PASS, Actor, Severity, Verdict, judged, rule


@rule(
    "LIFE-16",
    clause="TS 33.203 7.3.1, 7.4.1a, 7.4.2a; TS 24.229 5.1.1.5.1",
    source="S1 7.4.1a, 7.4.2a; 33.203 7.3.1.1-7.3.1.3 [D]; 24.229 5.1.1.5.1 [D]",
    actor="either",
    severity=Severity.MEDIUM,
    traps=("FP1", "FP2", "FP17"),
    evidence=("E4", "E2"),
)
def failed_set_used(event: DeadSetUsed | SetRetired) -> Verdict | None:
    """After the refusal of SM7, or after a REGISTER that reports a MAC or SQN failure, nobody uses the new set.

    Not a violation: retransmissions of SM7 and of its refusal (FP1), what crossed (FP2), another challenge instead of a
    refusal (FP17).
    """
    if event.end is not End.FAILED:
        return None
    if isinstance(event, SetRetired):
        return PASS if event.observed and not (event.used_by_ue or event.used_by_pcscf) else None
    sighting = event.sighting
    if event.repeat or event.pending:
        return None
    side = sighting.sender
    return judged(
        sure=event.knew.sure,
        traps=("FP2",),
        fault=f"used-by-{side.name.lower()}",
        message=f"the {side} used the new set after the authentication had failed",
        actor=Actor(side),
        expected="the old set, or clear text",
        observed=f"{sighting.message.start_line} on set {event.terms.generation}",
        related=(event.since,),
        argument=event.knew.how,
    )
