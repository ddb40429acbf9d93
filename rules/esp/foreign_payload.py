"""ESP-07: what is in ESP is TCP or UDP, or an IP packet in tunnel mode."""

from analyzer.ims.events import AssociationExamined, ForeignPayload
from analyzer.rule import PASS, Actor, Broken, Profile, Severity, Verdict, rule

DUMMY = 59
TOLERATED = {1: "ICMP", 58: "ICMPv6", 60: "IPv6 destination options"}
NAMES = {50: "ESP", 51: "AH", DUMMY: "no next header: a dummy packet"}


@rule(
    "ESP-07",
    clause="TS 33.203 6.2, 6.3, M.6.2; RFC 4303 2.6",
    source="33.203 M.6.2 [T], 6.2/6.3 [D]; RFC 4303 2.6",
    actor="sender",
    severity=Severity.LOW,
    traps=("FP18",),
    evidence=("E8",),
)
def foreign_payload(event: ForeignPayload | AssociationExamined, profile: Profile) -> Verdict | None:
    """The next header in ESP is TCP or UDP (with UDP-enc-tun: an IP packet); dummy packets are not sent.

    RFC 4303 allows dummy packets against traffic analysis, TS 33.203 from Release 11 on does not, since peers that know
    only RFC 2406 do not understand them (V14): in earlier profiles they are no matter. Anything else has no business on
    associations that were made for SIP.

    Not a violation: ICMP on the selectors of the association, and IPv6 destination options before TCP or UDP. Packets
    that a wrong key opens by chance (FP18) are none, since the ICV must be right.
    """
    if isinstance(event, AssociationExamined):
        return None if "payload" in event.faults else PASS
    if event.next_header in TOLERATED or (event.next_header == DUMMY and profile.dummy_packets):
        return None
    actor = Actor(event.role.sender)
    return Broken(
        fault="dummy" if event.next_header == DUMMY else "foreign",
        message="a dummy packet is sent"
        if event.next_header == DUMMY
        else "ESP carries something else than TCP or UDP",
        actor=actor,
        expected="next header 6 or 17",
        observed=f"{event.next_header} ({NAMES.get(event.next_header, 'another protocol')}) on {event.role} "
        f"of set {event.terms.generation}",
        argument="the ICV of the packet is right",
    )
