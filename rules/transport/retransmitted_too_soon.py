"""TRN-11: the timers of UDP."""

from analyzer.ims.events import RequestRepeated
from analyzer.rule import PASS, Actor, Level, Profile, Severity, Verdict, judged, rule

RFC_T1 = 500_000_000
"""T1 of RFC 3261, ns."""


@rule(
    "TRN-11",
    clause="TS 24.229 table 7.7.1; RFC 3261 17",
    source="24.229 table 7.7.1 [D]; RFC 3261 17",
    actor="either",
    level=Level.SHOULD,
    severity=Severity.LOW,
    traps=("FP5", "FP11", "FP13", "FP14"),
    evidence=("E5",),
    plaintext=False,
)
def retransmitted_too_soon(event: RequestRepeated, profile: Profile) -> Verdict | None:
    """Between UE and P-CSCF a request over UDP is first repeated after T1 = 2 s, and no more after 64*T1.

    Radio links are slow: a stack with the timers of the wired Internet repeats everything two or three times, and that
    inside ESP.

    Not a violation: a stack with the 500 ms of RFC 3261, which is merely worth knowing. Copies that follow each other
    even faster may have waited for the radio link and come in a burst (FP13), so that they are `probable`. A quarter of
    a timer is allowed for delays that differ from copy to copy. After 64*T1 five seconds and one per cent are allowed
    (FP14); what comes after a pause of twice that time is no timer's work, but perhaps a copy that somebody or
    something sent again (FP5): `probable`. Sooner ones are judged of requests that had no response yet, all of contacts
    with ipsec-3gpp (FP11).
    """
    request = event.request
    if not event.ipsec or request.message.method == "ACK":
        return None
    if request.transport != "UDP" or event.first.transport != "UDP":
        return None
    actor = Actor(request.sender)
    limit = profile.timer_64_t1 + profile.tolerance(profile.timer_64_t1)
    if event.elapsed > limit:
        return judged(
            sure=event.waited <= 2 * limit,
            traps=("FP5",),
            fault="after-64-t1",
            message=f"the {actor} repeats a request after 64*T1",
            actor=actor,
            expected=f"at most {profile.timer_64_t1 // 1_000_000_000} s",
            observed=f"{event.elapsed / 1_000_000_000:.1f} s",
            related=(event.first.at,),
            argument="more than the tolerance on clocks",
        )
    if event.answered or event.waited < 0:
        return None
    if event.waited >= profile.timer_t1 * 3 // 4:
        return PASS
    usual = event.waited >= RFC_T1 * 3 // 4
    return judged(
        sure=usual,
        traps=("FP13",),
        fault="rfc-3261-timers" if usual else "too-soon",
        message=f"the {actor} repeats a request sooner than T1 of TS 24.229",
        actor=actor,
        level=Level.INFO if usual else None,
        expected=f"{profile.timer_t1 / 1_000_000_000:g} s",
        observed=f"{event.waited / 1_000_000_000:.2f} s",
        related=(event.first.at,),
        argument="less than three quarters of the timer" + (", but not less than that of RFC 3261" if usual else ""),
    )
