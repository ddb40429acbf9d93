"""SA-12: after SM12 the UE's requests go on the new set."""

from analyzer.ims.events import FreshRequest, Side
from analyzer.rule import PASS, Actor, Profile, Severity, Verdict, judged, rule


@rule(
    "SA-12",
    clause="TS 33.203 7.4.1a; TS 24.229 5.1.1.5.1",
    source="S1 7.4.1a; 33.203 7.4.1a [D]; 24.229 5.1.1.5.1 [T]",
    actor="UE",
    severity=Severity.MEDIUM,
    traps=("FP2", "FP6", "FP9", "FP13", "FP24"),
    evidence=("E4", "E5"),
)
def ue_stays_on_old_set(event: FreshRequest, profile: Profile) -> Verdict | None:
    """After SM12 the UE begins every new transaction on the new set.

    Not a violation: what belongs to a transaction that began on the old set (FP6; in the papers a CANCEL or the ACK to
    a refusal is a further request all the same, R35), a request that was on its way when SM12 came (FP2, FP13:
    `probable` within the grace), other contacts (FP9). A new transaction in an old dialog is new (FP24).
    """
    request = event.request
    if request.sender is not Side.UE:
        return None
    if request.message.method in ("ACK", "CANCEL") and profile.pending_requests_stay:
        return None
    newer = event.newer
    if newer is None:
        return PASS
    knew = event.knew
    if request.protection is None or knew is None:
        return None
    return judged(
        sure=knew.sure,
        traps=("FP2",),
        fault="old-set",
        message="the UE began a new transaction on the old set after SM12",
        actor=Actor.UE,
        expected=f"set {newer.generation}",
        observed=f"{request.message.start_line} on set {request.protection.generation}",
        related=tuple(f for f in (newer.sm6,) if f is not None),
        argument=knew.how,
    )
