"""LIFE-11: after a clear SM1 all earlier sets of the contact go."""

from analyzer.ims.events import DeadSetUsed, End, SetRetired, Side
from analyzer.rule import PASS, Actor, Severity, Verdict, judged, rule


@rule(
    "LIFE-11",
    clause="TS 33.203 7.4.2a; TS 24.229 5.2.2.2",
    source="S1 7.4.2a; 33.203 7.4.2a; 24.229 5.2.2.2 [D]",
    actor="P-CSCF",
    severity=Severity.MEDIUM,
    traps=("FP2", "FP9", "FP10"),
)
def pcscf_keeps_set_after_clear_registration(event: DeadSetUsed | SetRetired) -> Verdict | None:
    """After SM12 to a clear SM1 the P-CSCF has removed all earlier sets of that contact and neither sends nor
    answers there.

    SA-15 speaks of the same packets from the side of what should have been used; this finding points there.

    Not a violation: other contacts and emergency registrations (FP9, FP10: other subjects), what SM12 overtook (FP2).
    """
    if event.end is not End.CLEAR_START:
        return None
    if isinstance(event, SetRetired):
        return PASS if event.observed and not event.used_by_pcscf else None
    sighting = event.sighting
    if sighting.sender is not Side.PCSCF:
        return None
    return judged(
        sure=event.knew.sure and not event.repeat,
        traps=("FP2",),
        fault="uses",
        message="the P-CSCF still used an earlier set after SM12 to a clear SM1",
        actor=Actor.PCSCF,
        expected="nothing on set " + str(event.terms.generation),
        observed=f"{sighting.message.start_line} on set {event.terms.generation}",
        related=(event.since,),
        cause="SA-15",
        argument=event.knew.how,
    )
