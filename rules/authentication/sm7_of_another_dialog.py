"""AUTH-04: SM7 goes on where SM1 was."""

from analyzer.ims.events import ChallengeAnswered
from analyzer.rule import PASS, Actor, Broken, Level, Pass, Severity, Verdict, rule
from rules.authentication.comparing import cell, side_by_side


@rule(
    "AUTH-04",
    clause="TS 24.229 5.1.1.5.1",
    source="24.229 5.1.1.5.1 [T]; 34.229-1 9.1 (CSeq + 1) [T]",
    actor="UE",
    severity=Severity.LOW,
    traps=("FP1", "FP11", "FP13"),
    evidence=(),
    by_headers=(ChallengeAnswered,),
)
def sm7_of_another_dialog(event: ChallengeAnswered) -> Verdict | None:
    """SM7 has the Call-ID of the 401 that it answers, and the next CSeq.

    A registrar drops a REGISTER whose CSeq is not greater in the same Call-ID as one that came too late, and takes
    another Call-ID for a UE that has been restarted.

    Not a violation: an answer to a challenge in a registration without ipsec-3gpp (FP11); the same SM7 once more, which
    has the CSeq of its first copy (FP1, only first copies are looked at). A back-to-back user agent between two taps
    would change the Call-ID (FP13), but the addresses with it, so that both REGISTERs are of different pairs here. A
    CSeq that skips numbers is greater, and only noted.
    """
    if event.register.protection is None and not any(entry.is_ipsec for entry in event.offer):
        return None
    register, challenge = event.register.message, event.challenge.message
    numbers = challenge.cseq, register.cseq
    if register.call_id == challenge.call_id and None not in numbers and numbers[1] == (numbers[0] or 0) + 1:
        return PASS
    table = side_by_side(
        "SM6 and SM7",
        "401",
        "SM7",
        (("Call-ID", challenge.call_id, register.call_id), ("CSeq", str(challenge.cseq), str(register.cseq))),
    )
    if register.call_id != challenge.call_id:
        return Broken(
            fault="call-id",
            message="SM7 has another Call-ID than the challenge that it answers",
            actor=Actor.UE,
            expected=cell(challenge.call_id),
            observed=cell(register.call_id),
            related=(event.challenge.at,),
            tables=(table,),
        )
    if register.cseq is None or challenge.cseq is None:
        return None
    if register.cseq <= challenge.cseq:
        return Broken(
            fault="cseq",
            message="the CSeq of SM7 is not greater than that of the REGISTER that was challenged",
            actor=Actor.UE,
            expected=str(challenge.cseq + 1),
            observed=str(register.cseq),
            related=(event.challenge.at,),
            tables=(table,),
        )
    return Pass(
        note=Broken(
            fault="cseq-skips",
            message="the CSeq of SM7 is greater, but not the next one",
            actor=Actor.UE,
            level=Level.INFO,
            expected=str(challenge.cseq + 1),
            observed=str(register.cseq),
            related=(event.challenge.at,),
            tables=(table,),
        )
    )
