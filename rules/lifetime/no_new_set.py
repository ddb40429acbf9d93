"""LIFE-01: every authentication makes a new set."""

from analyzer.ims.events import ChallengeAnswered, RegistrationSucceeded
from analyzer.rule import PASS, Actor, Broken, Severity, Verdict, rule


@rule(
    "LIFE-01",
    clause="TS 33.203 7.4",
    source="S1 7.4; 33.203 7.4 [D]",
    actor="either",
    severity=Severity.HIGH,
    traps=("FP1", "FP16", "R11"),
    evidence=("E3", "E4"),
)
def no_new_set(event: ChallengeAnswered | RegistrationSucceeded) -> Verdict | None:
    """A registration with authentication makes a new set, with SPIs of its own, which replaces the earlier one.

    Fresh keys are the point of a re-authentication; on an old association they are never used.

    Not a violation: a REGISTER that is answered 200 without a challenge (FP16), one with cached credentials, and a
    second SM7 after another challenge, which may repeat the UE's SPIs with new keys (R11). An SM7 on the established
    set is SA-04's fault first, and this finding points there.
    """
    expected = event.expected
    if expected is None:
        return None
    if isinstance(event, ChallengeAnswered):
        protection = event.register.protection
        if protection is None or protection.terms is expected or not protection.state_ue.established:
            return None
        return Broken(
            fault="sm7-on-established-set",
            message="the answer to a new challenge was protected with a set that was established already",
            actor=Actor.UE,
            expected=f"set {expected.generation}",
            observed=event.register.where,
            related=(event.challenge.at,),
            cause="SA-04",
        )
    parent = event.parent
    if parent is None:
        return PASS
    new = (expected.spi_uc, expected.spi_us, expected.spi_pc, expected.spi_ps)
    old = (parent.spi_uc, parent.spi_us, parent.spi_pc, parent.spi_ps)
    if new != old:
        return PASS
    return Broken(
        fault="same-spis",
        message="a successful re-authentication announced the SPIs of the set in use again: there is no new set",
        actor=Actor.PCSCF,
        expected="new SPIs",
        observed=", ".join(str(spi) for spi in new),
        related=tuple(frame for frame in (parent.sm6,) if frame is not None),
        cause="NEG-20",
    )
