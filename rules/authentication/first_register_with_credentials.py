"""AUTH-02: the first REGISTER says who registers, and answers no challenge."""

from typing import Any

from analyzer.ims.events import Credentials, RegistrationStarted, credentials
from analyzer.rule import PASS, Actor, Broken, Level, Probable, Severity, Verdict, rule
from rules.authentication.comparing import alone, cell


@rule(
    "AUTH-02",
    clause="TS 24.229 5.1.1.2.2 a",
    source="24.229 5.1.1.2.2 a [T]",
    actor="UE",
    severity=Severity.LOW,
    traps=("FP3", "FP11", "FP15"),
    evidence=("E3",),
    plaintext=False,
)
def first_register_with_credentials(event: RegistrationStarted) -> Verdict | None:
    """An unprotected first REGISTER has an Authorization with username, realm and uri, an empty nonce and response.

    Without the username the network cannot look the subscriber up, and the registration costs another round. A nonce
    that nobody gave shows a UE that goes on with credentials of before.

    Not a violation: a UE that does not offer ipsec-3gpp (FP11), a REGISTER that reports a MAC or SQN failure, or that
    answers an older challenge that is still open. After its associations were lost a UE may repeat old values (FP15):
    a warning where the capture has their challenge; where it does not, they may be from before it (FP3): `probable`.
    A nonce that is not even RAND and AUTN was given by no AKA challenge. That username, realm and uri have the right
    values is not judged: what the home network's domain is called is not to be seen from here.
    """
    if event.register.protection is not None or event.reports_failure:
        return None
    if not any(entry.is_ipsec for entry in event.offer):
        return None
    found = credentials(event.register.message)
    if found is None:
        return Broken(
            fault="authorization-missing",
            message="the first REGISTER has no Authorization",
            expected="Authorization with username, realm, uri, nonce and response",
            observed="no such header",
            **_common(None),
        )
    if found.auts or (event.nonce_from is not None and not event.nonce_spent):
        return None
    if not found.nonce and not found.response and found.username and found.realm and found.uri:
        return PASS
    common = _common(found)
    missing = [name for name in ("username", "realm", "uri") if not found.params.get(name)]
    if missing:
        return Broken(
            fault="parameter-missing",
            message=f"the Authorization of the first REGISTER lacks {', '.join(missing)}",
            expected="username, realm and uri",
            observed=f"no {', no '.join(missing)}",
            **common,
        )
    if found.nonce:
        if event.nonce_from is not None:
            return Broken(
                fault="repeats-nonce",
                message="an unprotected REGISTER repeats the nonce of an earlier challenge",
                level=Level.SHOULD,
                expected='nonce=""',
                observed=f"the nonce of frame {event.nonce_from.number}",
                related=(event.nonce_from,),
                argument="some stacks repeat old values after their associations were lost (FP15)",
                **common,
            )
        if found.rand is not None:
            return Probable(
                fault="unknown-nonce",
                message="an unprotected first REGISTER has a nonce",
                expected='nonce=""',
                observed=cell(found.nonce),
                traps=("FP3", "FP15"),
                argument="it may be that of a challenge from before the capture",
                **common,
            )
        return Broken(
            fault="invented-nonce",
            message="an unprotected first REGISTER has a nonce that no AKA challenge gave",
            expected='nonce=""',
            observed=cell(found.nonce),
            argument="it is not base64 of RAND and AUTN, so it is not repeated from before the capture either",
            **common,
        )
    if found.response:
        return Broken(
            fault="response",
            message="an unprotected first REGISTER has a response, but no nonce",
            expected='response=""',
            observed=cell(found.response),
            **common,
        )
    return PASS


def _common(found: Credentials | None) -> dict[str, Any]:
    """What all findings have."""
    return {"actor": Actor.UE, "tables": (alone("Authorization of SM1", found),)}
