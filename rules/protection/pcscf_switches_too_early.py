"""SA-13: the P-CSCF waits for the UE before it uses the new set."""

from analyzer.ims.events import FreshRequest, Side
from analyzer.rule import PASS, Actor, Profile, Severity, Verdict, judged, rule


@rule(
    "SA-13",
    clause="TS 33.203 7.4.2a; TS 24.229 5.2.2.2",
    source="S1 7.4.2a; 33.203 7.4.2a [D]; 24.229 5.2.2.2, table 5.2.2-1 [D]",
    actor="P-CSCF",
    severity=Severity.LOW,
    traps=("FP2", "FP3", "FP4", "FP13", "FP14"),
    evidence=("E4", "E5"),
)
def pcscf_switches_too_early(event: FreshRequest, profile: Profile) -> Verdict | None:
    """After SM12 of a protected SM1 the P-CSCF's own requests stay on the old set until the UE sent on the new one.

    SM12 may be lost; a UE without it still listens on the old set. SM7 does not count as the UE's message.

    Not a violation: an old set with less than 64*T1 to live (today; in the papers it must be over, but they also wait
    until nothing is pending on it, R34; that it was pending is seen when it goes on, else it is `probable`). That no
    message of the UE was lost from the capture is argued by its next ESP sequence number (FP2, FP4, FP13). Products
    that switch at the 200 are common: severity low.
    """
    request = event.request
    if request.sender is not Side.PCSCF or request.message.method in ("ACK", "CANCEL"):
        return None
    must_stay = event.trigger is None or (profile.switch_waits and event.pending)
    if event.older is None or not must_stay:
        return PASS if must_stay else None
    last = profile.clock_tolerance + (0 if profile.switch_waits else profile.timer_64_t1)
    if event.older_expires is not None and event.older_expires - event.at.time <= last:
        return PASS
    waiting = (
        "no message of the UE had come on it" if event.trigger is None else "a transaction was pending on the old set"
    )
    return judged(
        sure=event.complete.sure,
        traps=("FP4",),
        fault="too-early",
        message=f"the P-CSCF used the new set for its own request although {waiting}",
        actor=Actor.PCSCF,
        expected=f"set {event.older.generation}",
        observed=f"{request.message.start_line} {request.where}",
        argument=event.complete.how,
    )
