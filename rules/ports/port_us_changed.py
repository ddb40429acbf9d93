"""PORT-01: the UE's protected server port stays."""

from analyzer.ims.events import ChallengeSent, RegistrationRefreshed
from analyzer.rule import PASS, Actor, Broken, Probable, Severity, Verdict, rule


@rule(
    "PORT-01",
    clause="TS 33.203 7.4, 7.1",
    source="S1 7.4; S2 3.3; 33.203 7.4, 7.1 note [T]",
    actor="UE",
    severity=Severity.HIGH,
    traps=("FP9", "FP10", "FP15", "FP16"),
)
def port_us_changed(event: ChallengeSent | RegistrationRefreshed) -> Verdict | None:
    """In an authenticated re-registration the UE's port_us (port-s of Security-Client) is that of the set in use.

    Everybody who wants to reach the UE has been told this port; if it moves, requests go nowhere.

    Not a violation: a registration that began in clear (reboot, new address: FP15), another contact (FP9) or an
    emergency registration (FP10). A changed port in an offer that was never challenged is `probable` only (FP16).
    """
    if isinstance(event, ChallengeSent):
        parent, emergency = event.parent, event.emergency
    else:
        parent, emergency = event.in_use, False
    offered = next((entry.port_s for entry in event.offer if entry.is_ipsec), None)
    if parent is None or offered is None or parent.port_us is None or emergency:
        return None
    challenged = isinstance(event, ChallengeSent)
    if offered == parent.port_us:
        return PASS if challenged else None
    register = event.register
    related = tuple(frame for frame in (parent.sm1, register.at if register else None) if frame is not None)
    message = f"port_us changed from {parent.port_us} to {offered} in an authenticated re-registration"
    if not challenged:
        return Probable(
            fault="offer-changed",
            message="port_us changed in the offer of a re-registration that was not challenged",
            actor=Actor.UE,
            expected=str(parent.port_us),
            observed=str(offered),
            related=related,
            traps=("FP16",),
            argument="the offer was never taken up",
        )
    return Broken(
        fault="port-changed",
        message=message,
        actor=Actor.UE,
        expected=str(parent.port_us),
        observed=str(offered),
        related=related,
        argument=f"SM1 was protected by set {parent.generation}, so this is the same contact without loss of state",
    )
