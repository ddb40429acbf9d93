"""SA-14: once the UE used the new set, so does the P-CSCF."""

from analyzer.ims.events import FreshRequest, Side
from analyzer.rule import PASS, Actor, Profile, Severity, Verdict, judged, rule


@rule(
    "SA-14",
    clause="TS 33.203 7.4.2a; TS 24.229 5.2.2.2",
    source="S1 7.4.2a; 33.203 7.4.2a; 24.229 5.2.2.2 [D]",
    actor="P-CSCF",
    severity=Severity.HIGH,
    traps=("FP2", "FP6", "FP13"),
    evidence=("E4", "E5"),
)
def pcscf_stays_on_old_set(event: FreshRequest, profile: Profile) -> Verdict | None:
    """After the UE's first further message on the new set the P-CSCF begins new requests there.

    The UE may delete the old set from then on: requests on it are lost, and so are calls.

    Not a violation: retransmissions and what belongs to an open transaction (FP6), requests that crossed the UE's
    message (FP2, FP13: `probable` within the grace unless the P-CSCF had shown that it had it; so it is while the UE's
    message is unanswered, which may have been lost on its way). In the papers the P-CSCF also waits until nothing is
    pending on the old set (R34), but then the ACK to a refusal is a further request like any other (R35).
    """
    request = event.request
    if request.sender is not Side.PCSCF or event.trigger is None:
        return None
    if request.message.method in ("ACK", "CANCEL") and profile.pending_requests_stay:
        return None
    if event.newer is None:
        return PASS
    knew = event.knew
    if knew is None or request.protection is None or (profile.switch_waits and event.pending):
        return None
    return judged(
        sure=knew.sure,
        traps=("FP2",),
        fault="old-set",
        message="the P-CSCF began a new request on the old set although the UE had used the new one",
        actor=Actor.PCSCF,
        expected=f"set {event.newer.generation}",
        observed=f"{request.message.start_line} on set {request.protection.generation}",
        related=(event.trigger,),
        argument=knew.how,
    )
