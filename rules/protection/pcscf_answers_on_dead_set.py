"""SA-11: the P-CSCF discards what comes on a wrong association."""

from analyzer.ims.events import DeadSetAnswered, Side
from analyzer.rule import Profile, Severity, Verdict, rule
from rules.protection.wrong_association import verdict_of


@rule(
    "SA-11",
    clause="TS 33.203 7.1, 7.4.2a [M]",
    source="S1 7.4.2a; 33.203 7.1 rule 4 [D]",
    actor="P-CSCF",
    severity=Severity.HIGH,
    traps=("FP2", "FP4", "FP6", "R5", "R9"),
    evidence=("E5", "E2"),
)
def pcscf_answers_on_dead_set(event: DeadSetAnswered, profile: Profile) -> Verdict | None:
    """The P-CSCF discards a request that comes on an association which it must have deleted.

    The network asserts the identity of whoever sends on an association. On one that was superseded, failed, expired
    or ended with the registration it gives a service to somebody who is not authenticated any more.

    Judged is the opposite of discarding: a 1xx (100 apart, which only the next hop sends) or a 2xx, on any set or in
    clear, to a request that the UE began after the P-CSCF had to have deleted the set. That the UE sent it is another
    finding (LIFE-03, LIFE-06, LIFE-16, LIFE-17, SA-12), which is named as the cause. That the P-CSCF also *used* the
    dead set for its answer is the matter of LIFE-04, LIFE-07, LIFE-11 to LIFE-13 and LIFE-16.

    Not a violation: a refusal (4xx to 6xx), which accepts nothing, a challenge among them; a message on the wrong one
    of two living sets, which is its sender's fault only (R5); the answer to another copy of the request, which came
    the right way; the rest of transactions that began before (FP6). A set that a newer one replaced may today stay for
    64*T1 (R9); in the papers it goes as soon as nothing is pending. Whether an association is foreign, that of another
    UE, is told from the addresses and judged by LIFE-20 and PORT-07. What crossed the end of the set is `probable`
    (FP2); so is it where a refresh may be missing from the capture (FP4).
    """
    return verdict_of(event, profile, Side.PCSCF)
