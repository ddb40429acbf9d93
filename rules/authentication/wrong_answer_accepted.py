"""AUTH-12: a wrong answer is refused."""

from analyzer.ims.events import AuthenticationConcluded, credentials
from analyzer.rule import PASS, Actor, Broken, Inconclusive, Severity, Verdict, rule
from rules.authentication.comparing import alone


@rule(
    "AUTH-12",
    clause="TS 33.203 6.1.2.1, 7.3.1.1; RFC 3310 3.3",
    source="33.203 6.1.2.1, 7.3.1.1 [D]; RFC 3310 3.3",
    actor="network",
    severity=Severity.CRITICAL,
    traps=("FP18", "R22"),
    evidence=("E3", "E5"),
    by_headers=(AuthenticationConcluded,),
)
def wrong_answer_accepted(event: AuthenticationConcluded) -> Verdict | None:
    """An SM7 whose response is not that of RES is refused or challenged again, and so is a report of a MAC or SQN
    failure; neither has a 2xx.

    A network that accepts it authenticates nobody: the claim to be a subscriber is enough.

    The response is computed from RES, which follows from K and OPc in a key file: with RES as binary password, and as
    hexadecimal or base64 text, with and without qop, and as AKAv1-MD5-sess (both readings of RFC 2617). Any of them
    shows that the UE had RES. Not a violation: K and OPc that are not the UE's (FP18);
    that they are is shown by packets of its set that verify with their CK and IK, or by an earlier right answer, and
    without that it is inconclusive. So is an answer by AKAv2, which is not computed (R22). Right answers, and those
    whose RES nobody has, are not looked at.
    """
    if event.reports_failure:
        if event.response.message.status >= 300:
            return PASS
        return Broken(
            fault="failure-accepted",
            message="a REGISTER that reports a MAC or SQN failure was accepted",
            actor=Actor.NETWORK,
            expected="a refusal, or another challenge",
            observed=event.response.message.start_line,
            related=(event.register.at,),
            tables=(alone("Authorization of the report", credentials(event.register.message)),),
            argument="it holds no answer at all",
        )
    if event.res_right is None and event.res_known and event.response.message.status < 300:
        return Inconclusive(
            reason=f"whether the answer to {event.algorithm or 'the challenge'} is right is not computed",
            actor=Actor.NETWORK,
            related=(event.register.at,),
            traps=("R22",),
        )
    if event.res_right is not False:
        return None
    register = event.register
    if not event.card.sure:
        return Inconclusive(
            reason="the response is not that of the K in the key file, and nothing shows that the UE has this K",
            actor=Actor.NETWORK,
            related=(register.at,),
            traps=("FP18",),
        )
    if event.response.message.status >= 300:
        return PASS
    return Broken(
        fault="accepted",
        message="the network accepted a response that is not that of RES",
        actor=Actor.NETWORK,
        expected="a refusal, or another challenge",
        observed=event.response.message.start_line,
        related=(register.at,),
        tables=(alone("Authorization of SM7", credentials(register.message)),),
        argument=event.card.how,
    )
