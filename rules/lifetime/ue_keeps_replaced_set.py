"""LIFE-09: the UE gives the old set up."""

from analyzer.ims.events import DeadSetUsed, End, SetRetired, Side
from analyzer.rule import PASS, Actor, Profile, Severity, Verdict, judged, rule


@rule(
    "LIFE-09",
    clause="TS 33.203 7.4.1a; TS 24.229 5.1.1.5.1",
    source="S1 7.4.1a; 33.203 7.4.1a [D]; 24.229 5.1.1.5.1 [T]",
    actor="UE",
    severity=Severity.LOW,
    traps=("FP2", "FP6", "FP24", "R23"),
    evidence=("E4", "E5"),
)
def ue_keeps_replaced_set(event: DeadSetUsed | SetRetired, profile: Profile) -> Verdict | None:
    """After the P-CSCF's first message on the new set, and once no transaction is pending, the UE has deleted the old
    set: it neither sends on it nor acts on a new request there.

    Not a violation: pending transactions and retransmissions (FP6), what crossed (FP2). A UE that answers a request
    which the P-CSCF should not have sent there is `probable` and SA-14 the cause (R23); in the papers such an answer is
    right, since the two sides do not end the old set at the same moment (R34).
    """
    if event.end is not End.REPLACED:
        return None
    if isinstance(event, SetRetired):
        return PASS if event.observed and not event.used_by_ue else None
    sighting = event.sighting
    if sighting.sender is not Side.UE or event.pending or event.repeat:
        return None
    if event.invited and profile.papers:
        return None
    return judged(
        sure=event.knew.sure and not event.invited,
        traps=(*(("R23",) if event.invited else ()), *(() if event.knew.sure else ("FP2",))),
        fault="answers" if event.invited else "sends",
        message="the UE "
        + ("answered a new request on" if event.invited else "sent on")
        + " the old set although the P-CSCF had used the new one and nothing was pending",
        actor=Actor.UE,
        expected=f"nothing on set {event.terms.generation}",
        observed=f"{sighting.message.start_line} on set {event.terms.generation}",
        related=(event.since,),
        cause="SA-14" if event.invited else "SA-12",
        argument=event.knew.how,
    )
