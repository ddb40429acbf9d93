"""LIFE-15: at most three sets of one contact at once."""

from analyzer.ims.events import ChallengeSent, End, SetsAtOnce
from analyzer.rule import PASS, Actor, Broken, Profile, Severity, Table, Verdict, judged, rule

CAUSES = {
    End.SUPERSEDED: "LIFE-04",
    End.FAILED: "LIFE-16",
    End.CLEAR_START: "LIFE-11",
    End.REPLACED: "LIFE-13",
    End.EXPIRED: "LIFE-07",
    End.DEREGISTERED: "LIFE-17",
}
"""The row that speaks of a set which had to be gone for this reason."""


@rule(
    "LIFE-15",
    clause="TS 33.203 7.1",
    source="33.203 7.1 rule 3 + note 13 [T]; S1 (old, registration, new sets)",
    actor="P-CSCF",
    severity=Severity.MEDIUM,
    traps=("FP2", "FP9", "FP10", "FP29", "R28"),
    evidence=("E4",),
)
def more_than_three_sets(event: ChallengeSent | SetsAtOnce, profile: Profile) -> Verdict | None:
    """The P-CSCF never has more than six associations in each direction, which are three sets, for one contact of one
    subscriber: the old one, the one in use, and the one of a running registration. A registration that needs a fourth
    is refused with an error.

    Sets that pile up let a UE, or whoever has an old key, choose among them, and in the end the P-CSCF has no SPI left.

    That the P-CSCF has a set is seen when it sends on it. So a fourth set is one that it uses although it had to be
    deleted, while three others are alive, or were used like it since the newest of them was announced. Where one of
    them is a set older than the one that protected SM1, LIFE-12 has found that already: `probable`, and LIFE-12 is the
    cause (R6, R28). Otherwise the row on the end of that set is the cause.

    Not a violation: other contacts and emergency registrations, which have sets of their own (FP9, FP10: other
    subjects); an SPI or a port that is used anew after its set was deleted, since sets are told apart by their keys
    (FP29); the rest of a pending transaction on a replaced set. What crossed the end of the set is `probable` (FP2).
    All profiles have the same number.
    """
    if isinstance(event, ChallengeSent):
        if event.announced is None:
            return None
        if event.living <= profile.most_sets:
            return PASS
        return Broken(
            fault="challenged",
            message="the P-CSCF announced another set although it had as many as it may",
            actor=Actor.PCSCF,
            expected=f"at most {profile.most_sets} sets, and an error",
            observed=f"{event.living} sets",
            argument="none of them had to be deleted yet",
        )
    explained = End.OLDER in event.ends
    dead = next((end for end in event.ends if end is not None), None)
    return judged(
        sure=event.knew.sure and not explained,
        traps=(*(("R28",) if explained else ()), *(() if event.knew.sure else ("FP2",))),
        fault="fourth-set",
        message=f"the P-CSCF has {len(event.sets)} sets of one contact at once",
        actor=Actor.PCSCF,
        expected=f"at most {profile.most_sets} sets",
        observed="sets " + ", ".join(str(terms.generation) for terms in event.sets),
        related=tuple(terms.sm6 for terms in event.sets if terms.sm6 is not None),
        cause="LIFE-12" if explained else CAUSES.get(dead) if dead is not None else None,
        argument=event.knew.how,
        tables=(
            Table(
                "sets at the P-CSCF",
                ("set", "had to be gone because"),
                tuple(
                    (str(terms.generation), str(end) if end is not None else "alive")
                    for terms, end in zip(event.sets, event.ends, strict=True)
                ),
            ),
        ),
    )
