"""SA-21: all four associations of a set work."""

from typing import Any

from analyzer.ims.events import HandshakeEnded
from analyzer.rule import PASS, Actor, Broken, Level, Severity, Verdict, judged, rule


@rule(
    "SA-21",
    clause="TS 33.203 6.3, 7.1, 7.4.1a, 7.4.2a",
    source="S1 7.4.1a/7.4.2a; S2 3.1; 33.203 6.3, 7.1 [D]",
    actor="either",
    severity=Severity.MEDIUM,
    traps=("FP4", "FP26"),
    evidence=("E2", "E6"),
)
def association_does_not_work(event: HandshakeEnded) -> Verdict | None:
    """Once SM12 has passed, each side can use all four associations of a set, two to send on and two to receive on.

    A pair that one end did not set up is noticed only when it is needed: the UE's own calls work, and nobody can call
    it.

    Judged is a TCP handshake on an association: a SYN that is repeated three times and never answered, while both sides
    exchange other packets of the same set. The receiver of the SYN is held responsible, be it for the association that
    the SYN came on or for the one that its answer had to go on.

    Not a violation: an end that is gone (FP26), a lost radio link, packets that are missing in the capture (FP4). They
    are excluded only where the SYNs are seen on the receiver's own link, the exchange went on meanwhile and the numbers
    of the set have no gap; else it is `probable`. A UE that refuses the connection with a RST on the set has all its
    associations, and merely does not listen on port_us for TCP: its own fault, but none of this row, hence a note.
    Over UDP one pair of the set is never used, so that nothing can be seen of it. Before SM12, on a set that a newer
    one replaces (LIFE-09, LIFE-10), and on one that is over, handshakes are not judged here.
    """
    if event.outcome == "answered":
        return PASS
    if event.replaced:
        return None
    common: dict[str, Any] = {
        "actor": Actor(event.receiver),
        "expected": "SYN with ACK",
        "related": tuple(at for at in (event.terms.sm6, event.exchanged) if at is not None),
    }
    if event.outcome == "refused":
        return Broken(
            fault="not-listening",
            message=f"the {event.receiver} does not accept TCP connections on its protected port",
            level=Level.INFO,
            observed=f"RST after SYN on {event.role}",
            argument="the RST came on the set, so that its associations work",
            **common,
        )
    there = event.exchanged is not None and event.near is not None
    return judged(
        sure=there and event.complete.sure,
        traps=(*(() if there else ("FP26",)), *(() if event.complete.sure else ("FP4",))),
        fault=f"silent-{event.role}",
        message=f"nothing answers on {event.role} of set {event.terms.generation}"
        + (", while other associations of the set work" if event.exchanged is not None else ""),
        observed=f"{event.attempts} SYNs without an answer",
        argument=f"{event.near}; {event.complete.how}" if there else event.complete.how,
        **common,
    )
