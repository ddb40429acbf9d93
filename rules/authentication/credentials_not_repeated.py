"""AUTH-14: a re-REGISTER repeats the credentials of the last authentication."""

from typing import Any

from analyzer.ims.events import CredentialsRepeated
from analyzer.rule import PASS, Actor, Broken, Level, Severity, Verdict, judged, rule
from rules.authentication.comparing import cell, side_by_side


@rule(
    "AUTH-14",
    clause="TS 24.229 5.1.1.4.2 a",
    source="24.229 5.1.1.4.2 a [T]",
    actor="UE",
    severity=Severity.LOW,
    traps=("FP3", "FP4", "FP13", "FP17"),
    evidence=("E3",),
)
def credentials_not_repeated(event: CredentialsRepeated) -> Verdict | None:
    """A protected re-REGISTER has nonce and response of the last authentication in its Authorization.

    They are no proof of anything, but tell the S-CSCF which authentication the UE goes on from.

    Compared is only an SM1 on the set of the last success that the capture has (else that is not known, FP3);
    deregistrations are left out. Not a violation: a nonce that the network handed out as `nextnonce`; another response
    where a nonce count makes it so; empty values after a refusal, which empties them, or in the first REGISTER for
    another public identity (TS 24.229 5.1.1.2.2); a report with auts. Empty values without that are a warning, since
    some stacks send them. The nonce of a later challenge that came to nothing may count as the last one (FP17):
    `probable`, and so is what the capture may have missed: a 2xx with another `nextnonce`, a refusal, a challenge that
    an empty response rejects (FP4). With two clocks that challenge may seem to come later (FP13).
    """
    (last, nonce), (answer, response) = event.nonce, event.response
    if nonce and nonce == event.next_nonce:
        return PASS
    if nonce == last and (response == answer or (response and not event.comparable)):
        return PASS
    empty = not nonce or not response
    if empty and (event.refused_since or event.new_identity):
        return PASS
    table = side_by_side(
        "Credentials",
        f"SM7, frame {event.sm7.number}",
        "here",
        (("nonce", last, nonce), ("response", answer, response)),
    )
    common: dict[str, Any] = {"actor": Actor.UE, "related": (event.sm7,), "tables": (table,)}
    if empty:
        return judged(
            sure=event.complete.sure,
            traps=("FP4",),
            fault="empty",
            message="a protected re-REGISTER has an empty nonce or response",
            level=Level.SHOULD,
            expected="nonce and response of the last authentication",
            observed="empty",
            argument=event.complete.how,
            **common,
        )
    if nonce == last:
        return Broken(
            fault="other-response",
            message="a protected re-REGISTER has the nonce of the last authentication with another response",
            expected=cell(answer),
            observed=cell(response),
            argument="the response is computed over the same values, without a nonce count",
            **common,
        )
    later = event.refused_since or event.newer_challenge is not None
    return judged(
        sure=event.complete.sure and not later,
        traps=("FP17",) if later else ("FP4",),
        fault="other-nonce",
        message="a protected re-REGISTER has another nonce than that of the last authentication",
        expected=cell(last),
        observed=cell(nonce),
        argument="it is on the set of that authentication, so the UE had no later success"
        if event.complete.sure
        else event.complete.how,
        **common,
    )
