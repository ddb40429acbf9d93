"""ESP-13: neither AH nor extended sequence numbers are used."""

from analyzer.ims.events import AuthenticationHeaderSeen, KeysProven
from analyzer.rule import PASS, Actor, Broken, Inconclusive, Severity, Verdict, judged, rule


@rule(
    "ESP-13",
    clause="TS 33.203 6.3, Annex H",
    source="33.203 6.3, Annex H (only esp) [D]",
    actor="either",
    severity=Severity.LOW,
    traps=("FP18", "FP25"),
    evidence=("E8",),
)
def extended_numbers_or_ah(event: KeysProven | AuthenticationHeaderSeen) -> Verdict | None:
    """Protection is ESP with 32-bit sequence numbers: Annex H can name neither AH nor extended sequence numbers.

    Extended numbers (ESN) put 32 bits under the ICV that are not sent. A peer that does not know of them drops every
    packet. AH has no place in the negotiation, so nobody can have agreed to it.

    Not a violation: AH of another service between the same two hosts, which is told apart by what it protects: only AH
    around a packet on a protected port of a living set, or around its ESP, is certain; other AH between the two is
    inconclusive. ESN is believed only if the ICV is right with the keys of this authentication (FP18). That AH is not
    used is passed once an association, at its first packet.
    """
    if isinstance(event, AuthenticationHeaderSeen):
        if not event.gm:
            return Inconclusive(
                reason="AH between the UE and its P-CSCF may be that of another service", traps=("FP25",), fault="ah"
            )
        actor = Actor(event.sender)
        return judged(
            sure=True,
            traps=(),
            fault="ah",
            message=f"the {actor} protects Gm with AH, which cannot be negotiated",
            actor=actor,
            expected="ESP",
            observed="AH (IP protocol 51)",
            argument="what is inside belongs to a living set",
        )
    if not event.derived:
        return None
    if not event.esn:
        return PASS
    actor = Actor(event.role.sender)
    return Broken(
        fault="esn",
        message=f"the {actor} uses extended sequence numbers, which cannot be negotiated",
        actor=actor,
        expected="an ICV over the packet alone",
        observed=f"an ICV over the packet and 32 more bits on {event.role} of set {event.terms.generation}",
        related=tuple(frame for frame in (event.terms.sm6,) if frame is not None),
        argument="the ICV is right so with the keys of this authentication, and not without the 32 bits",
    )
