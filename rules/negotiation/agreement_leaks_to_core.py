"""NEG-18: the P-CSCF consumes the agreement."""

from analyzer.ims.events import CoreRegisterSent
from analyzer.rule import PASS, Actor, Severity, Verdict, judged, rule


@rule(
    "NEG-18",
    clause="TS 24.229 5.2.2.1, 5.2.2.2",
    source="24.229 5.2.2.1/5.2.2.2 [D]",
    actor="P-CSCF",
    severity=Severity.LOW,
    traps=("FP13",),
    plaintext=False,
)
def agreement_leaks_to_core(event: CoreRegisterSent) -> Verdict | None:
    """The REGISTER that the P-CSCF forwards holds no Security-Client, no Security-Verify and no sec-agree option.

    The agreement is between UE and P-CSCF; behind it the headers make servers refuse an option that they do not know.

    Only the first hop behind the P-CSCF is judged (two Vias): servers further on merely forward what they got. Where
    the capture has no REGISTER on Gm in the quarter of an hour before it, its sender may stand before the P-CSCF:
    `probable` (FP13).
    """
    if not event.leaked:
        return PASS
    seen = event.original is not None
    return judged(
        sure=seen,
        traps=("FP13",),
        fault="leak",
        message=f"the REGISTER behind the P-CSCF still holds {', '.join(event.leaked)}",
        actor=Actor.PCSCF,
        expected="none of Security-Client, Security-Verify, sec-agree",
        observed=", ".join(event.leaked),
        related=(event.original,) if event.original is not None else (),
        argument="the REGISTER on Gm has the same Call-ID and CSeq"
        if seen
        else "there is no such REGISTER on Gm in the quarter of an hour before, so its sender need not be the P-CSCF",
    )
