"""CRY-02: HMAC-MD5-96 and 3DES are gone."""

from analyzer.ims.events import AlgorithmsInUse, ChallengeSent, KeyMissing, RegistrationStarted, SetTerms
from analyzer.rule import PASS, Actor, Broken, Level, Probable, Profile, Severity, Verdict, rule
from rules.algorithms.choosing import chooser, listed, named, negotiated, pairs_of, removed_names

EXPECTED = "hmac-sha-1-96 or aes-gmac; aes-cbc, aes-gcm or null"


@rule(
    "CRY-02",
    clause="TS 33.203 Annex H",
    source='33.203 Annex H [D]; implementation notes "Rel-12+" / "V13" [D]',
    actor="either",
    severity=Severity.MEDIUM,
    traps=("FP18",),
    evidence=("E3", "E8"),
    plaintext=False,
    by_headers=(RegistrationStarted, ChallengeSent),
)
def removed_algorithm(
    event: AlgorithmsInUse | KeyMissing | RegistrationStarted | ChallengeSent, profile: Profile
) -> Verdict | None:
    """From Rel-14 on no set is protected with hmac-md5-96 or des-ede3-cbc.

    3DES has blocks of 64 bits, and MD5 is broken as a hash. While a P-CSCF still takes them, whoever can change an SM1
    in clear can make them the only choice, up to the check in SM7.

    Judged by what the packets of the set prove. Where no key opens or verifies them and all that both sides named has
    one of the two, it is `probable` (FP18). In the profiles up to `rel-11` both are allowed and using them passes.
    Sources differ on whether they went with Rel-12 or Rel-13; both are before `rel-14`. A name that is merely offered,
    for the sake of old networks, is a warning, once for each side.
    """
    if isinstance(event, KeyMissing):
        return _unread(event.terms, profile)
    if isinstance(event, AlgorithmsInUse):
        if not event.verified:
            return _unread(event.terms, profile)
        names = removed_names([event.pair], profile)
        if not names:
            return PASS
        return Broken(
            fault="used-" + "-".join(names),
            message=f"a set is protected with {' and '.join(names)}, which this release has no more",
            actor=chooser(event),
            expected=EXPECTED,
            observed=f"{named(event.pair)} on set {event.terms.generation}",
            related=tuple(frame for frame in (event.terms.sm1, event.terms.sm6) if frame is not None),
            tables=negotiated(event),
            argument="the ICV of its packets is right with these algorithms",
        )
    entries, actor, name = (
        (event.offer, Actor.UE, "Security-Client")
        if isinstance(event, RegistrationStarted)
        else (event.server, Actor.PCSCF, "Security-Server")
    )
    names = removed_names(pairs_of(entries), profile)
    if not names:
        return None
    return Broken(
        fault="offered",
        message=f"{name} still names {' and '.join(names)}",
        actor=actor,
        level=Level.SHOULD,
        severity=Severity.LOW,
        expected="only algorithms of the release",
        observed=", ".join(names),
    )


def _unread(terms: SetTerms | None, profile: Profile) -> Verdict | None:
    """Nothing verified the packets, but only what both sides named can be in them."""
    if terms is None or not terms.common or any(not removed_names([pair], profile) for pair in terms.common):
        return None
    return Probable(
        fault="agreed",
        message="a set is in use for which nothing but removed algorithms was agreed",
        actor=Actor.UNKNOWN,
        expected=EXPECTED,
        observed=f"{listed(terms.common)} on set {terms.generation}",
        related=tuple(frame for frame in (terms.sm1, terms.sm6) if frame is not None),
        traps=("FP18",),
        argument="no key proves what its packets have",
    )
