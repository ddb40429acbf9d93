"""CLR-03: what a P-CSCF may send in clear."""

from analyzer.ims.events import ClearMessageSent, Side
from analyzer.rule import PASS, Actor, Broken, Severity, Verdict, judged, rule
from rules.cleartext.doubting import STRANGER


@rule(
    "CLR-03",
    clause="TS 33.203 7.1 [M]",
    source="33.203 7.1 item 4 [M/D]",
    actor="P-CSCF",
    severity=Severity.HIGH,
    traps=("FP5", "FP10", "FP11", "FP28"),
    evidence=("E4",),
    plaintext=False,
)
def pcscf_sends_clear(event: ClearMessageSent) -> Verdict | None:
    """In clear the P-CSCF sends answers to unprotected REGISTERs, emergency-related and error messages, nothing else.

    Not a violation: a contact that never had an ipsec-3gpp set (FP11), emergency calls (FP10), 100 Trying and any other
    answer to a clear REGISTER. The answer to a protected deregistration is LIFE-17's fault first. A request for
    an identity that is none of this UE's may be for another one behind the same address: `probable` (FP28). The clause
    is cited from memory.
    """
    sighting = event.sighting
    message = sighting.message
    if sighting.sender is not Side.PCSCF or not event.established or event.emergency:
        return None
    if message.is_request:
        return judged(
            sure=not event.stranger,
            traps=("FP28",),
            fault="request",
            message=f"the P-CSCF sent {message.method} in clear to a UE with a set",
            actor=Actor.PCSCF,
            expected="a protected request",
            observed=sighting.where,
            argument=STRANGER if event.stranger else "a set was established for this contact",
        )
    request = event.request
    if request is None:
        return None
    if request.protection is None:
        return PASS if message.method == "REGISTER" or message.status >= 300 else None
    if message.status >= 300:
        return None
    return Broken(
        fault="deregistration-answer" if event.deregistration else "response",
        message=f"the P-CSCF answered a protected {message.method} in clear",
        actor=Actor.PCSCF,
        expected=f"set {request.protection.generation}",
        observed=f"{message.start_line}, {sighting.where}",
        related=(request.at,),
        cause="LIFE-17" if event.deregistration else "CLR-05",
        argument="the request was protected",
    )
