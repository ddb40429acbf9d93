"""CLR-05: from SM7 on everything is protected."""

from typing import Any

from analyzer.ims.events import ClearMessageSent, RegistrationRefreshed, RegistrationSucceeded, ResponseSent, Side
from analyzer.rule import PASS, Actor, Broken, Probable, Severity, Verdict, rule


@rule(
    "CLR-05",
    clause="TS 33.203 7.2; RFC 3329 2.3.1",
    source="33.203 7.2 [D]; RFC 3329 2.3.1 [D]; S1 (every message rule)",
    actor="either",
    severity=Severity.HIGH,
    traps=("FP5", "FP27", "R23"),
    evidence=("E2", "E5"),
    plaintext=False,
)
def protection_abandoned(
    event: ClearMessageSent | RegistrationSucceeded | RegistrationRefreshed | ResponseSent,
) -> Verdict | None:
    """SM7 and all that follows is integrity-protected: no 2xx to an SM7 in clear, no clear answer to a protected
    request, no clear request in a protected dialog.

    Not a violation: SM1 and SM6 of a registration that begins in clear, the refusal of SM7 in such a one (SA-17 alone
    judges it, R4), the ACK to a clear refusal. LIFE-17 is the cause where a deregistration is answered in clear;
    PORT-13 where the P-CSCF's Via sent the UE astray (R23).
    """
    if isinstance(event, ResponseSent):
        return PASS if event.request is not None and event.request.protection is not None else None
    if not isinstance(event, ClearMessageSent):
        accepted = isinstance(event, RegistrationRefreshed)
        if isinstance(event, RegistrationRefreshed) and not event.answers_challenge:
            return None
        if isinstance(event, RegistrationSucceeded) and (
            event.register.protection is not None or event.expected is None
        ):
            return None
        return Broken(
            fault="sm7-clear-accepted",
            message="a REGISTER in clear that answers the newest challenge was accepted"
            if accepted
            else "SM7 came in clear and was accepted",
            actor=Actor.PCSCF,
            expected="no 2xx",
            observed=event.response.message.start_line,
            related=(event.register.at,),
            argument="the newest challenge announced ipsec-3gpp",
        )
    sighting, request = event.sighting, event.request
    message = sighting.message
    if event.emergency or not event.established:
        return None
    common: dict[str, Any] = {
        "actor": Actor(sighting.sender),
        "observed": f"{message.start_line}, {sighting.where}",
        "related": (request.at,) if request is not None else (),
    }
    if not message.is_request:
        if request is None or request.protection is None:
            return None
        sm7_refused = event.answers_register == "SM7" and message.status >= 300 and message.status != 401
        if sm7_refused and not event.sm1_protected:
            return None
        expected = f"set {request.protection.generation}"
        if event.sent_astray:
            return Probable(
                fault="response-follows-via",
                message=f"the UE answered a protected {message.method} in clear, where the P-CSCF's Via told it to",
                expected=expected,
                cause="PORT-13",
                traps=("R23",),
                argument="the Via names port_pc",
                **common,
            )
        return Broken(
            fault="deregistration-answer" if event.deregistration else "response",
            message=f"the answer to a protected {message.method} was sent in clear",
            expected=expected,
            cause=_cause(event),
            argument="the request was protected",
            **common,
        )
    if message.method == "REGISTER" or not event.dialog_protected or event.acknowledges_clear:
        return None
    return Broken(
        fault="dialog",
        message=f"{message.method} of a protected dialog was sent in clear",
        expected="a protected request",
        cause="CLR-02" if sighting.sender is Side.UE else "CLR-03",
        argument="earlier messages with this Call-ID were protected",
        **common,
    )


def _cause(event: ClearMessageSent) -> str | None:
    """The row that speaks of this very answer."""
    status = event.sighting.message.status
    if event.deregistration:
        return "LIFE-17"
    if event.leaves_old is not None:
        return "LIFE-14"
    if not event.answers_register or status < 200:
        return None
    if status == 401:
        return "SA-03" if event.answers_register != "SM7" else None
    if status < 300:
        return "SA-05" if event.answers_register == "SM7" else None
    return "SA-18" if event.sm1_protected else "SA-17"
