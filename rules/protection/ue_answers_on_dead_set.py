"""SA-10: the UE discards what comes on a wrong association."""

from analyzer.ims.events import DeadSetAnswered, End, Side
from analyzer.rule import Profile, Severity, Verdict, rule
from rules.protection.wrong_association import verdict_of


@rule(
    "SA-10",
    clause="TS 33.203 7.1, 7.4.1a [M]",
    source="S1 7.4.1a; 33.203 7.1 rule 7, 7.4.1a [D]",
    actor="UE",
    severity=Severity.MEDIUM,
    traps=("FP2", "FP4", "FP6", "R5", "R33"),
    evidence=("E5", "E2"),
)
def ue_answers_on_dead_set(event: DeadSetAnswered, profile: Profile) -> Verdict | None:
    """The UE discards a request that comes on an association which it cannot have any more.

    An association that was superseded, failed, expired or ended with the registration has keys that may have leaked
    since, or that were never confirmed. Who acts on what comes there lets somebody else speak for the P-CSCF.

    Discarding is silence, so what is judged is the opposite: an answer of the UE, whatever its status, on any set or
    in clear, to a request that the P-CSCF began after the UE had to have deleted the set. That request is the
    P-CSCF's fault, and the row that speaks of it (LIFE-04, LIFE-07, LIFE-16, LIFE-17, SA-15) is named as the cause.

    Not a violation: a message on the wrong one of two living sets, which is its sender's fault only (R5); the answer
    to another copy of the request, which came the right way; late traffic on a set that a newer one replaced, which
    TS 33.203 permits while anything is pending (FP6; LIFE-09 speaks of it); a request within 64*T1 of the
    deregistration, such as the NOTIFY that tells of it. What the end of the set crossed on its way is `probable`
    (FP2), and so it is where a refresh may be missing from the capture (FP4). An SM6 that was protected with the very
    set which it announces (R33) cannot be read before the set is known: SA-03 and ESP-01 speak of that packet.
    """
    return None if event.end is End.REPLACED else verdict_of(event, profile, Side.UE)
