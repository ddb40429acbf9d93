"""AUTH-03: SM7 answers the challenge that it got."""

from analyzer.ims.events import ChallengeAnswered, RegistrationStarted, State, challenges, credentials, meant
from analyzer.rule import PASS, Actor, Broken, Severity, Verdict, rule
from rules.authentication.comparing import alone, cell, side_by_side


@rule(
    "AUTH-03",
    clause="TS 24.229 5.1.1.5.1; RFC 3310 3.3",
    source="24.229 5.1.1.5.1 [T]; RFC 3310 3.3",
    actor="UE",
    severity=Severity.MEDIUM,
    traps=("FP3", "FP20"),
    evidence=("E3",),
    by_headers=(ChallengeAnswered,),
)
def answer_to_another_challenge(event: ChallengeAnswered | RegistrationStarted) -> Verdict | None:
    """SM7 copies realm, nonce and algorithm of SM6 and has a uri and a response.

    The network looks for its challenge by the nonce and computes with realm and algorithm: with others the answer is
    wrong although the card was right.

    Not a violation: quotes and upper or lower case (FP20); one of several challenges of the same 401; an SM1 on a set
    that is not established, which offers new SPIs (SA-02), and a report of a MAC or SQN failure there (SA-19): only a
    REGISTER that repeats the SPIs of that very set was meant to take it into use. A set whose challenge is not in the
    capture (FP3) is not judged. Another username is SA-20's matter, the right name of the home domain nobody's here.
    """
    if isinstance(event, RegistrationStarted):
        return _on_the_new_set(event)
    found, offered = credentials(event.register.message), challenges(event.challenge.message)
    made = meant(offered, found)
    if found is None or made is None or not made.is_aka:
        return None
    pairs = (("realm", made.realm, found.realm), ("algorithm", made.algorithm, found.algorithm))
    differing = [name for name, asked, seen in pairs if (asked or "").lower() != (seen or "").lower()]
    if not found.uri:
        differing.append("uri")
    if not differing:
        return PASS
    table = side_by_side(
        "SM6 and SM7", "WWW-Authenticate", "Authorization", (*pairs, ("nonce", made.nonce, found.nonce))
    )
    asked = {"uri": "the home domain", **{name: cell(value) for name, value, _ in pairs}}
    return Broken(
        fault="-".join(differing),
        message=f"SM7 has not the {' and '.join(differing)} of the challenge",
        actor=Actor.UE,
        expected=", ".join(f"{name}={asked[name]}" for name in differing),
        observed=", ".join(f"{name}={cell(found.params.get(name))}" for name in differing),
        related=(event.challenge.at,),
        tables=(table,),
        argument="compared without quotes and in lower case",
    )


def _on_the_new_set(event: RegistrationStarted) -> Verdict | None:
    """A REGISTER on a temporary set that should have been its SM7."""
    protection, awaited = event.register.protection, event.awaited
    if protection is None or awaited is None or protection.state_ue is not State.TMP:
        return None
    terms = protection.terms
    if not any((entry.spi_c, entry.spi_s) == (terms.spi_uc, terms.spi_us) for entry in event.offer):
        return None
    found, nonces = credentials(event.register.message), [each.nonce for each in challenges(awaited.message)]
    if event.reports_failure and found is not None and found.auts:
        return None
    if found is None:
        fault, what, seen = "authorization-missing", "no Authorization", "no such header"
    elif event.reports_failure:
        fault, what, seen = "response-empty", "an empty response", cell(found.response)
    elif found.nonce not in nonces:
        fault, what, seen = "nonce", "another nonce than the challenge", cell(found.nonce)
    else:
        return None
    return Broken(
        fault=fault,
        message=f"a REGISTER on the new set, with its SPIs, has {what}",
        actor=Actor.UE,
        expected=f"the answer to nonce {cell(nonces[0] if nonces else None)}",
        observed=seen,
        related=(awaited.at,),
        tables=(alone("Authorization of SM7", found),),
        argument=f"it repeats the SPIs of set {terms.generation}, which it was to take into use",
    )
