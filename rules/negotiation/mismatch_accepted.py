"""NEG-09: a P-CSCF does not answer 200 to an SM7 that contradicts SM1 or SM6."""

from analyzer.ims.events import Comparison, RegistrationRefused, RegistrationSucceeded
from analyzer.rule import PASS, Actor, Broken, Severity, Verdict, rule


@rule(
    "NEG-09",
    clause="TS 33.203 7.2, 7.3.2.3; TS 24.229 5.2.2.2",
    source="S2 3.2; 33.203 7.2, 7.3.2.3 [D]; 24.229 5.2.2.2 [D/M]",
    actor="P-CSCF",
    severity=Severity.HIGH,
    traps=("FP13", "FP20"),
    evidence=("E3", "E5"),
    by_headers=(RegistrationSucceeded, RegistrationRefused),
)
def mismatch_accepted(event: RegistrationSucceeded | RegistrationRefused) -> Verdict | None:
    """SM7 whose Security-Client or Security-Verify is missing or differs gets no 2xx.

    The comparison is the protection against bidding down; a P-CSCF that skips it makes the whole agreement worthless.

    Not a violation: differences that are only in form, or only in the order of the entries (FP20).
    """
    wrong = []
    if _differs(event.client):
        wrong.append("Security-Client")
    if _differs(event.verify):
        wrong.append("Security-Verify")
    if not wrong:
        return None
    if isinstance(event, RegistrationRefused):
        return PASS if event.answers_sm7 else None
    return Broken(
        fault="-".join(name.lower() for name in wrong),
        message=f"SM7 was answered {event.response.message.status} although its {' and '.join(wrong)} "
        "did not match what was agreed",
        actor=Actor.PCSCF,
        expected="a refusal (4xx)",
        observed=event.response.message.start_line,
        related=(event.register.at,),
        argument="the headers were compared in canonical form",
    )


def _differs(comparison: Comparison | None) -> bool:
    return comparison is not None and not comparison.ok and comparison.result.name != "ORDER"
