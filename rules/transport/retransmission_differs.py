"""TRN-10: a retransmission goes the way of the first copy, and only over UDP."""

from analyzer.ims.events import RequestRepeated
from analyzer.rule import PASS, Actor, Broken, Profile, Severity, Verdict, judged, rule


@rule(
    "TRN-10",
    clause="RFC 3261 17.1",
    source="RFC 3261 17.1 (Timers A/E); S1 (responses over the same SA)",
    actor="either",
    severity=Severity.MEDIUM,
    traps=("FP1", "FP5", "FP11", "FP12", "R35"),
    evidence=("E5",),
    plaintext=False,
)
def retransmission_differs(event: RequestRepeated, profile: Profile) -> Verdict | None:
    """A request that is repeated over UDP keeps protection and ports of its first copy; over TCP none is repeated.

    A copy on another set makes two transactions of one, or none at all, and a clear copy gives away what the first one
    hid (CLR-06 is the finding then, and the cause of this one).

    Not a violation: contacts without ipsec-3gpp (FP11); the same packet twice in a capture (FP5: copies are left out,
    TCP segments counted once); an ACK to a 2xx, which belongs to no transaction. A REGISTER that has timed out is begun
    anew with another branch and is another request. A request that is sent again over TCP after its connection broke,
    or over the other transport, is left alone. In the papers a copy of a pending request may move to the new set (R35):
    `probable`. Where the Via of a clear request has another address than the packet, a NAT may have given it another
    port (FP12): `probable`. For answers see SA-16.
    """
    request, first = event.request, event.first
    if not event.ipsec or request.message.method == "ACK" or request.transport != first.transport:
        return None
    actor = Actor(request.sender)
    before, after = first.protection, request.protection
    if request.transport == "TCP":
        if request.connection is not first.connection:
            return None
        return Broken(
            fault="over-tcp",
            message=f"the {actor} repeated a request over TCP",
            actor=actor,
            expected="one copy",
            observed=f"{request.message.start_line}, {request.where}",
            related=(first.at,),
            argument="both copies were delivered by the same connection at different places of its stream",
        )
    if (before is None) != (after is None):
        return judged(
            sure=request.message.method != "REGISTER",
            traps=("FP1",),
            fault="clear-and-protected",
            message=f"the {actor} sent one request in clear and protected",
            actor=actor,
            expected=first.where,
            observed=request.where,
            related=(first.at,),
            cause="CLR-06",
            argument="both have the same branch, Call-ID and CSeq",
        )
    if before is not None and after is not None and (before.terms, before.role) != (after.terms, after.role):
        return judged(
            sure=profile.pending_requests_stay,
            traps=("R35",),
            fault="other-set" if before.terms is not after.terms else "other-association",
            message=f"the {actor} repeated a request on another association than its first copy",
            actor=actor,
            expected=first.where,
            observed=request.where,
            related=(first.at,),
            argument="both have the same branch, Call-ID and CSeq",
        )
    if (request.sport, request.dport) != (first.sport, first.dport):
        return judged(
            sure=before is not None or not event.translated,
            traps=("FP12",),
            fault="other-ports",
            message=f"the {actor} repeated a request from or to other ports than its first copy",
            actor=actor,
            expected=first.where,
            observed=request.where,
            related=(first.at,),
            argument="both have the same branch, Call-ID and CSeq",
        )
    return PASS
