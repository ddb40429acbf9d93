"""NEG-01: the REGISTER of an IMS-AKA UE offers ipsec-3gpp."""

from analyzer.ims.events import ChallengeSent, Mechanism, RegistrationStarted, Sighting
from analyzer.rule import PASS, Actor, Severity, Verdict, judged, rule
from rules.negotiation.showing import entries_table


@rule(
    "NEG-01",
    clause="TS 24.229 5.1.1.2.2; TS 33.203 7.2; RFC 3329 2.3.1",
    source="24.229 5.1.1.2.2 d [T]; 33.203 7.2 [D]; RFC 3329 2.3.1 [D]; S2 3.2",
    actor="UE",
    severity=Severity.CRITICAL,
    traps=("FP3", "FP10", "FP11"),
    evidence=("E3",),
    plaintext=False,
)
def sm1_without_ipsec(event: RegistrationStarted | ChallengeSent) -> Verdict | None:
    """The unprotected REGISTER of a UE that authenticates by IMS AKA has a Security-Client with ipsec-3gpp.

    Without the offer no association can be set up: registration, calls and messages of this subscriber run in clear,
    and anybody on the way can read, change and forge them.

    That the UE means IMS AKA is certain where its own Authorization names an AKAv1 algorithm, or the network's
    challenge is one. Until then a REGISTER with an IMPI and an empty nonce may be SIP Digest, and nothing is said.

    Not a violation: no Authorization at all (GIBA, NASS-bundled authentication), a challenge that is no AKA, AKAv2
    (AKA over TLS), an offer of TLS, a trusted node that states ``integrity-protected`` itself (FP11); the
    deregistration of a contact that had no IPsec. An emergency registration has to do AKA as well, but is allowed
    without security in several cases: `probable` (FP10). An SM1 that is not in the capture cannot be judged (FP3).
    """
    if isinstance(event, RegistrationStarted):
        register = event.register
        if register.protection is not None or event.deregisters:
            return None
        if _offers(event.offer):
            return PASS if register.message.first("authorization") else None
        if not _names_aka(register):
            return None
        return _broken(register, event.offer, event.emergency, "its own Authorization names AKAv1")
    sm1 = event.register
    if sm1 is None or sm1.protection is not None or event.answers_sm7 or not event.is_aka or _offers(event.offer):
        return None
    if _names_aka(sm1) or not _names_aka(event.challenge):
        return None  # told at SM1 already, or AKAv2
    if sm1.message.first("authorization") is None:
        return None
    return _broken(sm1, event.offer, event.emergency, "the network challenged it with AKAv1")


def _offers(offer: tuple[Mechanism, ...]) -> bool:
    return any(entry.is_ipsec and not entry.is_mediasec for entry in offer)


def _names_aka(sighting: Sighting) -> bool:
    name = "authorization" if sighting.message.is_request else "www-authenticate"
    return any("akav1" in value.lower() for value in sighting.message.values(name))


def _broken(sm1: Sighting, offer: tuple[Mechanism, ...], emergency: bool, why: str) -> Verdict | None:
    if any(entry.name == "tls" for entry in offer):
        return None
    if "integrity-protected" in (sm1.message.first("authorization") or "").lower():
        return None
    others = [entry for entry in offer if not entry.is_mediasec]
    return judged(
        sure=not emergency,
        traps=("FP10",),
        fault="other-mechanisms" if others else "no-security-client",
        message="the UE registers by IMS AKA, but its REGISTER in clear does not offer ipsec-3gpp",
        actor=Actor.UE,
        expected="Security-Client: ipsec-3gpp with algorithms, SPIs and ports",
        observed="; ".join(entry.text for entry in others[:4]) or "no Security-Client",
        related=(sm1.at,),
        argument=why,
        tables=(entries_table("Security-Client of SM1", others),) if others else (),
    )
