"""SA-16: a response belongs to the set of its request."""

from analyzer.ims.events import ResponseSent, Side
from analyzer.rule import PASS, Actor, Broken, Level, Profile, Severity, Verdict, rule


@rule(
    "SA-16",
    clause="TS 33.203 7.4.1a, 7.4.2a; TS 24.229 5.1.1.5.1",
    source="S1 7.4.1a, 7.4.2a (both directions); 24.229 5.1.1.5.1 note [T]; 33.203 [D]",
    actor="either",
    severity=Severity.MEDIUM,
    traps=("FP1", "R3", "R30"),
    evidence=("E5", "E2"),
)
def response_on_other_set(event: ResponseSent, profile: Profile) -> Verdict | None:
    """A response is sent on the set that protected its request.

    A MUST in the papers; today a MUST over TCP, a SHOULD over UDP for the UE, and for the P-CSCF over UDP merely worth
    a note, since later releases let it answer on the new set (R38).

    Not judged here: challenges and answers to SM7 (SA-03, SA-05, SA-17, SA-18; R3), answers to a MAC or SQN failure
    (R30), responses in clear (CLR-03, CLR-05). Over TCP the papers' second solution answers on the new set (profile
    flag seed-solution-2).
    """
    response, request = event.response, event.request
    if request is None or request.protection is None or response.protection is None:
        return None
    status = response.message.status
    if event.answers_register and (event.answers_register != "SM1" or status >= 300):
        return None
    before, after = request.protection.terms, response.protection.terms
    if before is after:
        return PASS
    if response.transport == "TCP" and "seed-solution-2" in profile.flags:
        return PASS
    level = Level.MUST
    if not profile.response_bound and response.transport == "UDP":
        level = Level.INFO if response.sender is Side.PCSCF else Level.SHOULD
    return Broken(
        fault=f"other-set-{response.transport.lower()}",
        message=f"the {response.sender} answered on another set than the request came on",
        actor=Actor(response.sender),
        level=level,
        expected=f"set {before.generation}",
        observed=f"set {after.generation}",
        related=(request.at,),
        argument="request and response are in the capture and share branch and CSeq",
    )
