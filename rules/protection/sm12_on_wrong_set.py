"""SA-05: SM12 travels on the new set."""

from analyzer.ims.events import RegistrationSucceeded
from analyzer.rule import PASS, Actor, Broken, Probable, Severity, Verdict, rule


@rule(
    "SA-05",
    clause="TS 33.203 7.4.2a; TS 24.229 5.2.2.2",
    source="S1 7.4.1a, 7.4.2a; 24.229 5.2.2.2 [D]",
    actor="P-CSCF",
    severity=Severity.HIGH,
    traps=("FP1", "R23"),
    evidence=("E2", "E5"),
)
def sm12_on_wrong_set(event: RegistrationSucceeded) -> Verdict | None:
    """The 2xx to SM7 is sent on the new set, the one that protected SM7.

    Not a violation: copies of it (FP1). Where SM7 itself came on a wrong set or in clear, the answer merely went back
    the same way: `probable`, and SA-04 names the cause (R23).
    """
    expected, before, after = event.expected, event.register.protection, event.response.protection
    if expected is None:
        return None
    if after is not None and after.terms is expected:
        return PASS
    astray = before is None or before.terms is not expected
    same_way = (before is None and after is None) or (
        before is not None and after is not None and before.terms is after.terms
    )
    if astray and same_way:
        return Probable(
            fault="follows-sm7",
            message="SM12 went back on the way on which a misdirected SM7 had come",
            actor=Actor.PCSCF,
            expected=f"set {expected.generation}",
            observed=event.response.where,
            related=(event.register.at,),
            cause="SA-04",
            traps=("R23",),
            argument="SM7 was not sent on the new set either",
        )
    return Broken(
        fault="clear" if after is None else "other-set",
        message="SM12 was sent " + ("in clear" if after is None else "on another set than the new one"),
        actor=Actor.PCSCF,
        expected=f"set {expected.generation}",
        observed=event.response.where,
        related=(event.register.at,),
        argument=f"SM7 came {event.register.where}",
    )
