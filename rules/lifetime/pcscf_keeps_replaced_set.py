"""LIFE-13: the P-CSCF gives the old set up."""

from typing import Any

from analyzer.ims.events import DeadSetUsed, End, SetRetired, Side
from analyzer.rule import PASS, Actor, Broken, Level, Profile, Severity, Verdict, judged, rule


@rule(
    "LIFE-13",
    clause="TS 33.203 7.4.2a; TS 24.229 5.2.2.2",
    source="S1 7.4.2a; 33.203 7.4.2a; 24.229 5.2.2.2 [D]",
    actor="P-CSCF",
    severity=Severity.MEDIUM,
    traps=("FP2", "FP4", "FP6", "R9"),
    evidence=("E4", "E5"),
)
def pcscf_keeps_replaced_set(event: DeadSetUsed | SetRetired, profile: Profile) -> Verdict | None:
    """After the UE's first further message on the new set the P-CSCF keeps the old one only for pending transactions,
    today for 64*T1 at most.

    Not a violation: pending transactions and retransmissions within that time (FP6; an INVITE that rings longer is a
    conflict between TS 33.203 and TS 24.229 and only a note), what crossed the UE's message (FP2). Where the P-CSCF
    began a new request there, SA-14 names the cause. Where it only answers what the UE should not have sent there
    (SA-12), the set may today be there for 64*T1 (R9): `probable`.
    """
    if event.end is not End.REPLACED:
        return None
    if isinstance(event, SetRetired):
        return PASS if event.observed and not event.used_by_pcscf else None
    sighting = event.sighting
    if sighting.sender is not Side.PCSCF:
        return None
    late = event.at.time - event.since.time > profile.timer_64_t1
    common: dict[str, Any] = {
        "actor": Actor.PCSCF,
        "expected": f"nothing on set {event.terms.generation}",
        "observed": f"{sighting.message.start_line} on set {event.terms.generation}",
        "related": (event.since,),
    }
    if event.pending or event.repeat:
        if not late or not profile.old_set_capped:
            return None
        if sighting.message.method in ("INVITE", "ACK", "CANCEL"):
            return Broken(
                fault="long-invite",
                message="an INVITE outlived the 64*T1 for which the old set may stay",
                level=Level.INFO,
                argument="TS 33.203 and TS 24.229 disagree (FP6)",
                **common,
            )
    request = sighting.message.is_request
    allowed = not request and not late and profile.old_set_capped
    return judged(
        sure=event.knew.sure and not allowed,
        traps=(*(() if event.knew.sure else ("FP2",)), *(("R9",) if allowed else ())),
        fault="sends" if request else "answers",
        message="the P-CSCF still used the old set although the UE had used the new one and nothing was pending",
        cause="SA-14" if request else "SA-12",
        argument=event.knew.how,
        **common,
    )
