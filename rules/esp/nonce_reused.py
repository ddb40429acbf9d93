"""ESP-09: with AES-GCM and AES-GMAC no IV is used twice in a set."""

from analyzer.ims.events import AssociationExamined, BadIvSeen
from analyzer.rule import PASS, Actor, Broken, Severity, Verdict, rule


@rule(
    "ESP-09",
    clause="RFC 4106 3.1; RFC 4543 3.1; TS 33.203 Annex I",
    source="RFC 4106 3.1, RFC 4543 3.1; 33.203 Annex I (salt depends only on CK and IK) [T]",
    actor="both senders",
    severity=Severity.CRITICAL,
    traps=("FP5",),
    evidence=("E8",),
)
def nonce_reused(event: BadIvSeen | AssociationExamined) -> Verdict | None:
    """With aes-gcm and aes-gmac the eight octets of IV never repeat under one key.

    A single repetition shows the difference of two plaintexts and lets an attacker compute the key of the ICV. All four
    associations of a set have the same key and the same salt (Annex I), so that the IVs of both sides must differ, too:
    two plain counters that start at 1 collide with the first packets. That is a trap in the design of Annex I; whoever
    used the value second is named, and neither side can avoid it alone unless both draw their IVs at random or start
    their counters at random places.

    Not a violation: a packet that was captured twice (FP5). The last 2,048 IVs of a set are compared.
    """
    if isinstance(event, AssociationExamined):
        return PASS if event.combined and event.ivs >= 2 and "iv-repeated" not in event.faults else None
    if not event.combined:
        return None
    actor = Actor(event.role.sender)
    crossing = event.other_role is not None and event.other_role.sender is not event.role.sender
    where = f"{event.other_role} and " if event.other_role is not None else ""
    return Broken(
        fault="both-sides" if crossing else "one-side",
        message="UE and P-CSCF used the same IV under their common key: two counters that begin alike"
        if crossing
        else f"the {actor} used an IV twice under one key",
        actor=actor,
        expected="an IV that the set has not used",
        observed=f"the same IV on {where}{event.role} of set {event.terms.generation}",
        related=(event.earlier,),
        argument="both packets verify with the same key and are different packets",
    )
