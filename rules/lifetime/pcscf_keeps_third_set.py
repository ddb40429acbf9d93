"""LIFE-12: only the set that protected SM1 is kept."""

from analyzer.ims.events import DeadSetUsed, End, SetRetired, Side
from analyzer.rule import Severity, Verdict, rule
from rules.lifetime.dead_sets import verdict_of


@rule(
    "LIFE-12",
    clause="TS 33.203 7.4.2a; TS 24.229 5.2.2.2",
    source="S1 7.4.2a; 24.229 5.2.2.2, table 5.2.2-1 [D]",
    actor="P-CSCF",
    severity=Severity.MEDIUM,
    traps=("FP2", "FP9"),
    evidence=("E4", "E5"),
)
def pcscf_keeps_third_set(event: DeadSetUsed | SetRetired) -> Verdict | None:
    """After SM12 to a protected SM1 the P-CSCF keeps the set that protected SM1 and deletes every older one at once.

    Not a violation: other contacts (FP9: other subjects), what SM12 overtook (FP2). An open transaction on the older
    set is no excuse: the deletion is immediate.
    """
    return verdict_of(
        event,
        End.OLDER,
        Side.PCSCF,
        fault="sends",
        message="the P-CSCF sent on a set older than the one that protected SM1",
        repeats=True,
    )
