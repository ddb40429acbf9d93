"""TRN-01: over TCP a response comes back on the connection of its request."""

from analyzer.ims.events import ResponseSent
from analyzer.rule import PASS, Actor, Profile, Severity, Verdict, judged, rule


@rule(
    "TRN-01",
    clause="RFC 3261 18.2.2; TS 24.229 5.1.1.5.1",
    source="S2 2.1, 3; RFC 3261 18.2.2; 24.229 5.1.1.5.1 note [T]",
    actor="either",
    severity=Severity.MEDIUM,
    traps=("FP4", "FP25", "FP27", "R37"),
    evidence=("E5", "E6"),
)
def response_on_other_connection(event: ResponseSent, profile: Profile) -> Verdict | None:
    """A response to a request that came over TCP is sent on the same connection while that is open.

    Not a violation: a connection that was closed or reset before (TRN-04), the refusal of SM7 (FP27, R37). If its end
    may have been lost from the capture it is `probable` (FP4). The papers' second solution answers a request of the old
    set on a connection of the new one (profile flag seed-solution-2).
    """
    request, response = event.request, event.response
    if request is None or request.transport != "TCP":
        return None
    if event.answers_register == "SM7" and response.message.status >= 300:
        return None
    if response.connection is request.connection:
        return PASS
    before, after = request.protection, response.protection
    moved = before is not None and after is not None and before.terms is not after.terms
    if not event.connection_alive or (moved and "seed-solution-2" in profile.flags):
        return None
    sure = event.complete is None or event.complete.sure
    return judged(
        sure=sure,
        traps=("FP4",),
        fault="other-transport" if response.transport != "TCP" else "other-connection",
        message=f"the {response.sender} did not answer on the TCP connection of the request, which was open",
        actor=Actor(response.sender),
        expected=f"TCP {request.dport}>{request.sport}",
        observed=response.where,
        related=(request.at,),
        argument="no FIN or RST of that connection is in the capture before the response"
        + (f"; {event.complete.how}" if event.complete is not None else ""),
    )
