"""LIFE-08: a refresh without authentication extends the life of the set."""

from analyzer.ims.events import ExtendedSetDropped, ExtendedSetServed, Side
from analyzer.rule import PASS, Actor, Severity, Verdict, judged, rule


@rule(
    "LIFE-08",
    clause="TS 33.203 7.4.1a, 7.4.2a; TS 24.229 5.1.1.4.2",
    source="S1 7.4.1a, 7.4.2a; 24.229 5.1.1.4.2 a [T]",
    actor="either",
    severity=Severity.MEDIUM,
    traps=("FP4", "FP15", "FP26", "FP30"),
    evidence=("E4", "E5"),
)
def refresh_does_not_extend_set(event: ExtendedSetDropped | ExtendedSetServed) -> Verdict | None:
    """A re-registration that is answered 200 without a challenge extends the life of the set, which then outlives the
    registration. Both ends follow that.

    An end that keeps the deadline of the last authentication deletes the set under a registration that is alive: calls
    fail until the UE notices.

    Judged is what happens at that first deadline. The P-CSCF stops answering: the UE repeats its requests on the set
    in vain, begins anew in clear, and *that* is answered, so the P-CSCF is there. It is a violation if the P-CSCF was
    heard on the set until right before the deadline and not after it; with a longer gap a restart of the P-CSCF is as
    likely, and it is `probable` (FP26), as it is where an answer may be missing from the capture (FP4). The UE gives
    the set up: it begins anew in clear right then, although nothing was wrong. That is never more than `probable`,
    since it may do so at any time (FP30), and may have been restarted (FP15).

    Not a violation: a set that is given up at another moment, and a network that has ended the registration itself,
    which is told by a NOTIFY on the set and so shows that the P-CSCF had it.
    """
    if isinstance(event, ExtendedSetServed):
        return PASS
    if event.side is Side.UE and not event.tight:
        return None
    ue = event.side is Side.UE
    traps = (
        *(() if event.certain.sure else ("FP4",)),
        *(("FP15", "FP30") if ue else ()),
        *(() if ue or event.tight else ("FP26",)),
    )
    return judged(
        sure=not traps,
        traps=traps,
        fault=f"dropped-by-{event.side.name.lower()}",
        message=f"the {event.side} gave set {event.terms.generation} up at its first deadline although a refresh had "
        "extended it",
        actor=Actor(event.side),
        expected=f"the set serves for {(event.expires - event.deadline) / 1e9:.0f} s more",
        observed="a registration in clear" if ue else f"no answer to {len(event.silent)} requests on the set",
        related=(event.refresh, event.heard, *event.silent),
        argument=event.certain.how,
    )
