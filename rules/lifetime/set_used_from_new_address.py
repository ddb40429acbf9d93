"""LIFE-20: sets end with the address of the UE."""

from analyzer.ims.events import AddressChanged, AddressLeft
from analyzer.rule import PASS, Actor, Profile, Severity, Verdict, judged, rule


@rule(
    "LIFE-20",
    clause="TS 33.203 7.5",
    source="33.203 7.5 [D]; S2 3.3 (addresses constant)",
    actor="UE",
    severity=Severity.MEDIUM,
    traps=("FP5", "FP12", "R18"),
    evidence=("E2", "E4"),
)
def set_used_from_new_address(event: AddressChanged | AddressLeft, profile: Profile) -> Verdict | None:
    """A UE whose address changes deletes all its sets, and registers anew in clear from the new address.

    Address and ports are all that SIP sees of an association. A P-CSCF that checks them drops what comes from another
    address, and one that does not check them can be given foreign packets.

    Judged are packets with a right ICV on an association of the UE that come from another address than the one that
    negotiated it: any request, a protected SM1 among them.

    Not a violation: UDP encapsulation, where a NAT may bind another address at any time, and the profile flag ``nat``
    (FP12, R18); an inner address that stays while an outer one changes (MOBIKE, ePDG), since the inner one counts. The
    same packet seen at two points of its way is a copy (FP5). Where the UE's packets did not come from the negotiated
    address before, or only one came from the new one, a NAT between two taps cannot be excluded: `probable`.
    """
    if isinstance(event, AddressLeft):
        return PASS
    if "nat" in profile.flags:
        return None
    old, new = event.addresses
    sure = event.settled and event.before is not None
    return judged(
        sure=sure,
        traps=("FP5", "FP12"),
        fault="register" if event.what.startswith("REGISTER") else "packets",
        message="the UE sent on a set from another address than the one that negotiated it",
        actor=Actor.UE,
        expected=f"a REGISTER in clear from {new}",
        observed=event.what or f"packets from {new}",
        related=(event.before,) if event.before is not None else (),
        argument=f"the ICVs are right, and what came before was from {old}"
        if sure
        else "the ICV is right; a NAT may stand between two taps",
    )
