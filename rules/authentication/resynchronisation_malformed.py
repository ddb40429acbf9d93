"""AUTH-09: a wrong SQN is reported with auts."""

from analyzer.ims.events import ChallengeRejected, RegistrationStarted, credentials
from analyzer.rule import PASS, Actor, Broken, Probable, Severity, Verdict, judged, rule
from rules.authentication.comparing import alone, cell

AUTS = 14
"""Octets of AUTS: SQN, hidden, and MAC-S (TS 33.102 6.3.3)."""


@rule(
    "AUTH-09",
    clause="TS 24.229 5.1.1.5.3; RFC 3310 3.4",
    source="24.229 5.1.1.5.3 [T]; RFC 3310 3.4; 34.229-1 9.2 [T]",
    actor="UE",
    severity=Severity.MEDIUM,
    traps=("FP2", "FP4", "FP17", "FP18"),
    evidence=("E3",),
    by_headers=(ChallengeRejected,),
)
def resynchronisation_malformed(event: ChallengeRejected | RegistrationStarted) -> Verdict | None:
    """If SQN is out of range, the UE sends a REGISTER with the challenged nonce and auts: base64 of 14 octets.

    With it the network sets its counter anew and challenges again. Without it, or with one that it cannot read, the UE
    and its network never come together.

    A response beside it is allowed. Not a violation: an auts with a nonce that is no longer the newest, since both may
    have crossed (FP2, FP17), or whose challenge is not in the capture (FP4): `probable`. A report without auts is that
    of a wrong MAC (AUTH-08); only where K and OPc of the subscriber show that the MAC is right must SQN have been the
    reason, and that the UE has the same K is shown by an earlier response of it, else it is `probable` (FP18). One test
    purpose of TS 34.229-1 contradicts its own steps; the steps are followed.
    """
    found = credentials(event.register.message)
    if found is None or (isinstance(event, RegistrationStarted) and (not found.auts or event.reports_failure)):
        return None
    tables = (alone("Authorization of the report", found),)
    if isinstance(event, RegistrationStarted):
        if not found.nonce:
            return Broken(
                fault="nonce-missing",
                message="a REGISTER has auts, but no nonce",
                actor=Actor.UE,
                expected="the nonce of the challenge that is rejected",
                observed=cell(found.nonce),
                tables=tables,
            )
        return Probable(
            fault="other-nonce",
            message="a REGISTER has auts for another nonce than that of the newest challenge",
            actor=Actor.UE,
            expected="the nonce of the newest challenge",
            observed=cell(found.nonce),
            related=(event.nonce_from,) if event.nonce_from is not None else (),
            tables=tables,
            traps=("FP2", "FP17") if event.nonce_from is not None else ("FP4",),
        )
    if found.auts:
        octets = found.auts_octets
        if octets is not None and len(octets) == AUTS:
            return PASS
        return Broken(
            fault="auts-malformed",
            message=f"auts is not base64 of {AUTS} octets",
            actor=Actor.UE,
            expected=f"{AUTS} octets in base64",
            observed="no base64" if octets is None else f"{len(octets)} octets",
            related=(event.challenge.at,),
            tables=tables,
        )
    if not event.mac_right:
        return None
    return judged(
        sure=event.card.sure,
        traps=("FP18",),
        fault="auts-missing",
        message="the UE rejected a challenge whose MAC is right, without auts",
        actor=Actor.UE,
        expected="auts, since only SQN can be the reason",
        observed="no auts",
        related=(event.challenge.at,),
        tables=tables,
        argument=event.card.how,
    )
