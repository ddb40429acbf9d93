"""LIFE-11: after a clear SM1 all earlier sets of the contact go."""

from analyzer.ims.events import DeadSetUsed, End, SetRetired, Side
from analyzer.rule import Severity, Verdict, rule
from rules.lifetime.dead_sets import verdict_of


@rule(
    "LIFE-11",
    clause="TS 33.203 7.4.2a; TS 24.229 5.2.2.2",
    source="S1 7.4.2a; 33.203 7.4.2a; 24.229 5.2.2.2 [D]",
    actor="P-CSCF",
    severity=Severity.MEDIUM,
    traps=("FP2", "FP9", "FP10"),
    evidence=("E4", "E5"),
)
def pcscf_keeps_set_after_clear_registration(event: DeadSetUsed | SetRetired) -> Verdict | None:
    """After SM12 to a clear SM1 the P-CSCF has removed all earlier sets of that contact and neither sends nor
    answers there.

    SA-15 speaks of the same packets from the side of what should have been used; this finding points there.

    Not a violation: other contacts and emergency registrations (FP9, FP10: other subjects), what SM12 overtook (FP2).
    """
    return verdict_of(
        event,
        End.CLEAR_START,
        Side.PCSCF,
        fault="uses",
        message="the P-CSCF still used an earlier set after SM12 to a clear SM1",
        repeats=True,
        cause="SA-15",
    )
