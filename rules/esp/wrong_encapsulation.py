"""ESP-11: with UDP-enc-tun, the UDP around ESP is as RFC 3948 and Annex M ask."""

from analyzer.ims.events import AssociationExamined, WrongEncapsulation
from analyzer.rule import PASS, Actor, Severity, Verdict, judged, rule

WORDS = {
    "port": "ESP in UDP does not use port 4500 at the P-CSCF",
    "unknown-port": "the P-CSCF sends ESP to a UDP port from which the UE never sent",
    "marker": "a non-ESP marker stands before the SPI, as if it were IKE",
}


@rule(
    "ESP-11",
    clause="RFC 3948 2; TS 33.203 Annex M",
    source="RFC 3948 2; 33.203 Annex M [D]",
    actor="either",
    severity=Severity.MEDIUM,
    traps=("FP4", "FP12", "FP13"),
    evidence=("E2", "E8"),
)
def wrong_encapsulation(event: WrongEncapsulation | AssociationExamined) -> Verdict | None:
    """UDP-encapsulated ESP goes to and from port 4500 of the P-CSCF, to that port of the UE's NAT from which the UE's
    own packets came (port_Uenc), and has no non-ESP marker before the SPI.

    What is sent to another port ends at the NAT, and behind a marker it is handed to IKE.

    Not a violation: a NAT that gives out another port meanwhile (FP12): every port from which a packet of the set came
    is good. If a packet of the UE may be missing in the capture (FP4), an unknown port is `probable`. Inner addresses
    that do not match are PORT-07's business.
    """
    if isinstance(event, AssociationExamined):
        agreed = event.terms.mod == "udp-enc-tun"
        return PASS if agreed and not event.faults & {"encapsulation", "mode"} else None
    complete = event.complete
    actor = Actor(event.role.sender)
    return judged(
        sure=complete is None or complete.sure,
        traps=("FP4", "FP12", "FP13"),
        fault=event.kind,
        message=WORDS[event.kind],
        actor=actor,
        expected=event.expected,
        observed=f"{event.observed}, {event.role} of set {event.terms.generation}",
        argument=complete.how if complete is not None else "the packet verifies with the keys of this set",
    )
