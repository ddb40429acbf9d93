"""LIFE-02: one registration procedure at a time."""

from analyzer.ims.events import RegistrationStarted
from analyzer.rule import PASS, Actor, Severity, Verdict, judged, rule


@rule(
    "LIFE-02",
    clause="TS 33.203 7.4.1a; TS 24.229 5.1.1.2.1",
    source="S1 7.4.1a; 24.229 5.1.1.2.1 [T]",
    actor="UE",
    severity=Severity.LOW,
    traps=("FP1", "FP4", "FP8", "FP9", "FP10", "FP17"),
    plaintext=False,
)
def second_registration_at_once(event: RegistrationStarted) -> Verdict | None:
    """No new SM1 while an earlier REGISTER of the same contact has neither a final answer nor reached Timer F (64*T1).

    Two procedures at once leave both ends with sets that the other does not expect.

    Not judged: a UE without ipsec-3gpp (FP11). Not a violation: retransmissions (FP1), other contacts and emergency
    registrations (FP9, FP10), a restart within the same Call-ID (FP17: 423, 503, 420, a MAC or SQN failure). If the
    final answer may have been lost from the capture it is `probable` (FP4).
    """
    if event.in_use is None and not any(entry.is_ipsec for entry in event.offer):
        return None
    if event.unfinished is None:
        return PASS
    if event.unfinished_related or event.emergency:
        return None
    return judged(
        sure=event.complete.sure,
        traps=("FP4",),
        fault="overlap",
        message="the UE began a registration while its earlier REGISTER had neither an answer nor timed out",
        actor=Actor.UE,
        expected="a final answer, or 64*T1 since the earlier REGISTER",
        observed=f"{event.register.message.start_line}, {_seconds(event)} after it",
        related=(event.unfinished,),
        argument=event.complete.how,
    )


def _seconds(event: RegistrationStarted) -> str:
    assert event.unfinished is not None
    return f"{(event.at.time - event.unfinished.time) / 1e9:.1f} s"
