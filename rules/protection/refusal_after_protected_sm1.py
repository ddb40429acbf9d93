"""SA-18: how refusals are protected when SM1 was protected."""

from typing import Any

from analyzer.ims.events import RegistrationRefused
from analyzer.rule import PASS, Actor, Broken, Level, Profile, Severity, Verdict, judged, rule


@rule(
    "SA-18",
    clause="TS 33.203 7.4.1a, 7.4.2a",
    source="S1 7.4.1a, 7.4.2a; 33.203 7.4 [D]",
    actor="either",
    severity=Severity.MEDIUM,
    traps=("FP17", "FP27", "R19"),
    evidence=("E2", "E5"),
)
def refusal_after_protected_sm1(event: RegistrationRefused, profile: Profile) -> Verdict | None:
    """After a protected SM1 refusals are on the old set, the refusal of SM7 included.

    Not a violation: a challenge instead of a refusal (FP17). Over TCP the refusal of SM7 may come back on SM7's own
    connection (FP27, R37: a note). Over UDP on the new set the clauses of TS 33.203 disagree today: `probable` in the
    rel profiles, a violation in the papers (R19). In clear it is a violation everywhere.
    """
    parent = event.parent
    if parent is None:
        return None
    after = event.response.protection
    if after is not None and after.terms is parent:
        return PASS
    common: dict[str, Any] = {
        "actor": Actor.PCSCF,
        "expected": f"set {parent.generation}",
        "observed": event.response.where,
        "related": (event.register.at,),
    }
    what = "SM7" if event.answers_sm7 else "a protected SM1"
    if after is None:
        return Broken(fault="clear", message=f"the refusal of {what} was sent in clear", **common)
    if (
        event.answers_sm7
        and event.response.transport == "TCP"
        and event.response.connection is event.register.connection
    ):
        return Broken(
            fault="new-set-tcp",
            message="the refusal of SM7 came back on SM7's own connection",
            level=Level.INFO,
            argument="TS 33.203 and RFC 3261 18.2.2 disagree (FP27)",
            **common,
        )
    return judged(
        sure=profile.papers or not event.answers_sm7,
        traps=("R19",),
        fault="new-set",
        message=f"the refusal of {what} was sent on another set than the old one",
        argument="" if profile.papers else "TS 33.203 7.3.1.1 and 7.4 disagree",
        **common,
    )
