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
    evidence=("E3", "E4"),
)
def port_us_changed(event: ChallengeSent | RegistrationRefreshed) -> Verdict | None:
    """In an authenticated re-registration the UE's port_us (port-s of Security-Client) is that of the set in use.

    Everybody who wants to reach the UE has been told this port; if it moves, requests go nowhere.

    Not a violation: a registration that began in clear (reboot, new address: FP15), another contact (FP9) or an
    emergency registration (FP10). A changed port in an offer that was never challenged is `probable` only (FP16).
    """
    if isinstance(event, RegistrationRefreshed):
        return _unchallenged(event)
    parent, announced = event.parent, event.announced
    if parent is None or announced is None or event.emergency:
        return None
    before, after = parent.port_us, announced.port_us
    if before is None or after is None:
        return None
    if after == before:
        return PASS
    return Broken(
        fault="port-changed",
        message=f"port_us changed from {before} to {after} in an authenticated re-registration",
        actor=Actor.UE,
        expected=str(before),
        observed=str(after),
        related=tuple(frame for frame in (parent.sm1, announced.sm1) if frame is not None),
        argument=f"SM1 was protected by set {parent.generation}, so this is the same contact without loss of state",
    )


def _unchallenged(event: RegistrationRefreshed) -> Verdict | None:
    """An offer that nobody took up: only what it intends can be told, and only where all its entries agree."""
    in_use = event.in_use
    ports = {entry.port_s for entry in event.offer if entry.is_ipsec} - {None}
    if in_use is None or in_use.port_us is None or not ports or in_use.port_us in ports:
        return None
    return Probable(
        fault="offer-changed",
        message="port_us changed in the offer of a re-registration that was not challenged",
        actor=Actor.UE,
        expected=str(in_use.port_us),
        observed=", ".join(str(port) for port in sorted(port for port in ports if port is not None)),
        related=tuple(frame for frame in (in_use.sm1, event.register.at) if frame is not None),
        traps=("FP16",),
        argument="the offer was never taken up",
    )
