"""NEG-04: what carries an agreement requires it of every proxy on the way."""

from analyzer.ims.events import ChallengeAnswered, RegistrationStarted
from analyzer.rule import PASS, Actor, Broken, Inconclusive, Severity, Verdict, rule
from rules.negotiation.showing import short


@rule(
    "NEG-04",
    clause="RFC 3329 2.3.1",
    source="RFC 3329 2.3.1 [D]",
    actor="UE",
    severity=Severity.LOW,
    traps=("FP20", "NEG-18"),
    plaintext=True,
    by_headers=(RegistrationStarted, ChallengeAnswered),
)
def sec_agree_not_required(event: RegistrationStarted | ChallengeAnswered) -> Verdict | None:
    """A REGISTER with Security-Client has the option tag sec-agree in Require and in Proxy-Require.

    The tags keep a next hop that knows no security agreement from passing the request on as if there were none:
    without them an attacker who strips Security-Client leaves no trace.

    SM1, SM7 and the REGISTER that reports a MAC or SQN failure are judged, in clear and protected. A phone that lists
    the tag under Supported only is named as such; RFC 3329 calls that a MUST too, and the severity is low.

    Not a violation: a tag in any case, in a list, or in a header line of its own (FP20); a Security-Client with nothing
    but ``mediasec`` (it has a tag of its own); the REGISTER behind the P-CSCF, which takes the tags out (NEG-18).
    Where the capture cut the headers, the tags may only be lost.
    """
    message = event.register.message
    if isinstance(event, RegistrationStarted):
        offered = any(not entry.is_mediasec for entry in event.offer)
    else:
        offered = message.first("security-client") is not None
    if not offered:
        return None
    if message.has_option("Require", "sec-agree") and message.has_option("Proxy-Require", "sec-agree"):
        return PASS
    missing = [name for name in ("Require", "Proxy-Require") if not message.has_option(name, "sec-agree")]
    if message.truncated_headers:
        return Inconclusive(reason="the headers are cut, so the option tag may be lost", actor=Actor.UE)
    supported = len(missing) == 2 and message.has_option("Supported", "sec-agree")
    return Broken(
        fault="supported-only" if supported else "+".join(missing).lower(),
        message="a REGISTER with Security-Client lists sec-agree under Supported only"
        if supported
        else f"a REGISTER with Security-Client has no sec-agree in {' and in '.join(missing)}",
        actor=Actor.UE,
        expected="sec-agree in Require and in Proxy-Require",
        observed="; ".join(
            f"{name}: {short(', '.join(message.values(name))) or 'absent'}"
            for name in ("Require", "Proxy-Require", "Supported")
        ),
        argument="all header lines of these names were read, in any case",
    )
