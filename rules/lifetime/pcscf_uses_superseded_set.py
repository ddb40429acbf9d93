"""LIFE-04: a new challenge ends an incomplete procedure at the P-CSCF."""

from analyzer.ims.events import DeadSetUsed, End, SetRetired, Side
from analyzer.rule import Severity, Verdict, rule
from rules.lifetime.dead_sets import verdict_of


@rule(
    "LIFE-04",
    clause="TS 33.203 7.3.1.4, 7.4.2a; TS 24.229 5.2.2.2",
    source="S1 7.4.2a; 33.203 7.3.1.4, 7.4.2a [D]; 24.229 5.2.2.2, table 5.2.2-1 [D]",
    actor="P-CSCF",
    severity=Severity.MEDIUM,
    traps=("FP1", "FP2", "FP9"),
    evidence=("E4", "E5"),
)
def pcscf_uses_superseded_set(event: DeadSetUsed | SetRetired) -> Verdict | None:
    """After a newer challenge the P-CSCF sends nothing on the temporary set of an earlier one, no 2xx in particular.

    Otherwise two unfinished procedures live side by side, and an attacker can choose between them.

    Not a violation: copies (FP1), what the challenge overtook (FP2), other contacts (FP9: other subjects).
    """
    return verdict_of(
        event,
        End.SUPERSEDED,
        Side.PCSCF,
        fault="sends",
        message="the P-CSCF sent on a temporary set that its own newer challenge had superseded",
    )
