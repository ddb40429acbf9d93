"""NEG-08: SM7 mirrors the Security-Server of SM6 in Security-Verify."""

from analyzer.ims.events import ChallengeAnswered
from analyzer.rule import Severity, Verdict, rule
from rules.negotiation.comparing import verdict_of


@rule(
    "NEG-08",
    clause="TS 33.203 7.2; TS 24.229 5.1.1.5.1; RFC 3329 2.3.1",
    source="S2 3.2; 24.229 5.1.1.5.1 [T]; 33.203 7.2 [D]; RFC 3329 2.3.1 [D]",
    actor="UE",
    severity=Severity.HIGH,
    traps=("FP20",),
    evidence=("E3",),
    by_headers=(ChallengeAnswered,),
)
def security_verify_changed(event: ChallengeAnswered) -> Verdict | None:
    """The Security-Verify of SM7 is the Security-Server of SM6: all entries, in order, unchanged.

    An attacker who weakened the list in the clear SM6 is found out here; a Security-Verify that is missing, reduced to
    the chosen entry or changed defeats that.

    Not a violation: another spelling (FP20; R12 for defaults). Another order of the same entries is a warning. A
    P-CSCF that sent one entry makes "reduced" impossible to see.
    """
    if event.verify is None:
        return None
    return verdict_of(event.verify, event, "Security-Verify", "Security-Server of SM6", event.challenge)
