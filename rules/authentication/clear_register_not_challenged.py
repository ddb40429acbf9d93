"""AUTH-06: whoever registers in clear is authenticated."""

from analyzer.ims.events import ChallengeSent, RegistrationRefreshed, credentials
from analyzer.rule import PASS, Actor, Probable, Severity, Verdict, judged, rule


@rule(
    "AUTH-06",
    clause="TS 33.203 6.1, 7.4",
    source='S1 7.4 ("the S-CSCF shall authenticate"); 33.203 6.1 [D]',
    actor="network",
    severity=Severity.CRITICAL,
    traps=("FP3", "FP4", "FP10", "FP11"),
    evidence=("E5",),
    plaintext=False,
)
def clear_register_not_challenged(event: RegistrationRefreshed | ChallengeSent) -> Verdict | None:
    """A REGISTER that came unprotected is challenged before it has a 2xx.

    Anybody can send a REGISTER in clear. If it is believed without AKA, anybody can take over the contact.

    Not a violation: a deregistration; a REGISTER without Contact, which only asks; an emergency registration, where a
    network may relax authentication (FP10); an answer to the newest challenge that was sent in clear (CLR-05 speaks of
    that), and one to a challenge that is not in the capture, which may begin too late (FP3) or have a gap (FP4):
    `probable`. As long as this contact never had an ipsec-3gpp set, the network may know it by other means (GIBA and
    the like, FP11), although the UE offers IPsec: `probable` as well, and so is a UE that had a set and offers IPsec no
    more.
    """
    if isinstance(event, ChallengeSent):
        clear = event.register is not None and event.register.protection is None
        return PASS if clear and any(entry.is_ipsec for entry in event.offer) else None
    register = event.register
    if register.protection is not None or event.answers_challenge or event.reports_failure or event.emergency:
        return None
    if not register.message.contacts or not (event.established or any(entry.is_ipsec for entry in event.offer)):
        return None
    found = credentials(register.message)
    if found is not None and found.response and found.nonce and event.nonce_from is None:
        return Probable(
            fault="unknown-challenge",
            message="a REGISTER in clear was accepted; the challenge that it answers is not in the capture",
            actor=Actor.NETWORK,
            expected="401 with a challenge",
            observed=event.response.message.start_line,
            related=(register.at,),
            traps=("FP3", "FP4"),
            argument="whether there was a challenge is not to be seen",
        )
    offered = any(entry.is_ipsec for entry in event.offer)
    return judged(
        sure=event.established and offered,
        traps=("FP11",),
        fault="accepted",
        message="a REGISTER that came in clear was accepted without a challenge",
        actor=Actor.NETWORK,
        expected="401 with a challenge",
        observed=event.response.message.start_line,
        related=(register.at,),
        argument="this contact had an ipsec-3gpp set before, and the 2xx answers the very REGISTER that came in clear"
        if event.established and offered
        else "no ipsec-3gpp set of this contact is in the capture"
        if offered
        else "the UE no longer offers ipsec-3gpp",
    )
