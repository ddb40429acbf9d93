"""SA-17: how refusals are protected when SM1 was in clear."""

from typing import Any

from analyzer.ims.events import RegistrationRefused
from analyzer.rule import PASS, Actor, Broken, Level, Pass, Probable, Severity, Verdict, rule


@rule(
    "SA-17",
    clause="TS 33.203 7.4.1a, 7.4.2a",
    source="S1 7.4.1a, 7.4.2a; 33.203 7.4 [D]",
    actor="either",
    severity=Severity.MEDIUM,
    traps=("FP17", "R4"),
    evidence=("E2", "E5"),
)
def refusal_after_clear_sm1(event: RegistrationRefused) -> Verdict | None:
    """After a clear SM1 refusals are in clear, save the answer to a wrong RES, which is on the new set.

    Not a violation: a challenge instead of a refusal (FP17); a refusal of SM7 for another reason than RES, which may be
    in clear or on the new set (R4, a note); answers to a REGISTER that reports a MAC or SQN failure (R30).
    """
    if event.parent is not None or event.answers_failure:
        return None
    after, expected = event.response.protection, event.expected
    if not event.answers_sm7:
        if event.register.protection is not None:
            return None
        if after is None:
            return PASS
        return Broken(
            fault="sm1-refused-protected",
            message="the refusal of a clear SM1 was protected",
            actor=Actor.PCSCF,
            expected="in clear",
            observed=event.response.where,
            related=(event.register.at,),
        )
    if expected is None:
        return None
    if after is not None and after.terms is expected:
        return PASS
    if after is not None:
        return Broken(
            fault="other-set",
            message="the refusal of SM7 after a clear SM1 came on an older set",
            actor=Actor.PCSCF,
            expected=f"set {expected.generation}",
            observed=event.response.where,
            related=(event.register.at,),
        )
    mismatch = any(each is not None and not each.ok for each in (event.client, event.verify))
    if event.res_right or mismatch:
        return Pass(
            note=Broken(
                fault="other-refusal-clear",
                message="SM7 was refused in clear, for another reason than a wrong RES",
                actor=Actor.PCSCF,
                level=Level.INFO,
                related=(event.register.at,),
            )
        )
    common: dict[str, Any] = {
        "message": "SM7 was refused in clear instead of on the new set",
        "actor": Actor.PCSCF,
        "expected": f"set {expected.generation}",
        "observed": event.response.where,
        "related": (event.register.at,),
    }
    if event.res_right is None:
        return Probable(
            fault="clear", traps=("R4",), argument="whether RES was wrong is not known without a vector", **common
        )
    return Broken(fault="clear", argument="the UE's RES was wrong: the digest was computed from the vector", **common)
