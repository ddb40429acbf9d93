"""ESP-06: the trailer is as RFC 4303 2.4 wants it, and the ciphertext is whole blocks."""

from analyzer.ims.events import AssociationExamined, TrailerMalformed
from analyzer.rule import PASS, Actor, Severity, Verdict, judged, rule

WORDS = {
    "padding": ("the padding octets are not 1, 2, 3 and so on", "padding of 1, 2, 3 ..."),
    "alignment": ("pad length and next header do not end on a boundary of four octets", "a multiple of four octets"),
    "blocks": ("the ciphertext is no multiple of the cipher's block", "whole blocks"),
}


@rule(
    "ESP-06",
    clause="RFC 4303 2.4; RFC 3602 2.4; RFC 2451",
    source="RFC 4303 2.4; RFC 3602 2.4; RFC 2451",
    actor="sender",
    severity=Severity.LOW,
    traps=("FP18",),
    evidence=("E8",),
)
def trailer_malformed(event: TrailerMalformed | AssociationExamined) -> Verdict | None:
    """Padding octets are 1, 2, 3 and so on, pad length and next header end on a boundary of four octets, and the
    ciphertext of a CBC cipher is a multiple of its block.

    A receiver that inspects the padding, as RFC 4303 recommends, drops what is padded otherwise; one that does not
    works with such a sender by chance.

    Not a violation: more padding than is needed, up to 255 octets; what comes out under a wrong key (FP18): only
    packets whose ICV is right count, and their encryption key must have opened others, or what is in the packet must
    show by its own length where the padding begins.
    """
    if isinstance(event, AssociationExamined):
        return None if event.faults & WORDS.keys() else PASS
    said, expected = WORDS[event.kind]
    actor = Actor(event.role.sender)
    return judged(
        sure=True,
        traps=(),
        fault=event.kind,
        message=said,
        actor=actor,
        expected=expected,
        observed=f"a packet on {event.role} of set {event.terms.generation}",
        argument="its ICV is right, and the encryption key is that of this association",
    )
