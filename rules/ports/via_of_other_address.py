"""PORT-14: the addresses of a set stay what they were."""

from ipaddress import ip_address

from analyzer.ims.events import RegistrationRefreshed, RegistrationSucceeded
from analyzer.rule import PASS, Actor, Broken, Inconclusive, Profile, Severity, Verdict, rule
from rules.negotiation.showing import two_columns


@rule(
    "PORT-14",
    clause="TS 33.203 7.1 [M]",
    source="33.203 7.1 (selectors, rule 2) [M/D]; S2 3.3 (IP and transport remain)",
    actor="either",
    severity=Severity.MEDIUM,
    traps=("FP12", "FP15", "FP21"),
    evidence=("E2", "E3"),
)
def via_of_other_address(event: RegistrationSucceeded | RegistrationRefreshed, profile: Profile) -> Verdict | None:
    """A protected REGISTER that is accepted names in its Via the address that it came from, which is that of the set.

    The address is a part of the selectors of all four associations. A P-CSCF that accepts another one in Via sends its
    answers, and later requests, to an address for which there is no association.

    The P-CSCF is named, for it has to compare Via with the source of the packet; the UE that wrote another address is
    in the evidence. An SM7 from another address than SM1 fits no association, so its answer is not to be found: LIFE-20
    tells of the packets.

    Not a violation: a NAT between the two (``mod=UDP-enc-tun``, or the flag `nat`), where the UE cannot know its public
    address (FP12); a UE that changed its address and registers anew, which is another subject here (FP15). A host name
    in Via cannot be compared: `inconclusive` (FP21). The sentence of TS 33.203 is cited from memory and unverified.
    """
    register, subject = event.register, event.subject
    protection, via = register.protection, register.message.top_via
    if protection is None or via is None or subject is None:
        return None
    if "nat" in profile.flags or (protection.terms.mod or "").lower() == "udp-enc-tun":
        return None
    if via.host == subject.ue and not subject.told:
        return PASS
    try:
        named = ip_address(via.host)
    except ValueError:
        return Inconclusive(
            reason="the Via of a protected REGISTER has a host name, which cannot be compared with an address",
            actor=Actor.UE,
            related=(register.at,),
            traps=("FP21",),
            fault="host-name",
        )
    if (getattr(named, "ipv4_mapped", None) or named) == ip_address(subject.ue):
        return PASS
    return Broken(
        fault="via-address",
        message="the P-CSCF accepted a protected REGISTER whose Via names another address than the packet came from",
        actor=Actor.PCSCF,
        expected=subject.ue,
        observed=str(named),
        related=(register.at,),
        argument=f"the REGISTER came on set {protection.generation}, which belongs to the address {subject.ue}",
        tables=(
            two_columns("addresses of the REGISTER", "packet", "Via", (("address of the UE", subject.ue, named),)),
        ),
    )
