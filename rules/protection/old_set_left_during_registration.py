"""SA-08: during a protected re-authentication everything else stays on the old set."""

from analyzer.ims.events import MessageDuringRegistration, Side
from analyzer.rule import PASS, Actor, Broken, Severity, Verdict, rule


@rule(
    "SA-08",
    clause="TS 33.203 7.4.1a, 7.4.2a",
    source="S1 7.4.1a, 7.4.2a (two sentences); 33.203 7.4 [D]",
    actor="either",
    severity=Severity.MEDIUM,
    traps=("FP6", "R23"),
)
def old_set_left_during_registration(event: MessageDuringRegistration) -> Verdict | None:
    """Between SM6 and SM12 of a registration that began protected, other messages stay on the set that protected SM1.

    Not a violation: the rest of a transaction that began earlier, on a still older set (FP6). Where the UE's answer
    goes wrong because the P-CSCF's Via names its client port, PORT-13 names the cause (R23).
    """
    parent, sighting = event.parent, event.sighting
    if parent is None or not event.challenged or event.emergency:
        return None
    protection = sighting.protection
    if protection is not None and protection.terms is parent:
        return PASS
    if event.begun_before:
        return None
    cause = None
    if protection is not None and sighting.sender is Side.UE:
        cause = "SA-06"
    elif protection is None:
        cause = "CLR-02" if sighting.sender is Side.UE else "CLR-03"
    return Broken(
        fault="clear" if protection is None else "other-set",
        message="a message left the old set while a protected re-authentication was running",
        actor=Actor(sighting.sender),
        expected=f"set {parent.generation}",
        observed=sighting.where,
        cause=cause,
        argument="its transaction began after SM1",
    )
