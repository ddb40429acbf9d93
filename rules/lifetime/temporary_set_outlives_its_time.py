"""LIFE-05: a temporary set lives no longer than an authentication may take."""

from analyzer.ims.events import EarlyUse, RegistrationRefused, RegistrationSucceeded, Side
from analyzer.rule import PASS, Actor, Broken, Profile, Severity, Verdict, judged, rule


@rule(
    "LIFE-05",
    clause="TS 33.203 7.4.1a, 7.4.2a; TS 24.229 5.1.1.5.1, 5.2.2.2, table 7.8.1",
    source="S1 7.4.1a, 7.4.2a; 24.229 5.1.1.5.1 [T], 5.2.2.2, table 7.8.1 [D]",
    actor="either",
    severity=Severity.LOW,
    traps=("FP2", "FP4", "FP14", "R36"),
    evidence=("E4",),
)
def temporary_set_outlives_its_time(
    event: RegistrationSucceeded | RegistrationRefused | EarlyUse, profile: Profile
) -> Verdict | None:
    """A new set begins with a short life, long enough to finish the authentication: reg-await-auth, 4 minutes. If SM12
    has not come by then, both ends delete it.

    A challenge that can be answered for ever gives an attacker all the time that he needs.

    Judged are a 2xx (or another answer on the new set) to an SM7 that came later than that after SM6, and other
    messages on the temporary set at such a time. For the UE the time begins at its first SM7, since a slow UICC may
    take long over the challenge before it has any set.

    Not a violation: clocks that differ, for which 5 s and one per cent are allowed (FP14); other values of an operator,
    which a profile file may set. Where SM12 may have been lost from the capture it is `probable` (FP2, FP4). In
    ``sa3-29`` the papers say no more than "long enough": not exercised unless a profile file names a time (R36).
    """
    if profile.reg_await_auth is None:
        return None
    limit = profile.reg_await_auth + profile.tolerance(profile.reg_await_auth)
    if isinstance(event, EarlyUse):
        protection, sender = event.sighting.protection, event.sighting.sender
        if protection is None or protection.terms.sm6 is None:
            return None
        since = event.sm7 if sender is Side.UE else protection.terms.sm6
        if since is None or event.at.time - since.time <= limit:
            return None
        return judged(
            sure=event.certain.sure,
            expected=_expected(profile.reg_await_auth),
            traps=("FP2", "FP4"),
            fault=f"used-by-{sender.name.lower()}",
            message=f"the {sender} used a temporary set after its time",
            actor=Actor(sender),
            observed=f"{event.sighting.message.start_line}, {(event.at.time - since.time) / 1e9:.0f} s later",
            related=(since,),
            argument=event.certain.how,
        )
    expected, answer = event.expected, event.response
    if expected is None or expected.sm6 is None or (isinstance(event, RegistrationRefused) and not event.answers_sm7):
        return None
    took = event.register.at.time - expected.sm6.time
    if took <= limit:
        return PASS
    if isinstance(event, RegistrationRefused) and (
        answer.protection is None or answer.protection.terms is not expected
    ):
        return PASS
    return Broken(
        fault="late-sm7-accepted" if isinstance(event, RegistrationSucceeded) else "late-sm7-answered",
        message="the P-CSCF answered an SM7 whose set it had to have deleted before",
        actor=Actor.PCSCF,
        expected=_expected(profile.reg_await_auth),
        observed=f"{answer.message.start_line} to an SM7 {took / 1e9:.0f} s after SM6",
        related=(expected.sm6, event.register.at),
        argument="SM7 carries the nonce of that SM6, and tolerance is included",
    )


def _expected(time: int) -> str:
    return f"deleted {time / 1e9:.0f} s after SM6"
