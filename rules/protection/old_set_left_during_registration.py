"""SA-08: during a protected re-authentication everything else stays on the old set."""

from analyzer.ims.events import MessageDuringRegistration, Side, State
from analyzer.rule import PASS, Actor, Severity, Verdict, judged, rule


@rule(
    "SA-08",
    clause="TS 33.203 7.4.1a, 7.4.2a",
    source="S1 7.4.1a, 7.4.2a (two sentences); 33.203 7.4 [D]",
    actor="either",
    severity=Severity.MEDIUM,
    traps=("FP2", "FP4", "FP6", "FP10", "R23"),
    evidence=("E2", "E4"),
)
def old_set_left_during_registration(event: MessageDuringRegistration) -> Verdict | None:
    """Between SM6 and SM12 of a registration that began protected, other messages stay on the set that protected SM1.

    Not a violation: the rest of what began earlier, on another living set or in clear (FP6), emergency calls (FP10).
    Where SM12 may have been lost from the capture it is `probable` (FP2, FP4), and so is an answer that goes back the
    way on which its request should not have come, or where the P-CSCF's Via points (R23).
    """
    parent, sighting = event.parent, event.sighting
    if parent is None or not event.challenged or event.emergency:
        return None
    protection = sighting.protection
    if protection is not None and protection.terms is parent:
        return PASS
    if protection is None:
        if event.begun_before:
            return None
        fault, cause = "clear", "CLR-02" if sighting.sender is Side.UE else "CLR-03"
    elif protection.state(sighting.sender) is State.TMP:
        fault, cause = "temporary-set", "SA-06" if sighting.sender is Side.UE else "SA-07"
    else:
        return None
    request = event.request
    same_way = request is not None and (request.protection and request.protection.terms) is (
        protection and protection.terms
    )
    led = same_way or event.sent_astray
    return judged(
        sure=event.running.sure and not led,
        traps=(*(("R23",) if led else ()), *(() if event.running.sure else ("FP2", "FP4"))),
        fault=fault,
        message="a message left the old set while a protected re-authentication was running",
        actor=Actor(sighting.sender),
        expected=f"set {parent.generation}",
        observed=sighting.where,
        cause=cause,
        argument=event.running.how,
    )
