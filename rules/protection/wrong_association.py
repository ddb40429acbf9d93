"""What SA-10 and SA-11 share: a request came on an association that its receiver must have given up (R5)."""

from __future__ import annotations

from analyzer.ims.events import DeadSetAnswered, End, Side
from analyzer.rule import PASS, Actor, Profile, Verdict, judged

BY_PCSCF = {
    End.SUPERSEDED: "LIFE-04",
    End.FAILED: "LIFE-16",
    End.CLEAR_START: "SA-15",
    End.EXPIRED: "LIFE-07",
    End.DEREGISTERED: "LIFE-17",
}
"""The rows that judge a P-CSCF which begins a request on such a set."""

BY_UE = {
    End.SUPERSEDED: "LIFE-03",
    End.FAILED: "LIFE-16",
    End.CLEAR_START: "SA-12",
    End.OLDER: "SA-12",
    End.REPLACED: "SA-12",
    End.EXPIRED: "LIFE-06",
    End.DEREGISTERED: "LIFE-17",
}
"""The rows that judge a UE which does."""


def verdict_of(event: DeadSetAnswered, profile: Profile, receiver: Side) -> Verdict | None:
    """The verdict on one side that answered, or did not answer, what it had to discard."""
    if event.receiver is not receiver or event.elsewhere:
        return None
    over = event.request.at.time - (event.since.time if event.end is End.REPLACED else event.since_time)
    stays = event.end is End.DEREGISTERED or (event.end is End.REPLACED and profile.old_set_capped)
    if stays and over <= profile.timer_64_t1:
        return None
    answer, asked = event.response, event.request.message
    if answer is None or (receiver is Side.PCSCF and answer.message.status >= 300):
        return PASS
    refreshed = event.end is End.EXPIRED and not event.complete.sure  # a refresh may be missing
    causes = BY_UE if receiver is Side.PCSCF else BY_PCSCF
    return judged(
        sure=event.knew.sure and not refreshed,
        traps=(*(() if event.knew.sure else ("FP2",)), *(("FP4",) if refreshed else ())),
        fault=f"answers-{event.end.name.lower().replace('_', '-')}",
        message=f"the {receiver} answered {asked.method} that came on a set which it had to have given up: {event.end}",
        actor=Actor(receiver),
        expected=f"nothing: {asked.method} of frame {event.request.at.number} is to be discarded",
        observed=f"{answer.message.start_line}, {answer.where}",
        related=(event.request.at, event.since),
        cause=causes.get(event.end),
        argument=event.complete.how if refreshed else event.knew.how,
    )
