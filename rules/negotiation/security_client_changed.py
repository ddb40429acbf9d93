"""NEG-07: SM7 repeats the Security-Client of SM1."""

from analyzer.ims.events import ChallengeAnswered
from analyzer.rule import Severity, Verdict, rule
from rules.negotiation.comparing import verdict_of


@rule(
    "NEG-07",
    clause="TS 33.203 7.2; TS 24.229 5.1.1.5.1",
    source="S2 3.2; 24.229 5.1.1.5.1 [T]; 33.203 7.2, Annex H [D]",
    actor="UE",
    severity=Severity.HIGH,
    traps=("FP13", "FP17", "FP20"),
    evidence=("E3",),
    by_headers=(ChallengeAnswered,),
)
def security_client_changed(event: ChallengeAnswered) -> Verdict | None:
    """SM7 repeats, under protection, the Security-Client of the REGISTER that the challenge answered.

    That is how the P-CSCF learns that nobody changed the offer on its way in clear.

    Not a violation: another spelling of the same values (FP20; a default spelt out is a note, R12). The reference is
    the REGISTER that *this* 401 answered, not the first one of the Call-ID (FP17); if that one offered nothing, there
    is nothing to repeat.
    """
    if event.client is None:
        return None
    return verdict_of(event.client, event, "Security-Client", "the challenged REGISTER", event.challenge)
