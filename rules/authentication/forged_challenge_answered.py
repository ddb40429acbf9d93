"""AUTH-08: a challenge with a wrong MAC has no answer but an empty one."""

from analyzer.ims.events import ChallengeAnswered, ChallengeRejected, ForgedChallengeAnswered, credentials
from analyzer.rule import PASS, Actor, Broken, Inconclusive, Probable, Severity, Verdict, rule
from rules.authentication.comparing import alone, cell


@rule(
    "AUTH-08",
    clause="TS 24.229 5.1.1.5.3; TS 33.203 6.1.2.2",
    source="24.229 5.1.1.5.3 [T]; 34.229-1 9.1 [T]; 33.203 6.1.2.2 [D]",
    actor="UE",
    severity=Severity.HIGH,
    traps=("FP18", "SA-04"),
    evidence=("E3",),
    by_headers=(ChallengeRejected, ForgedChallengeAnswered),
)
def forged_challenge_answered(
    event: ChallengeRejected | ForgedChallengeAnswered | ChallengeAnswered,
) -> Verdict | None:
    """If the MAC in the challenge is wrong, the UE sends a REGISTER with an empty response and without auts.

    The MAC is how the network proves itself. A UE that answers a challenge with a wrong one registers with whoever
    sits between it and its network; one that sends auts has believed a SQN that nobody vouches for.

    Whether the MAC is right can be computed only with K and OPc of the subscriber. Without them only the form of the
    reply counts: no auts and an empty response is the form of this report.

    Not a violation: K and OPc that are not the UE's (FP18). That they are is shown by the UE itself, by a response or
    an auts that was made with them; until then the verdict is inconclusive. In clear, a non-empty response beside new
    values in Security-Client may be a misshapen report, or an SM7 gone astray (SA-04): `probable`.
    """
    if isinstance(event, ChallengeAnswered):
        return _misshapen(event)
    found = credentials(event.register.message)
    if isinstance(event, ForgedChallengeAnswered):
        if not event.card.sure:
            return Inconclusive(
                reason="the MAC of the challenge is wrong for the K of the key file, and nothing shows that the UE has "
                "this K",
                actor=Actor.UE,
                related=(event.challenge.at,),
                traps=("FP18",),
            )
        return Broken(
            fault="answered",
            message="the UE answered a challenge whose MAC is wrong",
            actor=Actor.UE,
            severity=Severity.CRITICAL,
            expected="a REGISTER with an empty response and without auts",
            observed=f"response={cell(found.response if found else None)}",
            related=(event.challenge.at,),
            tables=(alone("Authorization of SM7", found),),
            argument=event.card.how,
        )
    auts = found is not None and bool(found.auts)
    if not auts:
        return None if event.mac_right else PASS
    if event.mac_right is not False:
        return None
    if not event.auts_right:
        return Inconclusive(
            reason="neither the MAC of the challenge nor this auts was made with the K of the key file",
            actor=Actor.UE,
            related=(event.challenge.at,),
            traps=("FP18",),
        )
    return Broken(
        fault="auts",
        message="the UE reported a wrong SQN for a challenge whose MAC is wrong",
        actor=Actor.UE,
        expected="a REGISTER with an empty response and without auts",
        observed="auts present",
        related=(event.challenge.at,),
        tables=(alone("Authorization of the report", found),),
        argument=event.card.how,
    )


def _misshapen(event: ChallengeAnswered) -> Verdict | None:
    """In clear: an answer with values of its own in Security-Client is no SM7, and a report has no response."""
    if event.register.protection is not None or event.expected is None or event.client is None or event.client.ok:
        return None
    found = credentials(event.register.message)
    return Probable(
        fault="clear-response",
        message="a REGISTER in clear answers the challenge and offers new values, as only a report of a failure may",
        actor=Actor.UE,
        cause="SA-04",
        expected="an empty response, or SM7 on the new set",
        observed=event.register.where,
        related=(event.challenge.at,),
        tables=(alone("Authorization", found),),
        traps=("SA-04",),
    )
