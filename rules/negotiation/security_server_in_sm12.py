"""NEG-19: SM12 sets nothing up."""

from analyzer.ims.events import RegistrationSucceeded
from analyzer.rule import PASS, Actor, Broken, Level, Severity, Verdict, rule
from rules.negotiation.showing import ROWS, two_columns


@rule(
    "NEG-19",
    clause="TS 33.203 7.2",
    source="33.203 7.2 [D]",
    actor="P-CSCF",
    level=Level.INFO,
    severity=Severity.LOW,
    traps=("FP20",),
    evidence=("E3",),
    by_headers=(RegistrationSucceeded,),
)
def security_server_in_sm12(event: RegistrationSucceeded) -> Verdict | None:
    """The 2xx to SM7 only confirms: it has no Security-Server, or at least none that differs from SM6.

    What was agreed was agreed with SM6 and confirmed with SM7; a UE that took values from SM12 would follow something
    that was never confirmed. Hence a note, which tells a tester where two implementations may part.

    Not a finding: ``mediasec`` entries, which are legal in the 2xx (TS 24.229 5.1.1.4.1 d), and the list of SM6 once
    more, in whatever spelling (FP20).
    """
    again = event.again
    if again is None or again.ok:
        return PASS
    return Broken(
        fault="differs",
        message="the 2xx to SM7 has a Security-Server that differs from that of SM6",
        actor=Actor.PCSCF,
        expected="no Security-Server, or that of SM6",
        observed=again.result.value,
        related=tuple(frame for frame in (event.expected.sm6 if event.expected else None,) if frame is not None),
        argument="compared in canonical form, mediasec entries apart",
        tables=(
            two_columns(
                "Security-Server of SM6 and of SM12",
                "SM6",
                "SM12",
                ((f"{row[0]}. {row[1]}", row[2], row[3]) for row in again.rows[:ROWS]),
            ),
        ),
    )
