"""AUTH-05: CK and IK never appear on Gm."""

from analyzer.ims.events import ChallengeSent, challenges
from analyzer.rule import PASS, Actor, Broken, Severity, Verdict, rule


@rule(
    "AUTH-05",
    clause="TS 24.229 5.2.2.2, 7.2A.1; TS 33.203 6.1, 7.2",
    source="24.229 5.2.2.2, 7.2A.1 [D]; 33.203 6.1, 7.2 [D]",
    actor="P-CSCF",
    severity=Severity.CRITICAL,
    traps=("FP13",),
    plaintext=False,
    by_headers=(ChallengeSent,),
)
def keys_on_gm(event: ChallengeSent) -> Verdict | None:
    """The challenge that the P-CSCF sends to the UE has no ck and no ik parameter, in clear or protected.

    Whoever reads them can decrypt and forge everything that the new set will protect.

    Not a violation: the same 401 on the core leg, between servers (FP13); messages are told apart by their Via. The
    values are never shown. A parameter that was emptied instead of being removed reveals nothing: low severity.
    """
    if not event.is_aka:
        return None
    if not event.reveals_keys:
        return PASS
    if all(each.keys_empty for each in challenges(event.challenge.message)):
        return Broken(
            fault="empty",
            message="the challenge to the UE still has ck or ik, without a value",
            actor=Actor.PCSCF,
            severity=Severity.LOW,
            expected="WWW-Authenticate without ck and ik",
            observed="ck or ik, empty",
        )
    told = event.subject is not None and event.subject.told
    return Broken(
        fault="told" if told else "clear" if event.challenge.protection is None else "protected",
        message="the challenge to the UE reveals ck or ik",
        actor=Actor.PCSCF,
        expected="WWW-Authenticate without ck and ik",
        observed=f"ck or ik present (not shown), {event.challenge.where}",
        argument="the response has one Via: it is addressed to the UE itself",
    )
