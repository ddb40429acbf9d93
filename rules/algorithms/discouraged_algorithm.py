"""CRY-03: SHA-1 and CBC are no first choice any more."""

from analyzer.ims.events import AlgorithmsInUse
from analyzer.rule import PASS, Broken, Level, Profile, Severity, Verdict, rule
from rules.algorithms.choosing import chooser, listed, named, negotiated


@rule(
    "CRY-03",
    clause="TS 33.203 Annex H, Annex I",
    source="33.203 Annex H/I notes [D]",
    actor="either",
    level=Level.SHOULD,
    severity=Severity.LOW,
    traps=("FP18",),
    evidence=("E3",),
    plaintext=False,
)
def discouraged_algorithm(event: AlgorithmsInUse, profile: Profile) -> Verdict | None:
    """Where both sides have AES-GCM or AES-GMAC, they take it instead of hmac-sha-1-96 or aes-cbc.

    Rel-17 calls the older two "not recommended". In earlier profiles nothing is discouraged and the row is not
    exercised.

    Only noted, since almost all live networks still prefer the older pair; that a stronger common pair was passed over
    is CRY-06's warning. Not a finding: a set for which nothing else was common, and one without a key (FP18).
    """
    if not profile.discouraged or not event.verified:
        return None
    names = [name for name in event.pair if name in profile.discouraged]
    better = [pair for pair in event.terms.common if not profile.discouraged.intersection(pair) and _modern(pair)]
    if not names or not better:
        return PASS
    return Broken(
        fault="chosen",
        message=f"a set is protected with {' and '.join(names)}, although both sides have better",
        actor=chooser(event),
        level=Level.INFO,
        expected=listed(better),
        observed=f"{named(event.pair)} on set {event.terms.generation}",
        related=tuple(frame for frame in (event.terms.sm1, event.terms.sm6) if frame is not None),
        tables=negotiated(event),
    )


def _modern(pair: tuple[str, str]) -> bool:
    return pair in (("aes-gmac", "null"), ("null", "aes-gcm"))
