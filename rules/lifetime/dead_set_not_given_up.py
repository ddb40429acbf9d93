"""LIFE-18: a UE that gets no answers gives its set up."""

from analyzer.ims.events import ClearRestart, SilenceIgnored
from analyzer.rule import PASS, Actor, Level, Profile, Severity, Verdict, judged, rule

SEVERAL = 2


@rule(
    "LIFE-18",
    clause="TS 33.203 7.4; TS 24.229 5.1.1.2.1",
    source="S1 7.4; 24.229 5.1.1.2.1 [T]",
    actor="UE",
    level=Level.SHOULD,
    severity=Severity.LOW,
    traps=("FP4",),
    evidence=("E4", "E5"),
)
def dead_set_not_given_up(event: SilenceIgnored | ClearRestart, profile: Profile) -> Verdict | None:
    """If several protected messages stay without an answer, the UE should take the set for dead and send a clear
    REGISTER.

    A P-CSCF that was restarted has no set any more and drops what comes on it: a UE that goes on so cannot be reached.

    Judged is a new request on a set after two others had reached 64*T1 without any answer, when another 64*T1 have
    passed since and the UE has sent no REGISTER at all.

    Not a violation: answers that the capture does not have. That there were none is shown by the UE itself, which
    repeats each request over UDP three times at least; over TCP, or where the numbers of the set have a gap, it is
    `probable` (FP4), and so it is in a capture taken at the UE, which may have been out of coverage.
    """
    if isinstance(event, ClearRestart):
        return PASS if event.timed_out >= SEVERAL else None
    return judged(
        sure=event.certain.sure,
        traps=("FP4",),
        fault="goes-on",
        message=f"the UE goes on with a set on which {len(event.unanswered)} of its requests had no answer",
        actor=Actor.UE,
        expected="a REGISTER in clear",
        observed=f"{event.request.message.start_line}, {(event.at.time - event.since) / 1e9:.0f} s after the second "
        "had timed out",
        related=event.unanswered,
        argument=event.certain.how,
    )
