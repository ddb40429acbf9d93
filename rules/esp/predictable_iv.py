"""ESP-08: in CBC every packet has an IV of its own that cannot be foretold."""

from analyzer.ims.events import AssociationExamined, BadIvSeen
from analyzer.rule import PASS, Actor, Broken, Severity, Verdict, rule

ENOUGH = 8
"""Packets without which statistics say nothing."""

WORDS = {
    "iv-repeated": "an IV is used a second time",
    "iv-counted": "the IVs are a counter",
    "iv-chained": "the IV is the last block of ciphertext of the packet before",
}


@rule(
    "ESP-08",
    clause="RFC 3602 3; RFC 2451",
    source="RFC 3602 3 [M]; RFC 2451 [M]",
    actor="sender",
    severity=Severity.MEDIUM,
    traps=("FP5",),
    evidence=("E8",),
)
def predictable_iv(event: BadIvSeen | AssociationExamined) -> Verdict | None:
    """With aes-cbc and des-ede3-cbc every packet carries an IV of its own, random, and never one that was there before.

    Who can foretell the IV can test guesses of what a packet says. The first 256 packets of an association are looked
    at; whoever makes IVs badly does so from the start. A counter is told after eight packets in their order. A chained
    IV breaks RFC 3602, hence only AES is held to it (R21).

    Not a violation: a packet that was captured twice (FP5), which is one packet. An association of fewer than eight
    packets is not judged unless an IV repeats. That the clauses say so rests on memory [M].
    """
    if isinstance(event, AssociationExamined):
        cbc = event.pair[1] in ("aes-cbc", "des-ede3-cbc")
        return PASS if cbc and event.ivs >= ENOUGH and not event.faults & WORDS.keys() else None
    if event.combined:
        return None
    actor = Actor(event.role.sender)
    return Broken(
        fault=event.kind,
        message=f"{WORDS[event.kind]}: the {actor} makes predictable IVs",
        actor=actor,
        expected="an unpredictable IV",
        observed=f"{event.ealg} on {event.role} of set {event.terms.generation}",
        related=(event.earlier,),
        argument="both packets verify with the same key and are different packets",
    )
