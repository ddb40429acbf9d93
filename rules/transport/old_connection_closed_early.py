"""TRN-05: an old connection stays until its transactions are complete."""

from analyzer.ims.events import ConnectionClosing
from analyzer.rule import PASS, Actor, Profile, Severity, Verdict, judged, rule


@rule(
    "TRN-05",
    clause="TS 33.203 7.4.1a, 7.4.2a",
    source="S2 3.3; S1 7.4.1a/7.4.2a; 33.203 (pending transactions) [D]",
    actor="either",
    severity=Severity.MEDIUM,
    traps=("FP4",),
    evidence=("E6", "E5"),
)
def old_connection_closed_early(event: ConnectionClosing, profile: Profile) -> Verdict | None:
    """After a re-registration nobody closes a TCP connection of the old set while a transaction on it is open.

    This is the papers' solution 1: the old connection and its associations stay until the transaction is complete.

    Not a violation: closing an idle connection, answering the other side's FIN. If the final answer may be missing from
    the capture it is `probable` (FP4). Their solution 2 gives the old connection up (profile flag seed-solution-2).
    """
    if "seed-solution-2" in profile.flags:
        return None
    if event.open_request is None:
        return PASS
    if event.peer_first:
        return None
    return judged(
        sure=event.complete.sure,
        traps=("FP4",),
        fault=event.how.lower(),
        message=f"the {event.sender} closed a connection of the old set while a transaction on it was open",
        actor=Actor(event.sender),
        expected="the connection stays until the final answer",
        observed=f"{event.how} on a connection of set {event.terms.generation}",
        related=(event.open_request,),
        argument=event.complete.how,
    )
