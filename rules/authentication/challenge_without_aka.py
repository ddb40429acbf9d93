"""AUTH-01: SM6 carries an AKA challenge."""

from analyzer.ims.events import ChallengeSent, RegistrationRefused, challenges
from analyzer.rule import PASS, Actor, Broken, Level, Pass, Probable, Profile, Severity, Table, Verdict, rule
from rules.authentication.comparing import cell

USUAL = "akav1-md5"


@rule(
    "AUTH-01",
    clause="RFC 3310 3.2; TS 24.229 5.4.1.2.1A",
    source="RFC 3310 3.2; 24.229 5.4.1.2.1A [D]",
    actor="network",
    severity=Severity.HIGH,
    traps=("FP11", "R22"),
    evidence=("E3",),
    plaintext=False,
    by_headers=(ChallengeSent, RegistrationRefused),
)
def challenge_without_aka(event: ChallengeSent | RegistrationRefused, profile: Profile) -> Verdict | None:
    """A challenge with ipsec-3gpp is Digest with algorithm AKAv1-MD5, and its nonce is base64 of RAND and AUTN.

    The keys of the four associations come of this RAND. With another algorithm, or a nonce of other content, UE and
    network have no keys in common, and nobody has proven to the UE that the network is the real one.

    Not a violation: another algorithm without ipsec-3gpp in Security-Server, since then something else protects (FP11);
    server data after RAND and AUTN; base64 with another padding, or none; a challenge that follows a synchronisation
    failure, which looks like any other. Of several challenges in one 401 one is enough. AKAv2 (RFC 4169) stands beside
    AKAv1 in `rel-14` and `rel-17` and is only noted there (R22, unverified [M]); in earlier profiles it is `probable`.
    AKAv1 with another hash is noted too.
    """
    if isinstance(event, RegistrationRefused):
        return _without_digest(event)
    found = challenges(event.challenge.message)
    aka = [each for each in found if each.is_aka]
    names = [(each.algorithm or "").lower() for each in aka]
    if USUAL in names and all(each.rand is not None for each in aka):
        return PASS
    rows = tuple((cell(each.algorithm), cell(each.realm), cell(each.nonce)) for each in found)
    tables = (Table("Challenges of SM6", ("algorithm", "realm", "nonce"), rows, compares=False),)
    if not aka:
        if not any(entry.is_ipsec for entry in event.server):
            return None
        return Broken(
            fault="no-aka",
            message="the challenge names ipsec-3gpp, but its algorithm is none of AKA",
            actor=Actor.NETWORK,
            expected="algorithm=AKAv1-MD5",
            observed=f"algorithm={cell(found[0].algorithm) if found else '(absent)'}",
            tables=tables,
            argument="Security-Server holds ipsec-3gpp, so no other mechanism was chosen",
        )
    for each in aka:
        if each.rand is None:
            return Broken(
                fault="nonce",
                message="the nonce of an AKA challenge is not base64 of RAND and AUTN (32 octets or more)",
                actor=Actor.NETWORK,
                expected="base64 of 16 octets RAND, 16 octets AUTN and perhaps server data",
                observed=cell(each.nonce),
                tables=tables,
                argument="read with any padding",
            )
    second = all(name.startswith("akav2") for name in names)
    if second and profile.release < 14:
        return Probable(
            fault="akav2",
            message="the challenge offers AKAv2 alone, which this release does not have",
            actor=Actor.NETWORK,
            expected="algorithm=AKAv1-MD5",
            observed=", ".join(cell(each.algorithm) for each in aka),
            tables=tables,
            traps=("R22",),
        )
    return Pass(
        note=Broken(
            fault="akav2" if second else "other-hash",
            message="the challenge offers AKA without AKAv1-MD5",
            actor=Actor.NETWORK,
            level=Level.INFO,
            expected="algorithm=AKAv1-MD5",
            observed=", ".join(cell(each.algorithm) for each in aka),
            tables=tables,
        )
    )


def _without_digest(event: RegistrationRefused) -> Verdict | None:
    message = event.response.message
    if message.status != 401 or not any("ipsec-3gpp" in text.lower() for text in message.values("security-server")):
        return None
    return Broken(
        fault="no-digest",
        message="a 401 with ipsec-3gpp in Security-Server has no Digest challenge",
        actor=Actor.NETWORK,
        expected="WWW-Authenticate: Digest with algorithm=AKAv1-MD5",
        observed=cell(message.first("www-authenticate")),
        related=(event.register.at,),
    )
