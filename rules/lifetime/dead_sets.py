"""What the rules on sets that had to go share (LIFE-03, 04, 11, 12; SA-15): who used one, and could he know."""

from __future__ import annotations

from analyzer.ims.events import DeadSetUsed, End, SetRetired, Side
from analyzer.rule import PASS, Actor, Verdict, judged


def verdict_of(
    event: DeadSetUsed | SetRetired,
    end: End,
    side: Side,
    *,
    fault: str,
    message: str,
    expected: str | None = None,
    repeats: bool = False,
    cause: str | None = None,
) -> Verdict | None:
    """The verdict on one side's use of a set that had to go for this reason.

    A retransmission is not judged unless `repeats` says so, and then it is `probable`: its first copy may have been
    right (FP1).
    """
    if event.end is not end:
        return None
    if isinstance(event, SetRetired):
        used = event.used_by_ue if side is Side.UE else event.used_by_pcscf
        return PASS if event.observed and not used else None
    sighting = event.sighting
    if sighting.sender is not side or (event.repeat and not repeats):
        return None
    return judged(
        sure=event.knew.sure and not event.repeat,
        traps=("FP2",),
        fault=fault,
        message=message,
        actor=Actor(side),
        expected=expected or f"nothing on set {event.terms.generation}",
        observed=f"{sighting.message.start_line} on set {event.terms.generation}",
        related=(event.since,),
        cause=cause,
        argument=event.knew.how,
    )
