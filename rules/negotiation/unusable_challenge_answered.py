"""NEG-06: a UE does not answer a challenge without a usable Security-Server."""

from typing import Any

from analyzer.ims.events import ChallengeAnswered, Mechanism, RegistrationStarted
from analyzer.rule import PASS, Actor, Broken, Severity, Verdict, judged, rule
from rules.negotiation.showing import entries_table


@rule(
    "NEG-06",
    clause="TS 24.229 5.1.1.5.1",
    source="24.229 5.1.1.5.1 [T]",
    actor="UE",
    severity=Severity.HIGH,
    traps=("FP11", "FP17"),
    evidence=("E3",),
    plaintext=False,
    by_headers=(ChallengeAnswered,),
)
def unusable_challenge_answered(event: ChallengeAnswered | RegistrationStarted) -> Verdict | None:
    """If SM6 has no Security-Server, or its entries lack what a set is made from, the UE drops the authentication and
    begins again with a REGISTER of a new Call-ID.

    An attacker who strips Security-Server from the clear SM6 wants just that: a UE that answers all the same, in clear.
    That the P-CSCF sent such an SM6 is NEG-05's; what the UE does with it is its own.

    Not a violation: a UE that gives up and sends nothing; a REGISTER that reports a MAC or SQN failure, which comes
    first and keeps the Call-ID; a deregistration; a UE that offered no ipsec-3gpp, or whose P-CSCF chose TLS (FP11).
    A REGISTER of the same Call-ID after timer F (64*T1), or after a repetition of the one before, may come from a UE
    that never had the challenge: `probable` (FP17). One entry that is whole is enough to go on with.
    """
    if isinstance(event, RegistrationStarted):
        return _started(event)
    if not any(entry.is_ipsec for entry in event.offer):
        return None
    chosen = [entry for entry in event.server if not entry.is_mediasec]
    entries = [entry for entry in chosen if entry.is_ipsec]
    if (chosen and not entries) or any(not entry.missing() for entry in entries):
        return None
    return Broken(
        fault="answered",
        message="the UE answered a challenge "
        + ("whose Security-Server lacks what a set needs" if entries else "without Security-Server"),
        actor=Actor.UE,
        expected="a REGISTER without an answer, in another Call-ID",
        observed=event.register.message.start_line,
        related=(event.challenge.at,),
        argument=f"SM1 had offered ipsec-3gpp; SM6 lacks {_lacking(entries)}",
        tables=(entries_table("Security-Server of SM6", entries),) if entries else (),
    )


def _started(event: RegistrationStarted) -> Verdict | None:
    before = event.challenge_before
    if before is None or event.reports_failure or event.deregisters:
        return None
    if not before.same_call:
        return PASS
    common: dict[str, Any] = {
        "fault": "same-call-id",
        "message": "after a challenge that it could not use, the UE began again in the same Call-ID",
        "actor": Actor.UE,
        "expected": "a new Call-ID",
        "observed": "the Call-ID of the REGISTER that was challenged",
        "related": (before.at,),
        "severity": Severity.LOW,
    }
    lacks = f"SM6 lacks {', '.join(before.missing) or 'Security-Server'}"
    why = "" if before.in_time else "; the UE may never have had SM6"
    return judged(sure=before.in_time, traps=("FP17",), argument=lacks + why, **common)


def _lacking(entries: list[Mechanism]) -> str:
    return ", ".join(entries[0].missing()) if entries else "Security-Server"
