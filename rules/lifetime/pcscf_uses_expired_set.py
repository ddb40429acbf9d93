"""LIFE-07: the P-CSCF does not use an expired set."""

from analyzer.ims.events import DeadSetUsed, SetRetired, Side
from analyzer.rule import Profile, Severity, Verdict, rule
from rules.lifetime.expired import verdict_of


@rule(
    "LIFE-07",
    clause="TS 33.203 7.4.2a; TS 24.229 5.2.2.2",
    source="S1 7.4.2a (two sentences); 24.229 5.2.2.2 [D]",
    actor="P-CSCF",
    severity=Severity.MEDIUM,
    traps=("FP4", "FP8", "FP14"),
    evidence=("E4",),
)
def pcscf_uses_expired_set(event: DeadSetUsed | SetRetired, profile: Profile) -> Verdict | None:
    """After the deadline of a set the P-CSCF neither sends nor answers on it.

    Deadline and exemptions are those of LIFE-06.
    """
    return verdict_of(event, profile, Side.PCSCF)
