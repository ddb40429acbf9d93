"""CRY-04: which algorithms go together."""

from analyzer.ims.events import AlgorithmsInUse, ChallengeSent, RegistrationStarted
from analyzer.rule import PASS, Actor, Broken, Level, Severity, Verdict, judged, rule
from rules.algorithms.choosing import chooser, listed, named, negotiated, pairs_of


@rule(
    "CRY-04",
    clause="TS 33.203 Annex H; RFC 4303 3.2; RFC 4543",
    source="33.203 Annex H [D]; RFC 4303 3.2 (no both-null) [D]; RFC 4543 (GMAC is a combined mode)",
    actor="either",
    severity=Severity.HIGH,
    traps=("FP18",),
    evidence=("E3", "E8"),
    plaintext=False,
    by_headers=(RegistrationStarted, ChallengeSent),
)
def forbidden_combination(event: AlgorithmsInUse | RegistrationStarted | ChallengeSent) -> Verdict | None:
    """alg=null goes with ealg=aes-gcm alone, and aes-gcm with alg=null alone; aes-gmac goes without encryption.

    Without an integrity algorithm anybody on the path can change packets, also encrypted ones; both null is no
    protection at all. AES-GCM and AES-GMAC bring their own integrity, so that a second one has no place in the packet.

    Judged by the packets. A combination with an HMAC beside GCM cannot even be made, so that it is only ever offered:
    a warning, once for each side, for any of them. Packets without an ICV that can be read prove that there was none,
    if that is what was agreed; else their reading may be chance: `probable` (FP18).
    """
    if isinstance(event, AlgorithmsInUse):
        if event.verified:
            return PASS
        if event.pair[0] != "null":
            return None  # an ICV that nobody could check
        return judged(
            sure=event.pair in event.terms.common,
            traps=("FP18",),
            fault="both-null" if event.pair[1] == "null" else "no-integrity",
            message="a set has packets without integrity protection",
            actor=chooser(event),
            severity=Severity.CRITICAL,
            expected="an integrity algorithm, or aes-gcm",
            observed=f"{named(event.pair)} on set {event.terms.generation}",
            related=tuple(frame for frame in (event.terms.sm1, event.terms.sm6) if frame is not None),
            tables=negotiated(event),
            argument="its packets can be read up to their last octet: there is no ICV",
        )
    entries, actor, name = (
        (event.offer, Actor.UE, "Security-Client")
        if isinstance(event, RegistrationStarted)
        else (event.server, Actor.PCSCF, "Security-Server")
    )
    wrong = [pair for pair in pairs_of(entries) if pair[0] and _forbidden(*pair)]
    if not wrong:
        return None
    return Broken(
        fault="offered",
        message=f"{name} names algorithms that must not go together",
        actor=actor,
        level=Level.SHOULD,
        severity=Severity.LOW,
        expected="null with aes-gcm; aes-gmac with null; another alg with aes-cbc or null",
        observed=listed(wrong),
    )


def _forbidden(alg: str, ealg: str) -> bool:
    if alg == "null" or ealg == "aes-gcm":
        return (alg, ealg) != ("null", "aes-gcm")
    return alg == "aes-gmac" and ealg != "null"
