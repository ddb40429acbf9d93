"""SA-15: after a registration that began in clear the new set is used at once."""

from analyzer.ims.events import DeadSetUsed, End, SetRetired, Side
from analyzer.rule import Severity, Verdict, rule
from rules.lifetime.dead_sets import verdict_of


@rule(
    "SA-15",
    clause="TS 33.203 7.4.2a; TS 24.229 5.2.2.2",
    source="S1 7.4.2a; 24.229 5.2.2.2, table 5.2.2-1 [D]; 33.203 7.4.2a [D]",
    actor="P-CSCF",
    severity=Severity.HIGH,
    traps=("FP2", "FP9", "FP10"),
    evidence=("E4", "E2"),
)
def dead_set_after_clear_registration(event: DeadSetUsed | SetRetired) -> Verdict | None:
    """After SM12 to a clear SM1 the P-CSCF sends nothing on an earlier set of that contact.

    The UE said by its clear SM1 that it has lost those sets.

    Not a violation: other contacts and emergency registrations (FP9, FP10: other subjects), segments that close TCP
    connections, messages that SM12 overtook (FP2).
    """
    return verdict_of(
        event,
        End.CLEAR_START,
        Side.PCSCF,
        fault="sends",
        message="the P-CSCF sent on an earlier set after SM12 to a clear SM1",
        expected="the new set",
        repeats=True,
    )
