"""NEG-15: without a common algorithm the P-CSCF starts no authentication."""

from analyzer.ims.events import RegistrationSucceeded
from analyzer.rule import PASS, Actor, Broken, Inconclusive, Severity, Verdict, rule
from rules.negotiation.choosing import common_pairs, pairs_of
from rules.negotiation.showing import entries_table, pairs_text


@rule(
    "NEG-15",
    clause="TS 33.203 7.2, 7.3.2.1",
    source="33.203 7.2, 7.3.2.1 [D]",
    actor="P-CSCF",
    severity=Severity.HIGH,
    traps=("FP18", "FP20"),
    evidence=("E3",),
)
def algorithm_never_offered(event: RegistrationSucceeded) -> Verdict | None:
    """A P-CSCF that has no algorithm in common with the offer answers SM1 with an error; it starts no authentication,
    and no set with algorithms that the UE never offered comes into use.

    Where the UE offered no encryption, the P-CSCF takes null or refuses, as its policy says; a set that is encrypted
    all the same was forced on the UE.

    Judged when SM12 has come and the packets have proven an algorithm: that alone shows what is in use. A Security-
    Server with further algorithms beside a common one is normal, since it is the P-CSCF's whole list.

    Not a violation: ``ealg`` left out, which means null, and other spellings of a name (FP20). Without a key the
    algorithm is not known: `inconclusive`, if nothing in the two lists is common (FP18).
    """
    offered, listed = pairs_of(event.offer), pairs_of(event.server)
    if not offered or not listed or event.expected is None:
        return None
    common = common_pairs(event.offer, event.server)
    if event.used is None:
        if common:
            return None
        reason = "SM1 and SM6 have no algorithm in common, but no key shows which one the set has"
        return Inconclusive(reason=reason, actor=Actor.PCSCF, traps=("FP18",))
    if event.used in offered:
        return PASS if common else None
    if common:
        return None  # the P-CSCF offered a common pair: that it was not taken is NEG-16's
    return Broken(
        fault="nothing-common",
        message="the P-CSCF took up a set with algorithms that the UE never offered",
        actor=Actor.PCSCF,
        expected=f"one of {pairs_text(offered)}, or an error to SM1",
        observed=pairs_text([event.used]),
        related=tuple(frame for frame in (event.expected.sm1, event.expected.sm6, event.register.at) if frame),
        argument=f"packets of set {event.expected.generation} verify with {pairs_text([event.used])} alone",
        tables=(entries_table("Security-Client", event.offer), entries_table("Security-Server", event.server)),
    )
