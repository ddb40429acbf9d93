"""SA-06: until SM12 the new set carries the authentication only."""

from analyzer.ims.events import AuthenticationOnly, EarlyUse, Side
from analyzer.rule import PASS, Actor, Severity, Verdict, judged, rule


@rule(
    "SA-06",
    clause="TS 33.203 7.4.1a",
    source="S1 7.4.1a; 33.203 7.4.1a [D]",
    actor="UE",
    severity=Severity.MEDIUM,
    traps=("FP2", "FP4", "FP19", "R23"),
    evidence=("E2", "E4"),
)
def service_before_sm12(event: EarlyUse | AuthenticationOnly) -> Verdict | None:
    """Before SM12 the UE sends nothing on the new set but the REGISTER with its answer.

    The set is not authenticated until the network has accepted the answer.

    Not a violation: TCP handshakes and keep-alives (FP19). Whether SM12 had come and was only lost from the capture is
    argued by the ESP sequence numbers of the set (FP2, FP4). An answer to a request that the P-CSCF should not have
    sent there (SA-07) is `probable` (R23).
    """
    if isinstance(event, AuthenticationOnly):
        return PASS if event.side is Side.UE else None
    if event.sighting.sender is not Side.UE:
        return None
    message = event.sighting.message
    asked, answered = event.request and event.request.protection, event.sighting.protection
    led = bool(asked and answered and asked.terms is answered.terms)
    what = message.method if message.is_request else f"the answer to {message.method}"
    return judged(
        sure=event.certain.sure and not led,
        traps=(*(("R23",) if led else ()), *(() if event.certain.sure else ("FP2", "FP4"))),
        fault="request" if message.is_request else "response",
        message=f"the UE sent {what} on the new set before SM12",
        actor=Actor.UE,
        expected="only REGISTER until SM12",
        observed=message.start_line,
        cause="SA-07" if led else None,
        argument=event.certain.how,
    )
