"""AUTH-15: after an SM7 without an answer the UE begins anew, on the set of an earlier success."""

from analyzer.ims.events import AuthenticationAbandoned
from analyzer.rule import PASS, Actor, Broken, Level, Severity, Verdict, judged, rule


@rule(
    "AUTH-15",
    clause="TS 33.203 7.3.1.4",
    source="33.203 7.3.1.4 [D]",
    actor="UE",
    level=Level.SHOULD,
    severity=Severity.LOW,
    traps=("FP4", "FP30"),
    evidence=("E4", "E5"),
)
def abandoned_set_used_again(event: AuthenticationAbandoned) -> Verdict | None:
    """If SM7 has no answer until Timer F, the UE begins a new registration, and sends its first message on the set of
    an earlier success if there is one, else in clear.

    The P-CSCF may never have had the new set, so what is sent on it is lost once more.

    Judged is the first REGISTER after Timer F (64*T1, with the tolerance of the profile). Not a violation: the
    retransmissions of SM7 until then; a new registration in clear although an older set is there, which the standard
    permits at any time (FP30) and which is only noted; an SM7 whose answer may just be missing from the capture (FP4),
    which makes it `probable`: that it had none is believed if the UE repeated it and no packet is missing.
    """
    protection = event.register.protection
    if protection is None:
        if event.in_use is None:
            return PASS
        return Broken(
            fault="clear",
            message="after an SM7 without an answer the UE began in clear, although it has an older set",
            actor=Actor.UE,
            level=Level.INFO,
            expected=f"set {event.in_use.generation}",
            observed=event.register.where,
            related=(event.sm7,),
        )
    if event.temporary is None or protection.terms is not event.temporary:
        return PASS
    return judged(
        sure=event.waited.sure,
        traps=("FP4",),
        fault="temporary-set",
        message="after an SM7 without an answer the UE used its temporary set again",
        actor=Actor.UE,
        expected=f"set {event.in_use.generation}" if event.in_use is not None else "a REGISTER in clear",
        observed=event.register.where,
        related=(event.sm7,),
        argument=event.waited.how,
    )
