"""NEG-16: a UE goes on only with an algorithm that both sides named."""

from analyzer.ims.events import ChallengeAnswered
from analyzer.rule import PASS, Actor, Broken, Inconclusive, Severity, Verdict, rule
from rules.negotiation.choosing import common_pairs, pairs_of
from rules.negotiation.showing import entries_table, pairs_text


@rule(
    "NEG-16",
    clause="TS 33.203 7.3.2.2",
    source="33.203 7.3.2.2 [D]",
    actor="UE",
    severity=Severity.HIGH,
    traps=("FP18", "FP20"),
    evidence=("E2", "E3"),
)
def unacceptable_algorithm_used(event: ChallengeAnswered) -> Verdict | None:
    """If nothing in Security-Server is acceptable, the UE gives up: no SM7 is protected with an algorithm that is
    missing from Security-Server or from Security-Client.

    A UE that goes on with something else lets the other side, or somebody between them, dictate its protection.

    Judged by the algorithm that the ICV and the content of SM7's own packets prove, not by what the headers say.

    Not a violation: ``ealg`` left out, which means null; ``hmac-sha1-96`` and other spellings (FP20). If no key opens
    the set and the two lists have nothing in common, it is `inconclusive` (FP18); with something in common, nothing
    speaks against the UE.
    """
    offered, listed = pairs_of(event.offer), pairs_of(event.server)
    if not offered or not listed or event.expected is None:
        return None
    protection = event.register.protection
    if protection is None or protection.terms is not event.expected:
        return None  # SM7 on another set, or in clear, is SA-04's
    used = event.used
    if used is None:
        if common_pairs(event.offer, event.server):
            return None
        reason = "SM1 and SM6 have no algorithm in common, but no key shows which one SM7 has"
        return Inconclusive(reason=reason, actor=Actor.UE, traps=("FP18",))
    absent = [name for name, pairs in (("Security-Server", listed), ("Security-Client", offered)) if used not in pairs]
    if not absent:
        return PASS
    return Broken(
        fault="not-in-" + "+".join(name.partition("-")[2].lower() for name in absent),
        message=f"SM7 is protected with algorithms that are not in {' nor in '.join(absent)}",
        actor=Actor.UE,
        expected=f"one of {pairs_text(common_pairs(event.offer, event.server))}, or no SM7",
        observed=pairs_text([used]),
        related=(event.challenge.at,),
        argument=f"packets of set {event.expected.generation} verify with {pairs_text([used])}",
        tables=(entries_table("Security-Client", event.offer), entries_table("Security-Server", event.server)),
    )
