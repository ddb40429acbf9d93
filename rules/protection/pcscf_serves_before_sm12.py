"""SA-07: until SM12 the P-CSCF serves nothing on the new set."""

from analyzer.ims.events import AuthenticationOnly, EarlyUse, Side
from analyzer.rule import PASS, Actor, Severity, Verdict, judged, rule


@rule(
    "SA-07",
    clause="TS 33.203 7.4.2a",
    source="S1 7.4.2a; 33.203 7.4.2a [D]",
    actor="P-CSCF",
    severity=Severity.HIGH,
    traps=("FP2", "FP4", "FP19"),
    evidence=("E2", "E4"),
)
def pcscf_serves_before_sm12(event: EarlyUse | AuthenticationOnly) -> Verdict | None:
    """Before SM12 the P-CSCF sends no request on the new set, and accepts none that the UE sends there.

    Until the network has accepted the answer to the challenge, whoever holds the new set is not authenticated: a
    P-CSCF that serves it gives a service to somebody whose RES may be wrong.

    Accepting is a 1xx or 2xx to a request, other than REGISTER, that came on the temporary set, whichever way the
    answer goes. A refusal accepts nothing and is not judged. A UE that sent such a request has its own finding
    (SA-06), which is the cause of this one.

    Not a violation: TCP handshakes and keep-alives, which are neither requests nor answers (FP19). Whether SM12 had
    been sent before, and was only lost from the capture or overtaken on the way, is argued by the ESP sequence numbers
    of the set; where they cannot tell, or the registration does not succeed, it is `probable` (FP2, FP4). All profiles
    agree here.
    """
    if isinstance(event, AuthenticationOnly):
        return PASS if event.side is Side.PCSCF else None
    message, request = event.sighting.message, event.request
    if event.sighting.sender is not Side.PCSCF or message.status >= 300:
        return None
    if not message.is_request and (request is None or request.protection is None):
        return None
    asks = message.is_request
    return judged(
        sure=event.certain.sure,
        traps=("FP2", "FP4"),
        fault="request" if asks else "accepts",
        message=f"the P-CSCF sent {message.method} on the new set before SM12"
        if asks
        else f"the P-CSCF accepted {message.method} that came on the new set before SM12",
        actor=Actor.PCSCF,
        expected="only the authentication until SM12",
        observed=f"{message.start_line}, {event.sighting.where}",
        related=() if asks or request is None else (request.at,),
        cause=None if asks else "SA-06",
        argument=event.certain.how,
    )
