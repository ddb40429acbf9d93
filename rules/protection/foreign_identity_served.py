"""SA-20: a set serves the identities that are bound to it, and no other."""

from typing import Any

from analyzer.ims.events import ForeignIdentity
from analyzer.rule import PASS, Actor, Broken, Inconclusive, Severity, Table, Verdict, rule


@rule(
    "SA-20",
    clause="TS 33.203 7.1 [M], 7.4.2a; TS 24.229 5.2.2.2 [M], 5.2.6.3",
    source="S1 7.4.2a; 33.203 7.1 rule 4 [M]; 24.229 5.2.2.2 [M/D]",
    actor="P-CSCF",
    severity=Severity.CRITICAL,
    traps=("FP3", "FP8", "substituted-identity", "identity-range"),
    evidence=("E3", "E5"),
)
def foreign_identity_served(event: ForeignIdentity) -> Verdict | None:
    """The P-CSCF binds the private identity, and all registered public ones, to a set. A REGISTER on it with another
    private identity, or a request that claims another public one, is refused or discarded.

    The network believes what the P-CSCF asserts: without this check every subscriber can call, and be billed, as
    somebody else.

    A REGISTER is held against the private identity of its set; that it was accepted is shown by a 2xx, by a challenge,
    which can come from the core alone, or by the REGISTER behind the P-CSCF. Another request claims an identity by
    P-Preferred-Identity, or else, outside a dialog, by From. A P-CSCF may serve it and assert an identity that *is*
    bound (P-Asserted-Identity): so it is a violation only if the request is seen behind the P-CSCF with the foreign
    identity asserted, a pass if another one is asserted there, and `inconclusive` without the core leg.

    Not a violation: an anonymous From; any identity of P-Associated-URI, whichever was registered (FP8), also as a
    number where the list has the same number as ``sip`` or ``tel``; a list with wildcards, or one that the capture does
    not have (FP3), against which nothing is held. Whether the UE may claim it is not asked: it is the P-CSCF that has
    to check. Two of the clauses are cited from memory. All profiles agree.
    """
    request = event.request
    title = "private identity" if event.kind == "impi" else "public identity"
    if event.outcome == "refused":
        return PASS
    common: dict[str, Any] = {
        "actor": Actor.PCSCF,
        "expected": f"a refusal: the set has {', '.join(event.bound)}",
        "related": (request.at,),
        "tables": (Table(title, ("set", "request"), ((", ".join(event.bound), event.claimed),)),),
    }
    if event.kind == "impi":
        return Broken(
            fault="private-identity",
            message="the P-CSCF let a REGISTER pass with another private identity than that of its set",
            observed=f"{event.claimed}, then {event.answer}",
            argument="both identities are in the capture, and nothing but the set protects this REGISTER",
            **common,
        )
    if event.outcome == "accepted":
        return Inconclusive(
            reason="what identity the P-CSCF asserted for this request is not in the capture (core leg)",
            actor=Actor.PCSCF,
            related=(request.at,),
            traps=("substituted-identity",),
        )
    if event.claimed not in event.asserted:
        return PASS
    return Broken(
        fault="public-identity",
        message="the P-CSCF asserted a public identity that is not bound to the set of the request",
        observed=f"P-Asserted-Identity {', '.join(event.asserted)}",
        argument="P-Associated-URI of this contact does not have it",
        **common,
    )
