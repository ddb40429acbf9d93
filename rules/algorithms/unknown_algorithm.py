"""CRY-01: only algorithms of the release."""

from analyzer.ims.events import AlgorithmsInUse, ChallengeSent, KeyMissing, RegistrationStarted
from analyzer.rule import PASS, Actor, Broken, Level, Probable, Profile, Severity, Verdict, rule
from rules.algorithms.choosing import chooser, listed, named, negotiated, pairs_of, removed_names, unknown_names


@rule(
    "CRY-01",
    clause="TS 33.203 Annex H",
    source="33.203 Annex H per release [D]",
    actor="either",
    severity=Severity.MEDIUM,
    traps=("FP18", "FP20"),
    evidence=("E3",),
    plaintext=False,
    by_headers=(RegistrationStarted, ChallengeSent),
)
def unknown_algorithm(
    event: AlgorithmsInUse | KeyMissing | RegistrationStarted | ChallengeSent, profile: Profile
) -> Verdict | None:
    """A set is protected with algorithms whose names Annex H of the release has.

    Others have had no review for this use, and nothing says how their keys follow from CK and IK.

    The lists: hmac-md5-96 and hmac-sha-1-96 with des-ede3-cbc, aes-cbc or null up to `rel-11`; from `rel-14` on
    hmac-sha-1-96, aes-gmac and null with aes-cbc, aes-gcm or null. Judged by what the packets prove. Where no key opens
    them and all that both sides named is outside the list, it is `probable` (FP18).

    Not a violation: a name that is only offered, as vendors do, which is noted once a side; other spellings, such as
    hmac-sha1-96 (FP20). Algorithms that later releases removed are CRY-02's matter.
    """
    if isinstance(event, AlgorithmsInUse):
        return _used(event, profile)
    if isinstance(event, KeyMissing):
        return _unread(event, profile)
    entries, actor, name = (
        (event.offer, Actor.UE, "Security-Client")
        if isinstance(event, RegistrationStarted)
        else (event.server, Actor.PCSCF, "Security-Server")
    )
    names = unknown_names(pairs_of(entries), profile)
    if not names:
        return None
    return Broken(
        fault="offered",
        message=f"{name} names algorithms that this release does not have",
        actor=actor,
        level=Level.INFO,
        severity=Severity.LOW,
        expected=_lists(profile),
        observed=", ".join(names),
    )


def _used(event: AlgorithmsInUse, profile: Profile) -> Verdict | None:
    if not event.verified:
        return None
    names = unknown_names([event.pair], profile)
    if not names:
        return None if removed_names([event.pair], profile) else PASS
    return Broken(
        fault="used",
        message=f"a set is protected with {' and '.join(names)}, which this release does not have",
        actor=chooser(event),
        expected=_lists(profile),
        observed=f"{named(event.pair)} on set {event.terms.generation}",
        related=tuple(frame for frame in (event.terms.sm1, event.terms.sm6) if frame is not None),
        tables=negotiated(event),
        argument="the ICV of its packets is right with these algorithms",
    )


def _unread(event: KeyMissing, profile: Profile) -> Verdict | None:
    """Nothing opened the packets, but only what both sides named can be in them."""
    common = event.terms.common if event.terms is not None else ()
    if event.terms is None or not common or any(not unknown_names([pair], profile) for pair in common):
        return None
    return Probable(
        fault="agreed",
        message="a set is in use for which nothing but algorithms outside the release was agreed",
        actor=Actor.UNKNOWN,
        expected=_lists(profile),
        observed=listed(common),
        related=tuple(frame for frame in (event.terms.sm1, event.terms.sm6) if frame is not None),
        traps=("FP18",),
        argument=f"{event.packets} packets that no key opens",
    )


def _lists(profile: Profile) -> str:
    return f"alg {', '.join(sorted(profile.integrity))}; ealg {', '.join(sorted(profile.encryption))}"
