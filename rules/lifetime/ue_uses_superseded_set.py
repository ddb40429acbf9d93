"""LIFE-03: a new procedure ends an incomplete one at the UE."""

from analyzer.ims.events import DeadSetUsed, End, SetRetired, Side
from analyzer.rule import Severity, Verdict, rule
from rules.lifetime.dead_sets import verdict_of


@rule(
    "LIFE-03",
    clause="TS 33.203 7.4.1a",
    source="S1 7.4.1a; 33.203 7.4.1a [D]",
    actor="UE",
    severity=Severity.MEDIUM,
    traps=("FP2",),
    evidence=("E4", "E2"),
)
def ue_uses_superseded_set(event: DeadSetUsed | SetRetired) -> Verdict | None:
    """After a new SM1 the UE uses nothing of an earlier, incomplete procedure: not its set, not its challenge.

    A P-CSCF that deleted those associations never sees such a message.

    Not a violation: what crossed with the new SM1 within a fifth of a second (FP2), retransmissions, and segments that
    close TCP connections, which are not messages.
    """
    return verdict_of(
        event,
        End.SUPERSEDED,
        Side.UE,
        fault="uses",
        message="the UE used the temporary set of a procedure that its own newer SM1 had superseded",
    )
