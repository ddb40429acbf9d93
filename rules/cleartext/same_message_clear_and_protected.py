"""CLR-06: no message is sent both in clear and protected."""

from analyzer.ims.events import RequestRepeated
from analyzer.rule import PASS, Actor, Severity, Verdict, judged, rule

MOMENT = 2_000_000_000
"""Within this time a clear copy may be what a host or a tap made of the ESP packet, ns."""


@rule(
    "CLR-06",
    clause="TS 33.203 7.2; RFC 3329 2.3.1",
    source="derived from CLR-05",
    actor="either",
    severity=Severity.HIGH,
    traps=("FP1", "FP5"),
    evidence=("E2",),
    plaintext=False,
)
def same_message_clear_and_protected(event: RequestRepeated) -> Verdict | None:
    """One SIP message does not exist both in clear and in ESP on Gm.

    The clear copy shows what the protected one hides, and tells an observer which packet it is.

    Not a violation: copies of a decrypting tap or of the interface `any`, which come within a moment of the ESP packet
    (FP5): those of the same octets are left out as copies, others within two seconds are `probable`. An SM1 that is
    repeated before and after a set came into being (FP1) is not judged. Passed by a repetition that is protected as its
    first copy.
    """
    request, first = event.request, event.first
    before, after = first.protection, request.protection
    if before is not None and after is not None:
        return PASS
    if (before is None) == (after is None) or request.message.method == "REGISTER":
        return None
    actor = Actor(request.sender)
    return judged(
        sure=abs(request.at.time - first.at.time) > MOMENT,
        traps=("FP5",),
        fault="both",
        message=f"the {actor} sent the same request in clear and protected",
        actor=actor,
        expected="in ESP only",
        observed=f"{request.message.start_line}: {first.where}; {request.where}",
        related=(first.at,),
        argument="both have the same start line, branch, Call-ID and CSeq, and the capture shows them apart in time",
    )
