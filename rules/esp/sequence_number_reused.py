"""ESP-02: sequence numbers are used once."""

from analyzer.ims.events import PacketRead, PacketUnread, PacketVerified, SequenceRepeated
from analyzer.rule import Actor, Inconclusive, Severity, Verdict, judged, rule


@rule(
    "ESP-02",
    clause="RFC 4303 2.2, 3.3.3",
    source="RFC 4303 2.2, 3.3.3",
    actor="sender",
    severity=Severity.HIGH,
    traps=("FP3", "FP5", "FP29", "NEG-10"),
    evidence=("E8",),
    plaintext=False,
    met_by=(PacketVerified, PacketRead, PacketUnread),
)
def sequence_number_reused(event: SequenceRepeated) -> Verdict | None:
    """Packets of an association are numbered from 1 on, each number once.

    A repeated number with other content is dropped as a replay by the receiver.

    Not a violation: the same packet twice in the capture (FP5), another order, gaps and jumps, new keys on a repeated
    SPI, which are another association (R29). Without a key such new keys cannot be excluded: `probable` (FP29). Where
    the receiver announced one SPI for both of its ports (NEG-10), the sender counts two associations under it. A number
    that lies 128 and more behind the highest is `inconclusive`: receivers drop such a packet, which is most likely an
    old one that somebody sent again, and no rule judges what is in it.
    """
    role = event.role
    if event.behind:
        return Inconclusive(
            reason="a sequence number from long ago: an old packet came again, or its sender's counter went back",
            actor=Actor(role.sender),
            traps=("FP5",),
            fault="behind",
        )
    twin = next(other for other in type(role) if other.sender is role.sender and other is not role)
    shared = event.earlier is not None and event.terms.spi(role) == event.terms.spi(twin)
    return judged(
        sure=event.keyed and not shared,
        traps=("NEG-10",) if shared else ("FP29",),
        cause="NEG-10" if shared else None,
        fault="zero" if event.earlier is None else "reused",
        message="an ESP packet has sequence number 0"
        if event.earlier is None
        else "a sequence number was used for a second, different packet of the same association",
        actor=Actor(role.sender),
        expected="a new number",
        observed=f"{event.sequence} on {role} of set {event.terms.generation}",
        related=(event.earlier,) if event.earlier is not None else (),
        argument="both packets verify with the same key and differ in their ICV"
        if event.keyed
        else "no key: the SPI may have been given out again with other keys",
    )
