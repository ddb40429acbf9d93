"""ESP-03: a replayed packet has no effect."""

from analyzer.ims.events import ReplayWatched
from analyzer.rule import PASS, Actor, Broken, Inconclusive, Severity, Verdict, rule


@rule(
    "ESP-03",
    clause="TS 33.203 6.3; RFC 4303 3.4.3",
    source="33.203 6.3 [D]; RFC 4303 3.4.3",
    actor="receiver",
    severity=Severity.HIGH,
    traps=("FP1", "FP4", "FP5"),
    evidence=("E5", "E8"),
)
def replay_taken(event: ReplayWatched) -> Verdict | None:
    """Anti-replay is on for every association: a packet that comes a second time is dropped before SIP sees it.

    A receiver without it can be made to work, and to answer, by anybody who repeats what he cannot read.

    What is dropped leaves no trace, so only an effect can be seen: over UDP, the answer to a request is sent again,
    with an ESP sequence number of its own, after the packet of the request was replayed and without the request having
    been repeated. INVITEs are not judged, since their answers are repeated by a timer, nor are TCP segments, which TCP
    itself takes only once.

    Not a violation: copies that a capture makes (FP5): up to 200 ms apart they are left out, later they cause no
    answer; a request that was repeated by its sender (FP1). If packets of the set are missing in the capture, such a
    repetition may be among them (FP4): inconclusive, and so is a replay after which nobody sent anything.
    """
    actor = Actor(event.role.sender.other)
    if not event.complete.sure:
        return Inconclusive(
            reason=f"a packet was replayed: {event.complete.how}",
            actor=actor,
            related=tuple(frame for frame in (event.request, event.reaction) if frame is not None),
            traps=("FP4", "FP5"),
            fault="replay",
        )
    if event.reaction is None:
        return PASS
    return Broken(
        fault="answered",
        message=f"the {actor} answered a replayed request once more",
        actor=actor,
        expected="the replayed packet is dropped",
        observed=f"a new answer (frame {event.reaction.number}) after the replay on {event.role} "
        f"of set {event.terms.generation}",
        related=(event.request, event.reaction),
        argument=f"{event.complete.how}, and the request was not repeated",
    )
