"""CLR-04: the P-CSCF refuses what must not come in clear."""

from analyzer.ims.events import ClearMessageSent, ClearRequestForwarded, Side
from analyzer.rule import PASS, Actor, Broken, Severity, Verdict, judged, rule
from rules.cleartext.doubting import STRANGER


@rule(
    "CLR-04",
    clause="TS 33.203 7.1 [M]; TS 24.229 5.2",
    source="33.203 7.1 item 3 [M/D]; 24.229 5.2 [D]",
    actor="P-CSCF",
    severity=Severity.HIGH,
    traps=("FP10", "FP11", "FP28"),
    evidence=("E5",),
    plaintext=False,
)
def clear_request_served(event: ClearMessageSent | ClearRequestForwarded) -> Verdict | None:
    """A request in clear that is neither a REGISTER nor about an emergency is refused or dropped by the P-CSCF: it does
    not answer it with 1xx or 2xx, and where the capture shows the core leg the request is not forwarded there.

    A P-CSCF that serves it lets anybody send in the name of a registered user.

    Not a violation: contacts that never had an ipsec-3gpp set (FP11), emergency calls (FP10); a 100 Trying, which only
    says that the request has come; a request that came protected as well, since that copy may be the one that was
    forwarded (CLR-06 speaks of it). A request that names none of this UE's identities may
    be another one's behind the same address: `probable` where it is answered (FP28). That the UE sent the request is
    CLR-02's business. The clause is cited from memory.
    """
    if isinstance(event, ClearRequestForwarded):
        return Broken(
            fault="forwarded",
            message=f"the P-CSCF forwarded {event.request.message.method} although it had come in clear",
            actor=Actor.PCSCF,
            expected="a refusal, or no answer",
            observed=f"{event.forwarded}, behind the P-CSCF",
            related=(event.request.at,),
            argument="a set was established for this contact, and the request carries the Via that the UE gave it",
        )
    response, request = event.sighting, event.request
    if response.message.is_request or response.sender is not Side.PCSCF or request is None:
        return None
    if request.protection is not None or request.message.method in ("REGISTER", "ACK", "CANCEL"):
        return None
    if not event.established or event.emergency or response.message.status == 100:
        return None
    if response.message.status >= 300:
        return PASS
    return judged(
        sure=not event.stranger,
        traps=("FP28",),
        fault="answered",
        message=f"the P-CSCF served {request.message.method} although it had come in clear",
        actor=Actor.PCSCF,
        expected="a refusal, or no answer",
        observed=f"{response.message.start_line}, {response.where}",
        related=(request.at,),
        argument=STRANGER if event.stranger else "a set was established for this contact",
    )
