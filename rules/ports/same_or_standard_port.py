"""PORT-05: protected client and server port differ, and neither is that of unprotected SIP."""

from analyzer.ims.events import ChallengeSent, RegistrationStarted
from analyzer.rule import PASS, Actor, Broken, Level, Profile, Severity, Verdict, rule
from rules.negotiation.showing import entries_table

STANDARD = frozenset({5060, 5061})


@rule(
    "PORT-05",
    clause="TS 33.203 7.1 [M]",
    source="33.203 7.1 [M]; S2 3 (in general different)",
    actor="either",
    severity=Severity.MEDIUM,
    traps=("R7",),
    evidence=("E3",),
    plaintext=False,
)
def same_or_standard_port(event: RegistrationStarted | ChallengeSent, profile: Profile) -> Verdict | None:
    """The client and the server port that one side announces differ from each other, and neither is 5060 or 5061.

    With one port for both the selectors of two associations coincide. On 5060 and 5061 unprotected SIP arrives: what
    is protected and what is not could no longer be told apart by the port.

    Security-Client of SM1 (the UE) and Security-Server of SM6 (the P-CSCF) are judged, every ipsec-3gpp entry of them.
    The papers say only "in general different": there it is a warning (V19). The sentence of TS 33.203 is cited from
    memory and unverified.

    Where this rule speaks of a port, CLR-01 and PORT-15 say nothing about it (R7). A port that is missing, or is none,
    is NEG-02's, NEG-05's or NEG-21's.
    """
    if isinstance(event, RegistrationStarted):
        entries, actor, name = event.offer, Actor.UE, "Security-Client of SM1"
    else:
        entries, actor, name = event.server, Actor.PCSCF, "Security-Server of SM6"
    pairs = [
        (entry.port_c, entry.port_s)
        for entry in entries
        if entry.is_ipsec and not entry.is_mediasec and not (entry.port_c is None and entry.port_s is None)
    ]
    if not pairs:
        return None
    equal = any(client is not None and client == server for client, server in pairs)
    if not equal and all(STANDARD.isdisjoint(pair) for pair in pairs):
        return PASS
    standard = sorted({port for pair in pairs for port in pair if port in STANDARD and port is not None})
    faults = [*(["equal"] if equal else []), *(["standard-port"] if standard else [])]
    what = [
        *(["the same port as client and as server port"] if equal else []),
        *([f"{' and '.join(str(port) for port in standard)}, where unprotected SIP arrives"] if standard else []),
    ]
    return Broken(
        fault="+".join(faults),
        message=f"{name} announces {', and '.join(what)}",
        actor=actor,
        expected="two different ports, neither of them 5060 nor 5061",
        observed="; ".join(f"port-c {client}, port-s {server}" for client, server in pairs[:4]),
        level=None if profile.ports_must_differ else Level.SHOULD,
        argument="the ports are those of the header itself",
        tables=(entries_table(name, [entry for entry in entries if entry.is_ipsec]),),
    )
