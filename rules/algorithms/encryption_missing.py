"""CRY-05: encryption, where the operator wants it."""

from analyzer.ims.events import AlgorithmsInUse
from analyzer.rule import PASS, Actor, Broken, Level, Profile, Severity, Verdict, rule
from rules.algorithms.choosing import chooser, named, negotiated, pairs_of


@rule(
    "CRY-05",
    clause="TS 33.203 5.1.3, 5.1.4, 7.2; IR.92 2.2.2 [M]",
    source="33.203 5.1.3/5.1.4, 6.2, 7.2 [D]; IR.92 2.2.2 [M]",
    actor="P-CSCF, UE",
    level=Level.INFO,
    severity=Severity.HIGH,
    traps=("R14",),
    evidence=("E3",),
    plaintext=False,
)
def encryption_missing(event: AlgorithmsInUse, profile: Profile) -> Verdict | None:
    """Where the operator's policy requires encryption, no set is agreed with ealg=null.

    Integrity is mandatory everywhere; encryption is left to the operator, since lower layers may provide it (IR.92,
    cited from memory). So this row needs a policy: `[policy] encryption = "required"` in a profile file (R14). Without
    one it is not exercised; with one, null encryption breaks a MUST: the operator's own.

    Whose fault: the P-CSCF's, which knows the policy and has to refuse a UE that offers no encryption; the UE's, where
    it passed over an encrypted entry that the P-CSCF preferred. aes-gmac encrypts nothing. That packets can be read
    without a key shows as well that nothing encrypts them.
    """
    if profile.policy.get("encryption") != "required":
        return None
    if event.pair[1] != "null":
        return PASS
    encrypted = any(ealg != "null" for _, ealg in event.terms.common)
    actor = chooser(event) if encrypted and event.stronger else Actor.PCSCF
    offered = any(ealg != "null" for _, ealg in pairs_of(event.offer))
    return Broken(
        fault="null-agreed",
        message="a set is not encrypted, although the operator's policy requires it",
        actor=actor,
        level=Level.MUST,
        expected="aes-cbc or aes-gcm" if offered or not event.offer else "a refusal: the UE offered no encryption",
        observed=f"{named(event.pair)} on set {event.terms.generation}",
        related=tuple(frame for frame in (event.terms.sm1, event.terms.sm6) if frame is not None),
        tables=negotiated(event),
        argument="its packets can be read without an encryption key",
    )
