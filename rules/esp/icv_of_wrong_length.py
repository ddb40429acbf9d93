"""ESP-05: the ICV is as long as the algorithm demands."""

from analyzer.ims.events import KeysProven
from analyzer.rule import PASS, Actor, Broken, Severity, Verdict, rule


@rule(
    "ESP-05",
    clause="RFC 2403; RFC 2404; RFC 4543; RFC 4106 6",
    source="RFC 2403/2404; RFC 4543; RFC 4106 (16 is the must-support length)",
    actor="sender",
    severity=Severity.MEDIUM,
    traps=("FP18",),
    evidence=("E8",),
)
def icv_of_wrong_length(event: KeysProven) -> Verdict | None:
    """The ICV has 12 octets with HMAC-MD5-96 and HMAC-SHA-1-96, 16 with AES-GMAC and AES-GCM.

    A receiver takes the ICV from the end of the packet. With another length it verifies other octets than the sender
    meant, and drops every packet; a shorter one is also easier to guess.

    Not a violation: packets that nothing opens. Another length is believed only if the ICV of that length is right with
    the keys that follow from CK and IK, and the content makes sense; without those keys nobody can tell (FP18). Judged
    once an association, at its first packet.
    """
    if not event.derived:
        return None
    if event.icv == event.demanded_icv:
        return PASS
    actor = Actor(event.role.sender)
    return Broken(
        fault="longer" if event.icv > event.demanded_icv else "shorter",
        message=f"the {actor} sends an ICV of another length than its algorithms demand",
        actor=actor,
        expected=f"{event.demanded_icv} octets ({event.pair[0]}, {event.pair[1]})",
        observed=f"{event.icv} octets on {event.role} of set {event.terms.generation}",
        related=tuple(frame for frame in (event.terms.sm6,) if frame is not None),
        argument="the ICV of this length is right with the keys of this authentication, and the content makes sense",
    )
