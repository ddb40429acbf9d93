"""LIFE-02: one registration procedure at a time."""

from analyzer.ims.events import RegistrationOverlapped, RegistrationStarted
from analyzer.rule import PASS, Actor, Severity, Verdict, judged, rule


@rule(
    "LIFE-02",
    clause="TS 33.203 7.4.1a; TS 24.229 5.1.1.2.1",
    source="S1 7.4.1a; 24.229 5.1.1.2.1 [T]",
    actor="UE",
    severity=Severity.LOW,
    traps=("FP1", "FP4", "FP8", "FP9", "FP10", "FP14", "FP17"),
    evidence=("E5", "E4"),
    plaintext=False,
)
def second_registration_at_once(event: RegistrationStarted | RegistrationOverlapped) -> Verdict | None:
    """No new SM1 while an earlier REGISTER of the same contact has neither a final answer nor reached Timer F (64*T1).

    Two procedures at once leave both ends with sets that the other does not expect.

    Not judged: a UE without ipsec-3gpp (FP11). Not a violation: retransmissions (FP1), other contacts and emergency
    registrations (FP9, FP10), the same offer once more in the same Call-ID (FP17), a deregistration. For another public
    identity it is `probable` (FP8), and so it is if the earlier answer may have been lost from the capture (FP4): that
    it was not is shown by the answer when it comes later, or by a UE that repeats its REGISTER again and again.
    """
    if isinstance(event, RegistrationStarted):
        if event.in_use is None and not any(entry.is_ipsec for entry in event.offer):
            return None
        return PASS if event.unfinished is None else None
    return judged(
        sure=event.complete.sure and not event.other_identity,
        traps=(*(("FP8",) if event.other_identity else ()), *(() if event.complete.sure else ("FP4",))),
        fault="overlap",
        message="the UE began a registration while its earlier REGISTER had neither an answer nor timed out",
        actor=Actor.UE,
        expected="a final answer, or 64*T1 since the earlier REGISTER",
        observed=f"{event.register.message.start_line}, {(event.at.time - event.unfinished.time) / 1e9:.1f} s after it",
        related=(event.unfinished,),
        argument=event.complete.how,
    )
