"""LIFE-10: the UE receives on the old set until the P-CSCF has used the new one."""

from analyzer.ims.events import OldSetNeglected, OldSetServed, Side
from analyzer.rule import PASS, Severity, Verdict, rule
from rules.lifetime.neglected import verdict_of


@rule(
    "LIFE-10",
    clause="TS 33.203 7.4.1a",
    source="S1 7.4.1a; 33.203 7.4.1a [D]",
    actor="UE",
    severity=Severity.MEDIUM,
    traps=("FP4", "FP26"),
    evidence=("E4", "E5", "E6"),
)
def ue_drops_old_set_early(event: OldSetNeglected | OldSetServed) -> Verdict | None:
    """After SM12 the UE goes on receiving on the old set until the P-CSCF's first message on the new one, or expiry.

    The P-CSCF does not know yet whether SM12 arrived, and stays on the old set until it hears of the UE on the new one:
    a UE that has dropped the old set misses calls in the meantime.

    Judged is a request of the P-CSCF over UDP on the old set that stays without an answer for 64*T1 although it is
    repeated, while nothing came on the new set yet and the UE sends nothing on the old one.

    Not a violation: a UE that has lost its radio link or was switched off, and packets that are missing in the capture.
    They are excluded where three repetitions are seen on the UE's own link, the UE used the new set in the meantime and
    the numbers of both sets have no gap; else it is `probable` (FP4, FP26). Over TCP a request is not repeated, so
    that its silence shows nothing; a handshake without an answer is SA-21's. What the UE answers on another set is
    SA-16's.
    """
    if isinstance(event, OldSetServed):
        return PASS if event.side is Side.UE else None
    return verdict_of(event, Side.UE)
