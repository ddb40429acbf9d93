"""NEG-05: SM6 answers the offer with the P-CSCF's ports, SPIs and algorithms."""

from analyzer.ims.events import ChallengeSent
from analyzer.rule import PASS, Actor, Broken, Inconclusive, Severity, Verdict, rule
from rules.negotiation.showing import entries_table


@rule(
    "NEG-05",
    clause="TS 33.203 7.2; TS 24.229 5.2.2.2",
    source="S2 3.2; 33.203 7.2 [D]; 24.229 5.2.2.2 [D]",
    actor="P-CSCF",
    severity=Severity.HIGH,
    traps=("FP11",),
    evidence=("E3",),
    plaintext=False,
    by_headers=(ChallengeSent,),
)
def sm6_parameters_missing(event: ChallengeSent) -> Verdict | None:
    """An AKA challenge to a UE that offered ipsec-3gpp has a Security-Server with alg and the four SPIs and ports.

    Without it the answer to the challenge cannot be protected, and what follows runs in clear.

    Not a violation: a P-CSCF that chose another mechanism, TLS for instance (FP11), and a challenge that is plain
    digest and no AKA. Entries with ``mediasec`` negotiate media and choose nothing. Without SM1 in the capture it is
    not known what was offered. A value that is there but cannot be one is NEG-21's.
    """
    if not event.is_aka:
        return None
    chosen = [entry for entry in event.server if not entry.is_mediasec]
    entries = [entry for entry in chosen if entry.is_ipsec]
    if not entries:
        if chosen:
            return None
        if event.register is None:
            return Inconclusive(reason="SM1 is not in the capture", actor=Actor.PCSCF, traps=("FP3",))
        if not any(entry.is_ipsec for entry in event.offer):
            return None
        return Broken(
            fault="header-missing",
            message="the challenge to a UE that offered ipsec-3gpp has no Security-Server",
            actor=Actor.PCSCF,
            expected="Security-Server: ipsec-3gpp with its ports and SPIs",
            observed="no Security-Server",
            related=(event.register.at,),
        )
    for entry in entries:
        missing = entry.absent()
        if missing:
            return Broken(
                fault="parameter-missing",
                message=f"Security-Server of SM6 lacks {', '.join(missing)}",
                actor=Actor.PCSCF,
                expected="alg, spi-c, spi-s, port-c and port-s",
                observed=entry.text,
                tables=(entries_table("Security-Server of SM6", entries),),
            )
    return PASS
