"""PORT-07: a protected packet fits the selector of its association."""

from analyzer.ims.events import PacketRead, PacketVerified
from analyzer.rule import PASS, Actor, Inconclusive, Probable, Severity, Verdict, judged, rule


@rule(
    "PORT-07",
    clause="TS 33.203 7.1",
    source="S2 3.1 (eight selector lines); 33.203 7.1 [D]",
    actor="either",
    severity=Severity.HIGH,
    traps=("FP12", "FP25", "R23"),
    evidence=("E2", "E8"),
)
def selector_mismatch(event: PacketVerified | PacketRead) -> Verdict | None:
    """A decrypted packet has the ports, the addresses and the direction of the association that its SPI names.

    A receiver that checks selectors drops the packet; one that does not lets one association stand in for another.

    Not a violation: packets that are neither UDP nor TCP. Behind a NAT the inner packet counts (FP12); where only the
    address is another one, a NAT between tap and sender cannot be excluded: `probable`. The same SPI of several UEs is
    told apart by address and ICV (FP25). Where a side announced one SPI for both of its ports (NEG-10), the packet may
    belong to either association. Who answers on the ports that the other side has used, as to a SYN from a wrong port,
    is `probable`, and the other's packet the cause; so is who goes to a client port that the other's Via or Contact
    names (R23).
    """
    flow, role = event.flow, event.role
    if flow is None:
        return None
    sport, dport = expected = event.terms.ports(role)
    if flow == expected and event.sender_fits:
        return PASS
    twin = next(other for other in type(role) if other.sender is role.sender and other is not role)
    if flow == event.terms.ports(twin) and event.terms.spi(twin) == event.terms.spi(role) and event.sender_fits:
        return PASS
    if sport is None or dport is None:
        return Inconclusive(reason="the ports of the association are not known")
    observed = f"{flow[0]}>{flow[1]}" + ("" if event.sender_fits else " from another address")
    related = tuple(frame for frame in (event.terms.sm6,) if frame is not None)
    if flow == expected:
        return Probable(
            fault=f"address-{role}",
            message=f"a packet on the association {role} of set {event.terms.generation} came from another address",
            actor=Actor(role.sender),
            expected=f"{sport}>{dport} from the address that negotiated the set",
            observed=observed,
            related=related,
            traps=("FP12",),
            argument="the ICV verified; a NAT may stand between this tap and the one that saw the negotiation",
        )
    # A Via of the P-CSCF, or a Contact of the UE, that names a client port is the fault of PORT-13 or PORT-11.
    teller = "PORT-13" if Actor(role.sender) is Actor.UE else "PORT-11"
    cause = "PORT-07" if event.invited else teller if event.told else None
    return judged(
        sure=not (event.invited or event.told),
        traps=("R23",),
        cause=cause,
        fault=f"selector-{role}",
        message=f"a packet on the association {role} of set {event.terms.generation} has other ports than agreed",
        actor=Actor(role.sender),
        expected=f"{sport}>{dport}",
        observed=observed,
        related=related,
        argument="the ICV verified, so the packet was built on this association",
    )
