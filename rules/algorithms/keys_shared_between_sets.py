"""CRY-07: one set, one key set."""

from analyzer.ims.events import AssociationKeyed
from analyzer.rule import PASS, Actor, Broken, Severity, Verdict, judged, rule


@rule(
    "CRY-07",
    clause="TS 33.203 6.2, 6.3",
    source="33.203 6.2, 6.3 [D]",
    actor="either",
    severity=Severity.HIGH,
    traps=("FP17", "FP18", "fixed-keys"),
    evidence=("E8",),
)
def keys_shared_between_sets(event: AssociationKeyed) -> Verdict | None:
    """All four associations of a set have the same IK_ESP and CK_ESP, and another authentication gives new ones.

    Keys that outlive their set make a re-authentication worthless, and repeat sequence numbers under one key. Different
    keys within a set mean that one side derived them wrongly.

    Compared are keys that an ICV has proven, for the same algorithms; a SHA-1 key with its zeros or without is the same
    (R2). Not a violation: keys that open nothing (FP18). If a known mistake explains the difference, ESP-14 is the
    cause. The same keys in two sets are sure where the whole challenge was the same (AUTH-11 is the cause). With
    another AUTN, or another RAND, a laboratory may just have fixed keys (`fixed-keys`): `probable`. Other algorithms
    within a set are ESP-12's matter. A set that is announced once more with all its SPIs is the same set (FP17).
    """
    if event.differs_from is not None:
        actor = Actor(event.role.sender)
        same_sender = event.differs_from.sender is event.role.sender
        return Broken(
            fault="keys-differ",
            message="two associations of one set verify with different keys",
            actor=Actor(event.mistaken) if event.mistaken else actor if same_sender else Actor.UNKNOWN,
            cause="ESP-14" if event.mistaken else None,
            expected=f"the keys of {event.differs_from}",
            observed=f"other keys on {event.role} of set {event.terms.generation}",
            related=tuple(frame for frame in (event.terms.sm6,) if frame is not None),
            argument="the ICVs of both are right",
        )
    if event.reused is None:
        return PASS if event.compared else None
    before, repeated = event.reused.terms, bool(event.reused.same_rand)
    return judged(
        sure=repeated and bool(event.reused.same_autn),
        traps=("fixed-keys",),
        fault="keys-reused",
        message="a new set verifies with the keys of an earlier one",
        actor=Actor.NETWORK,
        cause="AUTH-11" if repeated else None,
        expected="new keys from a new challenge",
        observed=f"set {event.terms.generation} has the keys of set {before.generation}",
        related=tuple(frame for frame in (before.sm6, event.terms.sm6) if frame is not None),
        argument="the ICVs of both sets are right with the same keys",
    )
