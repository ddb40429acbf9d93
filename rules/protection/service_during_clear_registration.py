"""SA-09: after a clear SM1 the UE uses no service until SM12."""

from analyzer.ims.events import MessageDuringRegistration, Side
from analyzer.rule import Actor, Severity, Verdict, judged, rule


@rule(
    "SA-09",
    clause="TS 33.203 7.4.1a",
    source="S1 7.4.1a; 33.203 7.4.1a [D]",
    actor="UE",
    severity=Severity.MEDIUM,
    traps=("FP2", "FP4", "FP6", "FP9", "FP10"),
    evidence=("E2", "E4"),
)
def service_during_clear_registration(event: MessageDuringRegistration) -> Verdict | None:
    """Between an SM1 in clear and SM12 the UE sends no request but REGISTER, on no set and not in clear.

    By registering in clear the UE has given up the sets it had.

    Not a violation: emergency calls (FP10), answers to requests, the rest of calls and transactions that were there
    before (FP6), other contacts of the UE (FP9: they are other subjects). Right behind SM1, or where SM12 may have been
    lost from the capture, it is `probable` (FP2, FP4). That a UE kept quiet is not seen, so this rule has no pass.
    """
    sighting = event.sighting
    if event.parent is not None or sighting.sender is not Side.UE or not sighting.message.is_request:
        return None
    if event.emergency or event.begun_before or sighting.message.method in ("ACK", "CANCEL", "BYE"):
        return None
    return judged(
        sure=event.running.sure,
        traps=("FP2", "FP4"),
        fault="request",
        message=f"the UE sent {sighting.message.method} between a clear SM1 and SM12",
        actor=Actor.UE,
        expected="no request but REGISTER until SM12",
        observed=f"{sighting.message.start_line} {sighting.where}",
        argument=event.running.how,
    )
