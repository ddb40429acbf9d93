"""ESP-04: the ICV is right."""

from analyzer.ims.events import IntegrityFailed, IntegrityUnchecked, PacketVerified
from analyzer.rule import Actor, Inconclusive, Severity, Verdict, judged, rule


@rule(
    "ESP-04",
    clause="RFC 4303 2.8, 3.4.4.1; TS 33.203 6.3",
    source="RFC 4303 2.8, 3.4.4.1; 33.203 6.3 [D]",
    actor="sender",
    severity=Severity.MEDIUM,
    traps=("FP5", "FP18", "FP23", "FP25", "FP29"),
    evidence=("E8",),
    met_by=(PacketVerified,),
)
def integrity_broken(event: IntegrityFailed | IntegrityUnchecked) -> Verdict | None:
    """Every packet of an association verifies under the negotiated algorithm and key.

    Not a violation: an association of which no packet has verified, whose key is wrong or missing (FP18), also where it
    shares its SPI with one that has a key (FP25, FP29); packets that the capture cut; fragments (FP23: they are put
    together first); a damaged copy of a packet that verifies (FP5), as a radio or a mirror port with bit errors has it.
    If no later packet verifies either, other keys under the same SPI are possible: `probable`.
    """
    if isinstance(event, IntegrityUnchecked):
        read = (
            "null encryption is read"
            if event.ealg == "null"
            else "what is encrypted is read, with a key for that alone"
        )
        return Inconclusive(reason=f"no key: {read}, its ICVs are not checked", fault="unchecked")
    if event.cut:
        return Inconclusive(reason="the capture cut the packet", actor=Actor(event.role.sender), fault="cut")
    if event.intact:
        return Inconclusive(
            reason="a packet with the same number verifies: this may be a copy of it that was damaged on the way here",
            actor=Actor(event.role.sender),
            traps=("FP5",),
            fault="damaged-copy",
        )
    if not event.neighbours:
        return Inconclusive(
            reason="no packet of this association has verified so far: the key may not fit",
            actor=Actor(event.role.sender),
            traps=("FP18",),
            fault="wrong-key",
        )
    return judged(
        sure=event.later,
        traps=("FP18", "FP29"),
        fault="bad-icv",
        message="an ESP packet does not verify while others of the same association do",
        actor=Actor(event.role.sender),
        expected="a valid ICV",
        observed=f"SPI 0x{event.spi:08x}, sequence number {event.sequence}",
        argument="packets before and after it on the same association verified with the same key; this one is complete"
        if event.later
        else "no later packet of this association verifies: a set with other keys may have taken over its SPI",
    )
