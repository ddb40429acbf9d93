"""ESP-10: transport mode, unless UDP-encapsulated tunnel mode was agreed."""

from analyzer.ims.events import AssociationExamined, WrongMode
from analyzer.rule import PASS, Actor, Broken, Severity, Verdict, rule

WORDS = {
    "tunnelled": ("tunnel mode although transport mode was agreed", "transport mode", "an IP packet inside ESP"),
    "encapsulated": ("ESP in UDP although mod=trans was agreed", "ESP on IP", "ESP in UDP port 4500"),
    "not-tunnelled": ("transport mode although UDP-enc-tun was agreed", "an IP packet inside ESP", "TCP or UDP"),
    "not-encapsulated": ("ESP without UDP although UDP-enc-tun was agreed", "ESP in UDP port 4500", "ESP on IP"),
}


@rule(
    "ESP-10",
    clause="TS 33.203 6.2, 6.3, M.6.2",
    source="33.203 6.2/6.3, M.6.2 [T]",
    actor="either",
    severity=Severity.MEDIUM,
    traps=("FP12",),
    evidence=("E3", "E8"),
)
def wrong_mode(event: WrongMode | AssociationExamined) -> Verdict | None:
    """Without a NAT, Gm is protected in transport mode; ``mod=UDP-enc-tun`` in the agreement makes it tunnel mode in
    UDP port 4500, and nothing else does.

    A peer whose associations have the other mode drops the packets.

    Not a violation: either mode, where both sides named both for their algorithms; a tunnel of another service around
    Gm, as of an ePDG: it has an SPI and keys of its own, and the ESP of Gm is inside. Nor can a NAT between tap and
    peer look like this (FP12): it changes addresses and ports, and wraps nothing. Only packets count whose ICV is right
    under the keys of the set.
    """
    if isinstance(event, AssociationExamined):
        return None if "mode" in event.faults else PASS
    actor = Actor(event.role.sender)
    said, expected, observed = WORDS[event.kind]
    return Broken(
        fault=event.kind,
        message=f"the {actor} sends {said}",
        actor=actor,
        expected=expected,
        observed=f"{observed} on {event.role} of set {event.terms.generation}",
        related=tuple(frame for frame in (event.terms.sm6,) if frame is not None),
        argument="the packet verifies with the keys of this set",
    )
