"""TRN-06: every segment of a protected connection is inside ESP."""

from analyzer.ims.events import ClearOnProtectedPort, ConnectionOpening, Role
from analyzer.rule import PASS, Actor, Broken, Severity, Verdict, rule


@rule(
    "TRN-06",
    clause="TS 33.203 6.2, 6.3, 7.1",
    source="33.203 6.2/6.3, 7.1 [D]; S2 3.1",
    actor="either",
    severity=Severity.MEDIUM,
    traps=("FP5", "R7", "R23"),
    evidence=("E2", "E6"),
    plaintext=False,
)
def segment_in_clear(event: ClearOnProtectedPort | ConnectionOpening) -> Verdict | None:
    """All segments between the ports of an association are in ESP: SYN, ACK, FIN, RST and keep-alives, too.

    A clear RST shows that one side has deleted its associations before the other, a clear SYN that it has none yet; and
    a peer that takes them lets anybody close the connection.

    Not a violation: segments when the set had to be gone at either side: there only LIFE rules speak; copies that a
    host decrypted (FP5). CLR-01 is the finding that this one explains more closely, and stands as its cause. Ports 5060
    and 5061 are PORT-05's (R7).
    """
    if isinstance(event, ConnectionOpening):
        return PASS if event.role is not None else None
    terms, role = event.terms, None
    for each in Role:
        if each.sender is event.sender and (event.sport, event.dport) == terms.ports(each):
            role = each
    if event.transport != "TCP" or role is None or event.unprotected_port or event.follows_via or event.invited:
        return None
    actor = Actor(event.sender)
    return Broken(
        fault=_kind(event.what),
        message=f"the {actor} sends a TCP segment in clear between the ports of an association",
        actor=actor,
        expected=f"ESP on {role} of set {terms.generation}",
        observed=f"{event.what}, {event.sport}>{event.dport}",
        related=tuple(frame for frame in (terms.sm6,) if frame is not None),
        cause="CLR-01",
        argument=f"set {terms.generation} was in force at both ends",
    )


def _kind(what: str) -> str:
    for flag in ("SYN", "RST", "FIN"):
        if flag in what:
            return flag.lower()
    return "segment"
