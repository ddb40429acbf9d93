"""What LIFE-10 and LIFE-14 share: a request on the old set has no answer although that set has to be served yet."""

from __future__ import annotations

from analyzer.ims.events import OldSetNeglected, Side
from analyzer.rule import Actor, Verdict, judged

ENOUGH = 3
"""Retransmissions that show that the sender has no answer."""


def verdict_of(event: OldSetNeglected, side: Side) -> Verdict | None:
    """The verdict on one side that did not answer."""
    if event.side is not side:
        return None
    there = event.alive is not None and event.near is not None
    complete = event.complete.sure and event.copies >= ENOUGH
    return judged(
        sure=there and complete,
        traps=(*(() if there else ("FP26",)), *(() if complete else ("FP4",))),
        fault="no-answer",
        message=f"the {side} did not answer on set {event.terms.generation}, which it had to serve yet",
        actor=Actor(side),
        expected=f"an answer on set {event.terms.generation}",
        observed=f"none to {event.request.message.start_line}, repeated {event.copies} times after SM12 of set "
        f"{event.newer.generation}",
        related=tuple(at for at in (event.terms.sm6, event.newer.sm6, event.alive) if at is not None),
        argument=f"{event.near}, and it used set {event.newer.generation} meanwhile; {event.complete.how}"
        if there
        else f"that it had the request is not sure; {event.complete.how}",
    )
