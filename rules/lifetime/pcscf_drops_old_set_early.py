"""LIFE-14: the P-CSCF serves the old set until it may give it up."""

from analyzer.ims.events import ClearMessageSent, OldSetNeglected, OldSetServed, Side
from analyzer.rule import PASS, Actor, Broken, Severity, Verdict, rule
from rules.lifetime.neglected import verdict_of


@rule(
    "LIFE-14",
    clause="TS 33.203 7.4.2a; TS 24.229 5.2.2.2",
    source='S1 7.4.2a ("keeps ... active"); 24.229 [D]',
    actor="P-CSCF",
    severity=Severity.HIGH,
    traps=("FP4", "FP26"),
    evidence=("E4", "E5", "E6"),
)
def pcscf_drops_old_set_early(event: OldSetNeglected | OldSetServed | ClearMessageSent) -> Verdict | None:
    """After SM12 to a protected SM1 the P-CSCF keeps the set that protected it, and serves what the UE sends there,
    until the UE's first further message on the new set; what is pending then may end.

    Otherwise transactions that were running during a re-registration break: calls are lost, or answered in clear.

    Judged are an answer in clear to a request that came on the old set, and a request of the UE over UDP on the old
    set that stays without an answer for 64*T1 although the UE repeats it after SM12, while the P-CSCF sends nothing
    there any more.

    Not a violation: an answer in clear after the TCP connection of the request was lost, a fault of its own that TRN-04
    and CLR-05 speak of; a request that the UE began there after it had used the new set; repetitions later than 64*T1
    after that (V5). Silence is a violation only if three repetitions are seen on the P-CSCF's own link, it sent on the
    new set meanwhile, and the numbers of both sets have no gap: else the network, a restart (FP26) or the capture (FP4)
    may be its reason, and it is `probable`. Answers on the new set are SA-16's.
    """
    if isinstance(event, OldSetServed):
        return PASS if event.side is Side.PCSCF else None
    if isinstance(event, OldSetNeglected):
        return verdict_of(event, Side.PCSCF)
    terms, request = event.leaves_old, event.request
    if terms is None or request is None:
        return None
    return Broken(
        fault="answer-in-clear",
        message="the P-CSCF answered in clear what had come on the old set, which it had to keep for that",
        actor=Actor.PCSCF,
        expected=f"set {terms.generation}",
        observed=f"{event.sighting.message.start_line}, {event.sighting.where}",
        related=(request.at,),
        argument="a newer set was established, and the old one had not to be given up yet",
    )
