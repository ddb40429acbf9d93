"""LIFE-06: the UE does not use an expired set."""

from analyzer.ims.events import DeadSetUsed, SetRetired, Side
from analyzer.rule import Profile, Severity, Verdict, rule
from rules.lifetime.expired import verdict_of


@rule(
    "LIFE-06",
    clause="TS 33.203 7.4.1a; TS 24.229 5.1.1.2.2, 5.1.1.5.1",
    source="S1 7.4.1a (two sentences); 24.229 5.1.1.2.2, 5.1.1.5.1 [T]",
    actor="UE",
    severity=Severity.MEDIUM,
    traps=("FP4", "FP8", "FP14"),
    evidence=("E4",),
)
def ue_uses_expired_set(event: DeadSetUsed | SetRetired, profile: Profile) -> Verdict | None:
    """After the deadline of a set (registration expiry of the 2xx, today plus 30 s, or the old set's if that is later)
    the UE sends nothing on it.

    Not a violation: the rest of a transaction that began before, for up to 64*T1 (R31); clocks that differ: 5 s and one
    per cent of the lifetime are allowed (FP14); a set that another identity still holds (FP8). If a refresh may be
    missing from the capture it is `probable` (FP4).
    """
    return verdict_of(event, profile, Side.UE)
