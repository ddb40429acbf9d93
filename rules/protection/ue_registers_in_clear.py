"""SA-01: a UE with a set registers on it."""

from typing import Any

from analyzer.ims.events import ClearRestart, RegistrationStarted
from analyzer.rule import PASS, Actor, Broken, Level, Profile, Severity, Verdict, judged, rule


@rule(
    "SA-01",
    clause="TS 33.203 7.3.1.4, 7.4; TS 24.229 5.1.1.4.1",
    source='S1 7.4; 24.229 5.1.1.4.1 [T]; 33.203 7.3.1.4 ("should") [D]',
    actor="UE",
    level=Level.SHOULD,
    severity=Severity.LOW,
    traps=("FP4", "FP9", "FP10", "FP15", "FP17", "FP30"),
    evidence=("E4", "E5"),
)
def ue_registers_in_clear(event: ClearRestart | RegistrationStarted, profile: Profile) -> Verdict | None:
    """A UE that holds an active set protects its REGISTER with it.

    In clear, anybody on the way can read and change the offer; and all dialogs of the UE end, since the network takes
    a clear REGISTER for a UE that has lost its state.

    Judged is a clear REGISTER of the same contact while its set is valid and the P-CSCF has sent on it within the last
    64*T1. It is a warning at most, as the same clause allows a clear REGISTER at any time (FP30), and only if the UE
    shows that it has not lost its state: it goes on with the Call-ID and CSeq of its last REGISTER. With a new Call-ID
    it may have been restarted (FP15), so that it is only a note.

    Not a violation: a UE whose requests on the set had no answer (LIFE-18 asks it to begin anew), whose last REGISTER
    was refused or not answered (FP17), or whose registration the network has ended; other contacts and emergency
    registrations (FP9, FP10). Where packets of the set or REGISTERs are missing it is `probable` (FP4).
    """
    if isinstance(event, RegistrationStarted):
        return PASS if event.register.protection is not None and event.in_use is not None else None
    heard, continues = event.heard, event.continues
    if heard is None or event.at.time - heard.time > profile.timer_64_t1:
        return None
    if event.unanswered or event.excused or event.again:
        return None
    common: dict[str, Any] = {
        "message": "the UE began a registration in clear although it has a set that works",
        "actor": Actor.UE,
        "expected": f"set {event.terms.generation}",
        "observed": event.register.where,
        "related": (heard,),
    }
    if continues is None:
        return Broken(
            fault="clear-anew",
            level=Level.INFO,
            argument="its Call-ID is new: it may have lost its state (FP15), and may do so at any time (FP30)",
            **common,
        )
    return judged(
        sure=continues.sure,
        traps=("FP4",),
        fault="clear",
        argument=f"{continues.how}; the P-CSCF sent on the set {(event.at.time - heard.time) / 1e9:.1f} s before",
        **common,
    )
