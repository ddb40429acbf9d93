"""CLR-02: what a UE may send in clear."""

from typing import Any

from analyzer.ims.events import ClearMessageSent, Side
from analyzer.rule import PASS, Actor, Probable, Severity, Verdict, judged, rule
from rules.cleartext.doubting import STRANGER


@rule(
    "CLR-02",
    clause="TS 33.203 7.1 [M]",
    source="33.203 7.1 item 3 [M/D]; S2 2.1",
    actor="UE",
    severity=Severity.HIGH,
    traps=("FP5", "FP10", "FP11", "FP28", "R23"),
    evidence=("E4",),
    plaintext=False,
)
def ue_sends_clear(event: ClearMessageSent) -> Verdict | None:
    """In clear the UE sends REGISTER, emergency-related and error messages, and nothing else.

    Not a violation: a contact that never had an ipsec-3gpp set (FP11), emergency calls (FP10), an ACK to a clear
    refusal. Where the UE answers in clear what came in clear, or where the P-CSCF's Via sent it to a port that no
    association serves, the P-CSCF is the cause and this is `probable` (R23). So is a message that names none of the
    identities of this UE, since another one may be behind the same address (FP28). The clause is cited from memory.
    """
    sighting = event.sighting
    message = sighting.message
    if sighting.sender is not Side.UE or not event.established or event.emergency:
        return None
    if message.is_request:
        if message.method == "REGISTER":
            return PASS
        if event.acknowledges_clear:
            return None
        return judged(
            sure=not event.stranger,
            traps=("FP28",),
            fault="request",
            message=f"the UE sent {message.method} in clear although it has had a set",
            actor=Actor.UE,
            expected="a protected request",
            observed=sighting.where,
            argument=STRANGER if event.stranger else "a set was established for this contact",
        )
    if message.status >= 300:
        return PASS
    request = event.request
    common: dict[str, Any] = {
        "actor": Actor.UE,
        "expected": "a protected response" if request is None or request.protection else "no answer, or an error",
        "observed": f"{message.start_line}, {sighting.where}",
        "related": (request.at,) if request is not None else (),
    }
    if request is not None and request.protection is None:
        return Probable(
            fault="answers-clear-request",
            message="the UE answered in clear a request that the P-CSCF had sent in clear",
            cause="CLR-03",
            traps=("R23",),
            argument="the request came in clear",
            **common,
        )
    if event.sent_astray:
        return Probable(
            fault="follows-via",
            message="the UE answered a protected request in clear, to the port that the P-CSCF's Via named",
            cause="PORT-13",
            traps=("R23",),
            argument="the Via names port_pc, to which no association of the UE's client port leads",
            **common,
        )
    return judged(
        sure=not event.stranger,
        traps=("FP28",),
        fault="response",
        message=f"the UE sent a response to {message.method} in clear",
        cause="CLR-05" if request is not None and request.protection is not None else None,
        argument=STRANGER if event.stranger else "a set was established for this contact",
        **common,
    )
