"""TRN-09: after the switch no new request goes on a connection of the old set."""

from msgspec.structs import replace

from analyzer.ims.events import FreshRequest, Side
from analyzer.rule import Broken, Profile, Severity, Verdict, rule
from rules.protection.pcscf_stays_on_old_set import pcscf_stays_on_old_set
from rules.protection.ue_stays_on_old_set import ue_stays_on_old_set


@rule(
    "TRN-09",
    clause="TS 33.203 7.4",
    source="S1 7.4.1a (further requests on new SA); S2 3.3",
    actor="either",
    severity=Severity.LOW,
    traps=("FP2", "FP6", "FP19"),
    evidence=("E4", "E6"),
)
def request_on_old_connection(event: FreshRequest, profile: Profile) -> Verdict | None:
    """After the switch a new transaction over TCP uses a connection of the new set, opened from the new client port.

    A connection belongs to the ports of one set, so that who keeps sending requests on the old one keeps the old set.

    Not a violation: what SA-12 (for the UE) and SA-14 (for the P-CSCF) let pass, which explain every finding of this
    row: requests that were on their way (FP2), pending transactions (FP6); handshakes and keep-alives are no requests
    (FP19).
    """
    if event.request.transport != "TCP":
        return None
    judge = ue_stays_on_old_set if event.request.sender is Side.UE else pcscf_stays_on_old_set
    verdict = judge(event, profile)
    if not isinstance(verdict, Broken):
        return verdict
    return replace(
        verdict,
        fault="old-connection",
        message=f"the {verdict.actor} sent a new request on a TCP connection of the old set",
        cause="SA-12" if event.request.sender is Side.UE else "SA-14",
    )
