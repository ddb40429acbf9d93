"""LIFE-19: the UE re-registers in time."""

from analyzer.ims.events import RenewalSeen
from analyzer.rule import PASS, Actor, Level, Severity, Verdict, judged, rule


@rule(
    "LIFE-19",
    clause="TS 24.229 5.1.1.4.1",
    source="24.229 5.1.1.4.1 [T]; 34.229-1 8.2 [T]",
    actor="UE",
    severity=Severity.LOW,
    traps=("FP4", "FP8", "FP14", "R26"),
    evidence=("E4",),
)
def re_registration_late(event: RenewalSeen) -> Verdict | None:
    """The UE re-registers 600 s before its registration ends, or at half time if that lasts 1200 s or less.

    A UE whose registration runs out cannot be called, and does not know it.

    No REGISTER by then is a warning, none until the end a violation (R26). The time is that of the 2xx (the
    ``expires`` of the UE's Contact, else the header), and any REGISTER of the contact counts.

    Not a violation: clocks that differ, for which 5 s and one per cent are allowed (FP14); of several identities the
    one that is due last counts (FP8); a registration that was ended by either side, or shortened by a NOTIFY; an
    emergency registration. A UE that was off, or out of coverage, has nothing to answer for: only one that sent on its
    set at least 64*T1 after the due date, and as long before its late REGISTER, is judged. Where packets of the set
    are missing it is `probable` (FP4); a REGISTER in clear counts as the next one only if its Call-ID and CSeq follow
    the last, else the UE's last packet before it says until when there was none.
    """
    if event.register is not None and event.at.time <= event.due:
        return PASS
    over = event.seen.time > event.expiry
    return judged(
        sure=event.complete.sure,
        traps=("FP4",),
        fault="none" if over else "late",
        message="the UE let its registration end without a REGISTER"
        if over
        else "the UE did not re-register by the due date",
        actor=Actor.UE,
        level=None if over else Level.SHOULD,
        expected=f"a REGISTER {(event.due - event.granted.time) / 1e9:.0f} s after the 2xx, tolerance included",
        observed=f"none by {(event.seen.time - event.granted.time) / 1e9:.0f} s after it",
        related=tuple(at for at in (event.granted, event.alive, event.seen) if at is not None),
        argument=event.complete.how,
    )
