"""AUTH-13: the network hears the truth about the protection of a REGISTER."""

from analyzer.ims.events import ChallengeAnswered, CoreRegisterSent, RegistrationStarted, State, credentials
from analyzer.rule import PASS, Actor, Broken, Severity, Verdict, rule
from rules.authentication.comparing import cell

CLAIMS = ("yes", "no")
"""The other values (tls-yes, ip-assoc-yes, auth-done ...) speak of other mechanisms."""


@rule(
    "AUTH-13",
    clause="TS 24.229 5.2.2.2, 7.2A.2; TS 33.203 6.1.5, 7.2",
    source="24.229 5.2.2.2, 7.2A.2 [D]; 33.203 6.1.5, 7.2 [D]",
    actor="P-CSCF",
    severity=Severity.HIGH,
    traps=("FP11",),
    evidence=("E2",),
    plaintext=False,
    by_headers=(RegistrationStarted, ChallengeAnswered),
)
def protection_misreported(event: CoreRegisterSent | RegistrationStarted | ChallengeAnswered) -> Verdict | None:
    """Behind the P-CSCF `integrity-protected` is "yes" for a REGISTER on an established set, or for an SM7 on its new
    one, and for no other; on Gm the parameter is not there.

    The S-CSCF believes it: told "yes", it may skip AKA (AUTH-06, AUTH-07), so whoever gets a "yes" for a REGISTER in
    clear takes a registration over; told "no" for a good one, it challenges without need or refuses it.

    Needs a capture of the core leg. Not a violation: a parameter that is absent for an unprotected REGISTER, as before
    Rel-8 or by policy; values that speak of TLS or of other mechanisms (FP11); a REGISTER that is not found on Gm, by
    Call-ID and CSeq; one on a set that had to be gone, or on a new set without the answer to its challenge, which
    other rows judge (SA-11, AUTH-03, SA-19). Where a UE puts the parameter into its own REGISTER, the finding is the
    UE's, and of low severity as long as the P-CSCF overwrites it.
    """
    if not isinstance(event, CoreRegisterSent):
        return _on_gm(event)
    if event.original is None:
        return None
    protection, claim = event.protection, event.claim
    state = protection.state_pcscf if protection is not None else None
    if state is State.GONE or (state is State.TMP and event.kind != "SM7") or claim not in (None, *CLAIMS):
        return None
    good = state is not None and (state.established or event.kind == "SM7")
    told = claim == "yes"
    if told == good:
        return PASS
    where = f"on set {protection.generation} ({protection.state_pcscf.upper()})" if protection else "in clear"
    return Broken(
        fault="claims-protection" if told else "denies-protection",
        message="the P-CSCF told the network that a REGISTER was protected, and it was not"
        if told
        else "the P-CSCF did not tell the network that a REGISTER was protected",
        actor=Actor.PCSCF,
        severity=Severity.CRITICAL if told else Severity.LOW,
        expected=f'integrity-protected="{"yes" if good else "no"}"',
        observed=f"{cell(claim)}; the REGISTER came {where}",
        related=(event.original,),
    )


def _on_gm(event: RegistrationStarted | ChallengeAnswered) -> Verdict | None:
    found = credentials(event.register.message)
    if found is None or "integrity-protected" not in found.params:
        return None
    return Broken(
        fault="on-gm",
        message="the UE itself states whether its REGISTER is protected",
        actor=Actor.UE,
        severity=Severity.LOW,
        expected="no integrity-protected on Gm",
        observed=f"integrity-protected={cell(found.integrity_protected)}",
    )
