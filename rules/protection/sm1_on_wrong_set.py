"""SA-02: a protected SM1 travels on the set in use."""

from analyzer.ims.events import RegistrationStarted, Role, State
from analyzer.rule import PASS, Actor, Broken, Severity, Verdict, judged, rule


@rule(
    "SA-02",
    clause="TS 33.203 7.4.1a",
    source="S1 7.4.1a, 7.4.2a; 33.203 7.4.1a [D]",
    actor="UE",
    severity=Severity.MEDIUM,
    traps=("FP2", "FP4", "FP17"),
    evidence=("E2", "E4"),
)
def sm1_on_wrong_set(event: RegistrationStarted) -> Verdict | None:
    """A protected REGISTER that does not answer the newest challenge is sent on uc>ps of the set in use.

    On a temporary or superseded set the P-CSCF cannot tell which set the registration is to replace.

    Not a violation: an SM1 in clear (SA-01 and FP30 speak of that), the old set again after a failed SM7 (FP17), the
    newest set right after SM12 although the P-CSCF has not used it. On the old set right after SM12 the UE may not have
    had SM12 yet: `probable` (FP2); so it is where SM12 may have been lost from the capture (FP4). If no set is left
    that could have been used, only the rows on the end of sets speak (LIFE). An SM7 with another nonce than that of its
    challenge counts as an SM1 here, and AUTH-03 is the cause. A REGISTER that reports a MAC or SQN failure on the set
    of the rejected challenge is SA-19's.
    """
    protection = event.register.protection
    if protection is None:
        return None
    state = protection.state_ue
    if event.reports_failure and state is State.TMP:
        return None
    if protection.role is not Role.UC_PS:
        return Broken(
            fault="role",
            message="a protected SM1 was sent on the association us>pc",
            actor=Actor.UE,
            expected="uc>ps",
            observed=str(protection.role),
        )
    if state is State.USE:
        return PASS
    newer, knew = event.in_use, event.knew
    if state is State.GONE and newer is None:
        return None
    if event.sm12_missing:
        sure, trap, why = False, "FP4", "SM7 of this set has no answer in the capture: SM12 may have been lost"
    elif knew is not None:
        sure, trap, why = knew.sure, "FP2", knew.how
    else:
        sure, trap, why = True, "", "no message of this set makes it fit for an SM1"
    return judged(
        sure=sure,
        traps=(trap,),
        fault=f"on-{state}-set",
        message=f"a protected SM1 was sent on a set that the UE holds as {state.upper()}",
        actor=Actor.UE,
        expected=f"set {newer.generation}" if newer else "the set in use, or in clear",
        observed=f"set {protection.generation} ({state.upper()})",
        related=tuple(f for f in (newer.sm6 if newer else None,) if f is not None),
        cause="AUTH-03" if state is State.TMP else None,
        argument=why,
    )
