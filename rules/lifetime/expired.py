"""What LIFE-06 and LIFE-07 share: a set has a deadline, and one side used it after that (R31)."""

from analyzer.ims.events import DeadSetUsed, End, SetRetired, Side
from analyzer.rule import PASS, Actor, Profile, Verdict, judged


def verdict_of(event: DeadSetUsed | SetRetired, profile: Profile, side: Side) -> Verdict | None:
    """The verdict on one side's use of an expired set."""
    if event.end is not End.EXPIRED:
        return None
    if isinstance(event, SetRetired):
        used = event.used_by_ue if side is Side.UE else event.used_by_pcscf
        return PASS if event.observed and not used else None
    sighting = event.sighting
    if sighting.sender is not side:
        return None
    if (event.pending or event.repeat) and event.at.time - event.since_time <= profile.timer_64_t1:
        return None
    return judged(
        sure=event.complete.sure,
        traps=("FP4",),
        fault="expired",
        message=f"the {side} used a set whose lifetime was over",
        actor=Actor(side),
        expected=f"nothing on set {event.terms.generation} after its deadline",
        observed=f"{sighting.message.start_line}, {event.knew.how}",
        related=(event.since,),
        argument=event.complete.how,
    )
