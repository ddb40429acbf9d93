"""ACME-01: our network wants to know from which cell a UE registers."""

from analyzer.ims.events import ChallengeAnswered
from analyzer.rule import PASS, Actor, Broken, Severity, Verdict, rule


@rule(
    "ACME-01",
    clause="ACME test plan 4.2",
    source="ACME",
    actor="UE",
    severity=Severity.LOW,
    evidence=("E2", "E5"),
)
def access_network_unknown(event: ChallengeAnswered) -> Verdict | None:
    """The REGISTER that answers the challenge carries P-Access-Network-Info.

    Without it, emergency calls cannot be routed by cell.

    Not a violation: a REGISTER of which the capture has only a part.
    """
    message = event.register.message
    if message.first("P-Access-Network-Info") is not None:
        return PASS
    if message.truncated_headers:
        return None
    return Broken(
        fault="no-access-network",
        message="the UE does not say where it registers from",
        actor=Actor.UE,
        expected="P-Access-Network-Info",
        observed="no such header",
        related=(event.challenge.at,),
        argument="all headers of the REGISTER were read",
    )
