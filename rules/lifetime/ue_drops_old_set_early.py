"""LIFE-10: the UE receives on the old set until the P-CSCF has used the new one."""

from typing import Any

from analyzer.ims.events import HandshakeEnded, OldSetNeglected, OldSetServed, Side
from analyzer.rule import PASS, Actor, Broken, Severity, Verdict, judged, rule
from rules.lifetime.neglected import verdict_of


@rule(
    "LIFE-10",
    clause="TS 33.203 7.4.1a",
    source="S1 7.4.1a; 33.203 7.4.1a [D]",
    actor="UE",
    severity=Severity.MEDIUM,
    traps=("FP4", "FP26"),
    evidence=("E4", "E5", "E6"),
)
def ue_drops_old_set_early(event: OldSetNeglected | OldSetServed | HandshakeEnded) -> Verdict | None:
    """After SM12 the UE goes on receiving on the old set until the P-CSCF's first message on the new one, or expiry.

    The P-CSCF does not know yet whether SM12 arrived, and stays on the old set until it hears of the UE on the new one:
    a UE that has dropped the old set misses calls in the meantime.

    Judged is a request of the P-CSCF over UDP on the old set that stays without an answer for 64*T1 although it is
    repeated, while nothing came on the new set yet and the UE sends nothing on the old one.

    Not a violation: a UE that has lost its radio link or was switched off, and packets that are missing in the capture.
    They are excluded where three repetitions are seen on the UE's own link, the UE used the new set in the meantime and
    the numbers of both sets have no gap; else it is `probable` (FP4, FP26). Over TCP a request is not repeated, so
    that its silence shows nothing: there a handshake counts, which the UE refuses, or leaves without an answer although
    its SYN comes four times. What the UE answers on another set is SA-16's.
    """
    if isinstance(event, OldSetServed):
        return PASS if event.side is Side.UE else None
    if isinstance(event, HandshakeEnded):
        return _handshake(event)
    return verdict_of(event, Side.UE)


def _handshake(event: HandshakeEnded) -> Verdict | None:
    """A TCP connection of the P-CSCF on the old set."""
    if event.receiver is not Side.UE or not event.early or event.outcome == "answered":
        return None
    common: dict[str, Any] = {
        "actor": Actor.UE,
        "expected": f"SYN with ACK on set {event.terms.generation}",
        "related": tuple(at for at in (event.terms.sm6, event.alive) if at is not None),
    }
    if event.outcome == "refused":
        return Broken(
            fault="refused",
            message="the UE refused a TCP connection on the old set, which it had to serve yet",
            observed="RST",
            argument="the RST came on the old set, and the P-CSCF had not used the new one",
            **common,
        )
    there = event.alive is not None and event.near is not None
    return judged(
        sure=there and event.complete.sure,
        traps=(*(() if there else ("FP26",)), *(() if event.complete.sure else ("FP4",))),
        fault="no-handshake",
        message="the UE did not answer a TCP handshake on the old set, which it had to serve yet",
        observed=f"{event.attempts} SYNs without an answer",
        argument=f"{event.near}, and it used the new set meanwhile; {event.complete.how}"
        if there
        else f"that it had the SYN is not sure; {event.complete.how}",
        **common,
    )
