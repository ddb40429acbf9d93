"""CRY-06: no downgrade."""

from analyzer.ims.events import AlgorithmsInUse
from analyzer.rule import PASS, Actor, Broken, Level, Probable, Severity, Verdict, rule
from rules.algorithms.choosing import chooser, listed, named, negotiated


@rule(
    "CRY-06",
    clause="TS 33.203 7.2; RFC 3329 5",
    source="33.203 7.2 (bidding down) [D]; RFC 3329 5 [D]",
    actor="either",
    level=Level.SHOULD,
    severity=Severity.MEDIUM,
    traps=("FP15", "FP18", "changed-configuration"),
    evidence=("E3",),
)
def downgraded(event: AlgorithmsInUse) -> Verdict | None:
    """The algorithms in use are not weaker than the best pair that both sides named, nor than those that the UE had at
    the same P-CSCF before.

    Whoever can make the two sides take the weaker of what they have has less to break. The mirror in Security-Verify
    protects the lists, and not from a side that sorts its own list badly.

    Weaker means weaker in one respect and stronger in none: null, hmac-md5-96, hmac-sha-1-96, aes-gmac for integrity;
    null, des-ede3-cbc, aes-cbc, aes-gcm for encryption; aes-gcm stands for its integrity too. Pairs of which none is
    the weaker are not compared. If the UE passed over what the P-CSCF preferred, NEG-17 is the cause.

    Not a violation: a set that no key opens (FP18). A registration that is weaker than an earlier one is `probable`: a
    configuration may have changed (`changed-configuration`), or the UE come over another access (FP15). Another P-CSCF
    is never compared, nor another device of the subscriber, by its instance (FP9).
    """
    if not event.verified:
        return None
    if event.stronger:
        actor = chooser(event)
        return Broken(
            fault="weaker-than-common",
            message="a set is protected with a weaker pair of algorithms than both sides had named",
            actor=actor,
            cause="NEG-17" if actor is Actor.UE else None,
            expected=listed(event.stronger),
            observed=f"{named(event.pair)} on set {event.terms.generation}",
            related=tuple(frame for frame in (event.terms.sm1, event.terms.sm6) if frame is not None),
            tables=negotiated(event),
            argument="the ICV of its packets proves the algorithms; both lists hold the stronger pair",
        )
    if event.before is not None:
        return Probable(
            fault="weaker-than-before",
            message="a set is protected with a weaker pair of algorithms than this subscriber had here before",
            actor=chooser(event),
            expected=named(event.before.pair),
            observed=f"{named(event.pair)} on set {event.terms.generation}",
            related=(event.before.at, *(frame for frame in (event.terms.sm1, event.terms.sm6) if frame is not None)),
            tables=negotiated(event),
            traps=("FP15", "changed-configuration"),
        )
    return PASS
