"""PORT-11: the UE's Contact names port_us."""

from analyzer.ims.events import (
    CONTACT_UNUSED,
    CallOpened,
    ChallengeAnswered,
    ContactRight,
    Message,
    RegistrationStarted,
)
from analyzer.rule import PASS, Actor, Broken, Profile, Severity, Verdict, rule
from rules.negotiation.showing import two_columns

NAT = "udp-enc-tun"


@rule(
    "PORT-11",
    clause="TS 24.229 5.1.1.2.2, 5.1.1.4.2, 5.1.1.3, 5.1.2A.1.1",
    source="24.229 5.1.1.2.2 b, 5.1.1.4.2 b, 5.1.1.3, 5.1.2A.1.1 a [T]",
    actor="UE",
    severity=Severity.MEDIUM,
    traps=("FP9", "FP12", "FP21"),
    evidence=("E3",),
    met_by=(ContactRight,),
)
def contact_without_port_us(
    event: RegistrationStarted | ChallengeAnswered | CallOpened, profile: Profile
) -> Verdict | None:
    """The Contact of a protected REGISTER, and of a protected request that has one, names port_us.

    Everybody sends later requests to that address and port. Any other port has no association, so what arrives there
    is either dropped or, worse, accepted in clear.

    SM7, protected SM1s and the first request of each Call-ID are judged. Of several contacts one is enough.
    Where an SM1 names the new port_us that it offers, PORT-01 is the cause.

    Not a violation: a GRUU; ``Contact: *``; a REGISTER without Contact, which only asks for the bindings, and a
    deregistration, which may name an old contact; a request without Contact, or one in which it has no meaning and
    nobody follows it (MESSAGE, PUBLISH, INFO, PRACK, BYE; ACK and CANCEL). A flow of RFC 5626 (``ob``) is reached
    through its token (FP9). Behind a NAT the address is a public one with a port of its own (FP12). A name instead
    of an address is no matter; its port is still compared (FP21).
    """
    sighting = event.request if isinstance(event, CallOpened) else event.register
    protection, message = sighting.protection, sighting.message
    if protection is None or message.method in CONTACT_UNUSED or protection.terms.port_us is None:
        return None
    if "nat" in profile.flags or (protection.terms.mod or "").lower() == NAT:
        return None
    named = [contact.uri for contact in message.contacts]
    uris = [uri for uri in named if uri is not None and uri.scheme in ("sip", "sips")]
    if not uris or (message.method == "REGISTER" and _removes(message)):
        return None
    port_us = protection.terms.port_us
    if any(uri.port == port_us for uri in uris):
        return PASS
    for uri in uris:
        params = uri.params
        if "gr" in params or "gruu" in params or "ob" in params:
            return None
    port = uris[0].port
    what = "REGISTER" if message.method == "REGISTER" else "request"
    return Broken(
        fault=f"{what.lower()}-{'port-missing' if port is None else 'port'}",
        message=f"the Contact of a protected {what} of the UE does not name port_us",
        actor=Actor.UE,
        expected=str(port_us),
        observed=str(port) if port is not None else "no port (5060)",
        related=tuple(frame for frame in (protection.terms.sm1,) if frame is not None),
        cause="PORT-01" if _moves(event, port) else None,
        argument=f"port_us of set {protection.generation}, which protects the {what}",
        tables=(two_columns("port of the UE", "Security-Client", "Contact", (("port-s", port_us, port),)),),
    )


def _moves(event: RegistrationStarted | ChallengeAnswered | CallOpened, port: int | None) -> bool:
    """Whether a REGISTER offers as port_us what its Contact names: then PORT-01 tells of the change."""
    return isinstance(event, RegistrationStarted) and any(entry.port_s == port for entry in event.offer if port)


def _removes(message: Message) -> bool:
    """Whether every contact is registered for no time at all."""
    values = [contact.params.get("expires") for contact in message.contacts]
    return all(value == "0" if value is not None else message.expires == 0 for value in values)
