"""AUTH-10: two invalid challenges are enough."""

from analyzer.ims.events import ChallengeRejected
from analyzer.rule import PASS, Actor, Broken, Severity, Verdict, rule


@rule(
    "AUTH-10",
    clause="TS 24.229 5.1.1.5.12 (5.1.1.5.3 in older versions)",
    source="24.229 5.1.1.5.12 (older: 5.1.1.5.3) [D]",
    actor="UE",
    severity=Severity.LOW,
    traps=("FP1", "FP17"),
    evidence=("E5",),
)
def third_rejection(event: ChallengeRejected) -> Verdict | None:
    """A UE answers two invalid challenges in a row at most; after that it does not try again by itself.

    Each report makes the network fetch and send a new challenge. Where the keys do not fit, that has no end, and it is
    a handle to make a network work for nothing.

    Counted are challenges that the UE rejected, for their MAC or their SQN, each of them sent in answer to the report
    before. Not a violation: the same report once more, for the same challenge (FP1); a report after a valid challenge,
    which the UE had answered; a registration that begins anew with an empty nonce, since the user may have asked for
    it (FP17). TS 34.229-1 9.1 sends exactly two.
    """
    if event.in_a_row <= 2:
        return PASS
    return Broken(
        fault="again",
        message="the UE rejected a third challenge in a row and asked for another one",
        actor=Actor.UE,
        expected="two reports at most, then no REGISTER without the user",
        observed=f"report {event.in_a_row} in a row",
        related=(event.challenge.at,),
        argument="each challenge answers the report before it, so no valid one was between them",
    )
