"""LIFE-17: sets outlive the deregistration that ends them."""

from analyzer.ims.events import DeadSetUsed, Deregistered, End
from analyzer.rule import PASS, Actor, Broken, Profile, Severity, Verdict, rule


@rule(
    "LIFE-17",
    clause="TS 24.229 5.1.1.6, 5.2.5.1 [M]",
    source="24.229 5.1.1.6, 5.2.5.1 [M]; practice [D]",
    actor="either",
    severity=Severity.HIGH,
    traps=("FP1", "FP8"),
    evidence=("E2", "E5"),
)
def deregistration_unprotected(event: Deregistered | DeadSetUsed, profile: Profile) -> Verdict | None:
    """The 2xx to a protected deregistration is protected; the sets go when that transaction has ended, and 64*T1 later
    nobody begins anything on them.

    A P-CSCF that deletes the sets first sends its 200 in clear: the UE drops it and repeats the REGISTER into nothing.

    Not a violation: copies (FP1), sets that another identity still holds (FP8), a deregistration in clear. The clauses
    are cited from memory.
    """
    if isinstance(event, Deregistered):
        before, after = event.register.protection, event.response.protection
        if before is None:
            return None
        if after is not None:
            return PASS
        return Broken(
            fault="answer-in-clear",
            message="the answer to a protected deregistration was sent in clear",
            actor=Actor.PCSCF,
            expected=f"set {before.generation}",
            observed=event.response.where,
            related=(event.register.at,),
            argument="the REGISTER was protected and had expiry 0",
        )
    if event.end is not End.DEREGISTERED or event.pending or event.repeat:
        return None
    if not event.sighting.message.is_request or event.at.time - event.since_time <= profile.timer_64_t1:
        return None
    return Broken(
        fault="used-after",
        message=f"the {event.sighting.sender} began a request on a set long after its deregistration",
        actor=Actor(event.sighting.sender),
        expected="no request on the set",
        observed=event.sighting.message.start_line,
        related=(event.since,),
        argument=event.knew.how,
    )
